import StreamtopBase

/// The packet types of QUIC, whatever bits a version writes for them.
package enum QUICPacketType: UInt8, Sendable, CaseIterable {
    case initial, zeroRTT, handshake, retry, versionNegotiation, oneRTT
    /// A long header of a version that we do not read further than RFC 8999.
    case unknown
}

/// The unprotected part of a long header (RFC 9000 section 17.2, RFC 9369 section 3.2, RFC 8999 section 5.1).
///
///     |1|1|T T|R R P P|  version (32)  |
///     | DCID length (8) |  DCID (0..160)  | SCID length (8) |  SCID (0..160)  |
///     Initial:  | token length (i) | token (..) | length (i) | packet number (8..32) | payload (..) |
///     0-RTT, Handshake:                         | length (i) | packet number (8..32) | payload (..) |
///     Retry:    | token (..) | integrity tag (128) |
///     Version negotiation (version 0): | supported version (32) ... |
///
/// Offsets count from the packet's first byte. The two high bits of the first byte are read as RFC 9287 allows: the
/// fixed bit may be greased.
package struct QUICLongHeader: Equatable, Sendable {
    package var type = QUICPacketType.unknown
    package var version = QUICVersion.negotiation
    package var destination = QUICConnectionID()
    package var source = QUICConnectionID()
    /// Place of an Initial's or a Retry's token, or of the list of a Version Negotiation packet.
    package var tokenOffset = 0
    package var tokenLength = 0
    /// Where the protected packet number starts; equals `packetLength` where the type has none.
    package var packetNumberOffset = 0
    /// The whole packet as its length field says, or to the end of the datagram where it has no such field.
    package var packetLength = 0
    /// Bytes of the packet that the capture kept: less than `packetLength` when it cut the datagram.
    package var capturedLength = 0

    package init() {}

    /// Decodes the header of the packet that `reader` starts with and moves behind the whole packet.
    /// - Parameter missing: bytes of the datagram behind `reader`'s end that the capture did not keep.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader, missing: Int = 0) throws(DecodeError) {
        var body = reader.rest
        try body.require(7, in: .quic)
        let first = body.uint8()
        guard first & 0x80 != 0 else { throw body.malformed(.quic, .forbiddenValue) }
        version = QUICVersion(rawValue: body.uint32())
        if version.isGoogle, version.rawValue & 0xffff < 0x3530 {
            // Google's 046 to 049 keep both lengths in one byte, each less three, 0 for none.
            let lengths = Int(body.uint8())
            destination = try Self.connectionID(&body, length: lengths >> 4 == 0 ? 0 : lengths >> 4 + 3)
            source = try Self.connectionID(&body, length: lengths & 15 == 0 ? 0 : lengths & 15 + 3)
        } else {
            destination = try Self.connectionID(&body, length: Int(body.uint8()))
            try body.require(1, in: .quic)
            source = try Self.connectionID(&body, length: Int(body.uint8()))
        }
        let whole = reader.remaining + max(0, missing)
        capturedLength = reader.remaining
        packetLength = whole
        if version == .negotiation {
            type = .versionNegotiation
            tokenOffset = body.consumed
            tokenLength = body.remaining
            packetNumberOffset = packetLength
        } else if version.isDecodable {
            type = Self.type(first, version.family)
            try decodeTyped(&body, missing: max(0, missing))
        } else {
            packetNumberOffset = body.consumed
        }
        reader.skip(capturedLength)
    }

    @_lifetime(body: copy body)
    private mutating func decodeTyped(_ body: inout ByteReader, missing: Int) throws(DecodeError) {
        switch type {
        case .retry:
            tokenOffset = body.consumed
            guard missing > 0 || body.remaining >= 16 else { throw body.malformed(.quic, .lengthBelowHeader) }
            tokenLength = max(0, body.remaining - 16)
            packetNumberOffset = packetLength
        case .initial:
            tokenLength = try body.quicLength()
            tokenOffset = body.consumed
            body.skip(tokenLength)
            try decodeLength(&body, missing: missing)
        default:
            try decodeLength(&body, missing: missing)
        }
    }

    @_lifetime(body: copy body)
    private mutating func decodeLength(_ body: inout ByteReader, missing: Int) throws(DecodeError) {
        let value = try body.quicInteger()
        let available = body.remaining + missing
        guard let length = Int(exactly: value), length <= available else {
            throw body.malformed(.quic, .lengthBeyondEnclosure)
        }
        // The sample for header protection starts four bytes on and is sixteen long (RFC 9001 section 5.4.2).
        guard length >= 20 else { throw body.malformed(.quic, .lengthBelowHeader) }
        packetNumberOffset = body.consumed
        packetLength = packetNumberOffset + length
        capturedLength = min(packetLength, packetNumberOffset + body.remaining)
    }

    @_lifetime(body: copy body)
    private static func connectionID(
        _ body: inout ByteReader, length: Int
    ) throws(DecodeError) -> QUICConnectionID {
        guard length <= QUICConnectionID.maximumLength else { throw body.unsupported(.quic, UInt32(length)) }
        try body.require(length, in: .quic)
        guard let value = QUICConnectionID(&body, length: length) else {
            throw body.unsupported(.quic, UInt32(length))
        }
        return value
    }

    private static func type(_ first: UInt8, _ family: QUICVersion.Family) -> QUICPacketType {
        let order: (QUICPacketType, QUICPacketType, QUICPacketType, QUICPacketType) =
            family == .v2 ? (.retry, .initial, .zeroRTT, .handshake) : (.initial, .zeroRTT, .handshake, .retry)
        return switch first >> 4 & 3 {
        case 0: order.0
        case 1: order.1
        case 2: order.2
        default: order.3
        }
    }
}

/// The readable bits of a short header's first byte (RFC 9000 section 17.3.1). The connection ID behind it has no length
/// of its own: whoever chose it knows.
package struct QUICShortHeader: Equatable, Sendable {
    /// The fixed bit; clear only where RFC 9287 was negotiated.
    package var fixedBit: Bool
    package var spin: Bool

    package init(firstByte: UInt8) {
        fixedBit = firstByte & 0x40 != 0
        spin = firstByte & 0x20 != 0
    }
}
