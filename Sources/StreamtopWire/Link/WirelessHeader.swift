import StreamtopBase

/// IEEE 802.11 data frames and the headers that captures put in front of them.
extension FrameCursor {
    /// 802.11 MAC header (IEEE 802.11 clause 9.3.2): data frames in the clear carry 802.2.
    ///
    ///     frame control (2) | duration (2) | address 1, 2, 3 (18) | sequence (2) | address 4? (6) | QoS? (2) | HT? (4)
    @_lifetime(self: copy self)
    mutating func decodeWireless() throws(DecodeError) -> NextLayer {
        try require(24, in: .link)
        let control = reader.uint8()
        let flags = reader.uint8()
        guard control & 0x0f == 0x08 else { throw reader.unsupported(.link, UInt32(control)) }
        return try decodeWireless(control: control, flags: flags)
    }

    /// The rest of a data frame behind its frame control field. Subtype bits: 4 no data, 8 QoS.
    @_lifetime(self: copy self)
    mutating func decodeWireless(
        control: UInt8, flags: UInt8, isPadded: Bool = false
    ) throws(DecodeError) -> NextLayer {
        let subtype = control >> 4
        // No data, or protected: its bytes are not ours to read.
        guard subtype & 4 == 0, flags & 0x40 == 0 else { throw reader.unsupported(.link, UInt32(control)) }
        let hasFourAddresses = flags & 3 == 3
        let isQoS = subtype & 8 != 0
        let hasHTControl = isQoS && flags & 0x80 != 0
        let length = 22 + (hasFourAddresses ? 6 : 0)
        try require(length + (isQoS ? 2 : 0) + (hasHTControl ? 4 : 0), in: .link)
        reader.skip(length)
        var isAggregate = false
        if isQoS {
            isAggregate = reader.uint8() & 0x80 != 0
            reader.skip(1)
        }
        if hasHTControl { reader.skip(4) }
        if isPadded {
            let header = length + 2 + (isQoS ? 2 : 0) + (hasHTControl ? 4 : 0)
            let padding = (4 - header % 4) % 4
            try require(padding, in: .link)
            reader.skip(padding)
        }
        if isAggregate {
            // The first of the aggregated frames: two addresses and a length.
            try require(14, in: .link)
            reader.skip(12)
            let length = Int(reader.uint16())
            if length <= wireRemaining { enclose(length) }
        }
        if isQoS { skipMeshControl() }
        return .logicalLink
    }

    /// Radiotap (https://www.radiotap.org): version, pad, length and presence words, all little-endian. Only the flag
    /// that tells of padding behind the MAC header is of use here.
    @_lifetime(self: copy self)
    mutating func decodeRadiotap() throws(DecodeError) -> NextLayer {
        try require(8, in: .link)
        let start = reader.consumed
        reader.skip(2)
        let length = Int(reader.uint16().byteSwapped)
        guard length >= 8 else { throw reader.malformed(.link, .lengthBelowHeader) }
        try require(length - 4, in: .link)
        let present = reader.uint32().byteSwapped
        var words = present
        while words & 0x8000_0000 != 0, reader.consumed &- start < length {  // each pass takes four bytes
            words = reader.uint32().byteSwapped
        }
        var flags: UInt8 = 0
        if present & 2 != 0 {
            // TSFT, when present, comes first: eight bytes, aligned to eight.
            let ahead = present & 1 == 0 ? 0 : (8 - (reader.consumed &- start) % 8) % 8 + 8
            flags = reader.peekUInt8(ahead: ahead) ?? 0
        }
        let read = reader.consumed &- start
        guard read <= length else { throw reader.malformed(.link, .lengthBelowHeader) }
        reader.skip(length - read)
        return flags & 0x20 == 0 ? .wireless : try decodePaddedWireless()
    }

    /// A MAC header that is padded to a multiple of four bytes, which only matters behind a QoS field.
    @_lifetime(self: copy self)
    private mutating func decodePaddedWireless() throws(DecodeError) -> NextLayer {
        try require(24, in: .link)
        let control = reader.uint8()
        let flags = reader.uint8()
        guard control & 0x0f == 0x08 else { throw reader.unsupported(.link, UInt32(control)) }
        return try decodeWireless(control: control, flags: flags, isPadded: true)
    }

    /// Mesh control field (IEEE 802.11 clause 9.2.4.7.3): flags (1), time to live (1), sequence (4), up to two addresses as
    /// the flags say. The QoS bit that announces it came after the first mesh networks, so it shows by what follows: SNAP
    /// behind it and none in its place.
    @_lifetime(self: copy self)
    private mutating func skipMeshControl() {
        guard let flags = reader.peekUInt8(), flags <= 2 else { return }
        let length = 6 + 6 * Int(flags)
        guard reader.peekUInt16(ahead: length) == 0xaaaa, reader.peekUInt8(ahead: length + 2) == 3 else { return }
        reader.skip(length)
    }

    /// Per-Packet Information: version (1), flags (1), length (2), link type (4), little-endian, then fields.
    @_lifetime(self: copy self)
    mutating func decodePerPacketInformation() throws(DecodeError) -> NextLayer {
        try require(8, in: .link)
        reader.skip(2)
        let length = Int(reader.uint16().byteSwapped)
        let type = LinkType(rawValue: reader.uint32().byteSwapped)
        guard length >= 8 else { throw reader.malformed(.link, .lengthBelowHeader) }
        // Headers around themselves would only serve to go round in circles.
        guard type != .perPacketInformation else { throw reader.malformed(.link, .nestedTooDeep) }
        try require(length - 8, in: .link)
        reader.skip(length - 8)
        return .link(type)
    }
}
