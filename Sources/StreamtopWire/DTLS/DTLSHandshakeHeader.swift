/// DTLS handshake message header (RFC 6347 section 4.2.2, RFC 9147 section 5.2):
/// `type(1) length(3) message_seq(2) fragment_offset(3) fragment_length(3)`, then the fragment.
package struct DTLSHandshakeHeader: Equatable, Sendable {
    package static var length: Int { 12 }

    package var type: TLSHandshakeType
    /// Bytes of the whole message's body.
    package var bodyLength: Int
    package var messageSequence: UInt16
    package var fragmentOffset: Int
    package var fragmentLength: Int

    /// Reads a header; the reader is left at the fragment, which is there in full.
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .dtls)
        type = TLSHandshakeType(rawValue: reader.uint8())
        bodyLength = Int(reader.uint24())
        messageSequence = reader.uint16()
        fragmentOffset = Int(reader.uint24())
        fragmentLength = Int(reader.uint24())
        // Both below 2^24: the sum cannot overflow.
        guard fragmentOffset + fragmentLength <= bodyLength else {
            throw reader.malformed(.dtls, .lengthBeyondEnclosure)
        }
        try reader.require(fragmentLength, in: .dtls)
    }
}
