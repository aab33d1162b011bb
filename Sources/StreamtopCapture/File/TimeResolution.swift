import StreamtopBase

/// Resolution and offset of an interface's time stamps in pcapng (options if_tsresol and if_tsoffset).
struct TimeResolution: Equatable {
    /// Raw option byte: a power of 10, or with the top bit set a power of 2, of fractions of a second.
    private let isBinary: Bool
    private let exponent: UInt64
    /// Seconds to add.
    var offset: Int64 = 0

    static let microseconds = TimeResolution(option: 6)

    init(option: UInt8) {
        isBinary = option & 0x80 != 0
        exponent = UInt64(option & 0x7f)
    }

    /// The time `ticks` stand for; saturates at the ends of the range.
    func time(ticks: UInt64) -> Timestamp {
        if !isBinary, exponent == 6, offset == 0, ticks < UInt64(Int64.max) / 1000 {
            return Timestamp(nanoseconds: Int64(ticks) &* 1000)  // below Int64.max by the guard
        }
        let (seconds, nanoseconds) = isBinary ? binary(ticks) : decimal(ticks)
        guard let whole = Int64(exactly: seconds) else { return Timestamp(nanoseconds: .max) }
        return Timestamp(seconds: saturatingAdd(whole, offset), nanoseconds: Int64(nanoseconds))
    }

    private func binary(_ ticks: UInt64) -> (seconds: UInt64, nanoseconds: UInt64) {
        let whole = exponent < 64 ? ticks >> exponent : 0
        let rest = exponent < 64 ? ticks & ((1 << exponent) &- 1) : ticks
        // rest * 10^9 in 128 bits, then divided by 2^exponent; below 10^9 because rest < 2^exponent.
        let product = rest.multipliedFullWidth(by: 1_000_000_000)
        let nanoseconds =
            exponent == 0
            ? product.low
            : exponent < 64
                ? product.high << (64 &- exponent) | product.low >> exponent
                : product.high >> (exponent &- 64)
        return (whole, nanoseconds)
    }

    private func decimal(_ ticks: UInt64) -> (seconds: UInt64, nanoseconds: UInt64) {
        // 10^19 is the largest power in 64 bits; beyond it every stamp is below two seconds.
        guard exponent <= 19 else {
            var nanoseconds = ticks
            for _ in 9..<exponent { nanoseconds /= 10 }
            return (0, nanoseconds)
        }
        let unit = Self.powerOf10(exponent)
        let rest = ticks % unit
        let fraction =
            exponent <= 9
            ? rest &* Self.powerOf10(9 &- exponent)  // rest < 10^exponent, so the product is below 10^9
            : rest / Self.powerOf10(exponent &- 9)
        return (ticks / unit, fraction)
    }

    private static func powerOf10(_ exponent: UInt64) -> UInt64 {
        (0..<exponent).reduce(1) { power, _ in power &* 10 }  // exponent <= 19
    }
}
