// Unsafe loads from capture file bytes live only here. The proof: each load is preceded by a check that offset and size
// lie inside the span; an offset outside gives 0 and never traps.

/// Numbers of a capture file, in the byte order of the machine that wrote it, at offsets from the start of a span.
struct FileWords: ~Escapable {
    let bytes: RawSpan
    let isSwapped: Bool

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, isSwapped: Bool) {
        self.bytes = bytes
        self.isSwapped = isSwapped
    }

    var count: Int { bytes.byteCount }

    @inline(__always)
    func uint16(at offset: Int) -> UInt16 {
        guard offset >= 0, offset <= bytes.byteCount &- 2 else { return 0 }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self)
        return isSwapped ? value.byteSwapped : value
    }

    @inline(__always)
    func uint32(at offset: Int) -> UInt32 {
        guard offset >= 0, offset <= bytes.byteCount &- 4 else { return 0 }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self)
        return isSwapped ? value.byteSwapped : value
    }

    /// Four words from `offset` on, looked at once.
    @inline(__always)
    func fourWords(at offset: Int) -> (UInt32, UInt32, UInt32, UInt32) {
        guard offset >= 0, offset <= bytes.byteCount &- 16 else { return (0, 0, 0, 0) }
        let words = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: (UInt32, UInt32, UInt32, UInt32).self)
        guard isSwapped else { return words }
        return (words.0.byteSwapped, words.1.byteSwapped, words.2.byteSwapped, words.3.byteSwapped)
    }

    func uint64(at offset: Int) -> UInt64 {
        guard offset >= 0, offset <= bytes.byteCount &- 8 else { return 0 }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
        return isSwapped ? value.byteSwapped : value
    }

    func uint8(at offset: Int) -> UInt8 {
        guard offset >= 0, offset < bytes.byteCount else { return 0 }
        return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// A copy of `count` bytes from `offset`, cut at the end of the span.
    func copy(_ count: Int, at offset: Int) -> [UInt8] {
        let start = min(max(0, offset), bytes.byteCount)
        let size = min(max(0, count), bytes.byteCount - start)
        return (0..<size).map { uint8(at: start + $0) }
    }

    /// Text of an option: UTF-8 repaired, cut at a zero byte, at most 256 bytes.
    func text(_ count: Int, at offset: Int) -> String {
        let raw = copy(min(count, 256), at: offset)
        return String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
}
