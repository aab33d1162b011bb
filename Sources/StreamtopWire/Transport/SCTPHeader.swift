import StreamtopBase

/// SCTP common header (RFC 9260 section 3.1): source port (2), destination port (2), verification tag (4), checksum (4).
/// The chunks behind it are the payload.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeSCTP(into frame: inout DecodedFrame) throws(DecodeError) {
        try require(12, in: .sctp)
        frame.sourcePort = reader.uint16()
        frame.destinationPort = reader.uint16()
        reader.skip(8)
        frame.transport = .sctp
        notePayload(into: &frame)
    }
}
