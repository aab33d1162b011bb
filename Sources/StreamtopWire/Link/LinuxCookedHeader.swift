import StreamtopBase

/// Linux "cooked" captures, as the `any` interface delivers them.
extension FrameCursor {
    /// Version 1: packet type (2), ARPHRD type (2), address length (2), address (8), protocol (2).
    @_lifetime(self: copy self)
    mutating func decodeLinuxCooked() throws(DecodeError) -> NextLayer {
        try require(16, in: .linuxCooked)
        reader.skip(2)
        let hardware = reader.uint16()
        reader.skip(10)
        return try cooked(type: reader.uint16(), hardware: hardware)
    }

    /// Version 2: protocol (2), reserved (2), interface index (4), ARPHRD type (2), packet type (1), address length (1),
    /// address (8).
    @_lifetime(self: copy self)
    mutating func decodeLinuxCooked2() throws(DecodeError) -> NextLayer {
        try require(20, in: .linuxCooked)
        let type = reader.uint16()
        reader.skip(6)
        let hardware = reader.uint16()
        reader.skip(10)
        return try cooked(type: type, hardware: hardware)
    }

    /// Values below 1536 are Linux's own (linux/if_ether.h): 4 is an 802.2 payload.
    private func cooked(type: UInt16, hardware: UInt16) throws(DecodeError) -> NextLayer {
        switch type {
        case 0x0600...: return .etherType(type)
        case 4: return .logicalLink
        // A raw IP device (ARPHRD_NONE, ARPHRD_RAWIP) leaves the protocol 0.
        case 0 where hardware == 0xfffe || hardware == 519: return .ip
        default: throw reader.unsupported(.linuxCooked, UInt32(type))
        }
    }
}
