import StreamtopBase
import StreamtopModel

/// Players: which suffers, and from which of representation, buffer, latency, chunk cadence, throughput, round trip, loss.
enum SessionsScreen {
    static let page = list.row(
        name: "Sessions", digit: 2, count: { $0.mediaSessions.count }, keys: .session,
        headline: { row, _ in headline(row) })

    private static let list = ListPage<SessionRow>(
        page: .sessions,
        rows: { state, context in
            context.snapshot.mediaSessions.filter { session in
                state.filter == .all
                    || session.flows.contains { context.flow($0).map { state.filter.matches($0) } ?? false }
            }.map { SessionRow($0, context) }
        },
        key: { $0.key },
        columns: columns,
        severity: { $0.isStalled ? .critical : $0.severity },
        note: { row in
            if let worst = row.worst {
                return [TextSpan(Words.rule(worst) + ": " + worst.summary, Words.severityRole(worst.severity))]
            }
            return Words.sessionRemark(row.session).map { [TextSpan($0.0, $0.1)] }
        },
        detail: { row, list in SessionDetail.page(row, list) },
        detailLines: 14,
        flow: { row, list in SessionDetail.segment(row, at: list.cursor)?.flow ?? row.flow?.identifier },
        empty: { _, context in
            context.snapshot.mediaSessions.isEmpty ? Words.noSessions : [Words.noSessionPasses]
        })

    private static let columns: [RowColumn<SessionRow>] = [
        .text("player", 12...24, 0) { ($0.session.client.description, $0.isOver ? .idle : .text) },
        .text("stream", 13...24, 1) { (Words.played($0.session, $0.playing), .badge) },
        .number("Mb/s", 4, 6) { row in
            (row.playing?.bandwidth.map { NumberText.fixed(Double($0) / 1e6, decimals: 1) }, .value)
        },
        RowColumn(title: "buffer s", widths: 9...14, priority: 0, isNumber: false) { row, cell, cells in
            drawBuffer(row, cell, &cells)
        },
        .number("live s", 6, 0) { row in
            let live = row.session.liveLatency
            let sign = live.map { Words.isConcluded($0.source) ? "~" : "" } ?? ""
            return (live.map { sign + NumberText.fixed($0.last.seconds, decimals: 1) }, .value)
        },
        .number("ch ms", 5, 7) { row in
            guard row.session.isLowLatency == true else { return ("", .text) }
            return (row.chunkInterval.map(DurationText.axis), row.session.pacing == .gathered ? .watch : .value)
        },
        .number("×", 4, 3) { row in
            (row.margin.map { NumberText.fixed(min($0, 99.9), decimals: 1) }, (row.margin ?? 2) < 1.2 ? .watch : .value)
        },
        .number("rtt", 4, 5) { row in
            (row.flow?.displayedRoundTrip.map { DurationText.axis($0.value) }, .value)
        },
        .number("q ms", 4, 4) { row in (row.flow?.displayedQueueDelay.map(DurationText.axis), .chartQueue) },
        .number("loss", 5, 8) { row in (row.flow?.displayedLossRatio.map(PercentText.ratio), .text) },
        RowColumn(title: "trend", widths: 6...16, priority: 9, isNumber: false) { row, cell, cells in
            guard let series = row.flow?.series else { return }
            Sparkline.draw((0..<series.count).map { series.loop(at: $0) }, in: cell.area, into: &cells)
        },
        .number("stalls", 6, 9) { row in
            let count = row.session.buffer?.stallCount
            return (count.map { "\($0)" }, (count ?? 0) > 0 ? .watch : .muted)
        },
        .number("switches", 8, 10) { ("\($0.session.switches.count)", .text) },
        .text("kind", 7...8, 11) { (Words.sessionKind($0.session), .badge) },
        .number("b/s", 5, 9) { row in (row.flow.map { RateText.short($0.server.rate) }, .value) },
    ]

    /// A bar of four seconds and the figure.
    private static func drawBuffer(_ row: SessionRow, _ cell: RowCell, _ cells: inout CellBuffer) {
        guard let buffer = row.session.buffer else {
            cells.put(Words.unknown, x: cell.x, y: cell.y, .unknown)
            return
        }
        let text = (buffer.source == .model ? "~" : "") + NumberText.fixed(buffer.last, decimals: 1)
        let bar = cell.width - 5
        // Own: full at four seconds, what live players with low latency hold at most.
        let role: StyleRole = row.isStalled ? .act : buffer.last < 1 ? .watch : .gaugeFill
        if bar > 2 {
            Gauge.draw(
                buffer.last / 4, in: Rect(x: cell.x, y: cell.y, width: bar, height: 1), role, into: &cells)
        }
        cells.putRight(text, right: cell.x + cell.width, y: cell.y, .value)
    }

    /// The axis of the selected session's charts; nil on another page, and where nothing is selected.
    static func window(_ state: ViewState, _ context: ViewContext) -> TimeWindow? {
        guard state.page == .sessions, let row = list.selected(state, context) else { return nil }
        let view = ListView(state: state, context: context, width: state.width - 1, height: 0, cursor: nil)
        return SessionCharts.window(row, view)
    }

    static func headline(_ row: SessionRow) -> HeadlineView {
        let position = "\(row.session.client) \(Words.stream(row.session))"
        if let worst = row.worst {
            return HeadlineView(
                state: worst.severity == .critical ? .act : worst.severity == .warning ? .watch : .ok,
                sentence: "\(position) \(Words.rule(worst)): \(worst.summary)", advice: worst.advice,
                flow: row.flow?.identifier)
        }
        if row.isStalled {
            return HeadlineView(
                state: .act, sentence: "\(position): nothing is left to play", advice: "", flow: row.flow?.identifier)
        }
        // What the player went through is no verdict, and no tick either.
        let remark = Words.sessionRemark(row.session)
        let isKnown = row.session.liveLatency != nil || row.session.buffer != nil
        return HeadlineView(
            state: isKnown && remark == nil ? .ok : .unknown,
            sentence: "\(position): \(Words.sessionState(row.session, row.playing))"
                + (remark.map { " Seen: " + $0.0 + "." } ?? ""), advice: "", flow: row.flow?.identifier)
    }
}

extension SessionRow {
    /// Nothing was fetched for a while.
    fileprivate var isOver: Bool { flow.map { $0.isIdle || $0.state != .open } ?? true }
}
