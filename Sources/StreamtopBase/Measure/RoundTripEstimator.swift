/// Smoothed round trip, its variation and the retransmission timeout as a sender works them out (RFC 6298 section 2).
package struct RoundTripEstimator: Equatable, Sendable {
    /// Below zero before the first sample.
    private var value: Nanoseconds = -1
    package private(set) var variation: Nanoseconds = 0

    /// Nanoseconds; 0 before the first sample.
    package var smoothed: Nanoseconds { max(0, value) }
    package var hasSample: Bool { value >= 0 }

    package init() {}

    package mutating func record(_ sample: Nanoseconds) {
        // Samples lie between 0 and the length of a capture; bounding them keeps the sums below in range.
        let sample = min(max(0, sample), Nanoseconds.seconds(1_000_000))
        guard hasSample else {
            value = sample
            variation = sample / 2
            return
        }
        variation += (abs(value - sample) - variation) / 4
        value += (sample - value) / 8  // between two values that are not negative
    }

    /// Smoothed round trip plus four variations, at least `floor` (RFC 6298 section 2.4 asks for one second, the Linux
    /// kernel takes 200 ms).
    package func timeout(floor: Nanoseconds = 0) -> Nanoseconds {
        guard hasSample else { return max(floor, .seconds(1)) }
        return max(floor, smoothed + 4 * variation)
    }
}
