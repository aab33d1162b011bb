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
        /// Bytes before the payload.
        var header: UInt8
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
            oldest = (oldest + 1) % Self.capacity
        }
    }

    /// The oldest first.
    func visit(_ body: (Packet) -> Void) {
        for index in packets.indices { body(packets[(oldest + index) % packets.count]) }
    }

    /// Whether one of the newest `count` packets is such a one.
    func hasNewest(_ count: Int, where isSuch: (Packet) -> Bool) -> Bool {
        for back in 1...max(1, min(count, packets.count)) where !packets.isEmpty {
            if isSuch(packets[(oldest + packets.count - back) % packets.count]) { return true }
        }
        return false
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

    /// FNV-1a over the last 64 bytes: boxes rewrite the descriptors that stand before the media, and not the media.
    static func hash(_ payload: RawSpan) -> UInt32 {
        var value: UInt32 = 2_166_136_261
        var reader = ByteReader(payload.extracting(droppingFirst: max(0, payload.byteCount - 64)))
        var position = 0
        while position < min(64, payload.byteCount) {
            value = (value ^ UInt32(reader.uint8())) &* 16_777_619
            position += 1
        }
        return value == 0 ? 1 : value
    }
}
