/// The boxes that are read (ISO/IEC 14496-12, ISO/IEC 23000-19, ISO/IEC 23009-1), by their four characters.
package enum ISOBoxType: UInt32, Sendable, CaseIterable {
    case ftyp = 0x6674_7970
    case styp = 0x7374_7970
    case sidx = 0x7369_6478
    case ssix = 0x7373_6978
    case prft = 0x7072_6674
    case emsg = 0x656d_7367
    case moov = 0x6d6f_6f76
    case moof = 0x6d6f_6f66
    case mdat = 0x6d64_6174
    case free = 0x6672_6565
    case skip = 0x736b_6970
    case mfra = 0x6d66_7261
    case meta = 0x6d65_7461
    case uuid = 0x7575_6964
    case pdin = 0x7064_696e
    case mvhd = 0x6d76_6864
    case trak = 0x7472_616b
    case tkhd = 0x746b_6864
    case edts = 0x6564_7473
    case elst = 0x656c_7374
    case mdia = 0x6d64_6961
    case mdhd = 0x6d64_6864
    case hdlr = 0x6864_6c72
    case minf = 0x6d69_6e66
    case stbl = 0x7374_626c
    case stsd = 0x7374_7364
    case mvex = 0x6d76_6578
    case trex = 0x7472_6578
    case sinf = 0x7369_6e66
    case frma = 0x6672_6d61
    case mfhd = 0x6d66_6864
    case traf = 0x7472_6166
    case tfhd = 0x7466_6864
    case tfdt = 0x7466_6474
    case trun = 0x7472_756e

    /// A box that may begin a segment, a chunk or an init segment.
    package var beginsMedia: Bool {
        switch self {
        case .ftyp, .styp, .sidx, .prft, .emsg, .moov, .moof: true
        default: false
        }
    }

    /// Stands outside of every other box.
    var isTopLevel: Bool {
        switch self {
        case .ftyp, .styp, .sidx, .ssix, .prft, .emsg, .moov, .moof, .mdat, .free, .skip, .mfra, .meta, .uuid, .pdin:
            true
        default: false
        }
    }

    /// Bytes of the body that are kept to be read. What is longer is passed over, so that no claimed length asks for memory.
    var keptBytes: Int {
        switch self {
        case .moof: 256 << 10
        case .moov: 1 << 20
        case .sidx: 64 << 10
        case .emsg: 4 << 10
        case .prft, .ftyp, .styp: 256
        default: 0
        }
    }
}

/// The four characters of a box, a handler or a codec as text; what is not printable becomes a dot.
package struct FourCharacterCode: Hashable, Sendable, CustomStringConvertible {
    package var rawValue: UInt32

    package init(_ rawValue: UInt32) { self.rawValue = rawValue }

    package var description: String {
        var text = ""
        for shift in [24, 16, 8, 0] as [UInt32] {
            let byte = UInt8(truncatingIfNeeded: rawValue >> shift)
            text.unicodeScalars.append(Unicode.Scalar((0x20...0x7e).contains(byte) ? byte : 0x2e))
        }
        return text
    }

    /// All four are letters, digits or what registered codes use besides.
    var isPlausible: Bool {
        for shift in [24, 16, 8, 0] as [UInt32] {
            let byte = UInt8(truncatingIfNeeded: rawValue >> shift)
            guard (0x20...0x7e).contains(byte) || byte == 0xa9 else { return false }
        }
        return true
    }
}

/// `size(32) type(32) [largesize(64)]` (ISO/IEC 14496-12 section 4.2).
package struct ISOBoxHeader: Equatable, Sendable {
    package var code: FourCharacterCode
    package var type: ISOBoxType?
    /// 8 or 16.
    package var length: Int
    /// Bytes that follow the header; nil: to the end of the stream.
    package var bodyLength: UInt64?

    /// Reads a header; the reader is left at the body, or where it was when the header is not all there.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(8, in: .isoBox)
        let size = reader.peekUInt32() ?? 0
        length = size == 1 ? 16 : 8
        try reader.require(length, in: .isoBox)
        reader.skip(4)
        code = FourCharacterCode(reader.uint32())
        type = ISOBoxType(rawValue: code.rawValue)
        let total = size == 1 ? reader.uint64() : UInt64(size)
        guard total != 0 else {
            bodyLength = nil
            return
        }
        guard total >= UInt64(length) else { throw reader.malformed(.isoBox, .lengthBelowHeader) }
        bodyLength = total - UInt64(length)
    }
}
