import StreamtopBase
import StreamtopModel

/// What the front page lists: a player, a call, an ingest, or a flow that is none of them.
struct LiveRow: Sendable {
    enum Subject: Sendable {
        case session(SessionRow)
        case call(CallSnapshot)
        case flow
    }

    var subject: Subject
    /// The flow that carries it; nil when it has left the table.
    var flow: FlowSnapshot?
    var key: UInt64
    var subjectText: String
    var what: String
    /// How far behind live it is: age of the media at the playhead, or mouth to ear.
    var behind: Nanoseconds?
    var behindBound = ReadingBound.exact
    /// Of a flow that carries media by itself.
    var feed: MediaFeed?
    /// The buffer that holds most, and how long; without a time where nothing leaves it.
    var waits: (position: String, time: Nanoseconds?)?
    var verdict: Verdict?
    /// Something stands against it that no verdict says.
    var failure: String?
    var start: Timestamp
    var isEnded: Bool

    /// For the order of rows: what does not drain waits longest.
    var waitingTime: Nanoseconds { waits.map { $0.time ?? .max } ?? 0 }

    /// Neither a player, a call, an ingest nor another stream of media.
    var isPlainFlow: Bool {
        if case .flow = subject { feed == nil } else { false }
    }

    var severity: Verdict.Severity? {
        failure != nil ? .critical : verdict.map(\.severity)
    }
}

/// The rows of the front page, and what stands behind them.
struct LiveList: Sendable {
    var rows: [LiveRow]
    /// Flows that have no row: idle, small, or noise.
    var others: Int
    /// Rows that ended in the last five minutes.
    var ended: [LiveRow]

    /// Own: a flow of less is no stream that anybody watches.
    private static let leastRate = 100_000.0
    private static let endedFor: Nanoseconds = .seconds(300)
    /// Own: senders that suppress silence still send comfort noise every few hundred milliseconds, and no jitter buffer holds as much.
    private static let mediaPause: Nanoseconds = .seconds(5)

