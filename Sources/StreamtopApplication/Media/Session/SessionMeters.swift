import StreamtopBase
import StreamtopModel

/// The buffer over time: a point at each change, and joined in pairs when there are many.
struct BufferSeries: Sendable {
    static let capacity = 600

    private(set) var points: [MediaBuffer.Point] = []
    private var step: Nanoseconds = .milliseconds(50)

    init() {}

    mutating func note(_ player: PlayerModel, _ eager: PlayerModel, _ careful: PlayerModel, at time: Timestamp) {
        guard let level = player.level(at: time) else { return }
        let ends = [eager.level(at: time) ?? level, careful.level(at: time) ?? level, level]
        let point = MediaBuffer.Point(
            time: time, level: level, low: ends.min() ?? level, high: ends.max() ?? level)
        if let last = points.last, time - last.time < step {
            guard time >= last.time else { return }
            points[points.count - 1] = point
            return
        }
        guard points.count >= Self.capacity else { return points.append(point) }
        points = stride(from: 1, to: points.count, by: 2).map { points[$0] }
        step *= 2  // after sixty doublings no capture is longer
        points.append(point)
    }
}

/// What the player said of itself.
struct PlayerReports: Sendable {
    /// It said that it ran dry, while the model held media.
    struct Starvation: Sendable {
        private(set) var count = 0
        private(set) var whileFed = 0
        private(set) var last: Timestamp?
        /// Seconds held by the model, at most.
        private(set) var mostHeld = 0.0

        mutating func append(at time: Timestamp, held: Double?) {
            count += 1
            last = time
            guard let held, held > 2 else { return }
            whileFed += 1
            mostHeld = max(mostHeld, held)
        }
    }

    var bufferReports = 0
    var implausible = 0
    var errors = AgeRecord()
    var latencies = AgeRecord()
    var starved = Starvation()
    /// Bits a second.
    var throughput: Double?

    init() {}
}

/// First to last timestamp received of one stream, against capture time between the same two.
struct SegmentClockMeter: Sendable {
    private var first: (media: Double, time: Timestamp)?
    private var last: (media: Double, time: Timestamp)?

    init() {}

    mutating func note(_ media: Double, at time: Timestamp) {
        guard media >= 0 else { return }
        if first == nil { first = (media, time) }
        if let last, media < last.media { return }
        last = (media, time)
    }

    var snapshot: MediaClock? {
        guard let first, let last, last.time > first.time else { return nil }
        return MediaClock(advance: last.media - first.media, wall: (last.time - first.time).seconds)
    }
}

/// How live latency moves: least squares over all samples.
struct LatencyTrend: Sendable {
    private var origin: Timestamp?
    private var count = 0.0
    private var sumT = 0.0
    private var sumL = 0.0
    private var sumTT = 0.0
    private var sumTL = 0.0
    private(set) var span = 0.0

    init() {}

    mutating func note(_ latency: Nanoseconds, at time: Timestamp) {
        let start = origin ?? time
        origin = start
        let t = (time - start).seconds
        let l = latency.milliseconds
        span = max(span, t)
        count += 1
        sumT += t
        sumL += l
        sumTT += t * t
        sumTL += t * l
    }

    /// Milliseconds a minute; nil in the first minute.
    var drift: Double? {
        let spread = count * sumTT - sumT * sumT
        guard span >= 60, count >= 30, spread > 0 else { return nil }
        return 60 * (count * sumTL - sumT * sumL) / spread
    }
}
