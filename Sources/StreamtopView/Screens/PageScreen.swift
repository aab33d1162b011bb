import StreamtopModel

/// What the pages share: headline, tabs with the filter and the order named, totals.
enum PageScreen {
    static func draw(_ context: ViewContext, _ state: ViewState, into cells: inout CellBuffer) {
        let layout = PageLayout(state, context)
        let headline = PageTable[state.page].headline(state, context) ?? HeadlineView.of(context, state.filter)
        headline.draw(in: layout.headline, into: &cells)
        let end = TabBar.draw(tabs(context, state, layout), in: layout.tabs, into: &cells)
        let isFilterNamed = drawOrder(context, state, layout.tabs, from: end, &cells)
        PageTable[state.page].draw(context, state, layout, &cells)
        if state.page == .flows {
            drawPreview(context, state, layout.preview, hasLadder: layout.ladder.height > 0, &cells)
            drawLadder(context, state, layout.ladder, &cells)
        }
        drawTotals(context, layout.totals, filter: isFilterNamed ? [] : filterSpans(context, state, width: 30), &cells)
    }

    /// The tabs as they stand: the order of flows is named on the same line.
    static func tabs(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout) -> TabBar.Tabs<Page> {
        let order = state.page == .flows ? orderSpans(state).reduce(2) { $0 + TextWidth.columns(of: $1.text) } : 0
        return PageTable.tabs(context.snapshot, state.page, width: layout.tabs.width - order)
    }

    private static func orderSpans(_ state: ViewState) -> [TextSpan] {
        let sort = state.table.sort
        return [
            TextSpan(" " + Words.sortLabel, .label), TextSpan(sort.descending ? "▼ " : "▲ ", .accent),
            TextSpan(Words.sortName(sort.column), .accent), TextSpan(" ", .text),
        ]
    }

    /// The filter in force and how many flows pass it; empty where there is none.
    private static func filterSpans(_ context: ViewContext, _ state: ViewState, width: Int) -> [TextSpan] {
        let hides = state.page == .flows && state.table.hidesEnded
        guard !state.filterText.isEmpty, PageTable[state.page].isFiltered else {
            return hides ? [TextSpan(" " + Words.endedHidden, .match)] : []
        }
        let text = EndpointText.middleCut(state.filterText, width: width)
        var spans = [TextSpan(" " + Words.filterLabel, .label), TextSpan(text, .match)]
        if state.page == .flows {
            spans.append(TextSpan(Words.displayedOf(state.table.rows.count, context.snapshot.flows.count), .label))
            if hides { spans.append(TextSpan(", " + Words.endedHidden, .match)) }
        }
        return spans
    }

    /// The selected flow over time: on a tall screen the room below the table goes to time.
    private static func drawPreview(
        _ context: ViewContext, _ state: ViewState, _ area: Rect, hasLadder: Bool, _ cells: inout CellBuffer
    ) {
        guard area.height > 0, let selected = state.table.selected,
            let index = context.snapshot.flowIndex(selected)
        else { return }
        let flow = context.snapshot.flows[index]
        var rest = area
        let title = rest.takeTop(1)
        _ = rest.takeTop(hasLadder ? 1 : 0)
        cells.fill(title, "─", .border)
        cells.put(" \(Words.ends(flow)) ", x: title.x + 1, y: title.y, .accent, maxWidth: max(0, title.width - 34))
        FlowCharts(
            flow: flow, open: OpenFlow(flow: selected), context: context,
            layout: ChartsLayout(content: rest, charts: ChartTable.rows(of: flow).count, hasFacts: false)
        ).draw(titleLine: title, into: &cells)
    }

    /// Where the selected flow waits: which buffer holds the delay is what most users came to ask.
    private static func drawLadder(
        _ context: ViewContext, _ state: ViewState, _ area: Rect, _ cells: inout CellBuffer
    ) {
        guard area.height > 0, let flow = state.table.selected.flatMap({ context.flow($0) }) else { return }
        let label = Words.waits(flow)
        let width = TextWidth.columns(of: label)
        let line = Rect(x: area.x + 1 + width, y: area.y, width: area.width - width - 2, height: 1)
        cells.put(label, x: area.x + 1, y: area.y, .label)
        if !LadderLine.draw(flow, in: line, into: &cells) { cells.put(Words.unknown, x: line.x, y: line.y, .unknown) }
    }

    /// Names the filter and the order on the line of tabs. False when there was no room for the filter.
    private static func drawOrder(
        _ context: ViewContext, _ state: ViewState, _ area: Rect, from left: Int, _ cells: inout CellBuffer
    ) -> Bool {
        var spans = filterSpans(context, state, width: max(8, area.width - left - 46))
        if !spans.isEmpty { spans += [TextSpan(" ", .text), TextSpan("─", .border)] }
        if state.page == .flows { spans += orderSpans(state) }
        let width = spans.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
        guard left + width + 1 < area.right else {
            // The order is always named; the filter then goes to the line of totals.
            cells.putRight(Array(spans.suffix(state.page == .flows ? 4 : 0)), right: area.right - 1, y: area.y)
            return false
        }
        cells.putRight(spans, right: area.right - 1, y: area.y)
        return true
    }

    /// The filter where it found no other place, and totals by protocol, the largest first.
    private static func drawTotals(
        _ context: ViewContext, _ area: Rect, filter: [TextSpan], _ cells: inout CellBuffer
    ) {
        guard area.height > 0 else { return }
        let snapshot = context.snapshot
        var up = 0.0
        var down = 0.0
        for index in snapshot.flows.indices {
            up += snapshot.flows[index].client.rate
            down += snapshot.flows[index].server.rate
        }
        let rates = [
            TextSpan("▲ ", .chartRateUp), TextSpan(RateText.withUnit(up), .value), TextSpan("  ▼ ", .chartRateDown),
            TextSpan(RateText.withUnit(down), .value),
        ]
        let width = rates.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
        cells.putRight(rates, right: area.right - 1, y: area.y)
        var x = area.x + 1
        if !filter.isEmpty { x += cells.put(filter, x: area.x, y: area.y) + 1 }
        let bytes = max(1, snapshot.protocolTotals.reduce(0.0) { $0 + Double($1.bytes) })
        for total in snapshot.protocolTotals.sorted(by: { ($0.bytes, $1.name) > ($1.bytes, $0.name) }) {
            let share = PercentText.whole(Double(total.bytes) / bytes)
            let spans = [
                TextSpan(total.name, .badge), TextSpan(" \(NumberText.grouped(total.flows))", .value),
                TextSpan(" \(share)", .muted),
            ]
            let needed = spans.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
            guard x + needed < area.right - width - 3 else { break }
            x += cells.put(spans, x: x, y: area.y) + 2
        }
    }
}
