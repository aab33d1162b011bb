import StreamtopBase
import StreamtopModel

/// What charts read: a flow, the steps of its series that are in view, and the step under the cursor.
struct ChartReading {
    let flow: FlowSnapshot
    let series: MetricSeries
    /// The steps in the window.
    let steps: Range<Int>
    let window: TimeWindow
    /// Column of the cursor in the plot.
    let cursor: Int?
    /// The step under the cursor; nil without a cursor, or where nothing is known.
    let read: Int?

    init(flow: FlowSnapshot, series: MetricSeries, window: TimeWindow, cursor: Timestamp?) {
        self.flow = flow
        self.series = series
        self.window = window
        let times = series.times
        let first = times.firstIndex { $0 >= window.start } ?? times.endIndex
        let end = times[first...].firstIndex { $0 > window.end } ?? times.endIndex
        let steps = first..<end
        self.steps = steps
        self.cursor = cursor.map { window.column(of: $0) }
        // The nearest within a column or two.
        let reach = max(window.span / Int64(window.columns) * 2, series.interval)
        read = cursor.flatMap { cursor in
            let nearest = steps.min { abs(times[$0] - cursor) < abs(times[$1] - cursor) }
            return nearest.flatMap { abs(times[$0] - cursor) <= reach ? $0 : nil }
        }
    }

    var sender: Direction { flow.mainSender }
    var isReading: Bool { cursor != nil }
    var times: [Timestamp] { Array(series.times[steps]) }

    func values(_ metric: Metric, _ direction: Direction) -> [Double?] {
        steps.map { series.value(metric, direction, at: $0) }
    }

    /// Values that are made of several metrics.
    func values(_ value: (Int) -> Double?) -> [Double?] { steps.map(value) }

    /// What the cursor reads; nil where it reads nothing.
    func atCursor(_ metric: Metric, _ direction: Direction) -> Double? {
        read.flatMap { series.value(metric, direction, at: $0) }
    }

    /// What this host's kernel said of its end, over time.
    func kernel(_ metric: Metric) -> [Double?] {
        values { series.value(metric, .fromServer, at: $0) ?? series.value(metric, .fromClient, at: $0) }
    }

    /// The kernel's value under the cursor, or that of now.
    func kernelValue(_ metric: Metric, now: Double?) -> Double? {
        isReading ? atCursor(metric, .fromServer) ?? atCursor(metric, .fromClient) : now
    }

    func chart(_ lines: [Chart.Series], _ scale: ChartScale) -> Chart {
        Chart(times: times, series: lines, marks: marks, window: window, cursor: cursor, scale: scale)
    }

    /// What happened, drawn on every chart. Later marks cover earlier ones in a column: a loss says more than the
    /// retransmission that mends it.
    private var marks: [Chart.Mark] {
        let kinds: [(Metric, Unicode.Scalar, StyleRole)] = [
            (.retransmissions, "r", .markRetransmission), (.zeroWindows, "⊘", .markZeroWindow),
            (.losses, "×", .markLoss),
        ]
        // When each verdict first held: the beginning of an episode, also where it is over.
        let verdicts = flow.verdicts.filter { $0.severity > .info }.map { verdict in
            Chart.Mark(
                time: verdict.firstSeen, sign: Words.severitySign(verdict.severity),
                role: Words.severityRole(verdict.severity))
        }
        return kinds.flatMap { metric, sign, role in
            steps.filter { series.count(of: metric, at: $0) > 0 }
                .map { Chart.Mark(time: series.times[$0], sign: sign, role: role) }
        } + verdicts
    }

    /// A value with its label; nil shows the dash.
    func spans(_ label: String, _ text: String?, _ role: StyleRole) -> [TextSpan] {
        [
            TextSpan("  " + label + " ", role == .value ? .label : role),
            text.map { TextSpan($0, .value) } ?? TextSpan(Words.unknown, .unknown),
        ]
    }

    /// The first group on the left; the others follow while they fit whole.
    func put(_ groups: [[TextSpan]], _ area: Rect, _ cells: inout CellBuffer) {
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

extension MetricSeries {
    /// The sum of both component RTTs, or the one there is, in nanoseconds.
    func loop(at step: Int) -> Double? {
        sum(value(.roundTrip, .fromClient, at: step), value(.roundTrip, .fromServer, at: step))
    }

    /// What waits in the queues of both directions together, in nanoseconds: the part of the loop that is not distance, and so
    /// never more than it.
    func queues(at step: Int) -> Double? {
        guard let queued = sum(value(.queueDelay, .fromClient, at: step), value(.queueDelay, .fromServer, at: step))
        else { return nil }
        return loop(at: step).map { min(queued, $0) } ?? queued
    }

    /// A count of both ends.
    func count(of metric: Metric, at step: Int) -> Int {
        Int(sum(value(metric, .fromClient, at: step), value(metric, .fromServer, at: step)) ?? 0)
    }

    private func sum(_ left: Double?, _ right: Double?) -> Double? {
        guard let left, let right else { return left ?? right }
        return left + right
    }
}
