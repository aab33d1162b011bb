import StreamtopBase
import StreamtopWire

/// A protected packet whose key may still come: 0-RTT ahead of its Initial, 1-RTT ahead of the ServerHello, or a key log
/// that is written after the packets.
struct QUICWaitingPacket: Sendable {
    var bytes: [UInt8]
    var type: QUICPacketType
    var numberOffset: Int
    var direction: Direction
    var time: Timestamp
}

/// A few packets that wait for keys; the newest are refused when there is no room, and counted.
struct QUICWaitingPackets: Sendable {
    static let capacity = 24
    static let byteCapacity = 49_152

    static let limits = [
        Limit("QUIC packets that wait for keys", capacity, per: .flow, policy: "more are refused, counted"),
        Limit("QUIC bytes that wait for keys", byteCapacity, .bytes, per: .flow, policy: "more are refused, counted"),
    ]

    private(set) var packets: [QUICWaitingPacket] = []
    private(set) var refused = 0
    private var bytes = 0

    init() {}

    var isEmpty: Bool { packets.isEmpty }
    /// Memory that they take.
    @inline(__always)
    var heldBytes: Int { bytes + packets.capacity * MemoryLayout<QUICWaitingPacket>.stride }

    /// Forgets them, for want of memory.
    mutating func release() {
        refused += packets.count
        _ = takeAll()
    }

    mutating func append(
        _ packet: RawSpan, type: QUICPacketType, numberOffset: Int, direction: Direction, time: Timestamp
    ) {
        guard packets.count < Self.capacity, bytes + packet.byteCount <= Self.byteCapacity else {
            refused += 1
            return
        }
        var reader = ByteReader(packet)
        bytes += packet.byteCount
        packets.append(
            QUICWaitingPacket(
                bytes: reader.copy(packet.byteCount), type: type, numberOffset: numberOffset, direction: direction,
                time: time))
    }

    /// Takes all of them, in the order they came.
    mutating func takeAll() -> [QUICWaitingPacket] {
        defer {
            packets = []
            bytes = 0
        }
        return packets
    }
}
