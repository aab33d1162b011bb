import StreamtopBase

/// How far the analysis runs behind the wire: the age of a frame when the analysis takes it up. Live, the kernel's buffer
/// hides a slow analysis for many seconds before it drops anything.
struct WireLag: Equatable {
    /// Now; 0 once everything was taken.
    private(set) var current: Nanoseconds = 0
    private(set) var longest: Nanoseconds = 0

    /// A batch is taken up whose oldest frame was stamped at `time`. A clock that steps makes no negative lag.
    mutating func observe(frameAt time: Timestamp, clock: Timestamp) {
        current = max(0, clock - time)
        longest = max(longest, current)
    }

    /// The source had nothing left.
    mutating func catchUp() { current = 0 }
}
