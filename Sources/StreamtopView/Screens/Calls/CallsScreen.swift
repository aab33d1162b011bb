import StreamtopBase
import StreamtopModel

/// Calls: how each was set up, which path it took, what stands in its way.
enum CallsScreen {
    static let page = list.row(
        name: "Calls", digit: 3, count: { $0.calls.count }, opens: .facts,
        headline: { call, context in headline(call, context) })

    private static let list = ListPage<CallSnapshot>(
        page: .calls,
        rows: { state, context in
            context.snapshot.calls.filter { call in
                state.filter == .all
                    || call.flows.contains { context.flow($0).map { state.filter.matches($0) } ?? false }
            }
        },
        key: { $0.flows.first?.number ?? UInt64($0.number) },
        columns: columns,
        severity: { call in severity(call) },
        detail: { call, list in CallDetail.page(call, list.context, width: list.width) },
        detailLines: 14,
        flow: { call, _ in (call.selected.map { call.pairs[$0] } ?? call.pairs.first)?.flow ?? call.flows.first },
        empty: { _, context in
            context.snapshot.calls.isEmpty ? Words.noCalls : [Words.noCallPasses]
        })

    private static func severity(_ call: CallSnapshot) -> Verdict.Severity? {
        let worst = call.verdicts.map(\.severity).max()
        return call.failure == nil ? worst : max(worst ?? .critical, .critical)
    }

    private static func role(_ call: CallSnapshot) -> StyleRole {
        severity(call).map { Words.severityRole($0) } ?? (call.stage == .media ? .fine : .text)
    }

    private static let columns: [RowColumn<CallSnapshot>] = [
        .fitted("who", 24...44, 0) { call, width in (Words.callSubject(call, width: width), .text) },
        .text("stands at", 10...12, 1) { (Words.stage($0.stage), role($0)) },
        .text("path", 7...8, 3) { call in
            let isRelayed = isRelayed(call)
            return (isRelayed.map { $0 ? Words.relayWord : "direct" }, isRelayed == true ? .watch : .text)
        },
        .number("set-up ms", 9, 4) { call in (call.firstMedia.map(DurationText.milliseconds), .value) },
        .number("rtt ms", 7, 2) { call in
            (call.selected.flatMap { call.pairs[$0].roundTrip }.map { DurationText.milliseconds($0.smoothed) }, .value)
        },
        .number("streams", 7, 5) { ("\($0.streams.count)", .text) },
        .number("pairs", 5, 6) { ("\($0.pairs.count)", .text) },
        .number("for", 6, 7) { (DurationText.age($0.end - $0.start), .label) },
    ]

    /// The path in use runs through a relay; nil while none is in use, or where its kind is not known.
    static func isRelayed(_ call: CallSnapshot) -> Bool? {
        guard let pair = call.selected.map({ call.pairs[$0] }) else { return nil }
        if pair.isRelayed || pair.localType == .relay || pair.remoteType == .relay { return true }
        // The far end may stand behind a relay that this capture does not see.
        return pair.localType != nil && pair.remoteType != nil ? false : nil
    }

    /// Round trip between the client and its relay, by the transactions of that flow; nil where no relay is in use.
    static func relayTime(_ call: CallSnapshot, _ context: ViewContext) -> Reading<Nanoseconds>? {
        guard isRelayed(call) == true, let pair = call.selected.map({ call.pairs[$0] }) else { return nil }
        let allocation =
            call.allocations.first { $0.allocation.relayed == pair.local || $0.flow == pair.flow }
            ?? call.allocations.first
        return allocation.flatMap { context.flow($0.flow) }?.displayedRoundTrip
    }

    static func headline(_ call: CallSnapshot, _ context: ViewContext) -> HeadlineView {
        let flow = call.selected.map { call.pairs[$0].flow }
        let position = Words.callSubject(call)
        let worst = call.verdicts.min { $0.isDisplayedBefore($1) }
        if let worst, worst.severity > .info || call.failure == nil {
            // As in the list: a call that failed is no warning.
            let severity = severity(call) ?? worst.severity
            return HeadlineView(
                state: severity == .critical ? .act : severity == .warning ? .watch : .ok,
                sentence: "\(position) \(Words.rule(worst)): \(worst.summary)", advice: worst.advice, flow: flow)
        }
        if let failure = call.failure {
            return HeadlineView(
                state: .act, sentence: "\(position): \(Words.failure(failure, call))", advice: "", flow: flow)
        }
        var directions: Set<Direction> = []
        for identifier in call.flows {
            guard let flow = context.flow(identifier) else { continue }
            for stream in flow.rtp { directions.insert(stream.from) }
        }
        let state = Words.callState(
            call, isRelayed: isRelayed(call), directions: call.streams.isEmpty ? 0 : max(1, directions.count))
        // What the detour over the relay costs is a part of the round trip that one may choose to save.
        let trip = call.selected.flatMap { call.pairs[$0].roundTrip }?.smoothed
        let detour = trip.flatMap { trip in
            relayTime(call, context).flatMap { $0.value < trip ? Words.pathToRelay($0, of: trip) : nil }
        }
        return HeadlineView(
            state: call.stage == .media ? .ok : .unknown,
            sentence: "\(position): \(state)" + (detour.map { " " + $0 } ?? ""), advice: "", flow: flow)
    }
}
