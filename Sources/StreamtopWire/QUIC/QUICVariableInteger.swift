/// Variable-length integers (RFC 9000 section 16): the two high bits of the first byte give the length 1, 2, 4 or 8.
extension ByteReader {
    /// Reads one; throws `.truncated` when it does not fit.
    @_lifetime(self: copy self)
    package mutating func quicInteger(in layer: Layer = .quic) throws(DecodeError) -> UInt64 {
        guard let first = peekUInt8() else {
            throw DecodeError(layer: layer, offset: offset, cause: .truncated(needed: 1, available: 0))
        }
        let length = 1 << Int(first >> 6)
        try require(length, in: layer)
        switch length {
        case 1: return UInt64(uint8() & 0x3f)
        case 2: return UInt64(uint16() & 0x3fff)
        case 4: return UInt64(uint32() & 0x3fff_ffff)
        default: return uint64() & 0x3fff_ffff_ffff_ffff
        }
    }

    /// Reads a length and checks that as many bytes follow.
    @_lifetime(self: copy self)
    package mutating func quicLength(in layer: Layer = .quic) throws(DecodeError) -> Int {
        let value = try quicInteger(in: layer)
        guard let length = Int(exactly: value), length <= remaining else {
            throw DecodeError(
                layer: layer, offset: offset,
                cause: .truncated(needed: Int(truncatingIfNeeded: value), available: remaining))
        }
        return length
    }
}
