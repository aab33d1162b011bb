/// A group of facts under a title.
struct FactGroup {
    struct Line {
        var label: String
        var spans: [TextSpan]
        /// Drawn before the text where there is one.
        var gauge: (share: Double, role: StyleRole)?
        /// A sentence: it goes on in the next lines rather than being cut.
        var wraps = false
    }

    var title: String
    var lines: [Line] = []

    init(_ title: String) { self.title = title }

    /// Adds a fact; nil shows the dash.
    mutating func add(_ label: String, _ text: String?, _ role: StyleRole = .value) {
        let span = text.map { TextSpan($0, role) } ?? TextSpan(Words.unknown, .unknown)
        lines.append(Line(label: label, spans: [span]))
    }

    mutating func add(_ label: String, _ spans: [TextSpan]) {
        lines.append(Line(label: label, spans: spans))
    }

    /// Adds a sentence that may take several lines.
    mutating func addSentence(_ label: String, _ text: String, _ role: StyleRole) {
        lines.append(Line(label: label, spans: [TextSpan(text, role)], wraps: true))
    }

    /// The lines as they stand in a column of the given width.
    func laid(width: Int) -> [Line] {
        lines.flatMap { line -> [Line] in
            guard line.wraps, let span = line.spans.first else { return [line] }
            let textWidth = max(8, width - labelWidth - 2)
            let parts = TextWrap.lines(span.text, width: textWidth, limit: 4)
            return parts.enumerated().map { index, part in
                Line(label: index == 0 ? line.label : "", spans: [TextSpan(part, span.role)])
            }
        }
    }

    var labelWidth: Int { min(24, lines.map { TextWidth.columns(of: $0.label) }.max() ?? 0) }

    /// A count that is good when it is zero.
    mutating func count(_ label: String, _ count: UInt64, _ role: StyleRole) {
        add(label, NumberText.grouped(count), count == 0 ? .muted : role)
    }

    mutating func addGauge(_ label: String, _ share: Double, _ text: String, _ role: StyleRole = .gaugeFill) {
        lines.append(Line(label: label, spans: [TextSpan(text, .text)], gauge: (share, role)))
    }
}

/// Groups of facts in as many columns as the width allows.
enum FactsPane {
    private static let leastColumn = 56
    private static let gaugeWidth = 10

    /// Draws the groups and returns the lines they need in the tallest column.
    @discardableResult
    static func draw(_ groups: [FactGroup], in area: Rect, scroll: Int, into cells: inout CellBuffer) -> Int {
        guard area.width > 8, area.height > 0 else { return 0 }
        let (columns, width) = columns(groups, width: area.width)
        let tallest = tallest(columns)
        let first = max(0, min(scroll, tallest - area.height))
        for (index, column) in columns.enumerated() {
            let x = area.x + index * width + 2
            var y = area.y - first
            for group in column {
                line(y, area) { cells.put(group.title, x: x, y: y, .title, maxWidth: width - 3) }
                y += 1
                for entry in group.lines {
                    line(y, area) { draw(entry, x: x, y: y, group.labels, width - 4, &cells) }
                    y += 1
                }
                y += 1
            }
        }
        return tallest
    }

    /// Lines that the groups take at a width.
    static func height(_ groups: [FactGroup], width: Int) -> Int {
        max(0, tallest(columns(groups, width: width).columns))
    }

    private static func columns(_ groups: [FactGroup], width whole: Int) -> (columns: [[Laid]], width: Int) {
        let count = max(1, min(groups.count { !$0.lines.isEmpty }, whole / leastColumn))
        let width = whole / count
        let displayed = groups.filter { !$0.lines.isEmpty }.map { group in
            Laid(title: group.title, labels: group.labelWidth, lines: group.laid(width: width - 4))
        }
        return (distributed(displayed, over: count), width)
    }

    private static func tallest(_ columns: [[Laid]]) -> Int {
        columns.map { $0.reduce(-1) { $0 + $1.lines.count + 2 } }.max() ?? 0
    }

    private struct Laid {
        var title: String
        var labels: Int
        var lines: [FactGroup.Line]
    }

    private static func line(_ y: Int, _ area: Rect, _ body: () -> Void) {
        if y >= area.y, y < area.bottom { body() }
    }

    private static func draw(
        _ entry: FactGroup.Line, x: Int, y: Int, _ labels: Int, _ width: Int, _ cells: inout CellBuffer
    ) {
        cells.put(entry.label, x: x, y: y, .label, maxWidth: labels)
        var left = x + labels + 2
        if let gauge = entry.gauge, width - labels > gaugeWidth + 12 {
            Gauge.draw(gauge.share, in: Rect(x: left, y: y, width: gaugeWidth, height: 1), gauge.role, into: &cells)
            left += gaugeWidth + 1
        }
        cells.put(entry.spans, x: left, y: y, maxWidth: max(0, x + width - left))
    }

    /// Fills columns in order, each to about its share of the lines.
    private static func distributed(_ groups: [Laid], over count: Int) -> [[Laid]] {
        let total = groups.reduce(0) { $0 + $1.lines.count + 2 }
        var columns: [[Laid]] = [[]]
        var used = 0
        for group in groups {
            let size = group.lines.count + 2
            let goal = total * columns.count / count
            if used + size / 2 > goal, columns.count < count, columns[columns.count - 1].isEmpty == false {
                columns.append([])
            }
            columns[columns.count - 1].append(group)
            used += size
        }
        return columns
    }
}
