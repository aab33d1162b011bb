import StreamtopBase
import StreamtopModel

/// Connections that fail, by where they went: "40 of 40 connections to 192.0.2.10:443" says what forty verdicts of one
/// connection each do not.
struct DestinationFailures {
    private struct Destination: Hashable {
        var server: Endpoint
        var transport: FlowTransport
    }

    private struct Kind: Hashable {
        var destination: Destination
        var rule: String
        var subject: Verdict.Subject
    }

    private struct Failed {
        var count = 0
        /// The first of them, whose words stand for all.
        var example: Verdict
        var flow: FlowIdentifier
        var position: String
        var server: String
        /// How long ago the newest of them ended; nil while one lasts.
        var endedAgo: Nanoseconds?
        var firstSeen: Timestamp
    }

    /// Connections that were asked for.
    private var attempts: [Destination: Int] = [:]
    private var failed: [Kind: Failed] = [:]

    /// From this many on, when all fail, the destination is down for everyone.
    private static let many = 3

    /// A failure is known when its flow is judged, up to a second after it; own, by the engine's rhythm of judgement.
    private static let judgedLate: Nanoseconds = .seconds(1)
    /// The longest wait for the next attempt; own: players and pollers try again within five seconds.
    private static let longestWait: Nanoseconds = .seconds(10)

    /// The flow's beginning was captured, so that it is one of the attempts.
    func counts(_ flow: FlowSnapshot) -> Bool {
        flow.orientation == .syn || flow.orientation == .quicInitial
    }

    mutating func add(_ flow: FlowSnapshot, at time: Timestamp) {
        guard counts(flow) else { return }
        let destination = Destination(server: flow.server.endpoint, transport: flow.transport)
        attempts[destination, default: 0] += 1
        guard let verdict = flow.verdicts.first(where: { ConnectionRules.names.contains($0.rule) }),
            verdict.severity > .info
        else { return }
        let kind = Kind(destination: destination, rule: verdict.rule, subject: verdict.subject)
        let ago = flow.endedAgo(at: time)
        var entry =
            failed[kind]
            ?? Failed(
                example: verdict, flow: flow.identifier, position: HeadlineWords.ends(flow),
                server: HeadlineWords.server(flow), endedAgo: ago, firstSeen: verdict.firstSeen)
        entry.count += 1
        entry.firstSeen = min(entry.firstSeen, verdict.firstSeen)
        if let known = entry.endedAgo { entry.endedAgo = ago.map { min($0, known) } }
        failed[kind] = entry
    }

    /// One for each destination and kind of failure, whatever their number.
    func failures(at time: Timestamp) -> [Concern] {
        failed.map { kind, entry in
            let tried = attempts[kind.destination] ?? entry.count
            return Concern(
                verdict: entry.count > 1 ? group(kind, entry, of: tried) : entry.example,
                position: entry.count > 1 ? "" : entry.position, flow: entry.count > 1 ? nil : entry.flow,
                endedAgo: goesOn(entry, at: time) ? nil : entry.endedAgo, isNoise: false,
                isComplete: entry.count >= tried,
                harm: Double(entry.count) * Double(entry.count) / Double(max(tried, 1)))
        }
    }

    /// Attempts that fail one after another are one problem, which lasts until the next has been missing for twice as long as
    /// they were apart.
    private func goesOn(_ entry: Failed, at time: Timestamp) -> Bool {
        guard let ago = entry.endedAgo else { return true }
        guard entry.count >= Self.many else { return false }
        let spacing = (time - ago - entry.firstSeen) / Int64(entry.count - 1)
        return ago <= min(spacing * 2, Self.longestWait) + Self.judgedLate
    }

    /// Of several connections each, the worst first.
    func verdicts(at time: Timestamp) -> [Verdict] {
        failed.filter { $0.value.count > 1 }
            .map { (group($0.key, $0.value, of: attempts[$0.key.destination] ?? 0), $0.value.flow) }
            .sorted {
                ($1.0.severity, $0.0.priority, $0.1.number) < ($0.0.severity, $1.0.priority, $1.1.number)
            }
            .map(\.0)
    }

    private func group(_ kind: Kind, _ entry: Failed, of tried: Int) -> Verdict {
        var verdict = entry.example
        let all = entry.count >= tried
        verdict.severity = all && entry.count >= Self.many ? .critical : max(.warning, verdict.severity)
        verdict.summary =
            "\(entry.count) of \(tried) connections to \(entry.server) \(verdict.ofMany)"
        verdict.evidence = [.init("failed", Double(entry.count)), .init("attempts", Double(tried))]
        verdict.firstSeen = entry.firstSeen
        return verdict
    }
}
