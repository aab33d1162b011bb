import StreamtopBase

/// What an IP protocol number (IANA) announces, TCP and UDP aside: extension headers, tunnels, other transports.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeUpper(_ number: UInt8, into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        switch number {
        case 1, 58:
            try decodeICMP(isIPv6: number == 58, into: &frame)
            return .complete
        case 132:
            try decodeSCTP(into: &frame)
            return .complete
        case 0, 43, 60, 135, 139, 140: return try decodeExtension(number, into: &frame)
        case 44: return try decodeIPv6Fragment(into: &frame)
        case 51: return try decodeAuthentication(into: &frame)
        case 59:
            notePayload(into: &frame)
            return .complete
        case 4, 41, 47, 97, 137, 143: return announceTunnel(number, into: &frame)
        default:
            notePayload(into: &frame)
            throw reader.unsupported(layer(of: number), UInt32(number))
        }
    }

    /// IP (4, 41), GRE (47), EtherIP (97, RFC 3378), MPLS (137, RFC 4023) and Ethernet (143, RFC 8986) inside IP.
    private func announceTunnel(_ number: UInt8, into frame: inout DecodedFrame) -> NextLayer {
        notePayload(into: &frame)
        if isFragment { return .complete }
        switch number {
        case 47: return .tunnel(.gre)
        case 97, 143: return .tunnel(.etherIP)
        case 137: return .tunnel(.mpls)
        default: return .tunnel(number == 41 && frame.source.isIPv4 ? .ipv6InIPv4 : .ipip)
        }
    }

    private func layer(of number: UInt8) -> Layer {
        switch number {
        case 2: .igmp
        case 50: .esp
        default: .ip
        }
    }

    /// Hop-by-hop (0), routing (43), destination options (60), mobility (135), HIP (139) and Shim6 (140) all start with
    /// the next header and their length in units of eight bytes, the first not counted (RFC 8200 section 4).
    @_lifetime(self: copy self)
    private mutating func decodeExtension(
        _ number: UInt8, into frame: inout DecodedFrame
    ) throws(DecodeError) -> NextLayer {
        guard !frame.source.isIPv4 || number >= 135 else { throw reader.unsupported(.ip, UInt32(number)) }
        try require(8, in: .ipv6Extension)
        let next = reader.uint8()
        let length = Int(reader.uint8()) * 8 + 8
        try require(length - 2, in: .ipv6Extension)
        var body = reader.reader(of: length - 2)
        if number == 0, networkStart >= 0 { try decodeJumbo(&body, into: &frame) }
        frame.protocolNumber = next
        return .upper(next)
    }

    /// The jumbo payload option (RFC 2675 section 2) replaces a payload length of 0.
    @_lifetime(self: copy self)
    private mutating func decodeJumbo(
        _ options: inout ByteReader, into frame: inout DecodedFrame
    ) throws(DecodeError) {
        while !options.isAtEnd {  // each pass takes at least one byte
            let kind = options.uint8()
            if kind == 0 { continue }
            let size = Int(options.uint8())
            var value = options.reader(of: size)
            guard kind == 0xc2, size == 4 else { continue }
            let length = Int(value.uint32()) + 40
            guard length > 65535 + 40 else { throw reader.malformed(.ipv6Extension, .forbiddenValue) }
            if networkStart + length > wireEnd { frame.stop = reader.malformed(.ipv6, .lengthBeyondEnclosure) }
            frame.ipLength = length
            wireEnd = networkStart + length
            reader.narrow(to: max(0, wireEnd - reader.offset))
        }
    }

    /// Authentication header (RFC 4302 section 2): next header, length in words less two. What it protects is in clear.
    @_lifetime(self: copy self)
    private mutating func decodeAuthentication(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(12, in: .ipv6Extension)
        let next = reader.uint8()
        let length = Int(reader.uint8()) * 4 + 8
        guard length >= 12 else { throw reader.malformed(.ipv6Extension, .lengthBelowHeader) }
        try require(length - 2, in: .ipv6Extension)
        reader.skip(length - 2)
        frame.protocolNumber = next
        return .upper(next)
    }
}
