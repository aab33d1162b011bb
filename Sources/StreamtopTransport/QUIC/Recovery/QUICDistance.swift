import StreamtopBase

/// How far an end is from the capture point, as the newest two measurements have it.
///
/// Seen from afar, a flight is known where that distance is. It is measured by single packets; while a queue fills between the
/// sender and the capture point, as with each burst of an answer, the packets behind the one that was measured took longer, and
/// more was under way than can be shown.
struct QUICDistance: Sendable {
    private var value: Nanoseconds = 0
    private var valueBefore: Nanoseconds = 0
    private var time = Timestamp(nanoseconds: .min)

    init() {}

    /// The newest measurement, and when it was made; one that is known already changes nothing.
    mutating func observe(_ newest: Nanoseconds, at newestTime: Timestamp) {
        guard newestTime > time else { return }
        valueBefore = value
        value = newest
        time = newestTime
    }

    /// Measured within a round trip, and the two last measurements are within a quarter of each other (own).
    func isSteady(at now: Timestamp, loop: Nanoseconds) -> Bool {
        guard valueBefore > 0, now - time <= loop else { return false }
        return abs(value - valueBefore) <= valueBefore / 4
    }
}
