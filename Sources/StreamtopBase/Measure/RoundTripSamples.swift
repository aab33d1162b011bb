/// Round-trip samples of one source, condensed: extremes, mean, smoothed value, percentiles and the mean step between
/// neighbours.
package struct RoundTripSamples: ~Copyable {
    package private(set) var count = 0
    package private(set) var minimum: Nanoseconds = .max
    package private(set) var maximum: Nanoseconds = 0
    package private(set) var last: Nanoseconds = 0
    package private(set) var lastTime = Timestamp(nanoseconds: .min)
    private var sum: Nanoseconds = 0
    private var stepSum: Nanoseconds = 0
    private var estimator = RoundTripEstimator()
    /// In microseconds.
    private var histogram = LogHistogram()

    package init() {}

    package var isEmpty: Bool { count == 0 }
    package var smoothed: Nanoseconds? { count > 0 ? estimator.smoothed : nil }
    package var mean: Nanoseconds? { count > 0 ? sum / Int64(count) : nil }
    /// Mean absolute difference of consecutive samples.
    package var meanStep: Nanoseconds { count > 1 ? stepSum / Int64(count - 1) : 0 }

    /// A delay that is not positive is no sample: the clock of the capture was set back, or its two directions are stamped
    /// apart.
    package mutating func record(_ sample: Nanoseconds, at time: Timestamp) {
        guard sample > 0 else { return }
        if count > 0 { stepSum = saturatingAdd(stepSum, abs(sample - last)) }
        count &+= 1  // one for each packet at most
        sum = saturatingAdd(sum, sample)
        minimum = min(minimum, sample)
        maximum = max(maximum, sample)
        last = sample
        lastTime = time
        estimator.record(sample)
        histogram.record(sample / 1000)
    }

    /// The sample that at least `share` of all do not exceed, within the extremes; nil without samples.
    package func quantile(_ share: Double) -> Nanoseconds? {
        guard count > 0 else { return nil }
        return min(maximum, max(minimum, histogram.quantile(share).map { $0 * 1000 } ?? last))
    }
}
