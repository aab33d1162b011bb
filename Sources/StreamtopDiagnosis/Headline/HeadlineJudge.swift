import StreamtopBase
import StreamtopModel

/// The one place that decides the first line: of every flow of a picture it names the problem that costs most, or
/// says that nothing is wrong, or that this cannot be said.
///
/// Holds no more than one concern, one queue and what is known of destinations where a connection failed.
package struct HeadlineJudge: Sendable {
    private let time: Timestamp
    private var worst: Concern?
    /// The problem that ended last, and how many flows had one, beyond what the first line remembers.
    private var past: (last: Concern, flows: Int)?
    private var queue: LargestQueue?
    private var withheld = Withheld()
    private var flows = 0
    /// Flows of which something was measured that could have been wrong.
    private var judged = 0
    private var unjudged: [String: Int] = [:]
    private var destinations = DestinationFailures()

    /// `time` is now, in capture time.
    package init(at time: Timestamp) { self.time = time }

    /// A flow of the picture, with its verdicts. Flows come in the order of their first packets.
    package mutating func add(_ flow: FlowSnapshot) {
        flows += 1
        if Self.isMeasured(flow) {
            judged += 1
        } else if !flow.isNoise {
            unjudged[flow.protocols.last ?? flow.transport.rawValue, default: 0] += 1
        }
        destinations.add(flow, at: time)
        withheld.note(flow)
        if let large = LargestQueue(of: flow, longerThan: queue?.delay ?? -1) { queue = large }
        var isTroubled = false
        for verdict in flow.verdicts where verdict.severity > .info {
            isTroubled = true
            // Told once for all connections to one place.
            if ConnectionRules.names.contains(verdict.rule), destinations.counts(flow) { continue }
            weigh(
                Concern(
                    verdict: verdict, position: HeadlineWords.ends(flow), flow: flow.identifier,
                    endedAgo: flow.endedAgo(at: time), isNoise: flow.isNoise,
                    harm: Harm.cost(of: verdict, bytes: flow.client.bytes &+ flow.server.bytes)))
        }
        if isTroubled, let ago = flow.endedAgo(at: time), ago > Concern.memory { past?.flows += 1 }
    }

    /// A call of the picture, with its verdicts: its flows may each be well while it fails.
    package mutating func add(_ call: CallSnapshot) {
        let selected = call.selected.flatMap { call.pairs.indices.contains($0) ? call.pairs[$0] : nil }
        let flow = selected?.flow ?? call.flows.first
        let end = (selected ?? call.pairs.first)?.remote
        let silence = max(0, time - call.end)
        for verdict in call.verdicts where verdict.severity > .info {
            weigh(
                Concern(
                    verdict: verdict, position: end.map { "Call with \($0)" } ?? "Call", flow: flow,
                    endedAgo: silence > Self.callSilence ? silence : nil, isNoise: false,
                    harm: Harm.cost(of: verdict, bytes: Self.callWeight)))
        }
    }

    /// Own: agents check a pair in use every five seconds or so; a call that is silent for longer is over.
    private static let callSilence: Nanoseconds = .seconds(30)
    /// A call that fails carries nothing, and somebody waits for it all the same: as much as a minute of its video would.
    private static let callWeight: UInt64 = 10_000_000

    mutating func weigh(_ concern: Concern) {
        if let ago = concern.endedAgo, ago > Concern.memory {
            if let known = past, (known.last.endedAgo ?? 0) <= ago { return }
            past = (concern, past?.flows ?? 0)
            return
        }
        if worst.map({ concern.comes(before: $0) }) ?? true { worst = concern }
    }

    /// Verdicts about destinations at which connections fail, the worst first.
    package func destinationVerdicts() -> [Verdict] { destinations.verdicts(at: time) }

    /// The first line. `capture` are the verdicts about host and capture.
    package func headline(capture: [Verdict], health: CaptureHealth, totals: TrafficTotals) -> Headline {
        // A source that gives nothing right now is more than anything it gave before.
        if let problem = health.problem { return Headline(state: .unknown, text: problem) }
        var judge = self
        for verdict in capture where verdict.severity > .info {
            judge.weigh(
                Concern(verdict: verdict, position: "", flow: nil, endedAgo: nil, isNoise: false, harm: .infinity))
        }
        if !health.isTooFarBehind { for failure in destinations.failures(at: time) { judge.weigh(failure) } }
        if let worst = judge.worst, !worst.isNoise || judge.judged == 0 { return Self.headline(of: worst) }
        if totals.packets == 0 {
            return Headline(state: .unknown, text: health.problem ?? "No packet was captured.")
        }
        if let reason = withheld.reason(health: health, packets: totals.packets) {
            return Headline(state: .unknown, text: reason)
        }
        if let queue, queue.isLarge {
            return Headline(
                state: .unknown, flow: queue.flow, text: HeadlineWords.queueOfUnknownCause(queue))
        }
        if let worst = judge.worst { return Self.headline(of: worst) }
        if let past {
            return Headline(
                state: .watch, rule: past.last.verdict.rule,
                text: HeadlineWords.pastProblems(max(1, past.flows), past.last))
        }
        guard judged > 0 else {
            return Headline(state: .unknown, text: nothingToJudge)
        }
        return Headline(state: .ok, text: HeadlineWords.allWell(flows, queue: queue))
    }

    private var nothingToJudge: String {
        guard let most = unjudged.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
            return "Nothing to judge in \(HeadlineWords.flows(flows))."
        }
        return "Nothing to judge in \(HeadlineWords.flows(flows)): no round trip was measured (\(most.key))."
    }

    private static func headline(of concern: Concern) -> Headline {
        let verdict = concern.verdict
        // A flow that stands calls for action however mild its rule.
        let isStanding = concern.endedAgo == nil && standing.contains(verdict.rule) || concern.isComplete
        return Headline(
            state: verdict.severity == .critical || isStanding ? .act : .watch, rule: verdict.rule, flow: concern.flow,
            text: HeadlineWords.sentence(concern), advice: verdict.advice)
    }

    /// Rules that say that nothing moves any more.
    private static let standing: Set<String> = ["peer_gone", "handshake_stalled", "zero_window", "timeout_stall"]

    /// Something that could have been wrong was measured: a round trip, or a handshake to its end.
    private static func isMeasured(_ flow: FlowSnapshot) -> Bool {
        let trips = flow.roundTrip
        return trips.client != nil || trips.server != nil || trips.total != nil || trips.handshake != nil
    }
}
