import StreamtopBase

/// VXLAN (RFC 7348 section 5) and its generic protocol extension: flags (1), reserved (2), next protocol or reserved (1),
/// network identifier (3), reserved (1).
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeVXLAN(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(8, in: .vxlan)
        let flags = reader.uint8()
        reader.skip(2)
        let nextProtocol = reader.uint8()
        let identifier = reader.uint24()
        let reserved = reader.uint8()
        // The identifier must be valid; 0x80 and 0x40 are the group policy extension, 0x04 the protocol extension.
        guard flags & 0x08 != 0, flags & 0x33 == 0, reserved == 0 else {
            throw reader.malformed(.vxlan, .forbiddenValue)
        }
        frame.tunnel = .vxlan
        frame.tunnelIdentifier = identifier
        guard flags & 0x04 != 0 else { return .ethernet }
        switch nextProtocol {
        case 1: return .ipv4
        case 2: return .ipv6
        case 3: return .ethernet
        case 5: return .mpls
        default: throw reader.unsupported(.vxlan, UInt32(nextProtocol))
        }
    }
}

/// Geneve (RFC 8926 section 3.4): version (2), option length in words (6), flags (8), protocol (16), network
/// identifier (24), reserved (8), options.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeGeneve(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(8, in: .geneve)
        let first = reader.uint8()
        reader.skip(1)
        let type = reader.uint16()
        let identifier = reader.uint24()
        reader.skip(1)
        guard first >> 6 == 0 else { throw reader.malformed(.geneve, .wrongVersion) }
        let options = Int(first & 0x3f) * 4
        try require(options, in: .geneve)
        reader.skip(options)
        frame.tunnel = .geneve
        frame.tunnelIdentifier = identifier
        return .etherType(type)
    }
}
