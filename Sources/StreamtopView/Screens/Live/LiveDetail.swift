import StreamtopBase
import StreamtopModel

/// Below the front page's list: the ladder of the selected row on one scale, what is wrong with it and what to do, trouble
/// that has ended, and on tall screens the row's flow over time.
enum LiveDetail {
    static func page(_ row: LiveRow, _ list: ListView) -> TallPage {
        var page = TallPage(width: list.width)
        ladder(row, &page)
        verdict(row, &page)
        ended(list, &page)
        let room = list.height - page.height
        if room >= 6, let flow = row.flow { charts(flow, list, lines: room, &page) }
        return page
    }

    // MARK: Ladder

    /// `qdisc 0.1 │ socket 10 ███ │ PATH 84 ██████`: in ms, on one scale, the largest in capitals, so that it survives mono.
    private static func ladder(_ row: LiveRow, _ page: inout TallPage) {
        guard let flow = row.flow else {
            page.add([TextSpan("its flow has left the table", .muted)])
            return
        }
        let ladder = BufferLadder(flow)
        let known = ladder.rungs.enumerated().filter {
            $0.element.waiting != nil || $0.offset == ladder.largest
        }
        guard !known.isEmpty else {
            page.add([TextSpan(Words.ladderTitle + " ", .label), TextSpan(Words.unknown, .unknown)])
            return
        }
        let words = known.map { position, rung in
            let name = Words.rung(rung.buffer)
            let displayed = position == ladder.largest ? name.uppercased() : name
            // What does not drain has no time.
            guard let waiting = rung.waiting else {
                return "\(displayed) holds \(rung.buffer.occupiedBytes.map { ByteText.short($0) } ?? Words.unknown)"
            }
            return "\(displayed) \(DurationText.milliseconds(waiting)) ms"
        }
        let sum = max(1, known.reduce(0) { saturatingAdd($0, $1.element.waiting ?? 0) })
        // What the words leave of the line is the bars', shared by time.
        let room = max(0, page.width - 3 - words.reduce(0) { $0 + $1.count + 4 })
        page.draw(lines: 1) { area, cells in
            var x = 1
            for (index, one) in known.enumerated() {
                let delay = one.element.waiting ?? 0
                let isLargest = one.offset == ladder.largest
                if index > 0 { x += cells.put(" │ ", x: x, y: area.y, .border) }
                x += cells.put(words[index], x: x, y: area.y, isLargest ? .act : .text) + 1
                let bar = Int(Double(room) * Double(delay) / Double(sum))
                if bar > 0 {
                    Gauge.draw(
                        1, in: Rect(x: x, y: area.y, width: bar, height: 1), isLargest ? .chartQueue : .gaugeFill,
                        into: &cells)
                    x += bar
                }
            }
        }
    }

    // MARK: Words

    private static func verdict(_ row: LiveRow, _ page: inout TallPage) {
        guard let verdict = row.verdict else { return }
        let role = Words.severityRole(verdict.severity)
        let sign = String(Character(Words.severitySign(verdict.severity)))
        page.addSentence([TextSpan(sign + " ", role)], Words.rule(verdict) + ": " + verdict.summary, role, limit: 2)
        if !verdict.advice.isEmpty {
            page.addSentence([TextSpan(Words.adviceLabel, .label)], verdict.advice, .text, x: 3)
        }
    }

    /// Trouble that is over has a line of its own; who ended without is counted.
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
                spans += [TextSpan("\(row.who) \(what) ", .watch), TextSpan(at, .muted), TextSpan(" · ", .border)]
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
