import StreamtopBase
import StreamtopModel

/// Handshakes over all flows: how long each kind took, and what went wrong.
enum HandshakesScreen {
    static let page = PageRow(
        page: .handshakes, name: "Handshakes", digit: 6, keys: .handshakes,
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        flow: { state, context in
            let failures = HandshakeSurvey(context.snapshot, state.filter).failures
            return failures.isEmpty ? nil : failures[min(state.handshakes.selected, failures.count - 1)].flow.identifier
        },
        opens: .handshake,
        move: { movement, state, context, page in move(movement, &state, context, page: page) },
        select: { line, state, context, page in
            guard let row = failure(atLine: line, state, context, page: page) else { return false }
            state.handshakes.selected = row
            return true
        })

    private static let kindWidth = 15
    private static let numberWidth = 11
    private static let bars: [Unicode.Scalar] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    /// Times that the axis names, where there is room.
    private static let ticks: [Nanoseconds] = [
        .milliseconds(1), .milliseconds(3), .milliseconds(10), .milliseconds(30), .milliseconds(100),
        .milliseconds(300), .seconds(1), .seconds(3), .seconds(10), .seconds(30),
    ]

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let survey = HandshakeSurvey(context.snapshot, state.filter)
        let area = layout.content
        cells.put(Words.handshakesHeader, x: 2, y: layout.columns.y, .columnHeader, maxWidth: area.width - 3)
        guard survey.groups.contains(where: { $0.count > 0 }) || !survey.failures.isEmpty || survey.underWay > 0 else {
            cells.put(Words.noHandshakes, x: 2, y: area.y + 1, .muted, maxWidth: area.width - 3)
            return
        }
        // Drawn on a page as long as it takes, of which the screen shows a window.
        let height = height(survey)
        var page = CellBuffer(width: area.width, height: height)
        drawGroups(survey, &page)
        drawFailures(survey, selected: state.handshakes.selected, from: failuresTitle(survey), &page)
        let first = first(state.handshakes.scroll, survey, page: area.height)
        for y in 0..<min(area.height, height - first) {
            for x in 0..<area.width { cells[area.x + x, area.y + y] = page[x, first + y] }
        }
        FlowsScreen.drawScrollbar(height, first, area, &cells)
    }

    private static func height(_ survey: HandshakeSurvey) -> Int { survey.groups.count + survey.failures.count + 7 }

    /// Line of the page with the title above the failures: behind the groups, their header and the axis.
    private static func failuresTitle(_ survey: HandshakeSurvey) -> Int { survey.groups.count + 3 }

    private static func first(_ scroll: Int, _ survey: HandshakeSurvey, page: Int) -> Int {
        max(0, min(scroll, height(survey) - page))
    }

    /// Moves from failure to failure and keeps the selected one in view; up from the first goes back to the top.
    static func move(_ movement: Action.Movement, _ state: inout ViewState, _ context: ViewContext, page: Int) {
        let survey = HandshakeSurvey(context.snapshot, state.filter)
        guard !survey.failures.isEmpty else {
            state.handshakes.scroll = first(
                movement.moved(state.handshakes.scroll, count: height(survey), page: page), survey, page: page)
            return
        }
        state.handshakes.selected = movement.moved(
            min(state.handshakes.selected, survey.failures.count - 1), count: survey.failures.count, page: page)
        let line = failuresTitle(survey) + 1 + state.handshakes.selected
        var scroll = first(state.handshakes.scroll, survey, page: page)
        if state.handshakes.selected == 0, line < page { scroll = 0 }
        if line < scroll { scroll = line }
        if line >= scroll + page { scroll = line - page + 1 }
        state.handshakes.scroll = first(scroll, survey, page: page)
    }

    /// The failure on a line of the screen.
    static func failure(atLine line: Int, _ state: ViewState, _ context: ViewContext, page: Int) -> Int? {
        let survey = HandshakeSurvey(context.snapshot, state.filter)
        let row = first(state.handshakes.scroll, survey, page: page) + line - failuresTitle(survey) - 1
        return survey.failures.indices.contains(row) ? row : nil
    }

    private static func drawGroups(_ survey: HandshakeSurvey, _ page: inout CellBuffer) {
        var right = 2 + kindWidth
        for title in Words.handshakesColumns {
            right += numberWidth
            page.putRight(title, right: right, y: 0, .label)
        }
        let chart = Rect(x: right + 3, y: 1, width: page.width - right - 5, height: survey.groups.count)
        let scale = survey.span.map { LogScale($0) }
        let histograms = survey.groups.map { group in
            scale.map { group.histogram(columns: chart.width, $0) } ?? []
        }
        let most = histograms.joined().max() ?? 0
        for (row, group) in survey.groups.enumerated() {
            let y = row + 1
            let isEmpty = group.count == 0
            page.put(Words.surveyKind(group.kind), x: 2, y: y, isEmpty ? .muted : .text)
            let figures: [(String?, StyleRole)] = [
                (NumberText.grouped(group.count), .value), (Words.rounds(group.trips), .text),
                (group.percentile(0.5).map(DurationText.milliseconds), .value),
                (group.percentile(0.95).map(DurationText.milliseconds), .value),
            ]
            var edge = 2 + kindWidth
            for (text, role) in figures {
                edge += numberWidth
                let isKnown = !isEmpty && text != nil
                page.putRight(
                    isEmpty ? Words.unknown : text ?? Words.unknown, right: edge, y: y, isKnown ? role : .unknown)
            }
            for (column, count) in histograms[row].enumerated() where count > 0 {
                let level = (count * bars.count + most - 1) / max(1, most)
                page.set(bars[max(0, min(level, bars.count) - 1)], x: chart.x + column, y: y, .gaugeFill)
            }
        }
        if let scale, let span = survey.span { drawAxis(scale, span, chart, &page) }
    }

    private static func drawAxis(
        _ scale: LogScale, _ span: ClosedRange<Nanoseconds>, _ chart: Rect, _ page: inout CellBuffer
    ) {
        guard chart.width > 8 else { return }
        page.fill(Rect(x: chart.x, y: chart.bottom, width: chart.width, height: 1), "─", .axis)
        var free = chart.x
        let least = span.lowerBound
        for tick in [least] + ticks where tick >= least && tick <= max(span.upperBound, least) {
            let x = chart.x + scale.column(of: tick, of: chart.width)
            let text = DurationText.axis(tick)
            guard x >= free, x + TextWidth.columns(of: text) < chart.right else { continue }
            page.set("┬", x: x, y: chart.bottom, .axis)
            free = x + page.put(text, x: x + 1, y: chart.bottom, .axis) + 3
        }
    }

    private static func drawFailures(
        _ survey: HandshakeSurvey, selected: Int, from y: Int, _ page: inout CellBuffer
    ) {
        var spans = [TextSpan(Words.failuresTitle, .title)]
        if survey.underWay > 0 { spans.append(TextSpan("   " + Words.underWay(survey.underWay), .label)) }
        page.put(spans, x: 2, y: y)
        guard !survey.failures.isEmpty else {
            page.put(Words.noFailures, x: 2, y: y + 1, .fine)
            return
        }
        for (row, failure) in survey.failures.enumerated() {
            let line = y + 1 + row
            if row == min(selected, survey.failures.count - 1) {
                page.lay(.selection, over: Rect(x: 0, y: line, width: page.width - 1, height: 1))
                page.put("▶", x: 0, y: line, .accent)
            }
            page.putRight(NumberText.grouped(failure.count) + "×", right: 8, y: line, .value)
            var x = 10
            x += page.put(failure.reason, x: x, y: line, .act, maxWidth: max(0, page.width - x - 2)) + 2
            page.put(Words.ends(failure.flow), x: x, y: line, .accent, maxWidth: max(0, page.width - x - 2))
        }
    }
}
