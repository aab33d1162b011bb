import StreamtopBase

/// PPP (RFC 1661, RFC 1662) and what shares its framing.
extension FrameCursor {
    /// PPP: address and control (left out when negotiated), then a protocol of two bytes, or one if compressed.
    @_lifetime(self: copy self)
    mutating func decodePPP() throws(DecodeError) -> NextLayer {
        try require(2, in: .ppp)
        if reader.peekUInt16() == 0xff03 { reader.skip(2) }
        try require(1, in: .ppp)
        var number = UInt16(reader.uint8())
        // RFC 1661 section 2: the last byte of a protocol number is odd, every one before it even.
        if number & 1 == 0 {
            try require(1, in: .ppp)
            number = number << 8 | UInt16(reader.uint8())
        }
        switch number {
        case 0x0021: return .ipv4
        case 0x0057: return .ipv6
        case 0x0281, 0x0283: return .mpls
        case 0x0031: return .ethernet
        default: throw reader.unsupported(.ppp, UInt32(number))
        }
    }

    /// HDLC framing of PPP (RFC 1662) or of Cisco: address, control 0, EtherType.
    @_lifetime(self: copy self)
    mutating func decodeHDLC() throws(DecodeError) -> NextLayer {
        try require(4, in: .ppp)
        switch reader.peekUInt8() ?? 0 {
        case 0x0f, 0x8f:
            reader.skip(2)
            return .etherType(reader.uint16())
        case 0xff: return .ppp
        case let address: throw reader.unsupported(.ppp, UInt32(address))
        }
    }

    /// PPPoE session stage (RFC 2516 section 4): version and type 0x11, code 0, session (2), length (2), then PPP.
    @_lifetime(self: copy self)
    mutating func decodePPPoE(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(6, in: .pppoe)
        let version = reader.uint8()
        let code = reader.uint8()
        guard version == 0x11 else { throw reader.malformed(.pppoe, .wrongVersion) }
        guard code == 0 else { throw reader.unsupported(.pppoe, UInt32(code)) }
        let session = reader.uint16()
        let length = Int(reader.uint16())
        // A length beyond the frame is left to the IP header inside to judge.
        if length > 0, length <= wireRemaining { enclose(length) }
        frame.tunnel = .pppoe
        frame.tunnelIdentifier = UInt32(session)
        return .ppp
    }
}
