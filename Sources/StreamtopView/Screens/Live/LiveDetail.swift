import StreamtopBase
import StreamtopModel

/// Below the front page's list: the ladder of the selected row on one scale, what is wrong with it and what to do, problems
/// that has ended, and on tall screens the row's flow over time.
enum LiveDetail {
    static func page(_ row: LiveRow, _ list: ListView) -> TallPage {
        var page = TallPage(width: list.width)
        ladder(row, &page)
        if !isInHeadline(row, list) { verdict(row, &page) }
        ended(list, &page)
        let chartLines = list.height - page.height
        if chartLines >= 6, let flow = row.flow { charts(flow, list, lines: chartLines, &page) }
        return page
    }

    // MARK: Ladder

    private static func ladder(_ row: LiveRow, _ page: inout TallPage) {
        guard let flow = row.flow else {
            page.add([TextSpan("its flow has left the table", .muted)])
            return
        }
        page.draw(lines: 1) { area, cells in
            let line = Rect(x: 1, y: area.y, width: area.width - 2, height: 1)
            guard !LadderLine.draw(flow, in: line, into: &cells) else { return }
            cells.put(
                [TextSpan(Words.ladderTitle + " ", .label), TextSpan(Words.unknown, .unknown)], x: 1, y: area.y)
        }
    }

    // MARK: Words

    /// The first line is about this row and has room for all of it: said once is enough.
    private static func isInHeadline(_ row: LiveRow, _ list: ListView) -> Bool {
        guard case .flow = row.subject else { return false }
        let own = PageTable[list.state.page].headline(list.state, list.context)
        let headline = own ?? HeadlineView.of(list.context, list.state.filter)
        return headline.flow == row.flow?.identifier
            && headline.lines(width: list.state.width) <= PageLayout(list.state, list.context).headline.height
    }

    private static func verdict(_ row: LiveRow, _ page: inout TallPage) {
        guard let verdict = row.verdict else { return }
        let role = Words.severityRole(verdict.severity)
        let sign = String(Character(Words.severitySign(verdict.severity)))
        page.addSentence([TextSpan(sign + " ", role)], Words.rule(verdict) + ": " + verdict.summary, role, limit: 2)
        if !verdict.advice.isEmpty {
            page.addSentence([TextSpan(Words.adviceLabel, .label)], verdict.advice, .text, x: 3)
        }
    }

    /// A problem that is over has a line of its own; flows that ended without one are counted.
    private static func ended(_ list: ListView, _ page: inout TallPage) {
        let all = LiveList(list.context, list.state.filter)
        let snapshot = list.context.snapshot
        var spans: [TextSpan] = []
        if !all.ended.isEmpty {
            spans.append(TextSpan(Words.endedTitle, .label))
            let troubled = all.ended.filter { ($0.severity ?? .info) > .info }
            for row in troubled.prefix(2) {
                let at = DurationText.timeOfDay(
                    row.flow?.end ?? row.start, utcOffsetSeconds: list.context.utcOffsetSeconds)
                let what = row.failure ?? row.verdict.map { Words.rule($0) } ?? ""
                spans += [
                    TextSpan("\(row.subjectText) \(what) ", .watch), TextSpan(at, .muted), TextSpan(" · ", .border),
                ]
            }
            let rest = all.ended.count - min(2, troubled.count)
            if rest > 0 { spans.append(TextSpan(Words.others(rest), .label)) }
            page.add(spans)
        }
        let newest = snapshot.flows.map(\.end).max()
        page.add(
            [
                TextSpan(
                    all.others > 0 ? "… \(NumberText.grouped(all.others)) more flows, none in trouble   " : "", .muted),
                newest.map { TextSpan(Words.lastPacket(snapshot.time - $0), .label) } ?? TextSpan("", .text),
            ])
    }

    private static func charts(_ flow: FlowSnapshot, _ list: ListView, lines: Int, _ page: inout TallPage) {
        page.draw(lines: lines) { area, cells in
            var rest = area
            let title = rest.takeTop(1)
            cells.fill(title, "─", .border)
            cells.put(" \(Words.ends(flow)) ", x: title.x + 1, y: title.y, .accent, maxWidth: max(0, title.width - 34))
            FlowCharts(
                flow: flow, open: OpenFlow(flow: flow.identifier, zoom: list.state.zoom), context: list.context,
                layout: ChartsLayout(content: rest, charts: ChartTable.rows(of: flow).count, hasFacts: false)
            ).draw(titleLine: title, into: &cells)
        }
    }
}
