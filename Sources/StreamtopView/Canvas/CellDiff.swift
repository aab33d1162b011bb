/// What must be painted to turn one buffer into another, as runs of cells within a row.
package struct CellDiff: Equatable, Sendable {
    package struct Run: Equatable, Sendable {
        package var x: Int
        package var y: Int
        package var count: Int

        package init(x: Int, y: Int, count: Int) {
            self.x = x
            self.y = y
            self.count = count
        }
    }

    /// Top to bottom, left to right. A run never begins or ends inside a wide character.
    package private(set) var runs: [Run] = []

    /// - Parameters:
    ///   - old: what the terminal shows now; nil, or a buffer of another size, paints everything.
    package init(from old: CellBuffer?, to new: CellBuffer) {
        guard let old, old.width == new.width, old.height == new.height else {
            runs = new.width == 0 ? [] : (0..<new.height).map { Run(x: 0, y: $0, count: new.width) }
            return
        }
        for y in 0..<new.height { appendRuns(of: y, old, new) }
    }

    private mutating func appendRuns(of y: Int, _ old: CellBuffer, _ new: CellBuffer) {
        let row = y * new.width
        var start: Int?
        for x in 0...new.width {
            let differs = x < new.width && old.cells[row + x] != new.cells[row + x]
            if differs {
                start = start ?? x
            } else if let first = start {
                var begin = first
                var end = x
                while begin > 0, new.cells[row + begin].isContinuation { begin -= 1 }
                while end < new.width, new.cells[row + end].isContinuation { end += 1 }
                append(Run(x: begin, y: y, count: end - begin))
                start = nil
            }
        }
    }

    /// Joins runs that touch or overlap after they were widened.
    private mutating func append(_ run: Run) {
        if let last = runs.last, last.y == run.y, last.x + last.count >= run.x {
            runs[runs.count - 1].count = max(last.x + last.count, run.x + run.count) - last.x
        } else {
            runs.append(run)
        }
    }
}
