import StreamtopBase
import StreamtopModel

/// Values of one flow over its whole life in a bounded number of steps: when full, neighbours are joined and the step
/// doubles, so a chart always reaches back to the first packet.
struct SeriesRecorder: Sendable {
    /// Step of a new series.
    static let firstInterval: Nanoseconds = .milliseconds(100)

    private(set) var series = MetricSeries(interval: SeriesRecorder.firstInterval)
    /// Samples before this are joined into the newest step.
    private var stepEnds = Timestamp(nanoseconds: .min)
    private var cursor = SampleCursor()

    /// Adds the values of a moment about `firstInterval` after the one before.
    mutating func append(_ values: FlowSample, counters: FlowCounters, clientIsLow: Bool, capacity: Int) {
        var sample = values
        cursor.advance(to: counters, clientIsLow: clientIsLow, over: Self.firstInterval, into: &sample)
        guard sample.time >= stepEnds else { return series.join(sample) }
        if series.count >= max(2, capacity) { series.halve() }
        series.append(sample)
        stepEnds = sample.time + (series.interval - Self.firstInterval / 2)
    }
}
