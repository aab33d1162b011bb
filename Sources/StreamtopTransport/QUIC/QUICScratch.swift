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

/// A connection ID that an end was seen to choose.
package struct QUICChosenID: Equatable, Sendable {
    package var identifier: QUICConnectionID
    /// The end that chose it: packets to that end carry it.
    package var owner: Direction
}

/// Buffers that all QUIC trackers of an engine share, and what the last datagram brought for others: handshake messages
/// for the TLS tracker, connection IDs for the table that finds flows by them, stream data for the application's tracker.
package struct QUICScratch: Sendable {
    var buffers = QUICOpeningBuffers()
    package internal(set) var messages: [QUICHandshakeMessage] = []
    package internal(set) var messageBytes: [UInt8] = []
    package internal(set) var chosen: [QUICChosenID] = []
    package internal(set) var pieces: [QUICStreamPiece] = []
    var streamBytes: [UInt8] = []
    /// Packets that may still be logged one by one; 0 where nobody asked for it.
    package var packetRoom = 0

    package init() {}

    /// Forgets what the last datagram brought.
    package mutating func clear() {
        messages.removeAll(keepingCapacity: true)
        messageBytes.removeAll(keepingCapacity: true)
        chosen.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
        streamBytes.removeAll(keepingCapacity: true)
    }

    /// Trades the stream data of the last datagram for the arrays given, and back: storage is kept, nothing is copied.
    package mutating func exchangeStreams(_ pieces: inout [QUICStreamPiece], _ bytes: inout [UInt8]) {
        swap(&self.pieces, &pieces)
        swap(&streamBytes, &bytes)
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
