import StreamtopBase

/// Delay of a distant sender's segments on their way to the capture point, above the fastest: by the sender's own clock.
///
/// A sender stamps its segments when they leave (RFC 7323 section 4.1). Its clock and the capture's differ by an unknown
/// amount, which is the same for all of its segments: what one takes longer than the fastest is time spent in queues.
/// That holds for a sender that pauses, too, whose segments come as answers to nothing and so give no round trip.
///
/// Only ticks of a millisecond are read, the ones of all current systems; coarser ones say too little.
struct TCPOneWayMeter: Sendable {
    /// Clocks drift apart by some ten microseconds a second: the fastest segment is sought in the last two of these.
    private static let period = Nanoseconds.seconds(10)
    /// A base that moved by more between two periods belongs to a clock of another rate.
    private static let largestDrift = Nanoseconds.milliseconds(100)
    private static let unknown = Nanoseconds.max
    private static let farthest: Nanoseconds = 1 << 60

    private var origin = Timestamp(nanoseconds: .min)
    private var originStamp: UInt32 = 0
    private var lowest = Self.unknown
    private var lowestBefore = Self.unknown
    private var periodEnd = Timestamp(nanoseconds: .min)
    private var isTrusted = false
    private var isForeign = false

    init() {}

    /// A segment stamped `stamp` passed at `time`.
    mutating func observe(stamp: UInt32, at time: Timestamp) {
        if origin.nanoseconds == .min {
            origin = time
            originStamp = stamp
            periodEnd = time + Self.period
        }
        let offset = offset(stamp: stamp, at: time)
        if time >= periodEnd { rotate(at: time) }
        lowest = min(lowest, offset)
        if !isTrusted, time - origin >= .seconds(1) {
            // Another tick would be off by a factor of four at least; queues come and go in between.
            // A queue that grows at once looks like one, and does not last.
            isTrusted = abs(offset) <= (time - origin) / 4
        }
    }

    private mutating func rotate(at time: Timestamp) {
        periodEnd = time + Self.period
        if lowest != Self.unknown, lowestBefore != Self.unknown, abs(lowest - lowestBefore) > Self.largestDrift {
            isForeign = true
        }
        lowestBefore = lowest
        lowest = Self.unknown
    }

    /// How much longer than the fastest the segment stamped `stamp`, which passed at `time`, was under way; nil where the
    /// clock is not understood yet. Half a tick is taken off: stamps are cut down to whole ones.
    func queue(stamp: UInt32, passed time: Timestamp) -> Nanoseconds? {
        let least = min(lowest, lowestBefore)
        guard isTrusted, !isForeign, least != Self.unknown else { return nil }
        return max(0, offset(stamp: stamp, at: time) - least - 500_000)
    }

    /// Time since the first segment by the capture's clock, less that by the sender's.
    private func offset(stamp: UInt32, at time: Timestamp) -> Nanoseconds {
        // Stamps differ by 2^31 ticks at most: far from overflow, and so are differences of two results.
        min(max(time - origin, -Self.farthest), Self.farthest) - Int64(stamp.distance(after: originStamp)) * 1_000_000
    }
}
