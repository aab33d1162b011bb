import StreamtopModel

/// One chart of a flow: which flows have it, and how it is drawn.
struct ChartRow: Sendable {
    /// The flow has something to draw; a chart without values is not shown as empty axes.
    var applies: @Sendable (FlowSnapshot) -> Bool
    /// Draws the title, which reads values off, and the plot.
    var draw: @Sendable (ChartReading, _ title: Rect, _ plot: Rect, inout CellBuffer) -> Void
}

/// The charts of a flow, top to bottom. A new chart is a new row.
enum ChartTable {
    static let rows: [ChartRow] = [RoundTripChart.row, WindowChart.row, RateChart.row]

    static func rows(of flow: FlowSnapshot) -> [ChartRow] { rows.filter { $0.applies(flow) } }
}
