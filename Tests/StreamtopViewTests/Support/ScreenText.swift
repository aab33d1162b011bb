@testable import StreamtopView

/// A buffer as text: what stands there, and in which roles.
enum ScreenText {
    static func characters(_ cells: CellBuffer) -> String {
        (0..<cells.height).map { y in
            var line = ""
            for x in 0..<cells.width where !cells[x, y].isContinuation {
                line.unicodeScalars.append(cells[x, y].scalar)
                if cells[x, y].combining != Cell.noMark { line.unicodeScalars.append(cells[x, y].combining) }
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// Runs of roles per line: `label*6 value*3 …`, with the ground where it is not the screen's.
    static func roles(_ cells: CellBuffer) -> String {
        (0..<cells.height).map { y in
            var runs: [(name: String, count: Int)] = []
            for x in 0..<cells.width {
                let cell = cells[x, y]
                let name = cell.role.name + (cell.ground == .screen ? "" : "@" + cell.ground.name)
                if runs.last?.name == name {
                    runs[runs.count - 1].count += 1
                } else {
                    runs.append((name, 1))
                }
            }
            return runs.map { "\($0.name)*\($0.count)" }.joined(separator: " ") + "\n"
        }.joined()
    }
}
