/// A screen in memory. Screens and widgets write into it; the terminal paints the differences.
///
/// Writing outside is clipped, never an error. Text goes through `put`, which measures it, keeps wide characters whole
/// and shows control characters as visible escapes: nothing that came from the wire can steer a terminal.
package struct CellBuffer: Equatable, Sendable {
    package private(set) var width: Int
    package private(set) var height: Int
    /// Row by row, `width * height` of them.
    package private(set) var cells: [Cell]

    /// Terminals beyond this are treated as this large.
    package static let extentLimit = 1_000

    package init(width: Int, height: Int) {
        self.width = min(max(width, 0), CellBuffer.extentLimit)
        self.height = min(max(height, 0), CellBuffer.extentLimit)
        cells = Array(repeating: Cell(), count: self.width * self.height)
    }

    package var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

    package mutating func clear() {
        for index in cells.indices { cells[index] = Cell() }
    }

    /// The cell there; a blank one outside.
    package subscript(x: Int, y: Int) -> Cell {
        get { isInside(x, y) ? cells[y * width + x] : Cell() }
        set { if isInside(x, y) { cells[y * width + x] = newValue } }
    }

    /// Writes `text` and returns the columns it took. The ground of the cells stays unless one is given.
    ///
    /// - Parameters:
    ///   - maxWidth: columns allowed; what does not fit is cut, and the cut shown by `…`.
    @discardableResult
    package mutating func put(
        _ text: String, x: Int, y: Int, _ role: StyleRole = .text, ground: Ground? = nil, maxWidth: Int = .max
    ) -> Int {
        guard y >= 0, y < height, x < width, maxWidth > 0 else { return 0 }
        let limit = min(maxWidth, width - x)
        var writer = CellWriter(x: x, y: y, role: role, ground: ground, end: x + limit)
        for scalar in text.unicodeScalars where !writer.write(scalar, into: &self) {
            writer.ellipsis(into: &self, start: x)
            break
        }
        return writer.x - x
    }

    /// Writes `text` so that it ends before column `right`; what does not fit in `maxWidth` is cut at its end.
    package mutating func putRight(
        _ text: String, right: Int, y: Int, _ role: StyleRole = .text, ground: Ground? = nil, maxWidth: Int = .max
    ) {
        let columns = min(TextWidth.columns(of: text), maxWidth)
        put(text, x: right - columns, y: y, role, ground: ground, maxWidth: columns)
    }

    /// Sets one character of width one, keeping the ground.
    package mutating func set(_ scalar: Unicode.Scalar, x: Int, y: Int, _ role: StyleRole) {
        guard isInside(x, y) else { return }
        let index = y * width + x
        cells[index] = Cell(scalar, role: role, ground: cells[index].ground)
    }

    /// Fills an area with one character.
    package mutating func fill(
        _ area: Rect, _ scalar: Unicode.Scalar = " ", _ role: StyleRole = .text, ground: Ground? = nil
    ) {
        forEachIndex(in: area) { cells, index in
            cells[index] = Cell(scalar, role: role, ground: ground ?? cells[index].ground)
        }
    }

    /// Changes what lies behind an area.
    package mutating func lay(_ ground: Ground, over area: Rect) {
        forEachIndex(in: area) { cells, index in cells[index].ground = ground }
    }

    /// Gives every character in an area one role.
    package mutating func recolor(_ area: Rect, _ role: StyleRole) {
        forEachIndex(in: area) { cells, index in cells[index].role = role }
    }

    /// Replaces each cell by what `transform` makes of it.
    package mutating func mapCells(_ transform: (Cell) -> Cell) {
        for index in cells.indices { cells[index] = transform(cells[index]) }
    }

    private func isInside(_ x: Int, _ y: Int) -> Bool { x >= 0 && x < width && y >= 0 && y < height }

    private mutating func forEachIndex(in area: Rect, _ body: (inout [Cell], Int) -> Void) {
        let columns = max(0, area.x)..<max(max(0, area.x), min(area.right, width))
        for y in max(0, area.y)..<max(max(0, area.y), min(area.bottom, height)) {
            for x in columns { body(&cells, y * width + x) }
        }
    }
}

/// The pen of `CellBuffer.put`: where it stands and where it must stop.
private struct CellWriter {
    var x: Int
    let y: Int
    let role: StyleRole
    let ground: Ground?
    let end: Int

    /// Writes one scalar; false when there is no room for it.
    mutating func write(_ scalar: Unicode.Scalar, into buffer: inout CellBuffer) -> Bool {
        switch TextWidth.kind(of: scalar) {
        case .narrow:
            guard x < end else { return false }
            put(scalar, into: &buffer)
        case .wide:
            guard x + 1 < end else { return false }
            put(scalar, into: &buffer)
            put(Cell.continuation, into: &buffer)
        case .combining:
            // A mark needs something to sit on.
            let base = buffer[x - 1, y].isContinuation ? x - 2 : x - 1
            guard base >= 0, base < end else { return true }
            if buffer[base, y].combining == Cell.noMark { buffer[base, y].combining = scalar }
        case .dropped:
            break
        case .escaped:
            for part in TextWidth.escape(of: scalar).unicodeScalars {
                guard x < end else { return false }
                put(part, into: &buffer)
            }
        }
        return true
    }

    /// Shows that text was cut: the last column becomes `…`.
    mutating func ellipsis(into buffer: inout CellBuffer, start: Int) {
        guard end > start else { return }
        // The cut may fall into a wide character, and that must not leave half of it behind.
        while x < end { put(" ", into: &buffer) }
        if buffer[end - 1, y].isContinuation { buffer[end - 2, y].scalar = " " }
        x = end - 1
        put("…", into: &buffer)
    }

    private mutating func put(_ scalar: Unicode.Scalar, into buffer: inout CellBuffer) {
        if x >= 0 { buffer[x, y] = Cell(scalar, role: role, ground: ground ?? buffer[x, y].ground) }
        x += 1
    }
}
