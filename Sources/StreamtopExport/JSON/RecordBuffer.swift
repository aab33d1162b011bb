import StreamtopBase

// One of the few files with unsafe storage. The proof: `start` is one live allocation of `capacity` bytes, owned by this
// non-copyable value alone, from `init` or the last `grow` until the next `grow` or `deinit`; its first `count` bytes are
// written. Every method that writes calls `reserve` for at least what it writes, before it writes, and touches nothing
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
        reserve(for: 1)
        unsafe start[count] = byte
        count &+= 1  // below `capacity`
    }

    @inline(__always)
    mutating func append(literal text: StaticString) {
        reserve(for: text.utf8CodeUnitCount)
        unsafe copy(text, to: start + count)
        count &+= text.utf8CodeUnitCount
    }

    package mutating func append(_ text: String) {
        let utf8 = text.utf8.span
        reserve(for: utf8.count)
        for index in utf8.indices { unsafe start[count &+ index] = utf8[index] }
        count &+= utf8.count
    }

    /// Text that was written before, as it is.
    mutating func append(_ text: borrowing [UInt8]) {
        let bytes = text.span
        reserve(for: bytes.count)
        let position = unsafe start + count
        unsafe bytes.withUnsafeBufferPointer { text in
            if let first = text.baseAddress { unsafe position.update(from: first, count: text.count) }
        }
        count &+= bytes.count
    }

    /// A member's name in its quotes, with the colon behind it and, where one is due, the comma before it.
    ///
    /// With a literal for a name this is a handful of stores: its length is known where it is written.
    @inline(__always)
    mutating func append(name: StaticString, withComma: Bool) {
        let length = name.utf8CodeUnitCount
        reserve(for: length &+ 4)
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
    mutating func append(quotingPlain text: String) -> Bool { append(quoting: text, isChecked: true) }

    /// The same of a word of ours, none of whose characters needs an escape.
    mutating func append(quotingWord word: String) { _ = append(quoting: word, isChecked: false) }

    @inline(__always)
    private mutating func append(quoting text: String, isChecked: Bool) -> Bool {
        let utf8 = text.utf8.span
        let length = utf8.count
        // Eight bytes are stored at a time, behind the quote.
        reserve(for: length &+ 9)
        let position = unsafe start + count
        unsafe position[0] = UInt8(ascii: "\"")
        if length < 8 {
            let eight = unsafe Self.short(utf8.bytes, length)
            if isChecked, !Self.arePlain(eight) { return false }
            unsafe UnsafeMutableRawPointer(position + 1).storeBytes(of: eight, as: UInt64.self)
        } else {
            // The last eight overlap those before them.
            var index = 0
            while index < length {
                let first = min(index, length &- 8)
                let eight = unsafe utf8.bytes.unsafeLoadUnaligned(fromByteOffset: first, as: UInt64.self)
                if isChecked, !Self.arePlain(eight) { return false }
                unsafe UnsafeMutableRawPointer(position + first + 1).storeBytes(of: eight, as: UInt64.self)
                index &+= 8
            }
        }
        unsafe position[length &+ 1] = UInt8(ascii: "\"")
        count &+= length &+ 2
        return true
    }

    /// `length` bytes, fewer than eight, and spaces behind them: both ends are loaded, and may overlap.
    @inline(__always)
    private static func short(_ bytes: RawSpan, _ length: Int) -> UInt64 {
        let spaces: UInt64 = 0x2020_2020_2020_2020 &<< UInt64(truncatingIfNeeded: 8 &* length)
        func load<Part: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Part.Type) -> UInt64 {
            UInt64(truncatingIfNeeded: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type).littleEndian)
        }
        if length >= 4 {
            let last = length &- 4
            return spaces | load(0, as: UInt32.self) | load(last, as: UInt32.self) &<< UInt64(8 &* last)
        }
        if length >= 2 {
            let last = length &- 2
            return spaces | load(0, as: UInt16.self) | load(last, as: UInt16.self) &<< UInt64(8 &* last)
        }
        return length == 1 ? spaces | load(0, as: UInt8.self) : spaces
    }

    /// The first `number` characters, none of which needs an escape, in quotes.
    mutating func append<let length: Int>(quoting ascii: InlineArray<length, UInt8>, count number: Int) {
        reserve(for: number &+ 2)
        let position = unsafe start + count
        unsafe position[0] = UInt8(ascii: "\"")
        for index in 0..<number { unsafe position[index &+ 1] = ascii[index] }
        unsafe position[number &+ 1] = UInt8(ascii: "\"")
        count &+= number &+ 2
    }

    /// None of the eight needs an escape, whatever stands beside it (`JSONWriter.string`).
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
        reserve(for: 8)
        value < Self.hundredMillion ? appendFirst(value) : append(long: value)
    }

    @inline(never)
    private mutating func append(long value: UInt64) {
        reserve(for: 24)
        let upper = value / Self.hundredMillion
        if upper >= Self.hundredMillion {
            appendFirst(upper / Self.hundredMillion)
            appendEight(upper % Self.hundredMillion)
        } else {
            appendFirst(upper)
        }
        appendEight(value % Self.hundredMillion)
    }

    /// The digits of a number below a hundred millions that is not 0, without zeros before them. There is room for eight bytes.
    @inline(__always)
    private mutating func appendFirst(_ value: UInt64) {
        let digits = Self.eightDigits(value)
        // What is not written lies in the lowest bytes.
        let zeros = digits.trailingZeroBitCount & ~7
        let text = (digits | Self.zeros) &>> UInt64(truncatingIfNeeded: zeros)
        unsafe UnsafeMutableRawPointer(start + count).storeBytes(of: text.littleEndian, as: UInt64.self)
        count &+= 8 &- zeros / 8
    }

    /// Eight digits, zeros before them included. There is room for eight bytes.
    @inline(__always)
    private mutating func appendEight(_ value: UInt64) {
        let text = Self.eightDigits(value) | Self.zeros
        unsafe UnsafeMutableRawPointer(start + count).storeBytes(of: text.littleEndian, as: UInt64.self)
        count &+= 8
    }

    private static var hundredMillion: UInt64 { 100_000_000 }
    /// Eight characters "0".
    private static var zeros: UInt64 { 0x3030_3030_3030_3030 }

    /// The eight digits of a number below a hundred millions, a byte each, the first in the lowest: halves of four digits, pairs
    /// and digits are divided side by side. The multipliers are right for all that can stand there.
    @inline(__always)
    static func eightDigits(_ value: UInt64) -> UInt64 {
        let high = UInt64(UInt32(truncatingIfNeeded: value) / 10_000)
        let halves = high | (value &- high &* 10_000) &<< 32
        let hundreds = (halves &* 10_486) &>> 20 & 0x0000_007f_0000_007f
        let pairs = hundreds | (halves &- hundreds &* 100) &<< 16
        let tens = (pairs &* 103) &>> 10 & 0x000f_000f_000f_000f
        return tens | (pairs &- tens &* 10) &<< 8
    }

    /// The last `width` (at most 20) decimal digits of `value`, with zeros before them.
    @inline(__always)
    mutating func append(decimal value: UInt64, width: Int) {
        reserve(for: width)
        unsafe Self.write(value, width: width, to: start + count)
        count &+= width
    }

    /// A number of millionths: whole ones, and where there are any behind them a point and up to six decimals. One call for both:
    /// half of a record's numbers are such, and most of them are below a thousand: the last eight digits are made in one go.
    mutating func append(inMillionths value: UInt64) {
        guard value < 10 * Self.hundredMillion else { return append(largeInMillionths: value) }
        reserve(for: 10)
        var rest = value
        if value >= Self.hundredMillion {
            let hundreds = value / Self.hundredMillion
            rest = value &- hundreds &* Self.hundredMillion
            unsafe start[count] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: hundreds)
            count &+= 1
        }
        let digits = Self.eightDigits(rest)
        let text = digits | Self.zeros
        if value >= 10_000_000 {
            unsafe start[count] = UInt8(truncatingIfNeeded: text)
            count &+= 1
        }
        // The ones, a point, and the decimals; behind the last that is not zero nothing is written.
        let ones = text &>> 8 & 0xff
        let decimals = text & ~0xffff
        let tail = ones | UInt64(UInt8(ascii: ".")) &<< 8 | decimals
        unsafe UnsafeMutableRawPointer(start + count).storeBytes(of: tail.littleEndian, as: UInt64.self)
        count &+= digits &>> 16 == 0 ? 1 : 8 &- digits.leadingZeroBitCount / 8
    }

    /// The same from a thousand on.
    @inline(never)
    private mutating func append(largeInMillionths value: UInt64) {
        let whole = value / 1_000_000
        let millionths = value &- whole &* 1_000_000
        append(digitsOf: whole)
        guard millionths > 0 else { return }
        reserve(for: 8)
        // Two zeros stand before the six digits.
        let digits = Self.eightDigits(millionths) &>> 16
        let text = (digits | Self.zeros) &<< 8 | UInt64(UInt8(ascii: "."))
        unsafe UnsafeMutableRawPointer(start + count).storeBytes(of: text.littleEndian, as: UInt64.self)
        count &+= 9 &- digits.leadingZeroBitCount / 8
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

    // MARK: Room

    @inline(__always)
    private func copy(_ text: StaticString, to position: UnsafeMutablePointer<UInt8>) {
        unsafe position.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    @inline(__always)
    private mutating func reserve(for more: Int) {
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
