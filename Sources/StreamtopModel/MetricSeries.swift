import StreamtopBase

/// Values of a flow over time, oldest first: a column of `Float` for each metric that was ever known in it, and nothing for
/// the others. Steps follow each other at least `interval` apart; a flow that was silent has none.
///
/// A `Float` holds whole bytes up to 16 MiB and milliseconds to a millionth of their value: more than a chart or a record
/// shows.
package struct MetricSeries: Equatable, Sendable {
    /// Of one metric and one end.
    package struct Column: Equatable, Sendable {
        package let metric: Metric
        package let direction: Direction
        fileprivate(set) package var values: [Float]
    }

    /// Every metric is zero or more: a negative value stands for "not known".
    private static let unknown: Float = -1

    package private(set) var interval: Nanoseconds
    package private(set) var times: [Timestamp] = []
    package private(set) var columns: [Column] = []
    /// How many samples the newest step is made of.
    private var joined = 0

    package init(interval: Nanoseconds) { self.interval = interval }

    package init(interval: Nanoseconds, samples: [FlowSample]) {
        self.init(interval: interval)
        for sample in samples { append(sample) }
    }

    package var count: Int { times.count }
    package var isEmpty: Bool { times.isEmpty }

    /// The column of a metric; nil when it was never known.
    package func column(_ metric: Metric, _ direction: Direction) -> Column? {
        columns.first { $0.metric == metric && $0.direction == direction }
    }

    package func has(_ metric: Metric) -> Bool { columns.contains { $0.metric == metric } }

    /// The value at a step; nil where it is not known.
    package func value(_ metric: Metric, _ direction: Direction, at step: Int) -> Double? {
        guard let column = column(metric, direction), column.values.indices.contains(step) else { return nil }
        let value = column.values[step]
        return value < 0 ? nil : Double(value)
    }

    /// All values of a metric, one for each step.
    package func values(_ metric: Metric, _ direction: Direction) -> [Double?] {
        guard let column = column(metric, direction) else { return Array(repeating: nil, count: count) }
        return column.values.map { $0 < 0 ? nil : Double($0) }
    }

    // MARK: Growing

    /// Adds a step.
    package mutating func append(_ sample: FlowSample) {
        openColumns(for: sample)
        times.append(sample.time)
        joined = 1
        for index in columns.indices {
            let value = sample.value(columns[index].metric, columns[index].direction)
            columns[index].values.append(value.map(Self.stored) ?? Self.unknown)
        }
    }

    /// Joins a sample into the newest step.
    package mutating func join(_ sample: FlowSample) {
        guard !times.isEmpty else { return append(sample) }
        openColumns(for: sample)
        let last = times.count - 1
        times[last] = sample.time
        for index in columns.indices {
            guard let value = sample.value(columns[index].metric, columns[index].direction) else { continue }
            columns[index].values[last] = Self.merged(
                columns[index].values[last], Self.stored(value), columns[index].metric.merge, weight: Float(joined))
        }
        joined += 1
    }

    /// Joins each two neighbours into one step, so that the series spans the same time in half the memory.
    package mutating func halve() {
        let half = (times.count + 1) / 2
        for step in 0..<half { times[step] = times[min(step * 2 + 1, times.count - 1)] }
        times.removeSubrange(half...)
        for index in columns.indices {
            let merge = columns[index].metric.merge
            let count = columns[index].values.count
            for step in 0..<half {
                let left = columns[index].values[step * 2]
                columns[index].values[step] =
                    step * 2 + 1 < count
                    ? Self.merged(left, columns[index].values[step * 2 + 1], merge, weight: 1) : left
            }
            columns[index].values.removeSubrange(half...)
        }
        interval = saturatingAdd(interval, interval)
    }

    /// The last `count` steps of some metrics.
    package func tail(_ count: Int, of metrics: [Metric]) -> MetricSeries {
        var tail = MetricSeries(interval: interval)
        tail.times = Array(times.suffix(count))
        tail.columns = columns.filter { metrics.contains($0.metric) }.map {
            Column(metric: $0.metric, direction: $0.direction, values: Array($0.values.suffix(count)))
        }
        return tail
    }

    /// Bytes that the values take.
    package var valueBytes: Int {
        columns.reduce(times.capacity * MemoryLayout<Timestamp>.stride) {
            $0 + $1.values.capacity * MemoryLayout<Float>.stride
        }
    }

    /// A metric that is known for the first time gets its column. Counts that are still zero do not.
    private mutating func openColumns(for sample: FlowSample) {
        for metric in Metric.allCases {
            for direction in Direction.allCases {
                guard let value = sample.value(metric, direction), value > 0 || metric.merge != .sum else { continue }
                guard !columns.contains(where: { $0.metric == metric && $0.direction == direction }) else { continue }
                let before = metric.merge == .sum || metric == .rate ? 0 : Self.unknown
                columns.append(
                    Column(
                        metric: metric, direction: direction, values: Array(repeating: before, count: times.count)))
            }
        }
    }

    private static func stored(_ value: Double) -> Float { Float(max(0, value)) }

    private static func merged(_ left: Float, _ right: Float, _ merge: Metric.Merge, weight: Float) -> Float {
        guard left >= 0 else { return right }
        guard right >= 0 else { return left }
        return switch merge {
        case .largest: max(left, right)
        case .smallest: min(left, right)
        case .sum: left + right
        case .mean: left + (right - left) / (weight + 1)
        case .latest: right
        }
    }
}
