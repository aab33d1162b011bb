import StreamtopBase

/// A line of steps over filled columns: what was chosen over what was there. Box drawing over shades, so that the line is seen
/// where it lies within the area, without any colour.
struct StairChart {
    struct Step {
        var time: Timestamp
        /// nil: not known.
        var step: Double?
        var fill: Double?
    }

    /// Ascending; each holds until the next.
    var steps: [Step]
    var marks: [Chart.Mark]
    var window: TimeWindow
    var cursor: Int?
    var scale: ChartScale

    func draw(in area: Rect, into cells: inout CellBuffer) {
        let plot = Rect(x: area.x + ChartsLayout.axisWidth, y: area.y, width: window.columns, height: area.height)
        guard plot.height > 0 else { return }
        let right = plot.x - 1
        for row in 0..<plot.height { cells.set("│", x: right, y: plot.y + row, .axis) }
        for tick in scale.ticks(rows: plot.height) {
            cells.set("┤", x: right, y: plot.y + tick.row, .axis)
            cells.putRight(tick.label, right: right, y: plot.y + tick.row, .axis, maxWidth: ChartsLayout.axisWidth - 1)
        }
        if let cursor { cells.lay(.cursor, over: Rect(x: plot.x + cursor, y: plot.y, width: 1, height: plot.height)) }
        var last: Int?
        for column in 0..<plot.width {
            let step = step(atColumn: column)
            fill(step?.fill, column, plot, &cells)
            let row = (step?.step).map { self.row(of: $0, plot.height) }
            line(from: last, to: row, column, plot, &cells)
            last = row
        }
        for mark in marks where mark.time >= window.start && mark.time <= window.end {
            cells.set(mark.sign, x: plot.x + window.column(of: mark.time), y: plot.y, mark.role)
        }
    }

    private func step(atColumn column: Int) -> Step? {
        let time = window.time(ofColumn: column)
        return steps.last { $0.time <= time }
    }

    private func row(of value: Double, _ height: Int) -> Int {
        let share = scale.top > 0 ? max(0, min(value / scale.top, 1)) : 0
        return min(height - 1, Int(((1 - share) * Double(height - 1)).rounded()))
    }

    private func fill(_ value: Double?, _ column: Int, _ plot: Rect, _ cells: inout CellBuffer) {
        guard let value, value > 0, scale.top > 0 else { return }
        let rows = min(Double(plot.height), value / scale.top * Double(plot.height))
        for row in 0..<plot.height {
            let here = rows - Double(plot.height - 1 - row)
            guard here > 0.25 else { continue }
            cells.set(here >= 0.75 ? "▒" : "░", x: plot.x + column, y: plot.y + row, .chartRateDown)
        }
    }

    private func line(from last: Int?, to row: Int?, _ column: Int, _ plot: Rect, _ cells: inout CellBuffer) {
        guard let row else { return }
        func set(_ sign: Unicode.Scalar, _ row: Int) {
            cells.set(sign, x: plot.x + column, y: plot.y + row, .chartCongestionWindow)
        }
        guard let last, last != row else { return set("━", row) }
        for between in min(last, row)...max(last, row) { set("┃", between) }
        set(last < row ? "┓" : "┛", last)
        set(last < row ? "┗" : "┏", row)
    }
}
