import StreamtopBase

// One of the few files with unsafe storage. The proof: `start` is one live allocation of `capacity` bytes, owned by this
// non-copyable value alone, from `init` or the last `grow` until the next `grow` or `deinit`; its first `count` bytes are
// written. Every method that writes calls `makeRoom` for at least what it writes, before it writes, and touches nothing
// outside the room it asked for. The two texts read by pointer are literals, which live for ever.

/// Bytes of records on their way out: they grow at the end, are written out as a whole, and leave their room to the next.
///
/// A run ends with a record of 3 kB for each of 100,000 flows, nearly all of it names and small numbers. An array would be
/// asked for every few bytes whether it is unique and large enough, and numbers would be made somewhere else first.
@safe
package struct RecordBuffer: ~Copyable {
    package private(set) var count = 0
    private var capacity: Int
    private var start: UnsafeMutablePointer<UInt8>

    package init(capacity: Int = 4096) {
        self.capacity = max(1, capacity)
        unsafe start = .allocate(capacity: self.capacity)
    }

    deinit { unsafe start.deallocate() }

    package var isEmpty: Bool { count == 0 }

    /// Everything in it.
    package var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count)
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }

    /// Forgets the bytes and keeps their room.
    package mutating func removeAll() { count = 0 }

    // MARK: Text

    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        makeRoom(for: 1)
        unsafe start[count] = byte
        count &+= 1  // below `capacity`
    }

    @inline(__always)
    mutating func append(literal text: StaticString) {
        makeRoom(for: text.utf8CodeUnitCount)
        unsafe copy(text, to: start + count)
        count &+= text.utf8CodeUnitCount
    }

    package mutating func append(_ text: String) {
        let utf8 = text.utf8.span
        makeRoom(for: utf8.count)
        for index in utf8.indices { unsafe start[count &+ index] = utf8[index] }
        count &+= utf8.count
    }

    /// A member's name in its quotes, with the colon behind it and, where one is due, the comma before it.
    ///
    /// With a literal for a name this is a handful of stores: its length is known where it is written.
    @inline(__always)
    mutating func append(name: StaticString, withComma: Bool) {
        let length = name.utf8CodeUnitCount
        makeRoom(for: length &+ 4)
        var position = unsafe start + count
        unsafe position.pointee = UInt8(ascii: ",")
        if withComma { unsafe position += 1 }
        unsafe position.pointee = UInt8(ascii: "\"")
        unsafe copy(name, to: position + 1)
        unsafe position[length &+ 1] = UInt8(ascii: "\"")
        unsafe position[length &+ 2] = UInt8(ascii: ":")
        unsafe count = position - start &+ length &+ 3
    }

    /// Text in quotes, if it can stand as it is; false, and nothing was added, where a byte needs an escape.
    mutating func append(quotingPlain text: String) -> Bool {
        let utf8 = text.utf8.span
        makeRoom(for: utf8.count &+ 2)
        let position = unsafe start + count
        unsafe position[0] = UInt8(ascii: "\"")
        if utf8.count < 8 {
            for index in utf8.indices {
                guard Self.isPlain(utf8[index]) else { return false }
                unsafe position[index &+ 1] = utf8[index]
            }
        } else {
            // Eight at a time; the last eight overlap those before them.
            var index = 0
            while index < utf8.count {
                let first = min(index, utf8.count &- 8)
                let eight = unsafe utf8.bytes.unsafeLoadUnaligned(fromByteOffset: first, as: UInt64.self)
                guard Self.arePlain(eight) else { return false }
                unsafe UnsafeMutableRawPointer(position + first + 1).storeBytes(of: eight, as: UInt64.self)
                index &+= 8
            }
        }
        unsafe position[utf8.count &+ 1] = UInt8(ascii: "\"")
        count &+= utf8.count &+ 2
        return true
    }

    /// The first `number` characters, none of which needs an escape, in quotes.
    mutating func append<let length: Int>(quoting ascii: InlineArray<length, UInt8>, count number: Int) {
        makeRoom(for: number &+ 2)
        let position = unsafe start + count
        unsafe position[0] = UInt8(ascii: "\"")
        for index in 0..<number { unsafe position[index &+ 1] = ascii[index] }
        unsafe position[number &+ 1] = UInt8(ascii: "\"")
        count &+= number &+ 2
    }

    /// Needs no escape, whatever stands beside it (`JSONWriter.string`).
    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != 0x7f && byte != 0xc2
    }

    /// The same of eight bytes at once.
    ///
    /// In `(bytes - n) & ~bytes` the high bit of every byte below n is set, and perhaps that of a byte above such a one:
    /// none is set exactly when no byte is below n.
    @inline(__always)
    private static func arePlain(_ bytes: UInt64) -> Bool {
        func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }
        func below(_ limit: UInt64, _ bytes: UInt64) -> UInt64 { (bytes &- each(limit)) & ~bytes }
        func equal(_ byte: UInt64) -> UInt64 { below(1, bytes ^ each(byte)) }
        let odd = below(0x20, bytes) | equal(0x22) | equal(0x5c) | equal(0x7f) | equal(0xc2)
        return odd & each(0x80) == 0
    }

    // MARK: Numbers

    /// Most counts of a flow are one digit: those are written where the number stands, without a call.
    @inline(__always)
    mutating func append(decimal value: UInt64) {
        if value < 10 { return append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value)) }
        append(digitsOf: value)
    }

    @inline(never)
    private mutating func append(digitsOf value: UInt64) {
        append(decimal: value, width: Self.digitCount(value))
    }

    /// The last `width` (at most 20) decimal digits of `value`, with zeros before them.
    @inline(__always)
    mutating func append(decimal value: UInt64, width: Int) {
        makeRoom(for: width)
        unsafe Self.write(value, width: width, to: start + count)
        count &+= width
    }

    /// A point and up to six decimals of a number of millionths below a million; nothing at all when there are none.
    mutating func append(millionths: UInt64) {
        guard millionths > 0 else { return }
        makeRoom(for: 7)
        unsafe start[count] = UInt8(ascii: ".")
        unsafe Self.write(millionths, width: 6, to: start + count + 1)
        count &+= 7
        // One of the six is not zero: this ends behind the point.
        while unsafe start[count &- 1] == UInt8(ascii: "0") { count &-= 1 }
    }

    /// Writes exactly `width` digits, two at a time from the end.
    @inline(__always)
    private static func write(_ value: UInt64, width: Int, to position: UnsafeMutablePointer<UInt8>) {
        var rest = value
        var left = width
        while left >= 2 {
            left &-= 2
            let pair = Int(truncatingIfNeeded: rest % 100)
            rest /= 100
            unsafe (position + left).update(from: pairs.utf8Start + 2 &* pair, count: 2)
        }
        if left == 1 { unsafe position.pointee = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
    }

    /// "00" to "99".
    private static var pairs: StaticString {
        """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """
    }

    static func digitCount(_ value: UInt64) -> Int {
        // 1233 / 4096 is the share of a digit that a bit is worth, rounded down: this is right, or one too few.
        let odd = value | 1
        let least = ((64 &- odd.leadingZeroBitCount) &* 1233) &>> 12
        return odd < powersOfTen[least] ? least : least &+ 1
    }

    private static let powersOfTen: InlineArray<20, UInt64> = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]

    // MARK: Room

    @inline(__always)
    private func copy(_ text: StaticString, to position: UnsafeMutablePointer<UInt8>) {
        unsafe position.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    @inline(__always)
    private mutating func makeRoom(for more: Int) {
        if capacity &- count < more { grow(by: more) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe larger.moveInitialize(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = larger
    }
}
