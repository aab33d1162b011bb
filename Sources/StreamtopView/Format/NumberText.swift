/// Numbers as text, without a locale: the same digits everywhere, and a width that does not jump.
enum NumberText {
    /// `value` with exactly `decimals` digits behind the point, rounded half away from zero.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return Words.unknown }
        let scale = [1.0, 10, 100, 1_000][min(max(decimals, 0), 3)]
        let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
        guard scaled < 9e15 else { return Words.tooLarge }
        let digits = Int64(scaled)
        let sign = value < 0 && digits != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(digits)" }
        let whole = digits / Int64(scale)
        let fraction = String(digits % Int64(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: max(0, decimals - fraction.count)) + fraction
    }

    /// A count with separators: `1,204`.
    static func grouped(_ value: some BinaryInteger) -> String {
        var digits = String(value)
        let sign = digits.first == "-" ? "-" : ""
        if !sign.isEmpty { digits.removeFirst() }
        var groups: [Substring] = []
        var rest = digits[...]
        while rest.count > 3 {
            groups.append(rest.suffix(3))
            rest = rest.dropLast(3)
        }
        groups.append(rest)
        return sign + groups.reversed().joined(separator: ",")
    }

    /// Three digits and a letter: `941`, `9.4k`, `94.1k`, `941k`, `1.2M`; at most five columns.
    static func scaled(_ value: Double, base: Double, letters: [String]) -> String {
        guard value.isFinite, value >= 0 else { return Words.unknown }
        var rest = value
        var letter = 0
        // A value that would round up to four digits takes the next letter.
        while rest >= min(base, 999.5), letter < letters.count - 1 {
            rest /= base
            letter += 1
        }
        if letter == 0 { return fixed(rest, decimals: 0) }
        return fixed(rest, decimals: rest < 99.95 ? 1 : 0) + letters[letter]
    }
}

/// Bits a second, in thousands: `11.8M`.
enum RateText {
    static func short(_ bitsPerSecond: Double) -> String {
        NumberText.scaled(bitsPerSecond.rounded(), base: 1_000, letters: ["", "k", "M", "G", "T"])
    }

    static func withUnit(_ bitsPerSecond: Double) -> String {
        let text = short(bitsPerSecond)
        guard let letter = text.last, letter.isLetter else { return text + " b/s" }
        return "\(text.dropLast()) \(letter)b/s"
    }
}

/// Bytes, in thousands, as the sentences of verdicts have them: `182k`.
enum ByteText {
    static func short(_ bytes: Double) -> String {
        NumberText.scaled(bytes, base: 1_000, letters: ["", "k", "M", "G", "T", "P"])
    }

    static func short(_ bytes: some BinaryInteger) -> String { short(Double(bytes)) }
}

enum PercentText {
    /// A ratio as per cent: `0.02%`, `12.5%`, `100%`.
    static func ratio(_ ratio: Double) -> String {
        let percent = ratio * 100
        return NumberText.fixed(percent, decimals: percent < 9.995 ? 2 : percent < 99.95 ? 1 : 0) + "%"
    }

    /// Whole per cent.
    static func whole(_ ratio: Double) -> String { NumberText.fixed(ratio * 100, decimals: 0) + "%" }
}
