import StreamtopBase

/// Tags between an Ethernet header and its payload.
extension FrameCursor {
    /// IEEE 802.1Q tag, also stacked (802.1ad): priority (3), drop eligible (1), identifier (12), type (16).
    /// Identifier 0 carries a priority alone and puts the frame in no VLAN (IEEE 802.1Q clause 9.6).
    @_lifetime(self: copy self)
    mutating func decodeVLANTag(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(4, in: .vlan)
        let identifier = reader.uint16() & 0x0fff
        if identifier != 0 { frame.vlan = identifier }
        let type = reader.uint16()
        if type >= 0x0600 { return .etherType(type) }
        guard type <= 1500, Int(type) <= wireRemaining else {
            throw reader.malformed(.vlan, .lengthBeyondEnclosure)
        }
        enclose(Int(type))
        return .logicalLink
    }

    /// Backbone service instance tag (IEEE 802.1ah): four bytes, then a whole Ethernet frame.
    @_lifetime(self: copy self)
    mutating func decodeBackboneTag() throws(DecodeError) -> NextLayer {
        try require(4, in: .vlan)
        reader.skip(4)
        return .ethernet
    }

    /// E-TAG (IEEE 802.1BR): six bytes of port extender addressing, then a type.
    @_lifetime(self: copy self)
    mutating func decodePortExtenderTag() throws(DecodeError) -> NextLayer {
        try require(8, in: .vlan)
        reader.skip(6)
        return .etherType(reader.uint16())
    }

    /// VN-Tag (the form before IEEE 802.1BR, of adapters that show a port for each virtual machine): four bytes of interface
    /// numbers, then a type.
    @_lifetime(self: copy self)
    mutating func decodeVirtualInterfaceTag() throws(DecodeError) -> NextLayer {
        try require(6, in: .vlan)
        reader.skip(4)
        return .etherType(reader.uint16())
    }

    /// The time-stamp tag that Arista switches put behind the addresses: subtype 1, a version that says whether 64 or
    /// 48 bits of time follow, then the frame's own type.
    @_lifetime(self: copy self)
    mutating func decodeTimestampTag() throws(DecodeError) -> NextLayer {
        try require(4, in: .vlan)
        let subtype = reader.uint16()
        let version = reader.uint16()
        guard subtype == 1 else { throw reader.unsupported(.vlan, UInt32(subtype)) }
        let stamp = version & 0x00f0 == 0x0020 ? 6 : 8
        try require(stamp + 2, in: .vlan)
        reader.skip(stamp)
        return .etherType(reader.uint16())
    }
}
