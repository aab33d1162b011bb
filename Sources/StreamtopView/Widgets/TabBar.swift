/// A line of tabs: ` Flows  Verdicts 3  Events `.
enum TabBar {
    /// The columns of each tab.
    static func ranges(_ names: [String], from start: Int) -> [Range<Int>] {
        var x = start
        return names.map { name in
            let range = x..<(x + TextWidth.columns(of: name) + 2)
            x = range.upperBound + 1
            return range
        }
    }

    /// Draws the tabs over a rule that fills the line, and returns the first column behind them.
    @discardableResult
    static func draw(_ names: [String], active: Int, in area: Rect, into cells: inout CellBuffer) -> Int {
        cells.fill(area, "─", .border)
        let ranges = ranges(names, from: area.x + 1)
        for (index, name) in names.enumerated() {
            let isActive = index == active
            cells.put(" \(name) ", x: ranges[index].lowerBound, y: area.y, isActive ? .tabActive : .tab)
        }
        return ranges.last.map { $0.upperBound } ?? area.x
    }
}
