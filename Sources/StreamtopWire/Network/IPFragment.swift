import StreamtopBase

/// A fragment of an IP datagram (RFC 791 section 3.2, RFC 8200 section 4.5).
extension FrameCursor {
    /// Notes the fragment that starts here. The first one still shows its transport header; of a later one only the
    /// place is known.
    @_lifetime(self: copy self)
    mutating func noteFragment(
        identification: UInt32, offset: Int, moreFragments: Bool, number: UInt8, into frame: inout DecodedFrame
    ) -> NextLayer {
        frame.fragment = FragmentPart(
            identification: identification, offset: offset, moreFragments: moreFragments, protocolNumber: number,
            dataOffset: reader.offset, dataCaptured: reader.remaining, dataLength: wireRemaining,
            headerLength: reader.offset - max(0, networkStart))
        isFragment = true
        frame.protocolNumber = number
        frame.transport = .other
        notePayload(into: &frame)
        return offset == 0 ? .upper(number) : .complete
    }

    /// IPv6 fragment header: next header (1), reserved (1), offset and flags (2), identification (4). A fragment that is
    /// whole by itself ("atomic", RFC 6946) is an ordinary packet.
    @_lifetime(self: copy self)
    mutating func decodeIPv6Fragment(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(8, in: .fragment)
        let number = reader.uint8()
        reader.skip(1)
        let position = reader.uint16()
        let identification = reader.uint32()
        frame.identification = identification
        frame.protocolNumber = number
        guard position & 0xfff9 != 0 else { return .upper(number) }
        return noteFragment(
            identification: identification, offset: Int(position & 0xfff8), moreFragments: position & 1 != 0,
            number: number,
            into: &frame)
    }
}
