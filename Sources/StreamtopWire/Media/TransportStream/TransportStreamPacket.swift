/// The head of an MPEG transport stream packet (ISO/IEC 13818-1 section 2.4.3): 4 bytes, and an adaptation field where there is one.
package struct TransportStreamPacket: Equatable, Sendable {
    package static var length: Int { 188 }
    package static var syncByte: UInt8 { 0x47 }
    /// Packets of this PID fill the rate and carry nothing.
    package static var nullPID: UInt16 { 0x1fff }

    package var pid: UInt16
    package var hasTransportError: Bool
    package var beginsUnit: Bool
    package var isScrambled: Bool
    package var hasAdaptation: Bool
    package var hasPayload: Bool
    package var continuity: UInt8
    /// From the adaptation field.
    package var isDiscontinuity = false
    package var isRandomAccess = false
    /// Program clock reference, in units of 27 MHz.
    package var clock: UInt64?

    /// Reads the head of a packet; the reader is left at its payload.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(4, in: .mpegTS)
        guard reader.uint8() == Self.syncByte else { throw reader.malformed(.mpegTS, .checkFailed) }
        let second = reader.uint16()
        let fourth = reader.uint8()
        hasTransportError = second & 0x8000 != 0
        beginsUnit = second & 0x4000 != 0
        pid = second & 0x1fff
        isScrambled = fourth & 0xc0 != 0
        hasAdaptation = fourth & 0x20 != 0
        hasPayload = fourth & 0x10 != 0
        continuity = fourth & 0x0f
        guard hasAdaptation, !hasTransportError else { return }
        try reader.require(1, in: .mpegTS)
        let count = Int(reader.uint8())
        guard count <= 183 else { throw reader.malformed(.mpegTS, .lengthBeyondEnclosure) }
        var field = reader.reader(of: count)
        guard !field.isAtEnd else { return }
        let flags = field.uint8()
        isDiscontinuity = flags & 0x80 != 0
        isRandomAccess = flags & 0x40 != 0
        guard flags & 0x10 != 0, field.remaining >= 6 else { return }
        let base = UInt64(field.uint32()) << 1
        let rest = UInt64(field.uint16())
        clock = (base | rest >> 15) * 300 + (rest & 0x1ff)  // below 2^43
    }

    /// Tells whether bytes are transport packets: sync bytes where the first packets begin.
    package static func canBegin(_ bytes: RawSpan, packets: Int = 3) -> Bool {
        let reader = ByteReader(bytes)
        guard reader.remaining >= length * (packets - 1) + 1 else { return false }
        for index in 0..<packets where reader.peekUInt8(ahead: index * length) != syncByte { return false }
        return true
    }
}

/// The head of a PES packet (section 2.4.3.6), as far as it tells times.
package struct PESHeader: Equatable, Sendable {
    package var streamID: UInt8
    /// 90 kHz, 33 bits.
    package var presentation: UInt64?
    package var decode: UInt64?

    /// nil where bytes do not begin one, or are too few to tell.
    @_lifetime(reader: copy reader)
    package init?(decoding reader: inout ByteReader) {
        guard reader.remaining >= 9, reader.uint24() == 1 else { return nil }
        streamID = reader.uint8()
        reader.skip(2)
        // Streams without these fields: maps, padding, private_stream_2, ECM, EMM, directory, DSMCC, H.222.1 type E.
        guard ![0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xff, 0xf2, 0xf8].contains(streamID) else { return }
        guard reader.uint8() & 0xc0 == 0x80 else { return nil }
        let flags = reader.uint8() >> 6
        reader.skip(1)
        if flags >= 2 { presentation = Self.time(&reader) }
        if flags == 3 { decode = Self.time(&reader) }
    }

    @_lifetime(reader: copy reader)
    private static func time(_ reader: inout ByteReader) -> UInt64? {
        guard reader.remaining >= 5 else { return nil }
        let high = UInt64(reader.uint8() >> 1 & 7)
        let middle = UInt64(reader.uint16() >> 1)
        let low = UInt64(reader.uint16() >> 1)
        return high << 30 | middle << 15 | low
    }
}
