import StreamtopBase
import StreamtopModel

/// A stretch of capture time laid over columns of the screen: the one axis that all charts of a flow share.
struct TimeWindow: Equatable {
    var start: Timestamp
    var end: Timestamp
    var columns: Int

    init(start: Timestamp, end: Timestamp, columns: Int) {
        self.start = start
        self.end = end > start ? end : start + 1
        self.columns = max(1, columns)
    }

    /// The window of a flow's charts; nil while it has no series.
    init?(of flow: FlowSnapshot, now: Timestamp, zoom: ChartZoom, columns: Int) {
        guard let first = flow.series?.times.first, let last = flow.series?.times.last else {
            return nil
        }
        // A flow that ended long ago is looked at where it lived.
        let end = now - last > .seconds(30) ? last : max(now, last)
        // Round spans give round labels.
        let whole = Self.roundSpans.first { $0 >= end - first } ?? end - first
        let span = min(zoom.span ?? whole, whole)
        self.init(start: end - span, end: end, columns: columns)
    }

    private static let roundSpans: [Nanoseconds] = [
        1, 2, 4, 8, 16, 30, 60, 120, 240, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400,
    ].map { .seconds($0) }

    var span: Nanoseconds { max(1, end - start) }

    /// Column of a moment, clipped to the window.
    func column(of time: Timestamp) -> Int {
        let share = Double(time - start) / Double(span)
        return max(0, min(columns - 1, Int(share * Double(columns))))
    }

    /// Half-column (braille dot) of a moment; nil outside.
    func dot(of time: Timestamp) -> Int? {
        guard time >= start, time <= end else { return nil }
        return min(columns * 2 - 1, Int(Double(time - start) / Double(span) * Double(columns * 2)))
    }

    /// How long before its end the window is labelled, longest first: multiples of a round time, with room for the words.
    var ticks: [Nanoseconds] {
        let most = Int64(max(1, columns / Self.columnsPerTick))
        let step = Self.roundSteps.first { span / $0 <= most } ?? span
        return (1...max(1, span / step)).reversed().map { $0 * step }.filter { $0 <= span }
    }

    private static let columnsPerTick = 11
    private static let roundSteps: [Nanoseconds] =
        [100, 200, 500].map { .milliseconds($0) }
        + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400].map {
            .seconds($0)
        }

    /// The moment in the middle of a column.
    func time(ofColumn column: Int) -> Timestamp {
        start + Nanoseconds((Double(column) + 0.5) / Double(columns) * Double(span))
    }
}
