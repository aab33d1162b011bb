import StreamtopBase
import StreamtopModel

/// Bits a second: the direction that carries most as an area, the other on rows of its own with its own scale, for beside
/// a download of megabits a kilobit of requests would be nothing, or look like more than it is.
enum RateChart {
    static let row = ChartRow(applies: { _ in true }, draw: draw)

    @Sendable
    private static func draw(_ reading: ChartReading, _ title: Rect, _ plot: Rect, _ cells: inout CellBuffer) {
        var main = plot
        let minor = main.takeBottom(plot.height >= 7 ? 2 : plot.height >= 3 ? 1 : 0)
        drawArea(reading, reading.sender, main, &cells)
        if minor.height > 0 { drawArea(reading, reading.sender.reversed, minor, &cells) }
        reading.put([rates(reading), losses(reading)], title, &cells)
    }

    private static func drawArea(
        _ reading: ChartReading, _ direction: Direction, _ area: Rect, _ cells: inout CellBuffer
    ) {
        let values = reading.values(.rate, direction)
        let sign = direction == .fromServer ? "▼" : "▲"
        let scale = ChartScale(largest: values.compactMap { $0 }.max() ?? 0, least: 1_000) {
            (area.height < 3 ? sign : "") + RateText.short($0)
        }
        let role: StyleRole = direction == .fromServer ? .chartRateDown : .chartRateUp
        var chart = reading.chart([Chart.Series(values: values, role: role, form: .area)], scale)
        // Marks stand once on a chart.
        if area.height < 3, direction != reading.sender { chart.marks = [] }
        chart.draw(in: area, into: &cells)
    }

    private static func rates(_ reading: ChartReading) -> [TextSpan] {
        let flow = reading.flow
        let up = reading.isReading ? reading.atCursor(.rate, .fromClient) : flow.client.rate
        let down = reading.isReading ? reading.atCursor(.rate, .fromServer) : flow.server.rate
        var spans = [TextSpan(Words.rateTitle, .title)]
        spans += reading.spans("▼", down.map(RateText.short), .chartRateDown)
        spans += reading.spans("▲", up.map(RateText.short), .chartRateUp)
        if !reading.isReading, let goodput = flow.tcp?[reading.sender].goodput {
            spans += reading.spans(Words.goodput, RateText.short(goodput), .value)
        }
        return spans
    }

    private static func losses(_ reading: ChartReading) -> [TextSpan] {
        let flow = reading.flow
        guard let endpoint = flow.tcp?[reading.sender] else { return [] }
        if reading.isReading {
            func count(_ metric: Metric) -> String? {
                reading.read.map { String(reading.series.count(of: metric, at: $0)) }
            }
            return reading.spans("× " + Words.lossLabel, count(.losses), .markLoss)
                + reading.spans("r " + Words.retransmissions, count(.retransmissions), .markRetransmission)
                + reading.spans("⊘ " + Words.zeroWindows, count(.zeroWindows), .markZeroWindow)
        }
        var spans = reading.spans("× " + Words.lossLabel, endpoint.lossRatio.map(PercentText.ratio), .markLoss)
        spans += reading.spans(
            "r " + Words.retransmissions, NumberText.grouped(endpoint.retransmissions.packets), .markRetransmission)
        spans.append(TextSpan(" " + Words.causes(endpoint.retransmissions), .muted))
        let zeroWindows = (flow.tcp?.client.zeroWindows ?? 0) + (flow.tcp?.server.zeroWindows ?? 0)
        if zeroWindows > 0 {
            spans += reading.spans("⊘ " + Words.zeroWindows, NumberText.grouped(zeroWindows), .markZeroWindow)
        }
        return spans
    }
}
