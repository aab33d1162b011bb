import StreamtopBase
import StreamtopWire

/// The newest packets of a stream, by which another source is known to repeat or to forward them.
struct RTPRecentPackets: Sendable {
    static let capacity = 512

    struct Packet: Equatable, Sendable {
        var timestamp: UInt32
        /// Microseconds, wrapping: packets that are compared are seconds apart.
        var arrival: UInt32
        /// Of the beginning of a payload that could be read; 0 where it could not.
        var hash: UInt32
        var sequence: UInt16
        var payload: UInt16
        var isMarked: Bool
    }

    private(set) var packets: [Packet] = []
    /// Where the oldest is, once the room is full.
    private var oldest = 0
    /// Packets ever appended.
    private(set) var total: UInt64 = 0

    mutating func append(_ packet: Packet) {
        total &+= 1
        if packets.count < Self.capacity {
            packets.append(packet)
        } else {
            packets[oldest] = packet
            oldest = (oldest &+ 1) % Self.capacity
        }
    }

    /// The oldest first.
    func visit(_ body: (Packet) -> Void) {
        for index in packets.indices { body(packets[(oldest + index) % packets.count]) }
    }

    /// The newest packet with this number.
    func packet(_ sequence: UInt16) -> Packet? {
        guard let newest else { return nil }
        // As a rule as far back as the numbers are apart.
        let back = Int(newest.sequence &- sequence)
        if back < packets.count {
            let guess = packets[(oldest + packets.count - 1 - back) % packets.count]
            if guess.sequence == sequence { return guess }
        }
        return packets.last { $0.sequence == sequence }
    }

    var newest: Packet? {
        packets.isEmpty ? nil : packets[(oldest + packets.count - 1) % packets.count]
    }

    static func micros(_ time: Timestamp) -> UInt32 { UInt32(truncatingIfNeeded: time.nanoseconds / 1_000) }

    /// Of the last 64 bytes: boxes rewrite the descriptors that stand before the media, and not the media.
    static func hash(_ payload: RawSpan) -> UInt32 {
        var reader = ByteReader(payload.extracting(droppingFirst: max(0, payload.byteCount - 64)))
        var value = UInt64(truncatingIfNeeded: reader.remaining)
        while reader.remaining >= 8 { value = mix(value, reader.uint64()) }  // each turn reads eight bytes
        if reader.remaining > 0 { value = mix(value, reader.uint(size: reader.remaining)) }
        let folded = UInt32(truncatingIfNeeded: value ^ value >> 32)
        return folded == 0 ? 1 : folded
    }

    /// The two halves of a product, by which all bits of one word meet all of the other.
    @inline(__always)
    private static func mix(_ value: UInt64, _ word: UInt64) -> UInt64 {
        let (high, low) = (value ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: word ^ 0xd6e8_feb8_6659_fd93)
        return high ^ low
    }
}
