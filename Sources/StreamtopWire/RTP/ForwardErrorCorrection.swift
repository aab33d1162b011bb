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

/// Header of a FlexFEC repair packet with a flexible mask (RFC 8627 section 4.2.2.1), for its first protected stream:
///
///     R(1) F(1) P(1) X(1) CC(4) M(1) PT recovery(7) length recovery(2) TS recovery(4)
///     SN base(2) k(1) mask(15) [k(1) mask(31) [mask(64)]]
///
/// With R set the packet repeats one packet, with F set the mask is fixed (columns and rows).
package struct FlexFECHeader: Equatable, Sendable, BitwiseCopyable {
    package enum Form: Equatable, Sendable, BitwiseCopyable {
        case flexibleMask
        /// Protects `columns` packets apart from each other, `rows` of them (0: one row).
        case fixedMask(columns: UInt8, rows: UInt8)
        case retransmission
    }

    package var form: Form
    package var sequenceBase: UInt16
    /// Packets that the mask names; 0 in the other forms.
    package var protected: Int

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(12, in: .rtp)
        let first = reader.uint8()
        protected = 0
        if first & 0x80 != 0 {
            // The repeated packet's own header follows from here (section 4.2.2.3).
            reader.skip(1)
            form = .retransmission
            sequenceBase = reader.uint16()
            return
        }
        reader.skip(7)
        sequenceBase = reader.uint16()
        if first & 0x40 != 0 {
            form = .fixedMask(columns: reader.uint8(), rows: reader.uint8())
            return
        }
        form = .flexibleMask
        let short = reader.uint16()
        protected = (short & 0x7fff).nonzeroBitCount
        guard short & 0x8000 == 0 else { return }
        try reader.require(4, in: .rtp)
        let long = reader.uint32()
        protected += (long & 0x7fff_ffff).nonzeroBitCount
        guard long & 0x8000_0000 == 0 else { return }
        try reader.require(8, in: .rtp)
        protected += reader.uint64().nonzeroBitCount
    }
}
