import StreamtopBase

/// Whether the queue on the path is this sender's own: does the delay follow what it has in flight?
///
/// Once a round trip the delay now is held against the flight one round trip ago, which is when the packets that
/// brought the news were sent.
struct QueueLink: Sendable {
    private var correlation = RankCorrelation()
    private var flightThen: Int32 = -1
    private var noted = Timestamp(nanoseconds: .min)

    /// `queue` and `roundTrip` as known at `time`, nil while unknown.
    mutating func observe(flight: Int, queue: Nanoseconds?, roundTrip: Nanoseconds?, at time: Timestamp) {
        guard let queue, let roundTrip else { return }
        // Bounded, so that twice of it stays in range.
        let loop = min(max(roundTrip, .milliseconds(1)), .seconds(100))
        let since = time - noted
        guard since >= loop || since < 0 else { return }
        // After a pause the flight of then is not what made the delay of now.
        if flightThen >= 0, since >= loop, since <= 2 * loop {
            correlation.record(Int(flightThen), Int(queue / 1000))
        }
        flightThen = Int32(clamping: max(0, flight))
        noted = time
    }

    var value: Double? { correlation.value }
}
