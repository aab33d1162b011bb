import StreamtopBase

/// Ethernet II and IEEE 802.3 headers.
///
///     | destination (6) | source (6) | type or length (2) | payload …
///
/// A value of 1536 or more is a type, one of 1500 or less the length of an IEEE 802.2 payload (IEEE 802.3 clause 3.2.6).
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeEthernet() throws(DecodeError) -> NextLayer {
        try require(14, in: .ethernet)
        reader.skip(12)
        let type = reader.uint16()
        if type >= 0x0600 { return .etherType(type) }
        guard type <= 1500 else { throw reader.malformed(.ethernet, .forbiddenValue) }
        guard Int(type) <= wireRemaining else { throw reader.malformed(.ethernet, .lengthBeyondEnclosure) }
        enclose(Int(type))
        return .logicalLink
    }

    /// IEEE 802.2 logical link control, with the Subnetwork Access Protocol of RFC 1042.
    @_lifetime(self: copy self)
    mutating func decodeLogicalLink() throws(DecodeError) -> NextLayer {
        try require(3, in: .link)
        let access = reader.uint16()
        reader.skip(1)
        switch access {
        case 0xaaaa:
            try require(5, in: .link)
            let organisation = reader.uint24()
            let type = reader.uint16()
            // RFC 1042 and bridged Ethernet (0000f8) carry EtherTypes; other organisations number as they like.
            guard organisation == 0 || organisation == 0x0000f8 else { throw reader.unsupported(.link, organisation) }
            return .etherType(type)
        case 0x0606: return .ipv4
        default: throw reader.unsupported(.link, UInt32(access))
        }
    }

    /// What an EtherType (IANA IEEE 802 Numbers) announces, IPv4 and IPv6 aside.
    @_lifetime(self: copy self)
    mutating func decodeEtherType(_ type: UInt16, into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        switch type {
        case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300: return try decodeVLANTag(into: &frame)
        case 0x8847, 0x8848: return .mpls
        case 0x8864: return .tunnel(.pppoe)
        case 0x8863: throw reader.unsupported(.pppoe, 0x8863)
        case 0x880b: return .ppp
        case 0x6558: return .ethernet
        case 0x88e7: return try decodeBackboneTag()
        case 0x8926: return try decodeVirtualInterfaceTag()
        case 0x893f: return try decodePortExtenderTag()
        case 0xd28b: return try decodeTimestampTag()
        case 0x0806, 0x8035: throw reader.unsupported(.arp, UInt32(type))
        default: throw reader.unsupported(.ethernet, UInt32(type))
        }
    }
}
