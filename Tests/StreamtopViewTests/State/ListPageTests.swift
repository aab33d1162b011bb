import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// Lists of rows of any kind: what is selected, how it moves, what stays in sight.
@Suite struct ListPageTests {
    private static func context(_ snapshot: Snapshot) -> ViewContext { SampleSnapshots.context(snapshot) }

    private static func press(_ state: inout ViewState, _ context: inout ViewContext, _ keys: Key...) {
        for key in keys {
            context.now += .milliseconds(100)
            _ = ViewReducer.reduce(&state, key, in: context)
        }
    }

    @Test func theSelectionFollowsItsRow() {
        var context = Self.context(SampleCalls.many())
        var state = ViewState(width: 80, height: 24)
        ViewReducer.advance(&state, in: context)
        Self.press(&state, &context, "3", .down)
        #expect(state.lists[.calls]?.selected == 41)
        // The first call ends: the selected one stays selected though it is first now.
        context.snapshot.calls.removeFirst()
        context.now += .seconds(5)
        ViewReducer.advance(&state, in: context)
        #expect(state.lists[.calls]?.selected == 41)
        #expect(state.lists[.calls]?.position == 0)
        // With all of them gone nothing is selected, and nothing breaks.
        context.snapshot.calls = []
        ViewReducer.advance(&state, in: context)
        var cells = CellBuffer(width: 80, height: 24)
        Frontend.render(context, state, into: &cells)
        #expect(ScreenText.characters(cells).contains(Words.noCalls[0]))
    }

    @Test func rowsKeepTheirPlacesAfterAKey() {
        var context = Self.context(SampleCalls.many())
        var state = ViewState(width: 80, height: 24)
        ViewReducer.advance(&state, in: context)
        Self.press(&state, &context, "3", .down)
        context.snapshot.calls.swapAt(0, 1)
        ViewReducer.advance(&state, in: context)
        #expect(state.lists[.calls]?.order == [31, 41])
        context.now += .seconds(3)
        ViewReducer.advance(&state, in: context)
        #expect(state.lists[.calls]?.order == [41, 31])
    }

    @Test func enterOpensThePathInUse() {
        var context = Self.context(SampleCalls.many())
        var state = ViewState(width: 80, height: 24)
        ViewReducer.advance(&state, in: context)
        Self.press(&state, &context, "3", .enter)
        #expect(state.openFlow?.flow == FlowIdentifier(number: 31))
    }

    @Test func pagesMoveTheDetailWhereAllRowsAreInSight() {
        var context = Self.context(SampleCalls.many())
        var state = ViewState(width: 80, height: 24)
        ViewReducer.advance(&state, in: context)
        Self.press(&state, &context, "3", .pageDown)
        #expect((state.lists[.calls]?.detail ?? 0) > 0)
        #expect(state.lists[.calls]?.selected == 31)
        // Another row is read from its beginning.
        Self.press(&state, &context, .down)
        #expect(state.lists[.calls]?.detail == 0)
    }

    @Test func aClickSelectsTheRowThatIsDrawnThere() {
        var context = Self.context(SampleCalls.many())
        var state = ViewState(width: 80, height: 24)
        ViewReducer.advance(&state, in: context)
        Self.press(&state, &context, "4")
        let content = PageLayout(state, context).content
        // The first stream has a sentence below it: its second line is still the first row.
        for (line, row) in [(0, 0), (1, 0), (2, 1)] {
            Self.press(
                &state, &context, .mouse(MouseEvent(x: 5, y: content.y + line, kind: .press)))
            #expect(state.lists[.streams]?.position == row, "line \(line)")
        }
    }

    @Test func aPageWithNothingHasNoTabButItsKeyWorks() {
        var context = Self.context(SampleSnapshots.evening())
        var state = ViewState(width: 120, height: 40)
        ViewReducer.advance(&state, in: context)
        #expect(!PageTable.present(context.snapshot, .flows).contains { $0.page == .calls })
        for _ in PageTable.present(context.snapshot, .flows) { Self.press(&state, &context, .tab) }
        #expect(state.page == .flows)
        Self.press(&state, &context, "3")
        #expect(state.page == .calls)
    }

    @Test(arguments: 1...24) func everySizeDraws(height: Int) {
        let context = Self.context(SampleCalls.many())
        for width in [40, 57, 80, 131] {
            for page in [Page.calls, .streams] {
                var state = ViewState(width: width, height: height)
                state.page = page
                ViewReducer.advance(&state, in: context)
                var cells = CellBuffer(width: width, height: height)
                Frontend.render(context, state, into: &cells)
                for key in [Key.down, .pageDown, .end, .pageDown] {
                    _ = ViewReducer.reduce(&state, key, in: context)
                    Frontend.render(context, state, into: &cells)
                }
            }
        }
    }

    @Test func aNumberThatDoesNotFitIsADashAndNeverCutDigits() {
        let column = RowColumn<Int>.number("n", 4, 0) { (String($0), .value) }
        let table = RowTable([column], width: 4, from: 0)
        var cells = CellBuffer(width: 4, height: 2)
        table.draw(12_345, y: 0, into: &cells)
        table.draw(1_234, y: 1, into: &cells)
        #expect(ScreenText.characters(cells).split(separator: "\n").map(String.init) == ["   –", "1234"])
    }
}
