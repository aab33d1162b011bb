/// The one way to read bytes that came from outside: a forward cursor over borrowed memory that cannot leave it.
///
/// `require(_:in:)` checks once for a run of fixed fields and throws `DecodeError`; the reads after it take bytes that
/// are known to be there. A read past the end without such a check returns zeros and marks the reader `overrun`, it
/// never traps and never reads foreign memory. Names follow the rule: `uint16()` moves, `peek…` does not.
///
/// Unsafe loads live only here. The proof: `position` starts at 0, moves only forward and only up to `bytes.byteCount`;
/// each load is guarded by `remaining >= size`.
package struct ByteReader: ~Escapable {
    @usableFromInline var bytes: RawSpan
    @usableFromInline var position: Int
    /// Offset of `bytes` within the outermost reader, for messages.
    @usableFromInline var base: Int
    /// A read asked for bytes that are not there.
    package private(set) var overrun = false

    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, base: Int = 0) {
        self.bytes = bytes
        self.base = base
        position = 0
        overrun = false
    }

    /// Bytes not read yet.
    @inlinable
    package var remaining: Int { bytes.byteCount &- position }  // position <= byteCount

    @inlinable
    package var isAtEnd: Bool { remaining == 0 }

    /// Offset of the next byte from the start of the outermost reader.
    @inlinable
    package var offset: Int { base &+ position }  // both bounded by a buffer's size

    /// Offset of the next byte from the start of this reader.
    @inlinable
    package var consumed: Int { position }

    /// Throws `.truncated` unless `count` bytes are left.
    @inlinable
    package func require(_ count: Int, in layer: Layer) throws(DecodeError) {
        guard remaining >= count else {
            throw DecodeError(
                layer: layer, offset: offset, cause: .truncated(needed: count, available: remaining))
        }
    }

    package func malformed(_ layer: Layer, _ malformation: Malformation) -> DecodeError {
        DecodeError(layer: layer, offset: offset, cause: .malformed(malformation))
    }

    package func unsupported(_ layer: Layer, _ value: UInt32) -> DecodeError {
        DecodeError(layer: layer, offset: offset, cause: .unsupported(value))
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func uint8() -> UInt8 {
        guard remaining >= 1 else { return missing() }
        let value = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
        position &+= 1
        return value
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func uint16() -> UInt16 {
        guard remaining >= 2 else { return missing() }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt16.self)
        position &+= 2
        return UInt16(bigEndian: value)
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func uint24() -> UInt32 {
        guard remaining >= 3 else { return missing() }
        let high = UInt32(uint8())
        return high << 16 | UInt32(uint16())
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func uint32() -> UInt32 {
        guard remaining >= 4 else { return missing() }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt32.self)
        position &+= 4
        return UInt32(bigEndian: value)
    }

    @inlinable
    @_lifetime(self: copy self)
    package mutating func uint64() -> UInt64 {
        guard remaining >= 8 else { return missing() }
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
        position &+= 8
        return UInt64(bigEndian: value)
    }

    /// An unsigned number of `size` bytes in network order, `size` from 1 to 8.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func uint(size: Int) -> UInt64 {
        guard (1...8).contains(size), remaining >= size else { return missing() }
        var value: UInt64 = 0
        for _ in 0..<size { value = value << 8 | UInt64(uint8()) }
        return value
    }

    /// The byte `ahead` bytes further on, or nil past the end. Does not move.
    @inlinable
    package func peekUInt8(ahead: Int = 0) -> UInt8? {
        guard ahead >= 0, ahead < remaining else { return nil }
        return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position &+ ahead, as: UInt8.self)
    }

    /// Two bytes in network order `ahead` bytes further on, or nil past the end. Does not move.
    @inlinable
    package func peekUInt16(ahead: Int = 0) -> UInt16? {
        guard ahead >= 0, ahead < remaining &- 1 else { return nil }
        return UInt16(
            bigEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position &+ ahead, as: UInt16.self))
    }

    /// Four bytes in network order `ahead` bytes further on, or nil past the end. Does not move.
    @inlinable
    package func peekUInt32(ahead: Int = 0) -> UInt32? {
        guard ahead >= 0, ahead < remaining &- 3 else { return nil }
        return UInt32(
            bigEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position &+ ahead, as: UInt32.self))
    }

    /// Eight bytes in network order `ahead` bytes further on, or nil past the end. Does not move.
    @inlinable
    package func peekUInt64(ahead: Int = 0) -> UInt64? {
        guard ahead >= 0, ahead < remaining &- 7 else { return nil }
        return UInt64(
            bigEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: position &+ ahead, as: UInt64.self))
    }

    /// Moves over `count` bytes, at most to the end.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func skip(_ count: Int) {
        guard count >= 0, count <= remaining else {
            position = bytes.byteCount
            overrun = true
            return
        }
        position &+= count
    }

    /// Gives up what lies more than `count` bytes ahead: the padding behind an enclosed packet.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func narrow(to count: Int) {
        guard count >= 0, count < remaining else { return }
        bytes = bytes.extracting(0..<(position &+ count))  // position + count < byteCount, by the guard
    }

    /// A reader over the next `count` bytes (at most what is left); this reader moves behind them.
    @inlinable
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    package mutating func reader(of count: Int) -> ByteReader {
        let size = min(max(0, count), remaining)
        let part = ByteReader(bytes.extracting(position..<(position &+ size)), base: offset)
        position &+= size
        return part
    }

    /// A reader over everything that is left. Does not move.
    @inlinable
    package var rest: ByteReader {
        @_lifetime(copy self)
        get { ByteReader(bytes.extracting(position..<bytes.byteCount), base: offset) }
    }

    /// The bytes that are left, borrowed. Does not move.
    @inlinable
    package var restSpan: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(position..<bytes.byteCount) }
    }

    /// Copies the next `count` bytes (at most what is left) and moves over them.
    @_lifetime(self: copy self)
    package mutating func copy(_ count: Int) -> [UInt8] {
        let size = min(max(0, count), remaining)
        let part = bytes.extracting(position..<(position &+ size))
        position &+= size
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            for index in 0..<size {
                unsafe buffer[index] = part.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
            }
            initialized = size
        }
    }

    /// Appends the next `count` bytes (at most what is left) to `array` and moves over them.
    @_lifetime(self: copy self)
    package mutating func append(_ count: Int, to array: inout [UInt8]) {
        let size = min(max(0, count), remaining)
        let part = bytes.extracting(position..<(position &+ size))
        position &+= size
        // The buffer is the span's own memory and is copied before the span ends.
        unsafe part.withUnsafeBytes { unsafe array.append(contentsOf: $0) }
    }

    @usableFromInline
    @_lifetime(self: copy self)
    mutating func missing<Number: FixedWidthInteger>() -> Number {
        overrun = true
        position = bytes.byteCount
        return 0
    }
}
