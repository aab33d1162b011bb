import StreamtopBase
import StreamtopModel

/// Round trip over time, what waits in queues set off from the distance.
enum RoundTripChart {
    static let row = ChartRow(
        applies: { $0.displayedRoundTrip != nil || $0.series?.has(.roundTrip) == true }, draw: draw)

    @Sendable
    private static func draw(_ reading: ChartReading, _ title: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        let whole = reading.values { reading.series.loop(at: $0) }
        let base = reading.values { step in
            reading.series.loop(at: step).map { $0 - (reading.series.queues(at: step) ?? 0) }
        }
        let ofKernel = reading.kernel(.kernelRoundTrip)
        let scale = ChartScale(largest: (whole + ofKernel).compactMap { $0 }.max() ?? 0, least: 1_000_000) { value in
            DurationText.axis(Nanoseconds(value))
        }
        reading.chart(
            [
                Chart.Series(values: base, role: .chartRoundTrip, form: .area),
                Chart.Series(values: whole, role: .chartQueue, form: .band(lower: base)),
                Chart.Series(values: ofKernel, role: .accent, form: .line),
            ], scale
        ).draw(in: plot, into: &cells)
        reading.put([roundTrip(reading), queue(reading), kernel(reading), source(reading)], title, &cells)
    }

    private static func roundTrip(_ reading: ChartReading) -> [TextSpan] {
        let flow = reading.flow
        var spans = [TextSpan(Words.roundTripTitle, .title)]
        if reading.isReading {
            let trip = reading.read.flatMap { reading.series.loop(at: $0) }
            return spans + reading.spans(Words.atCursor, trip.map(milliseconds), .chartRoundTrip)
        }
        spans += reading.spans(
            flow.state == .open ? Words.now : Words.last,
            flow.displayedRoundTrip.map { $0.bound.prefix + DurationText.milliseconds($0.value) },
            .chartRoundTrip)
        let summary = flow.roundTrip.total ?? flow.roundTrip.server ?? flow.roundTrip.client
        if let summary {
            spans += reading.spans(Words.minimum, DurationText.milliseconds(summary.minimum), .value)
            spans += reading.spans("p50", DurationText.milliseconds(summary.p50), .value)
            spans += reading.spans("p95", DurationText.milliseconds(summary.p95), .value)
        }
        return spans
    }

    /// As this host's end sees it: with this host's own queue, which packets behind it do not have.
    private static func kernel(_ reading: ChartReading) -> [TextSpan] {
        let now = reading.flow.kernel?.socket.smoothedRoundTrip.map(Double.init)
        guard let trip = reading.kernelValue(.kernelRoundTrip, now: now) else { return [] }
        return reading.spans("━ " + Words.kernelLabel, milliseconds(trip), .accent)
    }

    private static func source(_ reading: ChartReading) -> [TextSpan] {
        let flow = reading.flow
        guard !reading.isReading,
            let summary = flow.roundTrip.total ?? flow.roundTrip.server ?? flow.roundTrip.client
        else { return [] }
        let count = NumberText.grouped(summary.samples)
        return [TextSpan("  \(Words.source(summary.source)), \(count) \(Words.samples)", .muted)]
    }

    private static func queue(_ reading: ChartReading) -> [TextSpan] {
        let flow = reading.flow
        let delay =
            reading.isReading
            ? reading.read.flatMap { reading.series.queues(at: $0) } : flow.displayedQueueDelay.map(Double.init)
        let whole =
            reading.isReading
            ? reading.read.flatMap { reading.series.loop(at: $0) } : flow.displayedRoundTrip.map { Double($0.value) }
        var spans = reading.spans("■ " + Words.queueLabel, delay.map(milliseconds), .chartQueue)
        if let delay, let whole, whole > 0 {
            spans.append(TextSpan(" " + Words.shareOfRoundTrip(min(1, delay / whole)), .label))
        }
        if !reading.isReading { spans.append(TextSpan(" " + Words.queueLocation(flow.queueDelay), .muted)) }
        return spans
    }

    private static func milliseconds(_ time: Double) -> String { DurationText.milliseconds(Nanoseconds(time)) }
}
