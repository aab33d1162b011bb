/// Lines as many as it takes, of which the screen shows a window.
struct TallPage {
    /// Lines beyond this are not drawn.
    private static let lineLimit = 400

    private(set) var cells: CellBuffer
    private(set) var height = 0
    let width: Int

    init(width: Int) {
        self.width = max(1, width)
        cells = CellBuffer(width: self.width, height: Self.lineLimit)
    }

    /// The area that is left, for those who draw themselves; they say how much of it they took by `take`.
    var next: Int { height }

    /// Adds a line.
    mutating func add(_ spans: [TextSpan], x: Int = 1) {
        guard height < Self.lineLimit else { return }
        cells.put(spans, x: x, y: height, maxWidth: max(0, width - x - 1))
        height += 1
    }

    /// Adds a line, and more where it does not fit: pieces that begin with two spaces go on below.
    mutating func addWrapped(_ spans: [TextSpan], x: Int = 1) {
        for line in SpanWrap.lines(spans, width: max(8, width - x - 1)) { add(line, x: x) }
    }

    /// Adds a sentence behind a label, over as many lines as it takes.
    mutating func addSentence(_ label: [TextSpan], _ text: String, _ role: StyleRole, x: Int = 1, limit: Int = 4) {
        let left = x + label.reduce(0) { $0 + TextWidth.columns(of: $1.text) }
        for (index, line) in TextWrap.lines(text, width: max(8, width - left - 1), limit: limit).enumerated() {
            guard height < Self.lineLimit else { return }
            if index == 0 { cells.put(label, x: x, y: height) }
            cells.put(line, x: left, y: height, role, maxWidth: max(0, width - left - 1))
            height += 1
        }
    }

    mutating func skip() { height = min(height + 1, Self.lineLimit) }

    /// Lets `body` draw a number of lines.
    mutating func draw(lines: Int, _ body: (Rect, inout CellBuffer) -> Void) {
        let count = max(0, min(lines, Self.lineLimit - height))
        guard count > 0 else { return }
        body(Rect(x: 0, y: height, width: width, height: count), &cells)
        height += count
    }

    /// The first line shown when the user has scrolled so far.
    func first(_ scroll: Int, in area: Rect) -> Int { max(0, min(scroll, height - area.height)) }

    /// Copies the window into the screen.
    func show(scroll: Int, in area: Rect, into screen: inout CellBuffer) {
        let first = first(scroll, in: area)
        for y in 0..<max(0, min(area.height, height - first)) {
            for x in 0..<min(area.width, width) { screen[area.x + x, area.y + y] = cells[x, first + y] }
        }
        FlowsScreen.drawScrollbar(height, first, area, &screen)
    }
}
