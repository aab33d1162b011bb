/// Smoothed round trip, its variation and the retransmission timeout as a sender works them out (RFC 6298 section 2).
package struct RoundTripEstimator: Equatable, Sendable {
    /// Nanoseconds; meaningless before the first sample.
    package private(set) var smoothed: Nanoseconds = 0
    package private(set) var variation: Nanoseconds = 0
    package private(set) var hasSample = false

    package init() {}

    package mutating func record(_ sample: Nanoseconds) {
        // Samples lie between 0 and the length of a capture; bounding them keeps the sums below in range.
        let sample = min(max(0, sample), Nanoseconds.seconds(1_000_000))
        guard hasSample else {
            smoothed = sample
            variation = sample / 2
            hasSample = true
            return
        }
        variation += (abs(smoothed - sample) - variation) / 4
        smoothed += (sample - smoothed) / 8
    }

    /// Smoothed round trip plus four variations, at least `floor` (RFC 6298 section 2.4 asks for one second, the Linux
    /// kernel takes 200 ms).
    package func timeout(floor: Nanoseconds = 0) -> Nanoseconds {
        guard hasSample else { return max(floor, .seconds(1)) }
        return max(floor, smoothed + 4 * variation)
    }
}
