import StreamtopBase
import StreamtopModel

/// The charts of a session on one time axis, with one cursor.
struct SessionCharts {
    private let row: SessionRow
    private let list: ListView
    private let window: TimeWindow?

    init(_ row: SessionRow, _ list: ListView) {
        self.row = row
        self.list = list
        window = Self.window(row, list)
    }

    /// Columns of the plots.
    static func columns(width: Int) -> Int { max(8, width - ChartsLayout.axisWidth - 1) }

    /// From the beginning or the span chosen, to now or to the session's end.
    static func window(_ row: SessionRow, _ list: ListView) -> TimeWindow? {
        let session = row.session
        guard session.end > session.start else { return nil }
        let now = list.context.snapshot.time
        let end = now - session.end > .seconds(30) ? session.end : max(now, session.end)
        let whole = end - session.start
        return TimeWindow(
            start: end - min(list.state.zoom.span ?? whole, whole), end: end, columns: columns(width: list.width))
    }

    /// Of a session whose flow is over nothing is now.
    private var newest: String {
        row.flow.map { $0.state == .open || $0.state == .halfOpen } == true ? "  now " : "  last "
    }

    func draw(_ page: inout TallPage) {
        guard let window else {
            page.add([TextSpan(Words.noSeries, .muted)])
            return
        }
        let extra = max(0, min(12, list.height - 22))
        page.add(staircaseTitle)
        page.draw(lines: 3 + extra / 2) { area, cells in staircase(window).draw(in: area, into: &cells) }
        if row.session.buffer != nil { chart(&page, rows: 2 + extra / 3, bufferTitle, buffer(window)) }
        if let trip = roundTrip(window) { chart(&page, rows: 2 + extra / 4, roundTripTitle, trip) }
        axis(&page, window)
    }

    private func chart(_ page: inout TallPage, rows: Int, _ title: [TextSpan], _ chart: Chart) {
        page.add(title)
        page.draw(lines: rows) { area, cells in chart.draw(in: area, into: &cells) }
    }

    private var cursorColumn: Int? {
        guard let cursor = list.cursor, let window else { return nil }
        return window.column(of: cursor)
    }

    /// Stalls and switches stand on every chart.
    private var marks: [Chart.Mark] {
        let changes = row.session.switches.map { change in
            let isUp = (change.toBandwidth ?? 0) > (change.fromBandwidth ?? 0)
            return Chart.Mark(time: change.time, sign: isUp ? "↑" : "↓", role: isUp ? .fine : .watch)
        }
        let stalls = (row.session.buffer?.stalls ?? []).map {
            Chart.Mark(time: $0.start, sign: "×", role: .markLoss)
        }
        return changes + stalls
    }

    // MARK: Staircase

    private func staircase(_ window: TimeWindow) -> StairChart {
        let steps = row.mainSegments.map { segment in
            StairChart.Step(
                time: segment.requestTime,
                step: row.session.representation(segment.representation)?.bandwidth.map { Double($0) / 1e6 },
                fill: segment.throughput.map { $0 / 1e6 })
        }
        let highest = steps.compactMap(\.step).max() ?? 0
        let most = steps.compactMap(\.fill).max() ?? 0
        // A throughput far above all that is played would press the stairs to the floor.
        let top = highest > 0 ? max(highest * 1.1, min(most, highest * 3)) : most
        return StairChart(
            steps: steps, marks: marks, window: window, cursor: cursorColumn,
            scale: ChartScale(largest: top, least: 0.1) { NumberText.fixed($0, decimals: $0 < 10 ? 1 : 0) })
    }

    private var staircaseTitle: [TextSpan] {
        let segment = SessionDetail.segment(row, at: list.cursor)
        let playing = row.session.representation(segment?.representation)
        var spans = [
            TextSpan(Words.staircaseTitle, .title), TextSpan("  ━ plays ", .chartCongestionWindow),
            TextSpan(Words.representation(playing) ?? Words.unknown, .value),
        ]
        if let bandwidth = playing?.bandwidth {
            spans.append(TextSpan(" \(NumberText.fixed(Double(bandwidth) / 1e6, decimals: 1))", .text))
        }
        let rate = list.cursor == nil ? row.throughput : segment?.throughput
        spans += [
            TextSpan("  ▒ throughput ", .chartRateDown),
            rate.map { TextSpan(NumberText.fixed($0 / 1e6, decimals: 1), .value) } ?? TextSpan(Words.unknown, .unknown),
        ]
        if let number = segment?.number { spans.append(TextSpan("  #\(number)", .muted)) }
        return spans
    }

    // MARK: Buffer

    private func buffer(_ window: TimeWindow) -> Chart {
        let points = row.session.buffer?.series ?? []
        let most = points.map(\.high).max() ?? 0
        return Chart(
            times: points.map(\.time),
            series: [
                Chart.Series(values: points.map(\.level), role: .chartInFlight, form: .area),
                Chart.Series(
                    values: points.map(\.high), role: .muted, form: .band(lower: points.map { max($0.low, $0.level) })),
            ], marks: marks, window: window, cursor: cursorColumn,
            scale: ChartScale(largest: most, least: 1) { NumberText.fixed($0, decimals: $0 < 10 ? 1 : 0) })
    }

