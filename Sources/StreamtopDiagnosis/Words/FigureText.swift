import StreamtopBase

/// Figures as people write them, three digits at most; for sentences, not for columns.
enum FigureText {
    /// "0.4 ms", "84 ms", "1.9 s".
    static func time(_ value: Nanoseconds) -> String {
        let milliseconds = value.milliseconds
        if milliseconds >= 1000 { return "\(short(milliseconds / 1000)) s" }
        return "\(short(milliseconds)) ms"
    }

    /// "0.02 %", "1.8 %", "91 %"; `ratio` is of 1.
    static func percent(_ ratio: Double) -> String {
        let value = ratio * 100
        return value > 0 && value < 0.1 ? "\(decimals(value, 2)) %" : "\(short(value)) %"
    }

    /// "0.7", "3.6", "84".
    static func number(_ value: Double) -> String { short(value) }

    /// "96 kb/s", "11.8 Mb/s".
    static func rate(_ bitsPerSecond: Double) -> String { scaled(bitsPerSecond, unit: "b/s") }

    /// "512 B", "64 kB", "1.4 MB".
    static func bytes(_ count: Int) -> String { scaled(Double(count), unit: "B") }

    /// "1 time", "3 times".
    static func count(_ value: Int, _ one: String, _ many: String) -> String { "\(value) \(value == 1 ? one : many)" }

    private static func scaled(_ value: Double, unit: String) -> String {
        let steps: [(Double, String)] = [(1e9, "G"), (1e6, "M"), (1e3, "k")]
        for (size, prefix) in steps where value >= size { return "\(short(value / size)) \(prefix)\(unit)" }
        return "\(short(value)) \(unit)"
    }

    /// One decimal below ten times ten, none above.
    private static func short(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "?" }
        return value >= 20 || value == value.rounded() ? "\(Int(value.rounded()))" : decimals(value, 1)
    }

    private static func decimals(_ value: Double, _ positions: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "?" }
        let scale = positions == 1 ? 10 : 100
        let whole = Int((value * Double(scale)).rounded())
        let rest = abs(whole % scale)
        if rest == 0 { return "\(whole / scale)" }
        let text = positions == 2 && rest < 10 ? "0\(rest)" : "\(rest)"
        return "\(whole < 0 ? "-" : "")\(abs(whole / scale)).\(text)"
    }
}
