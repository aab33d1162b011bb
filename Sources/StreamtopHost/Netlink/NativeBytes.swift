// Unsafe loads of this room live only here. The proof: each is guarded by `offset >= 0 && offset <= byteCount - size`.

/// Reads of what the kernel writes: in the host's byte order, at offsets that the headers fix, of structures that end where the
/// kernel that wrote them was older. Past the end there is nil, so that a field which is not there is unknown and not zero.
extension RawSpan {
    func uint8(at offset: Int) -> UInt8? {
        guard offset >= 0, offset <= byteCount &- 1 else { return nil }
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    func uint16(at offset: Int) -> UInt16? {
        guard offset >= 0, offset <= byteCount &- 2 else { return nil }
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self)
    }

    func uint32(at offset: Int) -> UInt32? {
        guard offset >= 0, offset <= byteCount &- 4 else { return nil }
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
    }

    func uint64(at offset: Int) -> UInt64? {
        guard offset >= 0, offset <= byteCount &- 8 else { return nil }
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    func int32(at offset: Int) -> Int32? { uint32(at: offset).map { Int32(bitPattern: $0) } }

    /// A count of the kernel's that fits an `Int` in any case.
    func count(at offset: Int) -> Int? { uint32(at: offset).map(Int.init) }

    /// `count` bytes from `offset`, or nil where they are not all there.
    @_lifetime(copy self)
    func part(at offset: Int, count: Int) -> RawSpan? {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount &- offset else { return nil }
        return extracting(offset..<(offset &+ count))  // within byteCount, by the guard
    }

    /// A text that ends at its first zero, or with the bytes. Bytes that are not UTF-8 become U+FFFD.
    var text: String {
        var bytes: [UInt8] = []
        for offset in 0..<byteCount {
            guard let byte = uint8(at: offset), byte != 0 else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
