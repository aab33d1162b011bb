import StreamtopBase

/// Whether delay builds up, by the times at which packets were sent and arrive: the trendline filter of Google Congestion Control
/// (draft-ietf-rmcat-gcc-02 section 5.4, with the constants of libwebrtc's TrendlineEstimator).
///
/// Packets sent within 5 ms are one group; the growth of the distance between groups is summed, smoothed, and its slope over the
/// newest twenty groups compared with a threshold that follows what is usual.
struct DelayTrend {
    private static let burst: Nanoseconds = .milliseconds(5)
    private static let window = 20
    private static let smoothing = 0.9
    private static let gain = 4.0
    private static let mostDeltas = 60
    private static let up = 0.0087
    private static let down = 0.039
    private static let thresholds = 6.0...600.0
    /// A leap of the trend that far beyond the threshold is no trend.
    private static let leap = 15.0
    private static let overuseTime: Nanoseconds = .milliseconds(10)
    /// A gap in sending begins anew.
    private static let pause: Nanoseconds = .seconds(2)
    /// Overuses are counted within so much time.
    private static let span: Nanoseconds = .seconds(10)
    /// Two that follow each other at once are one. Own: a sender reacts within a round trip and a report.
    private static let apart: Nanoseconds = .milliseconds(500)
    private static let remembered = 16

    private struct Group {
        var firstSent: Nanoseconds
        var lastSent: Nanoseconds
        var arrival: Timestamp
    }

    private struct Point {
        var arrival: Double
        var delay: Double
    }

    private var group: Group?
    private var before: Group?
    private var start: Timestamp?
    private var accumulated = 0.0
    private var smoothed = 0.0
    private var points: [Point] = []
    private var deltas = 0
    private var threshold = 12.5
    private var lastUpdate: Timestamp?
    private var lastTrend = 0.0
    private var overSince: Timestamp?
    private var overCount = 0
    private var overuses: [Timestamp] = []
    private(set) var mostOveruses = 0

    init() {}

    /// Within the ten seconds before `time`.
    func recentOveruses(at time: Timestamp) -> Int { overuses.count { time - $0 <= Self.span } }

    /// A packet; `sent` is its send time since the first, by the sender's clock.
    mutating func observe(sent: Nanoseconds, at time: Timestamp) {
        guard var current = group else {
            group = Group(firstSent: sent, lastSent: sent, arrival: time)
            start = time
            return
        }
        // Sent before the group: reordered on the way, it says nothing.
        guard sent >= current.firstSent else { return }
        if sent - current.firstSent <= Self.burst {
            current.lastSent = max(current.lastSent, sent)
            current.arrival = max(current.arrival, time)
            group = current
            return
        }
        if let before { take(current, after: before) }
        if sent - current.lastSent > Self.pause { restart() } else { before = current }
        group = Group(firstSent: sent, lastSent: sent, arrival: time)
    }

    private mutating func restart() {
        before = nil
        points.removeAll(keepingCapacity: true)
        accumulated = 0
        smoothed = 0
        deltas = 0
        overSince = nil
        overCount = 0
    }

    private mutating func take(_ current: Group, after before: Group) {
        guard let start else { return }
        let sent = current.lastSent - before.lastSent
        let growth = ((current.arrival - before.arrival) - sent).milliseconds
        deltas = min(deltas + 1, Self.mostDeltas)
        accumulated += growth
        smoothed = Self.smoothing * smoothed + (1 - Self.smoothing) * accumulated
        if points.count == Self.window { points.removeFirst() }
        points.append(Point(arrival: (current.arrival - start).milliseconds, delay: smoothed))
        guard points.count == Self.window, let slope = Self.slope(points) else { return }
        detect(Double(deltas) * slope * Self.gain, sent: sent, slope: slope, at: current.arrival)
    }

    private mutating func detect(_ trend: Double, sent: Nanoseconds, slope: Double, at time: Timestamp) {
        if trend > threshold {
            overSince = overSince ?? time - sent / 2
            overCount += 1
            if let since = overSince, time - since > Self.overuseTime, overCount > 1, slope >= lastTrend {
                overSince = nil
                overCount = 0
                note(at: time)
            }
        } else {
            overSince = nil
            overCount = 0
        }
        lastTrend = slope
        adapt(to: trend, at: time)
    }

    private mutating func adapt(to trend: Double, at time: Timestamp) {
        defer { lastUpdate = time }
        guard abs(trend) <= threshold + Self.leap else { return }
        let rate = abs(trend) < threshold ? Self.down : Self.up
        let elapsed = min((time - (lastUpdate ?? time)).milliseconds, 100)
        threshold += rate * (abs(trend) - threshold) * elapsed
        threshold = min(Self.thresholds.upperBound, max(Self.thresholds.lowerBound, threshold))
    }

    private mutating func note(at time: Timestamp) {
        if let last = overuses.last, time - last < Self.apart { return }
        if overuses.count == Self.remembered { overuses.removeFirst() }
        overuses.append(time)
        mostOveruses = max(mostOveruses, recentOveruses(at: time))
    }

    /// By least squares; nil where all arrived at once.
    private static func slope(_ points: [Point]) -> Double? {
        let count = Double(points.count)
        let middle = points.reduce(0) { $0 + $1.arrival } / count
        let mean = points.reduce(0) { $0 + $1.delay } / count
        var numerator = 0.0
        var denominator = 0.0
        for point in points {
            numerator += (point.arrival - middle) * (point.delay - mean)
            denominator += (point.arrival - middle) * (point.arrival - middle)
        }
        return denominator > 0 ? numerator / denominator : nil
    }
}
