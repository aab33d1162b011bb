/// The four bytes before data that a relay carries in a channel (RFC 8656 section 12.4): `number(2) length(2)`.
package struct TURNChannelData: Equatable, Sendable {
    package static var length: Int { 4 }

    package var channel: UInt16
    package var dataLength: Int

    /// Reads the header; the data that follows may be padded to four bytes, which it is on streams.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .stun)
        channel = reader.uint16()
        // RFC 8656 ends them at 0x4fff, RFC 5766 at 0x7fff.
        guard (0x4000...0x7fff).contains(channel) else { throw reader.malformed(.stun, .forbiddenValue) }
        dataLength = Int(reader.uint16())
    }

    /// The whole of a datagram of `wireLength` bytes, of which `datagram` was captured, is channel data, with at most three bytes of
    /// padding.
    package static func fills(_ datagram: RawSpan, wireLength: Int) -> Bool {
        var reader = ByteReader(datagram)
        guard let header = try? TURNChannelData(decoding: &reader) else { return false }
        let available = max(wireLength, datagram.byteCount) - length
        return header.dataLength <= available && available - header.dataLength <= 3
    }

    /// A stream can go on with channel data here; weak evidence.
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        guard let header = try? TURNChannelData(decoding: &reader) else { return false }
        return header.channel <= 0x4fff && header.dataLength <= reader.remaining
    }
}
