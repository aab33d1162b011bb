/// Header of an ULPFEC payload (RFC 5109 section 7.3) with its first protection level (section 7.4):
///
///     E(1)=0 L(1) P(1) X(1) CC(4) M(1) PT recovery(7) SN base(2) TS recovery(4) length recovery(2)
///     protection length(2) mask(2, or 6 when L is set)
package struct ULPFECHeader: Equatable, Sendable, BitwiseCopyable {
    /// Sequence number that the mask's first bit stands for.
    package var sequenceBase: UInt16
    /// Bytes protected at the first level.
    package var protectionLength: Int
    /// Bit 47 is `sequenceBase`, bit 46 the number after it, and so on; short masks fill the upper 16 bits.
    package var mask: UInt64

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(14, in: .rtp)
        let first = reader.uint8()
        // E is reserved for an extension of the header and zero.
        guard first & 0x80 == 0 else { throw reader.malformed(.rtp, .forbiddenValue) }
        reader.skip(1)
        sequenceBase = reader.uint16()
        reader.skip(6)
        protectionLength = Int(reader.uint16())
        if first & 0x40 != 0 {
            try reader.require(6, in: .rtp)
            mask = reader.uint(size: 6)
        } else {
            mask = UInt64(reader.uint16()) << 32
        }
        guard mask != 0 else { throw reader.malformed(.rtp, .forbiddenValue) }
    }

    /// Packets that the mask names.
    package var protected: Int { mask.nonzeroBitCount }

    /// The mask names `sequence`.
    package func protects(_ sequence: UInt16) -> Bool {
        let position = sequence &- sequenceBase
        return position < 48 && mask >> (47 - UInt64(position)) & 1 == 1
    }
}
