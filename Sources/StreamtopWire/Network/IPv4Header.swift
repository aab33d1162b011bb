import StreamtopBase

/// IPv4 header (RFC 791 section 3.1).
///
///      0       4       8              16              24             31
///     |version|  IHL  |    DSCP   |ECN|         total length          |
///     |        identification         |flags|    fragment offset      |
///     | time to live  |   protocol    |        header checksum        |
///     |                        source address                         |
///     |                     destination address                       |
///     |                    options, up to 40 bytes                    |
///
/// The checksum is not verified: offload leaves it open on transmit.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeIPv4(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(20, in: .ipv4)
        let start = reader.offset
        let available = wireRemaining
        let first = reader.uint64()
        let second = reader.uint64()
        let destination = reader.uint32()
        guard first >> 60 == 4 else { throw reader.malformed(.ipv4, .wrongVersion) }

        let headerLength = Int(truncatingIfNeeded: first >> 56 & 15) &* 4
        let totalLength = Int(truncatingIfNeeded: first >> 32 & 0xffff)
        // Segmentation offload hands over packets longer than the field can say, with a length of 0.
        let length = totalLength == 0 ? available : totalLength
        guard !isGuess || (length <= available && headerLength >= 20) else {
            throw reader.malformed(.ipv4, .lengthBeyondEnclosure)
        }
        let number = UInt8(truncatingIfNeeded: second >> 48)
        networkStart = start
        isGuess = false
        frame.hasNetwork = true
        frame.transport = .other
        frame.source = IPAddress(v4: UInt32(truncatingIfNeeded: second))
        frame.destination = IPAddress(v4: destination)
        frame.dscp = UInt8(truncatingIfNeeded: first >> 50) & 0x3f
        frame.ecn = UInt8(truncatingIfNeeded: first >> 48) & 3
        frame.ipLength = length
        frame.identification = UInt32(truncatingIfNeeded: first >> 16 & 0xffff)
        frame.dontFragment = first & 0x4000 != 0
        frame.hopLimit = UInt8(truncatingIfNeeded: second >> 56)
        frame.protocolNumber = number
        frame.sourcePort = 0
        frame.destinationPort = 0
        frame.fragment = nil

        guard headerLength >= 20, length >= headerLength else {
            throw reader.malformed(.ipv4, .lengthBelowHeader)
        }
        if length > available {
            overrun(to: start &+ length)  // both far below 2^32
            frame.stop = reader.malformed(.ipv4, .lengthBeyondEnclosure)
        } else {
            wireEnd = start &+ length
            reader.narrow(to: length &- 20)  // length >= headerLength >= 20
        }
        if headerLength > 20 {
            try require(headerLength - 20, in: .ipv4)
            reader.skip(headerLength - 20)
        }
        let position = UInt16(truncatingIfNeeded: first)
        guard position & 0x3fff != 0 else { return .upper(number) }
        return noteFragment(
            identification: UInt32(truncatingIfNeeded: first >> 16 & 0xffff), offset: Int(position & 0x1fff) &* 8,
            moreFragments: position & 0x2000 != 0, number: number, into: &frame)
    }
}
