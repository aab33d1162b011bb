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

    /// The whole of `datagram` is channel data, with at most three bytes of padding.
    package static func fills(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        guard let header = try? TURNChannelData(decoding: &reader) else { return false }
        return header.dataLength <= reader.remaining && reader.remaining - header.dataLength <= 3
    }
}
