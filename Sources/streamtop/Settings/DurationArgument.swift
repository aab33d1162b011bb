import ArgumentParser
import StreamtopBase

/// A length of time as people write it: `100ms`, `10s`, `2m`, `1.5h`. A bare number is seconds.
struct DurationArgument: ExpressibleByArgument, Equatable, Sendable {
    var nanoseconds: Nanoseconds

    init(nanoseconds: Nanoseconds) {
        self.nanoseconds = nanoseconds
    }

    init?(argument: String) {
        guard let value = DurationArgument.nanoseconds(of: argument) else { return nil }
        nanoseconds = value
    }

    /// Longest first, so that "ms" is not read as "m" and a stray "s".
    private static let units: [(suffix: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// nil when the text is no length of time, or not a positive one.
    static func nanoseconds(of text: String) -> Nanoseconds? {
        let unit = units.first { text.hasSuffix($0.suffix) && $0.suffix.utf8.count < text.utf8.count }
        let digits = unit.map { String(text.dropLast($0.suffix.count)) } ?? text
        guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let count = Double(digits) else {
            return nil
        }
        let value = count * (unit?.nanoseconds ?? 1e9)
        // Ten years: beyond any capture, and far from the ends of the range.
        guard value >= 1, value < 3.2e17 else { return nil }
        return Nanoseconds(value)
    }

    /// As `init(argument:)` reads it, in the largest unit that keeps it whole.
    var text: String {
        for (suffix, size) in DurationArgument.units.reversed() where suffix != "µs" {
            let unit = Nanoseconds(size)
            if nanoseconds % unit == 0 { return "\(nanoseconds / unit)\(suffix)" }
        }
        return "\(nanoseconds)ns"
    }
}
