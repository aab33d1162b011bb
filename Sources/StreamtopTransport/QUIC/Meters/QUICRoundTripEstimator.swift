import StreamtopBase

/// A sender's round-trip estimate (RFC 9002 section 5). Times in nanoseconds.
struct QUICRoundTripEstimator: Equatable, Sendable {
    private(set) var latest: Nanoseconds = 0
    private(set) var minimum: Nanoseconds = 0
    private(set) var smoothed: Nanoseconds = 0
    private(set) var variation: Nanoseconds = 0
    private(set) var hasSample = false

    /// RFC 9002 section 6.2.2.
    static let initial: Nanoseconds = .milliseconds(333)

    init() {}

    /// Takes one sample and returns it with the peer's delay taken off where section 5.3 allows that. `delay` is already
    /// bounded by the peer's max_ack_delay.
    @discardableResult
    mutating func record(_ sample: Nanoseconds, delay: Nanoseconds) -> Nanoseconds {
        // Between 0 and a million seconds, so that no sum below leaves its range.
        let sample = min(max(0, sample), .seconds(1_000_000))
        let delay = min(max(0, delay), .seconds(1_000_000))
        latest = sample
        guard hasSample else {
            minimum = sample
            smoothed = sample
            variation = sample / 2
            hasSample = true
            return sample
        }
        minimum = min(minimum, sample)
        let adjusted = sample >= minimum + delay ? sample - delay : sample
        variation = (3 * variation + abs(smoothed - adjusted)) / 4
        smoothed = (7 * smoothed + adjusted) / 8
        return adjusted
    }
}