    init(_ context: ViewContext, _ filter: Filter) {
        let snapshot = context.snapshot
        var taken: Set<FlowIdentifier> = []
        var all: [LiveRow] = []
        func passes(_ flows: [FlowIdentifier]) -> Bool {
            filter == .all || flows.contains { context.flow($0).map { filter.matches($0) } ?? false }
        }
        for session in snapshot.mediaSessions {
            taken.formUnion(session.flows)
            if passes(session.flows) { all.append(Self.row(session, context)) }
        }
        for call in snapshot.calls {
            taken.formUnion(call.flows)
            // What carries a call's flows is the call's, too: the client's connection to a relay.
            taken.formUnion(call.flows.compactMap { context.flow($0)?.parent })
            if passes(call.flows) { all.append(Self.row(call, context)) }
        }
        var others = 0
        // Looked at in place: a picture may hold thousands, of which a dozen become rows.
        for index in snapshot.flows.indices where !taken.contains(snapshot.flows[index].identifier) {
            guard filter == .all || filter.matches(snapshot.flows[index]) else { continue }
            let rate = max(snapshot.flows[index].client.rate, snapshot.flows[index].server.rate)
            let severity = snapshot.flows[index].worstVerdict?.severity ?? .info
            guard rate >= Self.leastRate || severity > .info || snapshot.flows[index].carriesMedia else {
                others += 1
                continue
            }
            all.append(Self.row(snapshot.flows[index]))
        }
        let live = all.filter { !$0.isEnded }.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            let (rankA, rankB) = (a.severity ?? .info, b.severity ?? .info)
            if rankA != rankB { return rankA > rankB }
            let (waitsA, waitsB) = (a.waitingTime, b.waitingTime)
            if rankA > .info, waitsA != waitsB { return waitsA > waitsB }
            // Rows without a problem keep the order in which they came, though their figures move.
            return left.offset < right.offset
        }.map(\.element)
        // Players and calls that have ended stay in sight behind those that go on; a file that was read to its end has no other.
        rows = live + all.filter { $0.isEnded && !$0.isPlainFlow }
        self.others = others
        ended = all.filter { row in
            row.isEnded && row.isPlainFlow && snapshot.time - (row.flow?.end ?? row.start) < Self.endedFor
        }
    }

    // MARK: Rows

    private static func row(_ session: MediaSessionSnapshot, _ context: ViewContext) -> LiveRow {
        let row = SessionRow(session, context)
        let name = [Words.stream(session), Words.representation(row.playing)].compactMap { $0 }.joined(separator: " ")
        let isOver = row.flow.map { $0.state != .open } ?? true
        var live = LiveRow(
            subject: .session(row), flow: row.flow, key: 1 << 62 | row.key, subjectText: session.client.description,
            what: name,
            behind: session.liveLatency?.last, verdict: worst(row.worst, row.flow), start: session.start,
            isEnded: isOver)
        live.behindBound = session.liveLatency.map { Words.isConcluded($0.source) } == true ? .about : .exact
        live.waits = row.flow.flatMap { largest($0) }
        if row.isStalled { live.failure = "stalled" }
        return live
    }

    private static func row(_ call: CallSnapshot, _ context: ViewContext) -> LiveRow {
        let pair = call.selected.map { call.pairs[$0] }
        let flow = (pair?.flow ?? call.flows.first).flatMap { context.flow($0) }
        let codecs = (flow?.rtp ?? []).compactMap(\.codec)
        var seen: Set<String> = []
        let media = codecs.filter { seen.insert($0).inserted }.joined(separator: " ")
        var live = LiveRow(
            subject: .call(call), flow: flow, key: 1 << 63 | (call.flows.first?.number ?? 0),
            subjectText: Words.callSubject(call), what: media.isEmpty ? "call" : "call " + media, behind: nil,
            verdict: worst(call.verdicts.min { $0.isDisplayedBefore($1) }, flow), start: call.start,
            isEnded: flow.map { $0.state != .open } ?? true)
        live.failure = call.failure.map { Words.spaced($0.rawValue) }
        // Half the round trip and what the jitter buffer holds, by its model. What has stopped coming is in no buffer now.
        let flowing = (flow?.rtp ?? []).filter { context.snapshot.time - $0.end <= Self.mediaPause }
        let held = flowing.compactMap { $0.playout?.buffer }.max()
        if let held {
            let trip = pair?.roundTrip?.smoothed ?? 0
            live.behind = pair?.roundTrip == nil ? nil : held + trip / 2
            live.behindBound = .about
            live.waits = (Words.jitterBuffer, held)
        }
        if let queue = flowing.compactMap({ $0.transportWide?.queueDelay }).max(),
            queue > live.waitingTime
        {
            live.waits = ("path", queue)
        }
        return live
    }

    private static func row(_ flow: FlowSnapshot) -> LiveRow {
        let feed = MediaFeed(flow)
        var live = LiveRow(
            subject: .flow, flow: flow, key: flow.identifier.number, subjectText: EndpointText.full(flow.client),
            what: feed?.what ?? flow.displayedProtocols.joined(separator: " "), behind: feed?.behind?.value,
            verdict: flow.worstVerdict, start: flow.start, isEnded: flow.state != .open && flow.state != .halfOpen)
        live.feed = feed
        live.behindBound = feed?.behind?.bound ?? .exact
        live.waits = largest(flow)
        if let held = feed?.held, held > live.waitingTime { live.waits = (Words.jitterBuffer, held) }
        return live
    }

    private static func worst(_ own: Verdict?, _ flow: FlowSnapshot?) -> Verdict? {
        guard let other = flow?.worstVerdict else { return own }
        guard let own else { return other }
        return own.isDisplayedBefore(other) ? own : other
    }

    /// The rung of the flow's ladder in which most time is spent; nil where none is known.
    private static func largest(_ flow: FlowSnapshot) -> (position: String, time: Nanoseconds?)? {
        let ladder = BufferLadder(flow)
        guard let position = ladder.largest else { return nil }
        return (Words.waitsIn(ladder.rungs[position].buffer), ladder.rungs[position].waiting)
    }
}

extension FlowSnapshot {
    /// Media by a protocol of its own: a `MediaFeed` can be made of it.
    var carriesMedia: Bool {
        rtmp != nil || srt != nil || rtsp != nil || transportStream != nil || !rtp.isEmpty
            || protocols.contains(ProtocolKind.rist.rawValue)
    }
}
