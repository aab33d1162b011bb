/// Header of an RTP packet (RFC 3550 section 5.1):
///
///     V(2)=2 P(1) X(1) CC(4) | M(1) PT(7) | sequence(2) | timestamp(4) | SSRC(4) | CSRC(4) x CC | [extension]
///
/// The extension (section 5.3.1) is `profile(2) length in words(2) data`. SRTP (RFC 3711 section 3.1) leaves all of this in
/// clear, so the same decoder reads protected packets; only padding cannot be told there, for its count is encrypted.
package struct RTPHeader: Equatable, Sendable, BitwiseCopyable {
    package static var fixedLength: Int { 12 }

    package var hasPadding: Bool
    package var isMarked: Bool
    /// 0 to 127.
    package var payloadType: UInt8
    package var sequence: UInt16
    package var timestamp: UInt32
    package var source: UInt32
    /// Contributing sources listed, 0 to 15.
    package var contributors: Int
    /// The "defined by profile" field of the header extension; nil without one.
    package var extensionProfile: UInt16?
    /// Where the extension's data begins, from the first byte of the packet, and how long it is.
    package var extensionOffset: Int
    package var extensionLength: Int
    /// Bytes of header, contributors and extension included.
    package var length: Int

    /// Reads a header; the reader is left at the payload.
    ///
    /// - Throws: `.truncated` when the header is cut, `.malformed` for another version and for payload types that would
    ///   be RTCP's (RFC 5761 section 4).
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        let start = reader.consumed
        guard let front = reader.peekUInt64(), let source = reader.peekUInt32(ahead: 8) else {
            throw DecodeError(
                layer: .rtp, offset: reader.offset,
                cause: .truncated(needed: Self.fixedLength, available: reader.remaining))
        }
        let first = UInt8(truncatingIfNeeded: front >> 56)
        let second = UInt8(truncatingIfNeeded: front >> 48)
        guard first >> 6 == 2 else {
            reader.skip(1)
            throw reader.malformed(.rtp, .wrongVersion)
        }
        payloadType = second & 0x7f
        isMarked = second & 0x80 != 0
        guard !(64...95).contains(payloadType) else {
            reader.skip(2)
            throw reader.malformed(.rtp, .forbiddenValue)
        }
        reader.skip(Self.fixedLength)
        hasPadding = first & 0x20 != 0
        sequence = UInt16(truncatingIfNeeded: front >> 32)
        timestamp = UInt32(truncatingIfNeeded: front)
        self.source = source
        contributors = Int(first & 0x0f)
        extensionProfile = nil
        extensionOffset = 0
        extensionLength = 0
        guard first & 0x1f != 0 else {
            length = Self.fixedLength
            return
        }
        try reader.require(contributors * 4 + (first & 0x10 != 0 ? 4 : 0), in: .rtp)
        reader.skip(contributors * 4)
        if first & 0x10 != 0 {
            extensionProfile = reader.uint16()
            extensionLength = Int(reader.uint16()) * 4
            try reader.require(extensionLength, in: .rtp)
            extensionOffset = reader.consumed - start
            reader.skip(extensionLength)
        }
        length = reader.consumed - start
    }

    /// The whole header extension and the contributors are encrypted (RFC 9335 section 5).
    package var isCryptex: Bool { extensionProfile == 0xc0de || extensionProfile == 0xc2de }

    /// Payload bytes in `wireLength` bytes of an unprotected packet, without padding; nil when the padding count is not
    /// in `packet` (it is cut) or does not fit (then the packet is not RTP, or is protected).
    package func payloadLength(of packet: RawSpan, wireLength: Int) -> Int? {
        let whole = wireLength - length
        guard whole >= 0 else { return nil }
        guard hasPadding else { return whole }
        guard packet.byteCount == wireLength, wireLength > 0 else { return nil }
        var reader = ByteReader(packet)
        reader.skip(wireLength - 1)
        let padding = Int(reader.uint8())
        return padding > 0 && padding <= whole ? whole - padding : nil
    }
}
