import StreamtopBase
import Testing

@testable import StreamtopView

@Suite struct ChartTests {
    private let start = Timestamp(nanoseconds: 1_000)

    private func drawn(_ values: [Double?], form: Chart.Form = .line, cursor: Int? = nil) -> CellBuffer {
        let window = TimeWindow(start: start, end: start + .seconds(8), columns: 8)
        let times = values.indices.map { start + .seconds(Int64($0)) + 1 }
        var cells = CellBuffer(width: 16, height: 4)
        let marks = [Chart.Mark(time: start + .seconds(4), sign: "×", role: .markLoss)]
        Chart(
            times: times, series: [Chart.Series(values: values, role: .chartRoundTrip, form: form)], marks: marks,
            window: window, cursor: cursor,
            scale: ChartScale(largest: 10, least: 1) { NumberText.fixed($0, decimals: 0) }
        ).draw(in: Rect(x: 0, y: 0, width: 16, height: 4), into: &cells)
        return cells
    }

    private func isEmpty(_ scalar: Unicode.Scalar) -> Bool { scalar == " " }

    @Test func unknownLeavesAHole() {
        let cells = drawn([0, 0, nil, nil, 0, 0, 0, 0])
        let row = (0..<8).map { isEmpty(cells[7 + $0, 3].scalar) }
        #expect(row[3] && !row[0] && !row[5])
    }

    @Test func fullValueReachesTheTop() {
        let cells = drawn([10, 10, 10, 10, 10, 10, 10, 10])
        #expect(!isEmpty(cells[8, 0].scalar))
        #expect(isEmpty(cells[8, 3].scalar))
        let filled = drawn([10, 10, 10, 10, 10, 10, 10, 10], form: .area)
        #expect(filled[8, 3].scalar == "⣿")
    }

    @Test func steepFlanksHaveNoHoles() {
        let cells = drawn([0, 10, 0, 10, 0, 10, 0, 10])
        for y in 0..<4 { #expect((0..<8).contains { !isEmpty(cells[7 + $0, y].scalar) }) }
    }

    @Test func marksLieOnTopAndTheCursorIsAGround() {
        let cells = drawn([10, 10, 10, 10, 10, 10, 10, 10], cursor: 2)
        #expect(cells[7 + 4, 0] == Cell("×", role: .markLoss))
        for y in 0..<4 { #expect(cells[7 + 2, y].ground == .cursor) }
    }

    @Test(arguments: [(0.0, 1.0), (1, 1), (1.2, 1.5), (9, 10), (131, 150), (11_800_000, 15_000_000), (6.1, 8)])
    func scalesAreRound(largest: Double, top: Double) {
        #expect(ChartScale(largest: largest, least: 1) { "\($0)" }.top == top)
    }

    @Test func aCharacterHasTheColourOfMostOfItsDots() {
        var canvas = BrailleCanvas(width: 1, height: 1)
        var cells = CellBuffer(width: 1, height: 1)
        for y in 0..<3 { for x in 0..<2 { canvas.set(x: x, y: y, .chartRoundTrip) } }
        for x in 0..<2 { canvas.set(x: x, y: 3, .chartQueue) }
        canvas.draw(at: 0, 0, into: &cells)
        #expect(cells[0, 0] == Cell("⣿", role: .chartRoundTrip))
        for x in 0..<2 { for y in 1..<3 { canvas.set(x: x, y: y, .chartQueue) } }
        canvas.draw(at: 0, 0, into: &cells)
        #expect(cells[0, 0].role == .chartQueue)
    }

    @Test(arguments: [
        (Nanoseconds.seconds(30), 60, [30, 20, 10] as [Double]),
        (.seconds(1), 113, (1...10).reversed().map { Double($0) / 10 }),
        (.seconds(60), 72, [60, 50, 40, 30, 20, 10]), (.seconds(8), 20, [5]),
    ])
    func ticksAreRound(span: Nanoseconds, columns: Int, seconds: [Double]) {
        let window = TimeWindow(start: start, end: start + span, columns: columns)
        #expect(window.ticks.map(\.seconds) == seconds)
    }

    @Test func columnsAndTimesAreInverse() {
        let window = TimeWindow(start: start, end: start + .seconds(60), columns: 113)
        for column in 0..<113 { #expect(window.column(of: window.time(ofColumn: column)) == column) }
        #expect(window.column(of: start - .seconds(9)) == 0)
        #expect(window.dot(of: start - 1) == nil)
    }

    @Test func sparklineSeesDoublingNotJitter() {
        func line(_ values: [Double?]) -> String {
            var cells = CellBuffer(width: 8, height: 1)
            Sparkline.draw(values, in: cells.bounds, into: &cells)
            return ScreenText.characters(cells)
        }
        #expect(line([10, 10.2, 10.1, 10]) == "    ▁▁▁▁\n")
        #expect(line([10, 15, 20, nil]) == "    ▁▅█\n")
        #expect(line(Array(repeating: 10, count: 79) + [40]).hasSuffix("▁█\n"))
        #expect(line([nil, nil]) == "\n")
    }

    @Test func gaugeShowsAnyShare() {
        func bar(_ share: Double) -> String {
            var cells = CellBuffer(width: 4, height: 1)
            Gauge.draw(share, in: cells.bounds, into: &cells)
            return ScreenText.characters(cells)
        }
        #expect(bar(0) == "····\n")
        #expect(bar(0.001) == "▏···\n")
        #expect(bar(0.5) == "██··\n")
        #expect(bar(7) == "████\n")
    }
}
