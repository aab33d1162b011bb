import StreamtopBase

extension JSONWriter {
    // MARK: Members

    @inline(__always)
    mutating func member(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        key(name)
        integer(value)
    }

    /// A count whose name is data.
    @inline(__always)
    mutating func member(named name: String, _ value: Int) {
        keyEscaped(name)
        integer(value)
    }

    @inline(__always)
    mutating func member<Number: FixedWidthInteger & UnsignedInteger>(_ name: StaticString, _ value: Number?) {
        guard let value else { return }
        key(name)
        unsigned(UInt64(value))
    }

    @inline(__always)
    mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        key(name)
        boolean(value)
    }

    /// A ratio, share or confidence: six decimals. Left out when it is not a number.
    @inline(__always)
    mutating func ratio(_ name: StaticString, _ value: Double?) {
        guard let value, value.isFinite else { return }
        key(name)
        decimal(value)
    }

    /// A rate in bits a second: whole numbers. Left out when unknown, not a number, or negative.
    @inline(__always)
    mutating func rate(_ name: StaticString, _ value: Double?) {
        guard let value, value >= 0, value < 9e18 else { return }
        key(name)
        integer(Int(value.rounded()))
    }

    /// A length of time in milliseconds with its nanoseconds as decimals. A negative one is a contradiction of the
    /// capture's clock, not a measurement, and is left out.
    @inline(__always)
    mutating func milliseconds(_ name: StaticString, _ value: Nanoseconds?) {
        guard let value, value >= 0 else { return }
        offset(name, value)
    }

    /// The same for an offset, which may point back.
    @inline(__always)
    mutating func offset(_ name: StaticString, _ value: Nanoseconds?) {
        guard let value else { return }
        key(name)
        milliseconds(value)
    }

    // MARK: Values

    mutating func boolean(_ value: Bool) {
        startValue()
        if value { bytes.append(literal: "true") } else { bytes.append(literal: "false") }
    }

    mutating func integer(_ value: Int) {
        startValue()
        sign(value < 0)
        bytes.append(decimal: UInt64(value.magnitude))
    }

    mutating func unsigned(_ value: UInt64) {
        startValue()
        bytes.append(decimal: value)
    }

    /// Up to six decimals, trailing zeros dropped. `value` must be finite.
    mutating func decimal(_ value: Double) {
        startValue()
        // Beyond 2^53 a Double has no sixth decimal anyway; the standard library's shortest form is JSON as well.
        guard abs(value) < 9_000_000_000 else { return bytes.append("\(value)") }
        millionths(Int64((value * 1e6).rounded()))
    }

    private mutating func milliseconds(_ value: Nanoseconds) {
        startValue()
        millionths(value)
    }

    private mutating func millionths(_ value: Int64) {
        sign(value < 0)
        bytes.append(inMillionths: value.magnitude)
    }

    @inline(__always)
    private mutating func sign(_ isNegative: Bool) {
        if isNegative { bytes.append(UInt8(ascii: "-")) }
    }
}
