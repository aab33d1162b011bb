/// First eight bytes of a FlexFEC repair packet's payload (RFC 8627 section 4.2.2; the same in draft 03, which browsers send):
///
///     R(1) F(1) P(1) X(1) CC(4) M(1) PT recovery(7) length recovery(2) TS recovery(4)
///
/// What it protects follows: one `FlexFECProtection` for each contributor of the RTP header (RFC 8627), or each with its
/// source before it (draft 03). With R set the packet repeats one packet, whose own header this is (section 4.2.2.3).
package enum FlexFECForm: Equatable, Sendable, BitwiseCopyable {
    case flexibleMask, fixedMask, retransmission

    /// Leaves the reader where the protections begin; in a retransmission behind its source.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(8, in: .rtp)
        let first = reader.uint8()
        self = first & 0x80 != 0 ? .retransmission : first & 0x40 != 0 ? .fixedMask : .flexibleMask
        reader.skip(7)
    }
}

/// Numbers of one source that a repair packet protects:
///
///     SN base(2) k(1) mask(15) [k(1) mask(31) [mask(64), in draft 03 k(1) mask(63)]]       flexible
///     SN base(2) columns(1) rows(1)                                                        fixed
///
/// Senders disagree on what k says: in one reading a set bit ends the mask (draft 03, libwebrtc), in the other it continues
/// it (Pion). The caller finds out which of them fits a stream.
package struct FlexFECProtection: Equatable, Sendable, BitwiseCopyable {
    package enum Reading: Sendable, BitwiseCopyable {
        case setBitEnds, setBitContinues
    }

    /// Sequence number that the mask's first bit stands for.
    package var base: UInt16
    /// Bit 127 is `base`, bit 126 the number after it; or 0 with `count` numbers, `stride` apart.
    private var mask: UInt128 = 0
    private var stride = 1
    private var count = 0

    /// A flexible mask.
    @_lifetime(reader: copy reader)
    package init(
        decoding reader: inout ByteReader, _ reading: Reading, hasThirdBit: Bool = false
    ) throws(DecodeError) {
        try reader.require(4, in: .rtp)
        base = reader.uint16()
        let end = reading == .setBitEnds
        let short = reader.uint16()
        mask = UInt128(short & 0x7fff) << 113
        if (short & 0x8000 != 0) != end {
            try reader.require(4, in: .rtp)
            let middle = reader.uint32()
            mask |= UInt128(middle & 0x7fff_ffff) << 82
            if (middle & 0x8000_0000 != 0) != end {
                try reader.require(8, in: .rtp)
                let long = reader.uint64()
                // A third bit has no mask to continue.
                mask |= hasThirdBit ? UInt128(long & ~(1 << 63)) << 19 : UInt128(long) << 18
            }
        }
        guard mask != 0 else { throw reader.malformed(.rtp, .forbiddenValue) }
    }

    /// A fixed mask: a row of `columns` numbers, or, with more than one row, a column of every `columns`-th number (section
    /// 4.2.2.2).
    @_lifetime(reader: copy reader)
    package init(decodingFixed reader: inout ByteReader) throws(DecodeError) {
        try reader.require(4, in: .rtp)
        base = reader.uint16()
        let columns = Int(reader.uint8())
        let rows = Int(reader.uint8())
        guard columns > 0 else { throw reader.malformed(.rtp, .forbiddenValue) }
        stride = rows > 1 ? columns : 1
        count = rows > 1 ? rows : columns
    }

    /// How far behind `base` the last protected number is.
    package var reach: Int {
        mask == 0 ? (count - 1) * stride : 127 - mask.trailingZeroBitCount
    }

    /// Numbers protected.
    package var protected: Int { mask == 0 ? count : mask.nonzeroBitCount }

    /// Gives how far behind `base` each protected number is, ascending; ends when `body` is false.
    package func visit(_ body: (_ distance: Int) -> Bool) {
        if mask == 0 {
            for index in 0..<count where !body(index * stride) { return }
            return
        }
        var rest = mask
        while rest != 0 {  // one bit less each turn
            let distance = rest.leadingZeroBitCount
            guard body(distance) else { return }
            rest &= ~(1 << (127 - UInt128(distance)))
        }
    }
}
