import StreamtopBase
import StreamtopModel

/// Round trips between the capture point and one end, and the delay above their minimum. Samples of several sources are
/// kept apart: the best source that has spoken is the one that is told.
struct QUICRoundTripMeter: ~Copyable {
    /// Span of the rolling minimum.
    static let window: Nanoseconds = .seconds(10)

    private(set) var source = RoundTripSource.quicHandshake
    private(set) var count = 0
    private(set) var minimum: Nanoseconds = .max
    private(set) var last: Nanoseconds = 0
    private(set) var lastTime = Timestamp(nanoseconds: .min)
    private(set) var maximum: Nanoseconds = 0
    private var sum: Nanoseconds = 0
    private var jitterSum: Nanoseconds = 0
    private(set) var estimator = RoundTripEstimator()
    private var histogram = LogHistogram()
    private var rolling = WindowedMinimum()
    private var queueHistogram = LogHistogram()
    private var queue: Nanoseconds = 0
    private var maximumQueue: Nanoseconds = 0

    init() {}

    var hasSample: Bool { count > 0 }
    var smoothed: Nanoseconds? { count > 0 ? estimator.smoothed : nil }
    var currentQueue: Nanoseconds? { count > 0 ? queue : nil }
    /// Smallest sample of the last ten seconds.
    var base: Nanoseconds? { rolling.value }

    /// Acknowledgments are better than the spin bit, the spin bit better than the handshake alone.
    private static func rank(_ source: RoundTripSource) -> Int {
        switch source {
        case .quicAck: 2
        case .quicSpin: 1
        default: 0
        }
    }

    mutating func record(_ sample: Nanoseconds, source newSource: RoundTripSource, at time: Timestamp) {
        guard sample >= 0 else { return }
        if newSource != source {
            guard Self.rank(newSource) > Self.rank(source) || count == 0 else { return }
            self = QUICRoundTripMeter()
            source = newSource
        }
        if count > 0 { jitterSum = saturatingAdd(jitterSum, abs(sample - last)) }
        count &+= 1  // one for each packet at most
        sum = saturatingAdd(sum, sample)
        minimum = min(minimum, sample)
        maximum = max(maximum, sample)
        last = sample
        lastTime = time
        estimator.record(sample)
        histogram.record(sample / 1000)
        rolling.record(sample, at: time, window: Self.window)
        queue = max(0, sample - (rolling.value ?? sample))
        maximumQueue = max(maximumQueue, queue)
        queueHistogram.record(queue / 1000)
    }

    /// The path has changed: what was its minimum no longer holds.
    mutating func rebase() { rolling.reset() }

    var snapshot: RoundTripSnapshot? {
        guard count > 0 else { return nil }
        func bounded(_ share: Double) -> Nanoseconds {
            min(maximum, max(minimum, histogram.quantile(share).map { $0 * 1000 } ?? last))
        }
        return RoundTripSnapshot(
            samples: count, minimum: minimum, last: last, smoothed: estimator.smoothed, mean: sum / Int64(count),
            p50: bounded(0.5), p95: bounded(0.95), p99: bounded(0.99), maximum: maximum,
            jitter: count > 1 ? jitterSum / Int64(count - 1) : 0, source: source)
    }

    var queueSnapshot: QueueDelaySnapshot? {
        // A handshake's two or three samples say nothing of a queue.
        guard count > 0, source != .quicHandshake else { return nil }
        func bounded(_ share: Double) -> Nanoseconds {
            min(maximumQueue, queueHistogram.quantile(share).map { $0 * 1000 } ?? queue)
        }
        return QueueDelaySnapshot(last: queue, p50: bounded(0.5), p95: bounded(0.95), maximum: maximumQueue)
    }
}
