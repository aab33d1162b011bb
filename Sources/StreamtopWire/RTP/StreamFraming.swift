/// Framing of RTP and RTCP in a byte stream (RFC 4571 section 2): `length(2) packet`. ICE over TCP frames STUN and DTLS
/// the same way (RFC 6544 section 3).
package struct StreamFraming: Equatable, Sendable {
    package static var headerLength: Int { 2 }

    /// The length of the next packet; nil until its header is there.
    /// The bytes begin with a framed STUN message: agents check a TCP path before they use it (RFC 6544 section 7).
    package static func beginsSTUN(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        guard reader.remaining >= headerLength + STUNHeader.length else { return false }
        let length = Int(reader.uint16())
        guard let header = try? STUNHeader(decoding: &reader) else { return false }
        return header.hasCookie && header.method.isKnown && header.messageLength == length
    }

    package static func packetLength(_ bytes: RawSpan) -> Int? { ByteReader(bytes).peekUInt16().map(Int.init) }
}