    private var bufferTitle: [TextSpan] {
        guard let buffer = row.session.buffer else { return [] }
        var spans = [TextSpan(Words.bufferTitle, .title)]
        let point = list.cursor.flatMap { cursor in buffer.series.last { $0.time <= cursor } }
        let sign = buffer.source == .model ? "~" : ""
        if list.cursor != nil {
            spans += [
                TextSpan("  at cursor ", .label),
                point.map { TextSpan(sign + NumberText.fixed($0.level, decimals: 1), .value) }
                    ?? TextSpan(Words.unknown, .unknown),
            ]
            if let point, point.high - point.low > 0.05 {
                let band = "\(NumberText.fixed(point.low, decimals: 1)) … \(NumberText.fixed(point.high, decimals: 1))"
                spans.append(TextSpan("  (\(band))", .muted))
            }
        } else {
            spans += [TextSpan(newest, .label), TextSpan(sign + NumberText.fixed(buffer.last, decimals: 1), .value)]
            spans.append(TextSpan("  least \(NumberText.fixed(buffer.minimum, decimals: 1))", .text))
        }
        if buffer.stallCount > 0 {
            spans.append(
                TextSpan("  × stalls \(buffer.stallCount), \(DurationText.withUnit(buffer.stallTime))", .markLoss))
        }
        spans.append(TextSpan("  " + Words.bufferSource(buffer), .muted))
        return spans
    }

    // MARK: Round trip

    /// The flow at the cursor: it carried the segment.
    private var carrier: FlowSnapshot? {
        SessionDetail.segment(row, at: list.cursor)?.flow.flatMap { list.context.flow($0) } ?? row.flow
    }

    private func roundTrip(_ window: TimeWindow) -> Chart? {
        guard let series = carrier?.series, !series.isEmpty, series.has(.roundTrip) else { return nil }
        let steps = (0..<series.count).filter { series.times[$0] >= window.start && series.times[$0] <= window.end }
        let whole = steps.map { series.loop(at: $0) }
        let base = steps.map { step in series.loop(at: step).map { $0 - (series.queues(at: step) ?? 0) } }
        return Chart(
            times: steps.map { series.times[$0] },
            series: [
                Chart.Series(values: base, role: .chartRoundTrip, form: .area),
                Chart.Series(values: whole, role: .chartQueue, form: .band(lower: base)),
            ], marks: marks, window: window, cursor: cursorColumn,
            scale: ChartScale(largest: whole.compactMap { $0 }.max() ?? 0, least: 1_000_000) {
                DurationText.axis(Nanoseconds($0))
            })
    }

    private var roundTripTitle: [TextSpan] {
        var spans = [TextSpan(Words.roundTripTitle, .title)]
        guard let flow = carrier else { return spans }
        var trip = flow.displayedRoundTrip.map { Double($0.value) }
        var queue = flow.displayedQueueDelay.map(Double.init)
        if let cursor = list.cursor, let series = flow.series {
            let step = series.times.lastIndex { $0 <= cursor }
            trip = step.flatMap { series.loop(at: $0) }
            queue = step.flatMap { series.queues(at: $0) }
        }
        func text(_ time: Double?) -> TextSpan {
            time.map { TextSpan(DurationText.milliseconds(Nanoseconds($0)), .value) }
                ?? TextSpan(Words.unknown, .unknown)
        }
        spans += [
            TextSpan(list.cursor == nil ? newest : "  at cursor ", .label), text(trip),
            TextSpan("  ■ queue ", .chartQueue), text(queue),
            TextSpan("  " + Words.flowNumber(flow.identifier), .muted),
        ]
        return spans
    }

    // MARK: Axis

    private func axis(_ page: inout TallPage, _ window: TimeWindow) {
        page.draw(lines: 1) { area, cells in
            let left = area.x + ChartsLayout.axisWidth
            cells.set("└", x: left - 1, y: area.y, .axis)
            for x in left..<(left + window.columns) { cells.set("─", x: x, y: area.y, .axis) }
            for back in window.ticks {
                let x = left + window.column(of: window.end - back)
                cells.set("┬", x: x, y: area.y, .axis)
                cells.put(Words.axisAgo(back), x: x + 1, y: area.y, .axis)
            }
            let offset = list.context.utcOffsetSeconds
            let isNow = list.context.snapshot.time - window.end < .seconds(1)
            let end = isNow ? Words.now : DurationText.timeOfDay(window.end, utcOffsetSeconds: offset)
            cells.putRight(end, right: left + window.columns, y: area.y, .axis)
            if let column = cursorColumn, let cursor = list.cursor {
                cells.set("▲", x: left + column, y: area.y, .cursor)
                let text = " " + DurationText.timeOfDay(cursor, utcOffsetSeconds: offset, tenths: true) + " "
                cells.put(text, x: min(left + column + 1, left + window.columns - text.count), y: area.y, .cursor)
            }
        }
    }
}
