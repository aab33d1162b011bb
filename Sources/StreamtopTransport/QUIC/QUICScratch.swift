import StreamtopBase
import StreamtopWire

/// Which keys protect a packet, hence which part of the TLS handshake its CRYPTO frames carry (RFC 9001 section 4).
package enum QUICLevel: UInt8, Sendable, CaseIterable {
    case initial, handshake, oneRTT

    var index: Int { Int(rawValue) }
}

/// A whole TLS handshake message that CRYPTO frames carried.
package struct QUICHandshakeMessage: Equatable, Sendable {
    package var direction: Direction
    package var level: QUICLevel
    /// When the frame that completed it passed.
    package var time: Timestamp
    /// Place in `QUICScratch.messageBytes`, the four bytes of message header included.
    package var start: Int
    package var count: Int
}

/// Buffers that all QUIC trackers of an engine share, and the handshake messages that the last datagram brought for the tracker of
/// the handshake.
package struct QUICScratch: Sendable {
    var buffers = QUICOpeningBuffers()
    package internal(set) var messages: [QUICHandshakeMessage] = []
    package internal(set) var messageBytes: [UInt8] = []
    /// Packets that may still be logged one by one; 0 where nobody asked for it.
    package var packetRoom = 0

    package init() {}

    /// Forgets what the last datagram brought.
    package mutating func clear() {
        messages.removeAll(keepingCapacity: true)
        messageBytes.removeAll(keepingCapacity: true)
    }

    /// Hands the messages of the last datagram over, with the bytes that their places refer to.
    package mutating func takeMessages() -> (messages: [QUICHandshakeMessage], bytes: [UInt8]) {
        defer {
            messages = []
            messageBytes = []
        }
        return (messages, messageBytes)
    }

    /// The bytes of one message.
    package func bytes(of message: QUICHandshakeMessage) -> ArraySlice<UInt8> {
        messageBytes[message.start..<(message.start + message.count)]
    }
}
