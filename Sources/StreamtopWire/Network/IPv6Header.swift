import StreamtopBase

/// IPv6 header (RFC 8200 section 3).
///
///      0       4              12      16              24             31
///     |version| traffic class |              flow label               |
///     |        payload length         |  next header  |   hop limit   |
///     |                  source address, 16 bytes                     |
///     |                destination address, 16 bytes                  |
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeIPv6(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(40, in: .ipv6)
        let start = reader.offset
        let available = wireRemaining
        let first = reader.uint64()
        guard first >> 60 == 6 else { throw reader.malformed(.ipv6, .wrongVersion) }
        let number = UInt8(truncatingIfNeeded: first >> 8)
        let payload = Int(truncatingIfNeeded: first >> 16 & 0xffff)
        // 0 stands for a jumbogram (RFC 2675), for segmentation offload, or for nothing at all (next header 59).
        let length = payload == 0 && number != 59 ? available : payload &+ 40
        guard !isGuess || length <= available else { throw reader.malformed(.ipv6, .lengthBeyondEnclosure) }
        networkStart = start
        isGuess = false
        frame.hasNetwork = true
        frame.transport = .other
        frame.source = IPAddress(high: reader.uint64(), low: reader.uint64())
        frame.destination = IPAddress(high: reader.uint64(), low: reader.uint64())
        frame.dscp = UInt8(truncatingIfNeeded: first >> 54) & 0x3f
        frame.ecn = UInt8(truncatingIfNeeded: first >> 52) & 3
        frame.ipLength = length
        frame.identification = nil
        frame.dontFragment = true
        frame.hopLimit = UInt8(truncatingIfNeeded: first)
        frame.protocolNumber = number
        frame.sourcePort = 0
        frame.destinationPort = 0
        frame.fragment = nil
        if length > available {
            overrun(to: start &+ length)  // both far below 2^32
            frame.stop = reader.malformed(.ipv6, .lengthBeyondEnclosure)
        } else {
            wireEnd = start &+ length
            reader.narrow(to: length &- 40)  // 40 captured bytes were required, so length >= 40 in both cases
        }
        return .upper(number)
    }
}
