/// A piece of a line in one role.
struct TextSpan {
    var text: String
    var role: StyleRole

    init(_ text: String, _ role: StyleRole = .text) {
        self.text = text
        self.role = role
    }
}

extension CellBuffer {
    /// Writes pieces one after another and returns the columns they took together.
    @discardableResult
    mutating func put(_ spans: [TextSpan], x: Int, y: Int, maxWidth: Int = .max) -> Int {
        var used = 0
        for span in spans where used < maxWidth {
            used += put(span.text, x: x + used, y: y, span.role, maxWidth: maxWidth - used)
        }
        return used
    }

    mutating func putRight(_ spans: [TextSpan], right: Int, y: Int) {
        let columns = spans.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
        put(spans, x: right - columns, y: y)
    }
}

/// Breaks a text into lines at spaces; words longer than a line are cut by the canvas.
enum TextWrap {
    static func lines(_ text: String, width: Int, limit: Int) -> [String] {
        guard width > 0, limit > 0 else { return [] }
        var lines: [String] = []
        var line = ""
        var columns = 0
        var rest = text.split(separator: " ", omittingEmptySubsequences: true)[...]
        while let word = rest.first {
            let needed = TextWidth.columns(of: String(word))
            if columns > 0, columns + 1 + needed > width {
                // The last line allowed takes everything; the canvas shows the cut.
                if lines.count == limit - 1 { return lines + [line + " " + rest.joined(separator: " ")] }
                lines.append(line)
                line = ""
                columns = 0
            }
            line += columns > 0 ? " " + word : String(word)
            columns += needed + (columns > 0 ? 1 : 0)
            rest = rest.dropFirst()
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
