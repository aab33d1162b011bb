import StreamtopBase
import StreamtopModel

/// The course of one buffer of the host over the last second: how fast it drains, drops and grows.
///
/// A wait is what is occupied over what left in the last second (Little's law). Counters may wrap or begin anew: then the
/// course begins anew, too.
struct LayerCourse: Sendable {
    struct Reading: Sendable {
        var time: Timestamp
        var occupied: Int?
        /// Count of what has left, in the layer's unit; nil where nobody counts it.
        var left: UInt64?
        var drops: UInt64?
    }

    private var readings: [Reading] = []
    /// Drops when it was first read, and since.
    private(set) var droppedSince: UInt64 = 0
    private(set) var lastTime = Timestamp(nanoseconds: .min)

    private static let window: Nanoseconds = .seconds(1)
    private static let capacity = 32
    /// A shorter time says nothing of a rate: a burst of tbf leaves within milliseconds.
    private static let leastSpan: Nanoseconds = .milliseconds(250)

    mutating func append(_ reading: Reading) {
        if let last = readings.last {
            guard reading.time > last.time else { return }
            if let before = last.drops, let after = reading.drops, after > before {
                // Far more than a link carries in between: the counter is another's, or wrapped.
                droppedSince &+= after - before
            }
            if let before = last.left, let after = reading.left, after < before { readings.removeAll() }
        }
        readings.append(reading)
        lastTime = reading.time
        // One reading of a second ago or before stays, as the beginning of the span.
        while readings.count > 2, readings.count > Self.capacity || readings[1].time <= reading.time - Self.window {
            readings.removeFirst()
        }
    }

    private var span: (first: Reading, last: Reading, seconds: Double)? {
        guard let first = readings.first, let last = readings.last, last.time - first.time >= Self.leastSpan else {
            return nil
        }
        return (first, last, (last.time - first.time).seconds)
    }

    /// A second, in the layer's unit.
    var drain: Double? {
        guard let span, let before = span.first.left, let after = span.last.left, after >= before else { return nil }
        return Double(after - before) / span.seconds
    }

    var dropsPerSecond: Double? {
        guard let span, let before = span.first.drops, let after = span.last.drops, after >= before else { return nil }
        return Double(after - before) / span.seconds
    }

    /// How long what is occupied now needs to leave; 0 of nothing; nil where nothing leaves, or nobody knows.
    var wait: Nanoseconds? {
        guard let occupied = readings.last?.occupied else { return nil }
        guard occupied > 0 else { return 0 }
        guard let drain, drain > 0 else { return nil }
        let seconds = Double(occupied) / drain
        return seconds < 3_600 ? Nanoseconds(seconds * 1e9) : nil
    }

    /// By a quarter of the larger, and by more than a full frame.
    var trend: BufferTrend? {
        guard let span, let before = span.first.occupied, let after = span.last.occupied else { return nil }
        let change = after - before
        guard abs(change) > 1_600, abs(change) * 4 > max(before, after) else { return .steady }
        return change > 0 ? .growing : .shrinking
    }

    var history: [Int] { readings.compactMap(\.occupied) }

    /// Writes what follows from the course into the layer.
    func fill(_ layer: inout HostLayer) {
        layer.drainPerSecond = drain
        layer.dropsPerSecond = dropsPerSecond
        layer.droppedSince = droppedSince
        layer.trend = trend
        layer.history = history
        if let wait {
            layer.delay = wait
            layer.bound = .measured
        }
    }
}

/// Courses of all layers of the host, by what they are called; those no longer read are forgotten.
struct LayerCourses: Sendable {
    private var courses: [String: LayerCourse] = [:]
    private static let capacity = 4_096

    mutating func observe(
        _ layer: inout HostLayer, key: String, left: UInt64?, at time: Timestamp
    ) {
        var course = courses[key] ?? LayerCourse()
        course.append(LayerCourse.Reading(time: time, occupied: layer.occupied, left: left, drops: layer.drops))
        course.fill(&layer)
        if courses[key] != nil || courses.count < Self.capacity { courses[key] = course }
    }

    func course(_ key: String) -> LayerCourse? { courses[key] }

    mutating func forget(before time: Timestamp) {
        courses = courses.filter { $0.value.lastTime >= time }
    }
}
