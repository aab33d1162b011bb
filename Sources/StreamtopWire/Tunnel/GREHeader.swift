import StreamtopBase

/// Tunnels: what lies between an outer and an inner packet.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeTunnel(_ kind: TunnelKind, into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        switch kind {
        case .none: return .complete
        case .gre, .erspan: return try decodeGRE(into: &frame)
        case .ipip, .ipv6InIPv4:
            frame.tunnel = kind
            frame.tunnelIdentifier = 0
            return .ip
        case .mpls: return .mpls
        case .pppoe: return try decodePPPoE(into: &frame)
        case .etherIP: return try decodeEtherIP(into: &frame)
        case .vxlan: return try decodeVXLAN(into: &frame)
        case .geneve: return try decodeGeneve(into: &frame)
        case .gtp: return try decodeGTPUser(into: &frame)
        case .teredo: return try decodeTeredo(into: &frame)
        case .l2tp: return try decodeL2TP(into: &frame)
        case .capwap: return try decodeCAPWAP(into: &frame)
        case .gue: return try decodeGUE(into: &frame)
        }
    }

    /// EtherIP (RFC 3378): version 3 and twelve reserved bits before an Ethernet frame. Ethernet directly in IP
    /// (protocol 143) has no header of its own.
    @_lifetime(self: copy self)
    private mutating func decodeEtherIP(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        frame.tunnel = .etherIP
        frame.tunnelIdentifier = 0
        guard frame.protocolNumber == 97 else { return .ethernet }
        try require(2, in: .gre)
        guard reader.uint16() >> 12 == 3 else { throw reader.malformed(.gre, .wrongVersion) }
        return .ethernet
    }
}

/// GRE (RFC 2784 with the key and sequence of RFC 2890; version 1 of RFC 2637, PPTP).
///
///     |C|R|K|S|s|Recur|A| Flags | Ver |         protocol type         |
///     |      checksum (if C or R)     |      offset (if C or R)       |
///     |                         key (if K)                            |
///     |                    sequence number (if S)                     |
///     |          routing (if R), acknowledgment (version 1, if A)     |
extension FrameCursor {
    @_lifetime(self: copy self)
    private mutating func decodeGRE(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(4, in: .gre)
        let flags = reader.uint16()
        let type = reader.uint16()
        frame.tunnel = .gre
        frame.tunnelIdentifier = 0
        switch flags & 7 {
        case 0: break
        case 1: return try decodeEnhancedGRE(flags: flags, type: type, into: &frame)
        case let version: throw reader.unsupported(.gre, UInt32(version))
        }
        if flags & 0xc000 != 0 {
            try require(4, in: .gre)
            reader.skip(4)
        }
        if flags & 0x2000 != 0 {
            try require(4, in: .gre)
            frame.tunnelIdentifier = reader.uint32()
        }
        let hasSequence = flags & 0x1000 != 0
        if hasSequence {
            try require(4, in: .gre)
            reader.skip(4)
        }
        if flags & 0x4000 != 0 { try skipSourceRoutes() }
        return try decodeGREPayload(type, hasSequence: hasSequence, into: &frame)
    }

    /// Source route entries (RFC 1701): family (2), offset (1), length (1), route; one of family and length 0 ends them.
    @_lifetime(self: copy self)
    private mutating func skipSourceRoutes() throws(DecodeError) {
        while true {  // each pass takes at least four bytes
            try require(4, in: .gre)
            let family = reader.uint16()
            reader.skip(1)
            let length = Int(reader.uint8())
            if family == 0, length == 0 { return }
            try require(length, in: .gre)
            reader.skip(length)
        }
    }

    @_lifetime(self: copy self)
    private mutating func decodeGREPayload(
        _ type: UInt16, hasSequence: Bool, into frame: inout DecodedFrame
    ) throws(DecodeError) -> NextLayer {
        switch type {
        case 0x88be: return try decodeERSPAN(hasHeader: hasSequence, into: &frame)
        case 0x22eb: return try decodeERSPAN3(into: &frame)
        // WCCP (version 2 puts four bytes before the packet, which cannot be taken for an IP version).
        case 0x883e:
            try require(4, in: .gre)
            if (reader.peekUInt8() ?? 0) >> 4 != 4 { reader.skip(4) }
            return .ipv4
        // Access points of Aruba send 802.11 frames, one number per queue.
        case 0x8200...0x8390: return .wireless
        // A keep-alive: the way back is the payload of the way there, and is empty.
        case 0: return .complete
        default: return .etherType(type)
        }
    }

    /// PPTP's GRE (RFC 2637 section 4.1), with PPP inside; EoIP (type 0x6400) uses the same form with Ethernet inside and
    /// its tunnel number in little-endian.
    @_lifetime(self: copy self)
    private mutating func decodeEnhancedGRE(
        flags: UInt16, type: UInt16, into frame: inout DecodedFrame
    ) throws(DecodeError) -> NextLayer {
        let count = 4 + (flags & 0x1000 != 0 ? 4 : 0) + (flags & 0x0080 != 0 ? 4 : 0)
        try require(count, in: .gre)
        let length = Int(reader.uint16())
        let call = reader.uint16()
        reader.skip(count - 4)
        switch type {
        case 0x6400:
            frame.tunnelIdentifier = UInt32(call.byteSwapped)
            return length == 0 ? .complete : .ethernet
        case 0x880b:
            frame.tunnel = .l2tp
            frame.tunnelIdentifier = UInt32(call)
            guard flags & 0x1000 != 0, length > 0 else { return .complete }
            if length <= wireRemaining { enclose(length) }
            return .ppp
        default: throw reader.unsupported(.gre, UInt32(type))
        }
    }
}

/// ERSPAN: mirrored Ethernet frames in GRE.
extension FrameCursor {
    /// Type I has no header. Type II, told by the GRE sequence number: version (4) = 1, VLAN (12), class (3),
    /// encapsulation (2), truncated (1), session (10), reserved (12), index (20).
    @_lifetime(self: copy self)
    private mutating func decodeERSPAN(
        hasHeader: Bool, into frame: inout DecodedFrame
    ) throws(DecodeError) -> NextLayer {
        frame.tunnel = .erspan
        guard hasHeader else { return .ethernet }
        try require(8, in: .gre)
        let version = reader.uint16() >> 12
        frame.tunnelIdentifier = UInt32(reader.uint16() & 0x03ff)
        reader.skip(4)
        guard version == 1 else { throw reader.unsupported(.gre, UInt32(version)) }
        return .ethernet
    }

    /// Type III: as type II up to the session, then time stamp (4), security group (2), and a word whose last bit
    /// announces eight bytes more and whose frame type says Ethernet (0) or IP (2).
    @_lifetime(self: copy self)
    private mutating func decodeERSPAN3(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        frame.tunnel = .erspan
        try require(12, in: .gre)
        let version = reader.uint16() >> 12
        frame.tunnelIdentifier = UInt32(reader.uint16() & 0x03ff)
        reader.skip(6)
        let word = reader.uint16()
        guard version == 2 else { throw reader.unsupported(.gre, UInt32(version)) }
        if word & 1 != 0 {
            try require(8, in: .gre)
            reader.skip(8)
        }
        switch word >> 10 & 0x1f {
        case 0: return .ethernet
        case 2: return .ip
        case let type: throw reader.unsupported(.gre, UInt32(type))
        }
    }
}
