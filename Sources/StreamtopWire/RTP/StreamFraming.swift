/// Framing of RTP and RTCP in a byte stream (RFC 4571 section 2): `length(2) packet`. ICE over TCP frames STUN and DTLS
/// the same way (RFC 6544 section 3).
package struct StreamFraming: Equatable, Sendable {
    package static var headerLength: Int { 2 }

    /// The length of the next packet; nil until its header is there.
    package static func packetLength(_ bytes: RawSpan) -> Int? { ByteReader(bytes).peekUInt16().map(Int.init) }
}
