import StreamtopBase

/// A QUIC packet that was opened, as a log of packets shows it.
package struct QUICPacketRecord: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case initial, handshake
        case zeroRTT = "0RTT"
        case oneRTT = "1RTT"
    }

    package var time: Timestamp
    package var direction: Direction
    package var kind: Kind
    package var number: UInt64
    /// Bytes of the packet, header and tag included.
    package var size: Int
    package var frames: [QUICFrameRecord]

    package init(
        time: Timestamp, direction: Direction, kind: Kind, number: UInt64, size: Int, frames: [QUICFrameRecord]
    ) {
        self.time = time
        self.direction = direction
        self.kind = kind
        self.number = number
        self.size = size
        self.frames = frames
    }
}

/// A frame of such a packet, without its data.
package enum QUICFrameRecord: Equatable, Sendable {
    case padding(count: Int)
    case ping
    case ack(ranges: [ClosedRange<UInt64>], delay: Nanoseconds)
    case resetStream(stream: UInt64, code: UInt64, size: UInt64)
    case stopSending(stream: UInt64, code: UInt64)
    case crypto(offset: UInt64, length: Int)
    case newToken(length: Int)
    case stream(UInt64, offset: UInt64, length: Int, isLast: Bool)
    case maxData(UInt64)
    case maxStreamData(stream: UInt64, UInt64)
    case maxStreams(isBidirectional: Bool, UInt64)
    case dataBlocked(limit: UInt64)
    case streamDataBlocked(stream: UInt64, limit: UInt64)
    case streamsBlocked(isBidirectional: Bool, limit: UInt64)
    case newConnectionID(sequence: UInt64, retirePriorTo: UInt64, identifier: String)
    case retireConnectionID(sequence: UInt64)
    case pathChallenge, pathResponse
    case connectionClose(code: UInt64, isApplication: Bool)
    case handshakeDone
    case datagram(length: Int)
    /// Of an extension; its type.
    case other(type: UInt64)
}
