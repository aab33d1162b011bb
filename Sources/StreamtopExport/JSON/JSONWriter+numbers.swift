import StreamtopBase

extension JSONWriter {
    // MARK: Members

    mutating func member(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    /// A count whose name is data.
    mutating func member(named name: String, _ value: Int) {
        keyEscaped(name)
        integer(value)
    }

    mutating func member<Number: FixedWidthInteger & UnsignedInteger>(_ name: StaticString, _ value: Number?) {
        guard let value else { return }
        key(name)
        startValue()
        digits(UInt64(value))
    }

    mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        key(name)
        boolean(value)
    }

    /// A ratio, share or confidence: six decimals. Left out when it is not a number.
    mutating func ratio(_ name: StaticString, _ value: Double?) {
        guard let value, value.isFinite else { return }
        key(name)
        decimal(value)
    }

    /// A rate in bits a second: whole numbers. Left out when unknown, not a number, or negative.
    mutating func rate(_ name: StaticString, _ value: Double?) {
        guard let value, value >= 0, value < 9e18 else { return }
        key(name)
        integer(Int(value.rounded()))
    }

    /// A length of time in milliseconds with its nanoseconds as decimals. A negative one is a contradiction of the
    /// capture's clock, not a measurement, and is left out.
    mutating func milliseconds(_ name: StaticString, _ value: Nanoseconds?) {
        guard let value, value >= 0 else { return }
        offset(name, value)
    }

    /// The same for an offset, which may point back.
    mutating func offset(_ name: StaticString, _ value: Nanoseconds?) {
        guard let value else { return }
        key(name)
        startValue()
        if value < 0 { put(UInt8(ascii: "-")) }
        let magnitude = value.magnitude
        digits(magnitude / 1_000_000)
        fraction(magnitude % 1_000_000)
    }

    // MARK: Values

    mutating func boolean(_ value: Bool) {
        startValue()
        put(value ? "true" : "false")
    }

    mutating func integer(_ value: Int) {
        startValue()
        if value < 0 { put(UInt8(ascii: "-")) }
        digits(UInt64(value.magnitude))
    }

    /// Up to six decimals, trailing zeros dropped. `value` must be finite.
    mutating func decimal(_ value: Double) {
        startValue()
        // Beyond 2^53 a Double has no sixth decimal anyway; the standard library's shortest form is JSON as well.
        guard abs(value) < 9_000_000_000 else { return put("\(value)") }
        let scaled = Int64((value * 1e6).rounded())
        if scaled < 0 { put(UInt8(ascii: "-")) }
        digits(scaled.magnitude / 1_000_000)
        fraction(scaled.magnitude % 1_000_000)
    }

    mutating func unsigned(_ value: UInt64) {
        startValue()
        digits(value)
    }

    /// Decimal digits of `value`, without a comma before them.
    mutating func digits(_ value: UInt64) {
        if value < 10 { return put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value)) }
        digits(value, width: Self.digitCount(value))
    }

    /// The last `width` (at most 20) decimal digits of `value`, with zeros before them.
    mutating func digits(_ value: UInt64, width: Int) {
        var places = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
        var rest = value
        for index in stride(from: 19, through: 20 - width, by: -1) {
            places[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        put(upTo: width) { output in
            for index in (20 - width)..<20 { output.append(places[index]) }
        }
    }

    /// A point and up to six decimals of a number of millionths; nothing at all when there are none.
    private mutating func fraction(_ millionths: UInt64) {
        guard millionths > 0 else { return }
        var rest = millionths
        var width = 6
        while rest % 10 == 0 {
            rest /= 10
            width -= 1
        }
        put(UInt8(ascii: "."))
        digits(rest, width: width)
    }

    private static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
