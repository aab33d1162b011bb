import StreamtopBase
import StreamtopModel

/// Round trips that an application or a helper protocol measures by itself: pings, checks, transactions.
package struct RoundTripRecord: ~Copyable {
    private var count = 0
    private var minimum: Nanoseconds = .max
    private var maximum: Nanoseconds = 0
    /// The newest sample; 0 before the first.
    package private(set) var last: Nanoseconds = 0
    private var sum: Nanoseconds = 0
    private var jitterSum: Nanoseconds = 0
    private var estimator = RoundTripEstimator()
    private var histogram = LogHistogram()

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// A delay that is not positive is no sample: clocks step.
    package mutating func record(_ sample: Nanoseconds) {
        guard sample > 0 else { return }
        if count > 0 { jitterSum = saturatingAdd(jitterSum, abs(sample - last)) }
        count += 1
        sum = saturatingAdd(sum, sample)
        minimum = min(minimum, sample)
        maximum = max(maximum, sample)
        last = sample
        estimator.record(sample)
        histogram.record(sample / 1_000)
    }

    package func snapshot(_ source: RoundTripSource) -> RoundTripSnapshot? {
        guard count > 0 else { return nil }
        func bounded(_ share: Double) -> Nanoseconds {
            min(maximum, max(minimum, histogram.quantile(share).map { $0 * 1_000 } ?? last))
        }
        return RoundTripSnapshot(
            samples: count, minimum: minimum, last: last, smoothed: estimator.smoothed, mean: sum / Int64(count),
            p50: bounded(0.5), p95: bounded(0.95), p99: bounded(0.99), maximum: maximum,
            jitter: count > 1 ? jitterSum / Int64(count - 1) : 0, source: source)
    }
}
