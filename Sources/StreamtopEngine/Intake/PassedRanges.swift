import StreamtopBase

/// Which bytes of a flow passed the first of the points that it is captured at, for each direction.
///
/// Segmentation and receive offload cut one stream differently at two interfaces of a host, or at the two ends of a path: here
/// a super-segment of 64 KB, there the same bytes in segments of the path's size. No frame equals another then. What
/// shows the copy is that the bytes of nearly every frame at the other point have just passed the first one, while that goes on
/// to new bytes. Data that is sent again passes the same point again, and data that moves to another interface
/// leaves the first one behind: neither is a copy.
struct PassedRanges: BitwiseCopyable {
    enum Finding {
        /// At the first point, or data that has not passed it.
        case original
        /// All of its bytes passed the first point.
        case passed
    }

    /// One direction: the bytes without a gap that passed its first point, up to the newest.
    private struct Direction: BitwiseCopyable {
        var point: UInt32 = 0
        var start: UInt32 = 0
        var end: UInt32 = 0
        var isKnown = false
        /// New bytes have passed since the last frame of another point.
        var hasGrown = false
    }

    /// Times that the first point went on and the other followed, from which on a flow that was joined late is proven to
    /// be cut twice: own; a failover repeats one flight, and then the first point is silent.
    private static let proof: UInt16 = 4
    /// So far beyond the first point's newest byte, that point has fallen silent: own, sixteen super-segments.
    private static let silent: Int32 = 1 << 20

    private var low = Direction()
    private var high = Direction()
    private var follows: UInt16 = 0
    /// Frames of another point whose bytes had passed, and that held others; both are halved when they grow large.
    private var covered: UInt16 = 0
    private var others: UInt16 = 0

    /// Nearly all of the data that other points show had passed the first one.
    var areCutElsewhere: Bool { covered > 0 && UInt32(covered) >= 4 * UInt32(others) }
    var isProven: Bool { follows >= Self.proof && areCutElsewhere }

    /// A frame with data passes `point`.
    mutating func observe(_ point: UInt32, start: UInt32, length: Int, isLow: Bool) -> Finding {
        let end = start &+ UInt32(truncatingIfNeeded: length)
        var direction = isLow ? low : high
        defer { if isLow { low = direction } else { high = direction } }
        if !direction.isKnown || direction.point == point {
            if !direction.isKnown || start.isAfter(direction.end) { direction.start = start }
            if !direction.isKnown || end.isAfter(direction.end) {
                direction.end = end
                direction.hasGrown = true
            }
            direction.point = point
            direction.isKnown = true
            return .original
        }
        if covered > .max / 2 {
            covered /= 2
            others /= 2
        }
        if start.isAtOrAfter(direction.start), direction.end.isAtOrAfter(end) {
            covered += 1
            if direction.hasGrown { follows = min(follows, .max - 1) + 1 }
            direction.hasGrown = false
            return .passed
        }
        others = min(others, .max - 1) + 1
        if start.distance(after: direction.end) > Self.silent {
            direction = Direction(point: point, start: start, end: end, isKnown: true, hasGrown: true)
        }
        return .original
    }
}
