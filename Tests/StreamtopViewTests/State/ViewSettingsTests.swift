import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

@Suite struct ViewSettingsTests {
    private func desk(_ keys: [Key]) -> (state: ViewState, context: ViewContext, effects: [Effect]) {
        var state = ViewState(width: 200, height: 60)
        let context = SampleSnapshots.context(SampleSnapshots.evening())
        ViewReducer.advance(&state, in: context)
        var effects: [Effect] = []
        for key in keys { effects = ViewReducer.reduce(&state, key, in: context) }
        return (state, context, effects)
    }

    private func columns(_ state: ViewState, _ context: ViewContext) -> [FlowColumn] {
        PageLayout(state, context).columnExtents(state, context).map(\.column)
    }

    @Test func columnsComeGoAndMove() {
        let before = desk([])
        #expect(columns(before.state, before.context).contains(.protocols))
        // The third is the protocols: away with them; then the fourth, the state, to the front.
        let after = desk(["o", "j", "j", " ", "j", "<", "<", "<", .escape])
        let displayed = columns(after.state, after.context)
        #expect(!displayed.contains(.protocols))
        #expect(displayed.first == .state)
        #expect(after.state.popup == nil)
    }

    @Test func theLastColumnStays() {
        var keys: [Key] = ["o"]
        for _ in FlowColumn.allCases { keys += [" ", "j"] }
        #expect(desk(keys).state.table.hidden.count == FlowColumn.allCases.count - 1)
    }

    @Test func whatIsKeptLeadsToTheSameView() throws {
        let kept = desk(["/"] + ScreenTests.typed("rtt>5") + [.enter, ">", "S", "o", "j", "j", " ", .enter])
        guard case .saveView(let settings)? = kept.effects.first else {
            Issue.record("nothing is kept")
            return
        }
        var state = ViewState(width: 200, height: 60)
        state.adopt(settings)
        ViewReducer.advance(&state, in: kept.context)
        #expect(state.settings == settings)
        #expect(state.table.rows == kept.state.table.rows)
        #expect(columns(state, kept.context) == columns(kept.state, kept.context))
    }

    @Test func namesThatMeanNothingChangeNothing() {
        var settings = ViewSettings()
        settings.columns = ["colour"]
        settings.sort = "trend"
        settings.filter = "rtq>5"
        settings.span = "2y"
        var state = ViewState(width: 80, height: 24)
        let before = state.settings
        state.adopt(settings)
        #expect(state.settings == before)
    }

    @Test func theTableIsWrittenAsItStands() throws {
        let (state, context, _) = desk(["/"] + ScreenTests.typed("proto:tls") + [.enter])
        let csv = ViewExport.text(.csv, state, context)
        let lines = csv.split(separator: "\r\n", omittingEmptySubsequences: true)
        #expect(lines.count == state.table.rows.count + 1)
        #expect(lines[0].hasPrefix("client,server,protocols,state,age,rtt,queue,queue_p95,"))
        #expect(lines[1].hasPrefix("10.0.3.7:51544,cdn-04.example:443,"))
        let json = ViewExport.text(.json, state, context)
        #expect(json.contains("\"client\": \"10.0.3.7:51544\""))
        // What came from the wire steers nothing, in any form.
        for format in ViewExport.Format.allCases {
            let text = ViewExport.text(format, state, context)
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\r" })
        }
        #expect(json.contains(#"a\\e]0;owned\\x07"#))
    }
}
