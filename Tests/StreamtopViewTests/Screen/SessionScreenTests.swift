import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// The page of sessions: one axis, one cursor, and figures that add up.
@Suite struct SessionScreenTests {
    private static func desk(_ width: Int = 80, _ height: Int = 24) -> (state: ViewState, context: ViewContext) {
        let context = SampleSnapshots.context(SampleSessions.many())
        var state = ViewState(width: width, height: height)
        ViewReducer.advance(&state, in: context)
        _ = ViewReducer.reduce(&state, "2", in: context)
        return (state, context)
    }

    @Test func theCursorReadsAllChartsAndOpensTheFlowAtItsMoment() throws {
        var (state, context) = Self.desk()
        for key in [Key.shiftLeft, .shiftLeft, .left] { _ = ViewReducer.reduce(&state, key, in: context) }
        let cursor = try #require(state.lists[.sessions]?.cursor)
        #expect(cursor < context.snapshot.time)
        var cells = CellBuffer(width: 80, height: 24)
        Frontend.render(context, state, into: &cells)
        #expect(ScreenText.characters(cells).contains("at cursor"))
        _ = ViewReducer.reduce(&state, .enter, in: context)
        #expect(state.openFlow?.flow == FlowIdentifier(number: 7))
        #expect(state.openFlow?.cursor == cursor)
        // Escape drops the flow's cursor, then closes; then it drops the session's.
        for _ in 0..<2 { _ = ViewReducer.reduce(&state, .escape, in: context) }
        #expect(state.openFlow == nil && state.lists[.sessions]?.cursor == cursor)
        _ = ViewReducer.reduce(&state, .escape, in: context)
        #expect(state.lists[.sessions]?.cursor == nil)
    }

    @Test func theFlowOfTheSessionIsCharted() {
        var (state, context) = Self.desk()
        context.now += .milliseconds(100)
        ViewReducer.advance(&state, in: context)
        #expect(state.chartedFlow == FlowIdentifier(number: 7))
    }

    /// What is printed as parts is what is printed as the whole.
    @Test func theLatencysPartsAddUp() {
        let (state, context) = Self.desk(120, 60)
        let row = SessionRow(SampleSessions.troubled(), context)
        let page = SessionDetail.page(
            row, ListView(state: state, context: context, width: 119, height: 40, cursor: nil))
        var sum = 0.0
        for y in 0..<page.height {
            let line = String((0..<119).map { Character(page.cells[$0, y].scalar) })
            for name in [
                "encoder and origin", "path ~", "player's buffer ~", "not accounted for", "made and brought here",
            ]
            where line.prefix(24).contains(name) {
                sum += Double(line.dropFirst(24).prefix(7).filter { !$0.isWhitespace }) ?? .nan
            }
        }
        #expect((sum * 100).rounded() == 340)
    }

    @Test func whatIsNotKnownIsADash() {
        let (state, context) = Self.desk()
        let row = SessionRow(SampleSessions.bare(), context)
        #expect(row.flow == nil && row.margin == nil && row.throughput == nil && row.chunkInterval == nil)
        let page = SessionDetail.page(
            row, ListView(state: state, context: context, width: 79, height: 12, cursor: nil))
        #expect(page.height > 0)
    }

    @Test(arguments: 8...24) func everySizeDraws(height: Int) {
        let context = SampleSnapshots.context(SampleSessions.many())
        for width in [40, 61, 80, 140] {
            var state = ViewState(width: width, height: height)
            ViewReducer.advance(&state, in: context)
            var cells = CellBuffer(width: width, height: height)
            for key in [Key.character("2"), .left, .shiftLeft, "+", "+", .down, .pageDown, .end, .home, .up, .pageDown]
            {
                _ = ViewReducer.reduce(&state, key, in: context)
                Frontend.render(context, state, into: &cells)
            }
        }
    }
}
