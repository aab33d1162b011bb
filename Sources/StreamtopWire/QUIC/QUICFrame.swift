import StreamtopBase

/// One frame of a QUIC packet's payload (RFC 9000 section 19). Data stays in the payload: `QUICFrameBytes` says where.
package enum QUICFrame: Equatable, Sendable {
    case padding(count: Int)
    case ping
    case ack(QUICAckFrame)
    case resetStream(stream: UInt64, errorCode: UInt64, finalSize: UInt64)
    case stopSending(stream: UInt64, errorCode: UInt64)
    case crypto(offset: UInt64, QUICFrameBytes)
    case newToken(QUICFrameBytes)
    case stream(identifier: UInt64, offset: UInt64, QUICFrameBytes, isLast: Bool)
    case maxData(UInt64)
    case maxStreamData(stream: UInt64, UInt64)
    case maxStreams(isBidirectional: Bool, UInt64)
    case dataBlocked(limit: UInt64)
    case streamDataBlocked(stream: UInt64, limit: UInt64)
    case streamsBlocked(isBidirectional: Bool, limit: UInt64)
    case newConnectionID(sequence: UInt64, retirePriorTo: UInt64, QUICConnectionID, token: QUICResetToken)
    case retireConnectionID(sequence: UInt64)
    case pathChallenge(UInt64)
    case pathResponse(UInt64)
    /// `isApplication`: type 0x1d, the code is the application's.
    case connectionClose(errorCode: UInt64, isApplication: Bool, reason: QUICFrameBytes)
    case handshakeDone
    case datagram(QUICFrameBytes)
    case ackFrequency
    case immediateAck

    package var kind: QUICFrameKind {
        switch self {
        case .padding: .padding
        case .ping: .ping
        case .ack: .ack
        case .resetStream: .resetStream
        case .stopSending: .stopSending
        case .crypto: .crypto
        case .newToken: .newToken
        case .stream: .stream
        case .maxData: .maxData
        case .maxStreamData: .maxStreamData
        case .maxStreams: .maxStreams
        case .dataBlocked: .dataBlocked
        case .streamDataBlocked: .streamDataBlocked
        case .streamsBlocked: .streamsBlocked
        case .newConnectionID: .newConnectionID
        case .retireConnectionID: .retireConnectionID
        case .pathChallenge: .pathChallenge
        case .pathResponse: .pathResponse
        case .connectionClose: .connectionClose
        case .handshakeDone: .handshakeDone
        case .datagram: .datagram
        case .ackFrequency: .ackFrequency
        case .immediateAck: .immediateAck
        }
    }
}

/// A run of bytes within a packet's decrypted payload; always inside it.
package struct QUICFrameBytes: Equatable, Sendable {
    package var start: Int
    package var count: Int
    package init(start: Int, count: Int) {
        self.start = start
        self.count = count
    }
}

/// The sixteen bytes that end a stateless reset (RFC 9000 section 10.3).
package struct QUICResetToken: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
