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
        guard let series = flow.series, !series.samples.isEmpty,
            let window = TimeWindow(of: flow, now: context.snapshot.time, zoom: open.zoom, columns: columns)
        else {
            cells.put(Words.noSeries, x: 2, y: layout.charts.first.map { $0.y + 1 } ?? 0, .muted)
            return
        }
        let samples = visible(series.samples, window)
        let cursor = open.cursor.map { window.column(of: $0) }
        let page = ChartPage(
            flow: flow, samples: samples, window: window, cursor: cursor, read: reading(samples, window),
            marks: marks(samples))
        for (index, area) in layout.charts.enumerated() {
            var plot = area
            let title = plot.takeTop(1)
            switch index {
            case 0: page.drawRoundTrip(title, plot, &cells)
            case 1: page.drawWindows(title, plot, &cells)
            default: page.drawRates(title, plot, &cells)
            }
        }
        drawAxis(window, cursor, &cells)
        drawCursorTime(window, titleLine, &cells)
    }

    /// The samples in the window.
    private func visible(_ samples: [FlowSample], _ window: TimeWindow) -> [FlowSample] {
        let first = samples.firstIndex { $0.time >= window.start } ?? samples.endIndex
        return Array(samples[first...].prefix { $0.time <= window.end })
    }

    /// The sample under the cursor: the nearest within a column or two; nil without a cursor or where nothing is known.
    private func reading(_ samples: [FlowSample], _ window: TimeWindow) -> FlowSample? {
        guard let cursor = open.cursor else { return nil }
        let nearest = samples.min { abs($0.time - cursor) < abs($1.time - cursor) }
        let reach = max(window.span / Int64(window.columns) * 2, flow.series?.interval ?? 0)
        return nearest.flatMap { abs($0.time - cursor) <= reach ? $0 : nil }
    }

    private func marks(_ samples: [FlowSample]) -> [Chart.Mark] {
        // Later marks cover earlier ones in a column: a loss says more than the retransmission that mends it.
        samples.filter { $0.retransmissionCount > 0 }
            .map { Chart.Mark(time: $0.time, sign: "r", role: .markRetransmission) }
            + samples.filter { $0.zeroWindowCount > 0 }
            .map { Chart.Mark(time: $0.time, sign: "⊘", role: .markZeroWindow) }
            + samples.filter { $0.lossCount > 0 }.map { Chart.Mark(time: $0.time, sign: "×", role: .markLoss) }
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

/// The charts proper, each a title that reads values off and a plot.
private struct ChartPage {
    let flow: FlowSnapshot
    let samples: [FlowSample]
    let window: TimeWindow
    let cursor: Int?
    /// The sample under the cursor; nil when there is no cursor.
    let read: FlowSample?
    let marks: [Chart.Mark]

    private var sender: Direction { flow.mainSender }
    private var times: [Timestamp] { samples.map(\.time) }
    private var isReading: Bool { cursor != nil }

    private func chart(_ series: [Chart.Series], _ scale: ChartScale) -> Chart {
        Chart(times: times, series: series, marks: marks, window: window, cursor: cursor, scale: scale)
    }

    // MARK: Round trip

    func drawRoundTrip(_ title: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        let whole = samples.map { $0.shownRoundTrip.map(Double.init) }
        let base = samples.map { sample in
            sample.shownRoundTrip.map { Double($0) - Double(sample.summedQueueDelay ?? 0) }
        }
        let scale = ChartScale(largest: whole.compactMap { $0 }.max() ?? 0, least: 1_000_000) { value in
            DurationText.axis(Nanoseconds(value))
        }
        chart(
            [
                Chart.Series(values: base, role: .chartRoundTrip, form: .area),
                Chart.Series(values: whole, role: .chartQueue, form: .band(lower: base)),
            ], scale
        ).draw(in: plot, into: &cells)
        put([roundTripTitle, queueTitle, sourceTitle], title, &cells)
    }

    private var roundTripTitle: [TextSpan] {
        var spans = [TextSpan(Words.roundTripTitle, .title)]
        let sign = flow.shownRoundTrip?.bound.prefix ?? ""
        if isReading {
            spans += value(Words.atCursor, read?.shownRoundTrip.map(DurationText.milliseconds), .chartRoundTrip)
            return spans
        }
        spans += value(
            Words.now, flow.shownRoundTrip.map { sign + DurationText.milliseconds($0.value) }, .chartRoundTrip)
        let summary = flow.roundTrip.total ?? flow.roundTrip.server ?? flow.roundTrip.client
        if let summary {
            spans += value(Words.minimum, DurationText.milliseconds(summary.minimum), .value)
            spans += value("p50", DurationText.milliseconds(summary.p50), .value)
            spans += value("p95", DurationText.milliseconds(summary.p95), .value)
        }
        return spans
    }

    private var sourceTitle: [TextSpan] {
        guard !isReading, let summary = flow.roundTrip.total ?? flow.roundTrip.server ?? flow.roundTrip.client else {
            return []
        }
        let count = NumberText.grouped(summary.samples)
        return [TextSpan("  \(Words.source(summary.source)), \(count) \(Words.samples)", .muted)]
    }

    private var queueTitle: [TextSpan] {
        let delay = isReading ? read?.summedQueueDelay : flow.shownQueueDelay
        var spans = value("■ " + Words.queueLabel, delay.map(DurationText.milliseconds), .chartQueue)
        let whole = isReading ? read?.shownRoundTrip : flow.shownRoundTrip?.value
        if let delay, let whole, whole > 0 {
            spans.append(TextSpan(" " + Words.shareOfRoundTrip(Double(delay) / Double(whole)), .label))
        }
        if !isReading {
            spans.append(TextSpan(" " + Words.queueSide(flow.queueDelay), .muted))
        }
        return spans
    }

    // MARK: Windows

    func drawWindows(_ title: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        let flight = samples.map { $0.inFlight[sender].map(Double.init) }
        let congestion = samples.map { $0.congestionWindow[sender].map(Double.init) }
        let receive = samples.map { $0.receiveWindow[sender.reversed].map(Double.init) }
        let used = (flight + congestion).compactMap { $0 }.max() ?? 0
        let lowest = receive.compactMap { $0 }.min() ?? 0
        // A receive window far above everything else would press the rest to the floor; its number is in the title.
        let isWindowInSight = lowest <= max(used * 3, 1)
        let most = isWindowInSight ? max(used, min(receive.compactMap { $0 }.max() ?? 0, used * 3)) : used
        let scale = ChartScale(largest: most, isBinary: true, least: 4_096) { ByteText.short($0) }
        chart(
            [
                Chart.Series(values: flight, role: .chartInFlight, form: .area),
                Chart.Series(
                    values: receive.map { isWindowInSight ? $0 : nil }, role: .chartReceiveWindow, form: .dotted),
                Chart.Series(values: congestion, role: .chartCongestionWindow, form: .line),
            ], scale
        ).draw(in: plot, into: &cells)
        put([windowTitle(isWindowInSight)] + windowRemarks, title, &cells)
    }

    private func windowTitle(_ isWindowInSight: Bool) -> [TextSpan] {
        var spans = [TextSpan(Words.bytesTitle, .title)]
        guard flow.tcp != nil || quicSide?.inFlight != nil else {
            let why = flow.quic == nil ? Words.noWindows : Words.sealedWindows
            return spans + [TextSpan("  " + why, .muted)]
        }
        let flight = isReading ? read?.inFlight[sender].map { Reading($0) } : flow.shownInFlight
        spans += value(
            "■ " + Words.flightLabel, flight.map { $0.bound.prefix + ByteText.short($0.value) }, .chartInFlight)
        let congestion = flow.shownCongestionWindow
        let shown = isReading ? read?.congestionWindow[sender] : congestion?.value
        let prefix = congestion?.bound.prefix ?? ""
        spans += value("━ " + Words.windowLabel, shown.map { prefix + ByteText.short($0) }, .chartCongestionWindow)
        let receive = isReading ? read?.receiveWindow[sender.reversed] : flow.shownReceiveWindow?.last
        let sign = flow.shownReceiveWindow?.scaleUnknown == true ? "≥" : ""
        spans += value("┄ " + Words.receiveLabel, receive.map { sign + ByteText.short($0) }, .chartReceiveWindow)
        if !isWindowInSight { spans.append(TextSpan(" ↑", .chartReceiveWindow)) }
        return spans
    }

    /// The end that sends, of a QUIC flow.
    private var quicSide: QUICSideSnapshot? {
        flow.quic.map { sender == .fromClient ? $0.client : $0.server }
    }

    /// What is said behind the values, each where it fits.
    private var windowRemarks: [[TextSpan]] {
        guard flow.tcp != nil || quicSide?.inFlight != nil else { return [] }
        var remarks = [[TextSpan("  " + Words.senderIs(sender), .muted)]]
        guard !isReading, let window = flow.tcp?[sender].congestionWindow ?? quicSide?.congestionWindow else {
            return remarks
        }
        if let phase = window.phase { remarks.insert([TextSpan("  " + Words.phase(phase), .label)], at: 0) }
        if window.source == .estimate {
            remarks.append([TextSpan("  \(Words.windowLabel) \(Words.confidence(window.confidence))", .muted)])
        }
        return remarks
    }

    // MARK: Rates

    func drawRates(_ title: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        let down = samples.map { Optional($0.rate.server) }
        let up = samples.map { Optional($0.rate.client) }
        let most = max(samples.map(\.rate.server).max() ?? 0, samples.map(\.rate.client).max() ?? 0)
        let scale = ChartScale(largest: most, least: 1_000) { RateText.short($0) }
        let isDown = sender == .fromServer
        let area = Chart.Series(values: isDown ? down : up, role: isDown ? .chartRateDown : .chartRateUp, form: .area)
        let line = Chart.Series(values: isDown ? up : down, role: isDown ? .chartRateUp : .chartRateDown, form: .line)
        chart([area, line], scale).draw(in: plot, into: &cells)
        put([rateTitle, lossTitle], title, &cells)
    }

    private var rateTitle: [TextSpan] {
        let up = isReading ? read?.rate.client : flow.client.rate
        let down = isReading ? read?.rate.server : flow.server.rate
        var spans = [TextSpan(Words.rateTitle, .title)]
        spans += value("▼", down.map(RateText.short), .chartRateDown)
        spans += value("▲", up.map(RateText.short), .chartRateUp)
        if !isReading, let goodput = flow.tcp?[sender].goodput {
            spans += value(Words.goodput, RateText.short(goodput), .value)
        }
        return spans
    }

    private var lossTitle: [TextSpan] {
        guard let side = flow.tcp?[sender] else { return [] }
        if isReading {
            return value("× " + Words.lossLabel, read.map { String($0.lossCount) }, .markLoss)
                + value("r " + Words.retransmissions, read.map { String($0.retransmissionCount) }, .markRetransmission)
                + value("⊘ " + Words.zeroWindows, read.map { String($0.zeroWindowCount) }, .markZeroWindow)
        }
        var spans = value("× " + Words.lossLabel, side.lossRatio.map(PercentText.ratio), .markLoss)
        spans += value(
            "r " + Words.retransmissions, NumberText.grouped(side.retransmissions.packets), .markRetransmission)
        spans.append(TextSpan(" " + Words.causes(side.retransmissions), .muted))
        let count = (flow.tcp?.client.zeroWindows ?? 0) + (flow.tcp?.server.zeroWindows ?? 0)
        if count > 0 {
            spans += value("⊘ " + Words.zeroWindows, NumberText.grouped(count), .markZeroWindow)
        }
        return spans
    }

    // MARK: Parts

    private func value(_ label: String, _ text: String?, _ role: StyleRole) -> [TextSpan] {
        [
            TextSpan("  " + label + " ", role == .value ? .label : role),
            text.map { TextSpan($0, .value) } ?? TextSpan(Words.unknown, .unknown),
        ]
    }

    /// The first group on the left; the others follow while they fit whole.
    private func put(_ groups: [[TextSpan]], _ area: Rect, _ cells: inout CellBuffer) {
        var x = area.x + 1
        for (index, group) in groups.enumerated() where !group.isEmpty {
            var spans = group
            // Muted remarks leave first.
            while index > 0, width(spans) > area.right - x - 1, spans.count > 2 { spans.removeLast() }
            guard index == 0 || width(spans) <= area.right - x - 1 else { continue }
            x += cells.put(spans, x: x, y: area.y, maxWidth: max(0, area.right - x - 1))
        }
    }

    private func width(_ spans: [TextSpan]) -> Int { spans.reduce(0) { $0 + TextWidth.columns(of: $1.text) } }
}
