import StreamtopBase

/// A chart of values over a time window in braille, with a value axis on its left.
struct Chart {
    enum Form {
        case line
        /// Filled down to the bottom of the chart.
        case area
        /// Filled between this series and the value of another at the same moment.
        case band(lower: [Double?])
        /// Every second dot of a line: for limits that the eye should see behind the rest.
        case dotted
    }

    struct Series {
        var values: [Double?]
        var role: StyleRole
        var form: Form
    }

    /// Something that happened: drawn on every chart of the page.
    struct Mark {
        var time: Timestamp
        var sign: Unicode.Scalar
        var role: StyleRole
    }

    /// Moments of the values, ascending.
    var times: [Timestamp]
    /// Drawn in this order; the last lies on top.
    var series: [Series]
    var marks: [Mark]
    var window: TimeWindow
    /// Column of the cursor within the plot.
    var cursor: Int?
    var scale: ChartScale

    /// Draws into `area`: the axis in its first columns, the plot in the rest.
    func draw(in area: Rect, into cells: inout CellBuffer) {
        let plot = Rect(
            x: area.x + ChartsLayout.axisWidth, y: area.y, width: window.columns, height: area.height)
        guard plot.height > 0 else { return }
        drawAxis(area, plot, &cells)
        if let cursor { cells.lay(.cursor, over: Rect(x: plot.x + cursor, y: plot.y, width: 1, height: plot.height)) }
        var canvas = BrailleCanvas(width: plot.width, height: plot.height)
        for series in series { draw(series, &canvas) }
        canvas.draw(at: plot.x, plot.y, into: &cells)
        for mark in marks where mark.time >= window.start && mark.time <= window.end {
            cells.set(mark.sign, x: plot.x + window.column(of: mark.time), y: plot.y, mark.role)
        }
    }

    private func drawAxis(_ area: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        let right = plot.x - 1
        for row in 0..<plot.height { cells.set("│", x: right, y: plot.y + row, .axis) }
        for tick in scale.ticks(rows: plot.height) {
            cells.set("┤", x: right, y: plot.y + tick.row, .axis)
            cells.putRight(tick.label, right: right, y: plot.y + tick.row, .axis, maxWidth: ChartsLayout.axisWidth - 1)
        }
    }

    private func draw(_ series: Series, _ canvas: inout BrailleCanvas) {
        var last: (x: Int, y: Int, low: Int)?
        for (index, time) in times.enumerated() {
            guard let x = window.dot(of: time) else { continue }
            guard let value = series.values[index] else {
                last = nil
                continue
            }
            let y = height(of: value, canvas)
            var low = 0
            if case .band(let lower) = series.form, let bottom = lower[index] { low = height(of: bottom, canvas) }
            let point = (x: x, y: y, low: low)
            connect(last ?? point, point, series, &canvas)
            last = point
        }
    }

    /// Joins two points dot column by dot column, so that steep flanks have no holes.
    private func connect(
        _ from: (x: Int, y: Int, low: Int), _ to: (x: Int, y: Int, low: Int), _ series: Series,
        _ canvas: inout BrailleCanvas
    ) {
        var previous = from.y
        for x in from.x...max(from.x, to.x) {
            let share = to.x > from.x ? Double(x - from.x) / Double(to.x - from.x) : 1
            let y = from.y + Int((Double(to.y - from.y) * share).rounded())
            let low = from.low + Int((Double(to.low - from.low) * share).rounded())
            switch series.form {
            case .line: canvas.fill(x: x, from: previous, through: y, series.role)
            case .area: canvas.fill(x: x, from: 0, through: max(y, previous == y ? y : min(previous, y)), series.role)
            case .band: if y > low { canvas.fill(x: x, from: low, through: y, series.role) }
            case .dotted: if x % 4 < 2 { canvas.set(x: x, y: y, series.role) }
            }
            previous = y
        }
    }

    private func height(of value: Double, _ canvas: BrailleCanvas) -> Int {
        let share = scale.top > 0 ? max(0, min(value / scale.top, 1)) : 0
        return Int((share * Double(canvas.dotHeight - 1)).rounded())
    }
}

/// The value axis of a chart, from zero to a round number.
struct ChartScale: Equatable {
    var top: Double
    private var label: @Sendable (Double) -> String

    /// A round number at or above the largest value: a small one times a power of ten.
    init(largest: Double, least: Double, label: @escaping @Sendable (Double) -> String) {
        let wanted = largest.isFinite ? max(largest, least) : least
        let factors = [1, 1.5, 2, 3, 4, 5, 6, 8]
        var unit = least
        // Ends: `unit` grows tenfold each pass, and 1e18 is above every value that is drawn.
        while unit * 10 <= wanted, unit < 1e18 { unit *= 10 }
        top = factors.map { $0 * unit }.first { $0 >= wanted } ?? unit * 10
        self.label = label
    }

    static func == (left: ChartScale, right: ChartScale) -> Bool { left.top == right.top }

    /// Rows and labels of the ticks: top, bottom, and the middle where there is a row for it.
    func ticks(rows: Int) -> [(row: Int, label: String)] {
        guard rows > 1 else { return rows == 1 ? [(0, label(top))] : [] }
        var ticks = [(row: 0, label: label(top)), (row: rows - 1, label: label(0))]
        // With an even number of rows the middle lies on the upper edge of its row.
        if rows >= 4 { ticks.append((rows / 2, label(top / 2))) }
        return ticks
    }
}
