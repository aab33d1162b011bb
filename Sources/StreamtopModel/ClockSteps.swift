import StreamtopBase

/// What the capture's clock did besides running.
package struct ClockSteps: Equatable, Sendable {
    /// Times that it was set, and the newest of them: when, and by how much (back is negative).
    package private(set) var count = 0
    package private(set) var lastTime: Timestamp?
    package private(set) var lastBy: Nanoseconds = 0
    /// Single stamps that nothing before and after agrees with.
    package var outliers: UInt64 = 0

    package init() {}

    /// The clock was set back, by about `lag`.
    package mutating func record(back time: Timestamp, by lag: Nanoseconds) {
        count += 1
        lastTime = time
        lastBy = -lag
    }

    /// The clock jumped ahead to `time`.
    package mutating func record(ahead time: Timestamp, by lead: Nanoseconds) {
        count += 1
        lastTime = time
        lastBy = lead
    }
}
