/// An ACK frame (RFC 9000 section 19.3). The ranges stay in the payload; `QUICAckRanges` walks them.
///
///     | type (i) = 0x02..0x03 | largest acknowledged (i) | ACK delay (i) | range count (i) | first range (i) |
///     | gap (i) | range length (i) | ...
///     | ECT0 count (i) | ECT1 count (i) | CE count (i) |      with type 0x03
package struct QUICAckFrame: Equatable, Sendable {
    package var largest: UInt64 = 0
    /// As sent: microseconds shifted right by the sender's ack_delay_exponent.
    package var delay: UInt64 = 0
    /// Packets acknowledged in front of `largest` without a gap.
    package var firstRange: UInt64 = 0
    /// Further ranges, and where they start in the packet's payload.
    package var rangeCount = 0
    package var rangesOffset = 0
    package var hasECN = false
    package var ect0: UInt64 = 0
    package var ect1: UInt64 = 0
    package var ce: UInt64 = 0

    package init() {}

    /// Decodes the fields behind the type. Every range is checked, so that walking them later cannot fail.
    @_lifetime(reader: copy reader)
    init(decoding reader: inout ByteReader, withECN: Bool) throws(DecodeError) {
        largest = try reader.quicInteger(in: .quicFrame)
        delay = try reader.quicInteger(in: .quicFrame)
        let count = try reader.quicInteger(in: .quicFrame)
        firstRange = try reader.quicInteger(in: .quicFrame)
        guard firstRange <= largest else { throw reader.malformed(.quicFrame, .forbiddenValue) }
        // A range takes two bytes or more.
        guard count <= UInt64(reader.remaining / 2) else { throw reader.malformed(.quicFrame, .lengthBeyondEnclosure) }
        rangeCount = Int(count)
        rangesOffset = reader.consumed
        var ranges = QUICAckRanges(self)
        _ = ranges.next(&reader)
        for _ in 0..<rangeCount where ranges.next(&reader) == nil {
            throw reader.malformed(.quicFrame, .forbiddenValue)
        }
        guard withECN else { return }
        hasECN = true
        ect0 = try reader.quicInteger(in: .quicFrame)
        ect1 = try reader.quicInteger(in: .quicFrame)
        ce = try reader.quicInteger(in: .quicFrame)
    }
}

/// Walks the ranges of an ACK frame from the highest packet number down.
package struct QUICAckRanges: Sendable {
    private var pending: (low: UInt64, high: UInt64)?
    private var smallest: UInt64
    private var left: Int

    package init(_ frame: QUICAckFrame) {
        let low = frame.largest &- min(frame.firstRange, frame.largest)
        pending = (low, frame.largest)
        smallest = low
        left = frame.rangeCount
    }

    /// The next range, both ends acknowledged; nil after the last one or where the numbers would fall below zero.
    /// `reader` stands at `rangesOffset` before the first call and moves with it.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> (low: UInt64, high: UInt64)? {
        if let first = pending {
            pending = nil
            return first
        }
        guard left > 0 else { return nil }
        left -= 1
        guard let gap = try? reader.quicInteger(in: .quicFrame),
            let length = try? reader.quicInteger(in: .quicFrame), smallest >= gap &+ 2
        else {
            left = 0
            return nil
        }
        let high = smallest &- gap &- 2  // not below zero: checked above; gap is below 2^62
        guard high >= length else {
            left = 0
            return nil
        }
        smallest = high &- length
        return (smallest, high)
    }
}
