import StreamtopBase
import StreamtopModel

/// The charts of a flow over one time axis: round trip and queue, windows, rates. One cursor reads them all, and what
/// happened is marked on each.
struct FlowCharts {
    let flow: FlowSnapshot
    let open: OpenFlow
    let context: ViewContext
    let layout: ChartsLayout

    /// - Parameter titleLine: its right end tells the span and the cursor.
    func draw(titleLine: Rect, into cells: inout CellBuffer) {
        drawFacts(&cells)
        let columns = layout.plotColumns.count
        guard let series = flow.series, !series.isEmpty,
            let window = TimeWindow(of: flow, now: context.snapshot.time, zoom: open.zoom, columns: columns)
        else {
            cells.put(Words.noSeries, x: 2, y: layout.charts.first.map { $0.y + 1 } ?? 0, .muted)
            return
        }
        let reading = ChartReading(flow: flow, series: series, window: window, cursor: open.cursor)
        for (row, area) in zip(ChartTable.rows(of: flow), layout.charts) {
            var plot = area
            let title = plot.takeTop(1)
            row.draw(reading, title, plot, &cells)
        }
        let cursor = reading.cursor
        drawAxis(window, cursor, &cells)
        drawCursorTime(window, titleLine, &cells)
    }

    private func drawAxis(_ window: TimeWindow, _ cursor: Int?, _ cells: inout CellBuffer) {
        let area = layout.axis
        guard area.height > 0 else { return }
        let left = layout.plotColumns.lowerBound
        cells.set("└", x: left - 1, y: area.y, .axis)
        for x in layout.plotColumns { cells.set("─", x: x, y: area.y, .axis) }
        for back in window.ticks {
            let x = left + window.column(of: window.end - back)
            cells.set("┬", x: x, y: area.y, .axis)
            cells.put(Words.axisAgo(back), x: x + 1, y: area.y, .axis)
        }
        let isNow = context.snapshot.time - window.end < .seconds(1)
        let end = isNow ? Words.now : DurationText.timeOfDay(window.end, utcOffsetSeconds: context.utcOffsetSeconds)
        cells.putRight(end, right: layout.plotColumns.upperBound, y: area.y, .axis)
        if let cursor { cells.set("▲", x: left + cursor, y: area.y, .cursor) }
    }

    /// The cursor's time of day, and how long ago that was, at the end of the tab line.
    private func drawCursorTime(_ window: TimeWindow, _ area: Rect, _ cells: inout CellBuffer) {
        var spans = [TextSpan(" " + Words.spanLabel, .label), TextSpan(DurationText.age(window.span) + " ", .value)]
        if let cursor = open.cursor {
            let time = DurationText.timeOfDay(cursor, utcOffsetSeconds: context.utcOffsetSeconds, tenths: true)
            spans =
                [
                    TextSpan(" " + Words.cursorLabel, .label), TextSpan(time, .cursor),
                    TextSpan("  " + Words.ago(context.snapshot.time - cursor) + " ", .label), TextSpan("─", .border),
                ] + spans
        }
        cells.putRight(spans, right: area.right - 1, y: area.y)
    }

    private func drawFacts(_ cells: inout CellBuffer) {
        guard layout.facts.height > 0 else { return }
        if layout.facts.height <= 2 {
            for (row, spans) in FlowFacts.summary(flow).enumerated() {
                cells.put(spans, x: layout.facts.x + 1, y: layout.facts.y + row, maxWidth: layout.facts.width - 2)
            }
        } else {
            var area = layout.facts
            _ = area.takeTop(1)
            FactsPane.draw(FlowFacts.groups(flow, context), in: area, scroll: 0, into: &cells)
        }
    }
}
