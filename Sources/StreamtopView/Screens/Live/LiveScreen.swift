import StreamtopBase
import StreamtopModel

/// The front page where there is media: streams, calls and ingests, one comparable number each, and which buffer holds it.
enum LiveScreen {
    static let page: PageRow = {
        var row = list.row(
            name: "Live", digit: 1, count: { $0.mediaSessions.count + $0.calls.count },
            headline: { row, context in headline(row, context) })
        row.isPresent = { isTelling($0) }
        return row
    }()

    /// There is more to show than flows.
    static func isTelling(_ snapshot: Snapshot) -> Bool {
        !snapshot.mediaSessions.isEmpty || !snapshot.calls.isEmpty
            || snapshot.flows.contains { $0.carriesMedia }
    }

    private static let list = ListPage<LiveRow>(
        page: .live,
        rows: { state, context in LiveList(context, state.filter).rows },
        key: { $0.key },
        columns: columns,
        severity: { $0.severity },
        detail: { row, list in LiveDetail.page(row, list) },
        detailLines: 6,
        flow: { row, _ in row.flow?.identifier },
        empty: { state, _ in state.filter == .all ? Words.nothingLive : [Words.nothingLivePasses] })

    /// Of the selected row, which is the worst until a key is pressed. What is said of the capture itself goes before it.
    private static func headline(_ row: LiveRow, _ context: ViewContext) -> HeadlineView? {
        let whole = context.snapshot.headline
        guard whole.flow != nil || whole.state == .ok else { return nil }
        switch row.subject {
        case .session(let session): return SessionsScreen.headline(session)
        case .call(let call): return CallsScreen.headline(call, context)
        case .flow:
            guard let verdict = row.verdict, verdict.severity > .info, whole.flow != row.flow?.identifier,
                let flow = row.flow
            else { return nil }
            return HeadlineView(
                state: verdict.severity == .critical ? .act : .watch,
                sentence: "\(Words.ends(flow)) \(Words.rule(verdict)): \(verdict.summary)", advice: verdict.advice,
                flow: flow.identifier)
        }
    }

    private static let columns: [RowColumn<LiveRow>] = [
        RowColumn(title: "who", widths: 17...44, priority: 0, isNumber: false) { row, cell, cells in
            let role: StyleRole = row.isEnded || row.flow?.isIdle == true ? .idle : .text
            // Of an address the last digits and the port tell ends apart.
            let isFlow = if case .flow = row.subject { true } else { false }
            let subjectText = isFlow ? row.flow.map { EndpointText.fitted($0.client, width: cell.width) } : nil
            cell.put(subjectText ?? row.subjectText, role, &cells)
        },
        .text("what", 15...28, 1) { ($0.what, .badge) },
        .number("behind", 7, 2) { row in
            guard let behind = row.behind else {
                if case .flow = row.subject { return ("", .text) }
                return (nil, .unknown)
            }
            let text =
                behind < .seconds(1)
                ? "\(DurationText.axis(behind)) ms" : NumberText.fixed(behind.seconds, decimals: 1) + " s"
            return (row.behindBound.prefix + text, .value)
        },
        .text("waits in", 9...12, 3) { row in (row.waits?.position, row.waits == nil ? .unknown : .label) },
        .number("ms", 5, 0) { row in
            let time = row.waits.flatMap { $0.time }
            return (time.map(DurationText.axis), (time ?? 0) > .milliseconds(50) ? .chartQueue : .value)
        },
        .number("b/s", 6, 4) { row in
            guard let flow = row.flow else { return (nil, .unknown) }
            let isUp = flow.client.rate > flow.server.rate
            return (
                (isUp ? "▲" : "▼") + RateText.short(max(flow.client.rate, flow.server.rate)),
                isUp ? .chartRateUp : .chartRateDown
            )
        },
        .number("loss", 5, 8) { row in
            let streams = (row.flow?.rtp ?? []).filter { $0.expected > 0 }
            if let worst = streams.map({ Double($0.lostFinal) / Double($0.expected) }).max() {
                return (PercentText.ratio(worst), worst > 0 ? .watch : .muted)
            }
            if let lost = row.feed?.lossRatio { return (PercentText.ratio(lost), lost > 0 ? .watch : .muted) }
            return ((row.flow?.displayedLossRatio).map(PercentText.ratio), .text)
        },
        RowColumn(title: "rtt trend", widths: 8...24, priority: 9, isNumber: false) { row, cell, cells in
            guard let series = row.flow?.series else { return }
            Sparkline.draw((0..<series.count).map { series.loop(at: $0) }, in: cell.area, into: &cells)
        },
        RowColumn(
            title: "process", widths: 10...24, priority: 7, isNumber: false,
            // Known only where this host's kernel is asked.
            isWanted: { rows in rows.contains { $0.flow?.owner != nil } },
            draw: { row, cell, cells in cell.put(row.flow?.owner.map { Words.owner($0) } ?? "", .label, &cells) }),
        .text("for what", 11...40, 0) { row in
            let ended = row.isEnded ? Words.endedShort : ""
            if let failure = row.failure { return (ended + failure, row.isEnded ? .idle : .act) }
            guard let verdict = row.verdict, verdict.severity > .info else {
                return (row.isEnded ? Words.endedWord : "", .idle)
            }
            return (ended + Words.rule(verdict), row.isEnded ? .idle : Words.severityRole(verdict.severity))
        },
    ]
}
