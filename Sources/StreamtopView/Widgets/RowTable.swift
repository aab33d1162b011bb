/// A column of a table whose rows are of any kind.
struct RowColumn<Row>: Sendable {
    var title: String
    /// Least width, and what it grows to where there is room.
    var widths: ClosedRange<Int>
    /// Columns leave in descending order of this number when the width does not suffice.
    var priority: Int
    /// Digits stand on the right.
    var isNumber: Bool
    /// Whether rows have anything for it; nil is always.
    var isWanted: (@Sendable ([Row]) -> Bool)?
    var draw: @Sendable (Row, RowCell, inout CellBuffer) -> Void

    /// A column of a text; nil is "not known".
    static func text(
        _ title: String, _ widths: ClosedRange<Int>, _ priority: Int,
        _ value: @escaping @Sendable (Row) -> (String?, StyleRole)
    ) -> RowColumn {
        RowColumn(title: title, widths: widths, priority: priority, isNumber: false) { row, cell, cells in
            let (text, role) = value(row)
            cell.put(text, role, &cells)
        }
    }

    /// A column of a text that fits itself into the width.
    static func fitted(
        _ title: String, _ widths: ClosedRange<Int>, _ priority: Int,
        _ value: @escaping @Sendable (Row, Int) -> (String?, StyleRole)
    ) -> RowColumn {
        RowColumn(title: title, widths: widths, priority: priority, isNumber: false) { row, cell, cells in
            let (text, role) = value(row, cell.width)
            cell.put(text, role, &cells)
        }
    }

    /// A column of a number; nil is "not known".
    static func number(
        _ title: String, _ width: Int, _ priority: Int, _ value: @escaping @Sendable (Row) -> (String?, StyleRole)
    ) -> RowColumn {
        RowColumn(title: title, widths: width...width, priority: priority, isNumber: true) { row, cell, cells in
            let (text, role) = value(row)
            cell.put(text, role, &cells)
        }
    }
}

/// The place of one cell.
struct RowCell {
    var x: Int
    var y: Int
    var width: Int
    var isNumber: Bool

    var area: Rect { Rect(x: x, y: y, width: width, height: 1) }

    /// Writes a text, on the right for numbers; nil is the dash. A number that does not fit is a dash, too, never cut digits.
    func put(_ text: String?, _ role: StyleRole, _ cells: inout CellBuffer) {
        guard isNumber else {
            cells.put(text ?? Words.unknown, x: x, y: y, text == nil ? .unknown : role, maxWidth: width)
            return
        }
        let fits = text.map { TextWidth.columns(of: $0) <= width } ?? false
        cells.putRight(
            fits ? text ?? Words.unknown : Words.unknown, right: x + width, y: y, fits ? role : .unknown,
            maxWidth: width)
    }
}

/// Columns side by side: which fit, where they stand, their titles and their cells.
struct RowTable<Row> {
    private let extents: [(column: RowColumn<Row>, x: Int, width: Int)]

    /// - Parameter x: where the first column begins.
    init(_ columns: [RowColumn<Row>], width: Int, from x: Int) {
        var chosen = columns
        while Self.sum(chosen) > width, chosen.count > 1,
            let leaves = chosen.indices.max(by: {
                chosen[$0].priority < chosen[$1].priority
            })
        {
            chosen.remove(at: leaves)
        }
        var widths = chosen.map(\.widths.lowerBound)
        var spare = width - Self.sum(chosen)
        var grew = true
        while spare > 0, grew {
            grew = false
            for index in chosen.indices where spare > 0 && widths[index] < chosen[index].widths.upperBound {
                widths[index] += 1
                spare -= 1
                grew = true
            }
        }
        var left = x
        extents = zip(chosen, widths).map { column, width in
            defer { left += width + 1 }
            return (column, left, width)
        }
    }

    private static func sum(_ columns: [RowColumn<Row>]) -> Int {
        columns.reduce(-1) { $0 + $1.widths.lowerBound + 1 }
    }

    func drawTitles(y: Int, into cells: inout CellBuffer) {
        for (column, x, width) in extents {
            if column.isNumber {
                cells.putRight(column.title, right: x + width, y: y, .columnHeader, maxWidth: width)
            } else {
                cells.put(column.title, x: x, y: y, .columnHeader, maxWidth: width)
            }
        }
    }

    func draw(_ row: Row, y: Int, into cells: inout CellBuffer) {
        for (column, x, width) in extents {
            column.draw(row, RowCell(x: x, y: y, width: width, isNumber: column.isNumber), &cells)
        }
    }
}
