import StreamtopBase
import StreamtopModel

/// Round trips between the capture point and one end (or the whole loop), and the delay above their minimum.
///
/// Two series run side by side. The *network* samples (the last segment that an acknowledgment covers, delayed
/// acknowledgments set aside) make minimum, percentiles and queueing delay. The *sender* samples (the oldest one) make
/// the smoothed value, because that is what the sender itself works with.
struct TCPRoundTripMeter: Sendable {
    /// Span of the rolling minimum.
    static let window: Nanoseconds = .seconds(10)

    private(set) var count = 0
    private(set) var minimum: Nanoseconds = .max
    private(set) var last: Nanoseconds = 0
    private(set) var maximum: Nanoseconds = 0
    private(set) var lastTime = Timestamp(nanoseconds: 0)
    private var sum: Nanoseconds = 0
    private var jitterSum: Nanoseconds = 0
    private(set) var estimator = RoundTripEstimator()
    private var histogram = LogHistogram()
    private var fromTimestamps: UInt32 = 0
    private var fromAcknowledgments: UInt32 = 0

    /// Round trip of the empty path as known now: the smallest since the path last changed.
    private(set) var base: Nanoseconds = .max
    private var rolling = WindowedMinimum()
    private var queueHistogram = LogHistogram()
    private(set) var maximumQueue: Nanoseconds = 0
    /// 95th percentile of the queueing delay, renewed every 32 samples.
    private(set) var peakQueue: Nanoseconds = 0

    init() {}

    var hasSample: Bool { count > 0 }

    /// Smoothed as the sender does; nil before the first sample.
    var smoothed: Nanoseconds? { estimator.hasSample ? estimator.smoothed : last > 0 || count > 0 ? last : nil }

    /// Delay above the base path at the last sample.
    var queue: Nanoseconds? { count > 0 ? max(0, last - base) : nil }

    /// Smallest sample of the last ten seconds.
    var rollingMinimum: Nanoseconds? { rolling.value }

    /// A sample of the path alone.
    mutating func record(_ sample: Nanoseconds, source: RoundTripSource, at time: Timestamp) {
        let sample = max(0, sample)
        if count > 0 { jitterSum = saturatingAdd(jitterSum, abs(sample - last)) }
        count &+= 1  // one for each packet at most
        sum = saturatingAdd(sum, sample)
        minimum = min(minimum, sample)
        maximum = max(maximum, sample)
        last = sample
        lastTime = time
        histogram.record(sample / 1000)
        switch source {
        case .tcpTimestamps: fromTimestamps &+= 1
        case .tcpAck: fromAcknowledgments &+= 1
        default: break
        }
        rolling.record(sample, at: time, window: Self.window)
        base = min(base, sample)
        let queue = sample - base
        maximumQueue = max(maximumQueue, queue)
        queueHistogram.record(queue / 1000)
        if count & 31 == 0 || count < 32 { peakQueue = count < 32 ? maximumQueue : queueQuantile(0.95) ?? queue }
    }

    /// A sample as the sender takes it.
    mutating func smooth(_ sample: Nanoseconds) { estimator.record(sample) }

    /// The path has changed: what was its minimum no longer holds.
    mutating func rebase() {
        base = .max
        rolling.reset()
    }

    /// Quantile of the queueing delay.
    func queueQuantile(_ share: Double) -> Nanoseconds? { queueHistogram.quantile(share).map { $0 * 1000 } }

    func quantile(_ share: Double) -> Nanoseconds? { histogram.quantile(share).map { $0 * 1000 } }

    var snapshot: RoundTripSnapshot? {
        guard count > 0 else { return nil }
        let source: RoundTripSource =
            fromTimestamps == 0 && fromAcknowledgments == 0
            ? .tcpHandshake : fromTimestamps > fromAcknowledgments ? .tcpTimestamps : .tcpAck
        func bounded(_ share: Double) -> Nanoseconds { min(maximum, max(minimum, quantile(share) ?? last)) }
        return RoundTripSnapshot(
            samples: count, minimum: minimum, last: last, smoothed: smoothed ?? last, mean: sum / Int64(count),
            p50: bounded(0.5), p95: bounded(0.95), p99: bounded(0.99), maximum: maximum,
            jitter: count > 1 ? jitterSum / Int64(count - 1) : 0, source: source)
    }

    var queueSnapshot: QueueDelaySnapshot? {
        guard let queue else { return nil }
        return QueueDelaySnapshot(
            last: queue, p50: min(maximumQueue, queueQuantile(0.5) ?? queue),
            p95: min(maximumQueue, queueQuantile(0.95) ?? queue), maximum: maximumQueue)
    }
}
