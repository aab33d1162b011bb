/// The four bits that say what a WebSocket frame is (RFC 6455 section 5.2).
package enum WebSocketOpcode: UInt8, CaseIterable, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xa

    package var isControl: Bool { rawValue & 0x8 != 0 }

    package var name: String {
        switch self {
        case .continuation: "continuation"
        case .text: "text"
        case .binary: "binary"
        case .close: "close"
        case .ping: "ping"
        case .pong: "pong"
        }
    }
}

/// What comes before a frame's payload (RFC 6455 section 5.2): two bytes, two or eight more of a length beyond 125, and
/// four of a mask.
package struct WebSocketFrameHeader: Equatable, Sendable {
    package static var longest: Int { 14 }

    package var isFinal: Bool
    /// RSV1, RSV2, RSV3 from the highest bit of three on.
    package var reserved: UInt8
    /// nil for one that the RFC does not have.
    package var opcode: WebSocketOpcode?
    /// The four bytes that the payload is masked with, as sent.
    package var mask: UInt32?
    package var payloadLength: UInt64
    /// Bytes of the header.
    package var length: Int
    /// The length takes no more bytes than it must.
    package var isMinimal: Bool
    /// The highest bit of the longest form must be zero.
    package var hasImpossibleLength: Bool

    /// RSV1 marks a compressed message (RFC 7692 section 6).
    package var isCompressed: Bool { reserved & 4 != 0 }

    /// Reads a header; the reader is left at the payload, or where it was when the header is not all there.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(2, in: .websocket)
        let second = reader.peekUInt8(ahead: 1) ?? 0
        let extended = second & 0x7f == 126 ? 2 : second & 0x7f == 127 ? 8 : 0
        length = 2 + extended + (second & 0x80 != 0 ? 4 : 0)
        try reader.require(length, in: .websocket)
        let first = reader.uint8()
        reader.skip(1)
        isFinal = first & 0x80 != 0
        reserved = first >> 4 & 7
        opcode = WebSocketOpcode(rawValue: first & 0x0f)
        payloadLength = extended == 0 ? UInt64(second & 0x7f) : reader.uint(size: extended)
        isMinimal = extended == 0 || payloadLength > (extended == 2 ? 125 : 65_535)
        hasImpossibleLength = payloadLength >> 63 != 0
        mask = second & 0x80 != 0 ? reader.uint32() : nil
    }
}
