import StreamtopBase

/// What a sender's pauses do to its window: whether the first flight after one is as large as those before it, or has
/// shrunk to a restart window (RFC 5681 section 4.1).
///
/// A pause counts only where the flight after it tells: the sender had a larger window before, had more to say than that
/// first flight afterwards, and neither the receiver's window nor a loss kept it from saying so.
struct IdleMeter: Sendable {
    private(set) var periods: UInt32 = 0
    private(set) var restarts: UInt32 = 0

    /// Largest flight since the last pause, less what a loss took.
    private var largest = 0
    /// Largest flight before the pause; 0 while no flight is being watched.
    private var before = 0
    private var first: UInt32 = 0
    /// Bytes sent before anything sent since the pause was known to have arrived; nil while that goes on.
    private var firstFlight: Int?

    init() {}

    /// A segment was sent. `fresh`: it ended a pause that was longer than the sender's timeout; `start`: its first
    /// sequence number; `flight`: bytes in flight with it; `hindered`: loss or the receiver's window hold the sender.
    mutating func observe(
        fresh: Bool, start: UInt32, next: UInt32, acknowledged: UInt32, flight: Int, hindered: Bool, unit: Int,
        initial: Int
    ) {
        if fresh {
            before = largest
            largest = 0
            first = start
            firstFlight = nil
        }
        if hindered {
            before = 0
            largest = flight
            return
        }
        largest = max(largest, flight)
        guard before > 0 else { return }
        let sent = Int(next.distance(after: first))
        guard let size = firstFlight else {
            // The segment that follows the first acknowledgment is no part of the first flight.
            if acknowledged.isAfter(first) { firstFlight = max(0, Int(start.distance(after: first))) }
            return
        }
        if acknowledged.isAtOrAfter(start) {
            before = 0  // it had nothing more to send: the flight was as large as its data
            return
        }
        guard sent >= before else { return }
        defer { before = 0 }
        // Initial windows differ (RFC 6928: ten segments); this sender's own is the best measure.
        let restart = max(10 * unit, initial) * 6 / 5
        guard before >= restart * 3 / 2 else { return }
        if size <= restart {
            periods &+= 1
            restarts &+= 1
        } else if size * 10 >= before * 8 {
            periods &+= 1
        }
    }
}
