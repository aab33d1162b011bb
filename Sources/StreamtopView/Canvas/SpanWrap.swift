/// Breaks a line of pieces where it does not fit: a figure that is cut off is worse than one more line.
enum SpanWrap {
    private static let indent = "    "

    /// A piece that begins with two spaces may begin a line; lines behind the first are indented.
    static func lines(_ spans: [TextSpan], width: Int) -> [[TextSpan]] {
        var lines: [[TextSpan]] = []
        var line: [TextSpan] = []
        var used = 0
        for group in groups(spans) {
            let columns = group.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
            if used + columns <= width || line.isEmpty {
                line += group
                used += columns
                continue
            }
            lines.append(line)
            line = group
            line[0].text = indent + line[0].text.drop { $0 == " " }
            used = line.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    private static func groups(_ spans: [TextSpan]) -> [[TextSpan]] {
        var groups: [[TextSpan]] = []
        for span in spans {
            if span.text.hasPrefix("  ") || groups.isEmpty { groups.append([]) }
            groups[groups.count - 1].append(span)
        }
        return groups
    }
}
