import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// Scenarios: keys and time in, state and effects out.
@Suite struct ViewReducerTests {
    /// A user at a terminal: a state, a picture and a clock.
    private struct Desk {
        var state: ViewState
        var context: ViewContext
        var effects: [Effect] = []

        init(_ snapshot: Snapshot = SampleSnapshots.evening(), replay: ReplayStatus? = nil) {
            state = ViewState(width: 120, height: 40)
            context = SampleSnapshots.context(snapshot, replay: replay)
            ViewReducer.advance(&state, in: context)
        }

        mutating func press(_ keys: Key...) {
            for key in keys { effects += ViewReducer.reduce(&state, key, in: context) }
        }

        mutating func type(_ text: String) {
            for character in text { press(.character(character)) }
        }

        mutating func wait(_ milliseconds: Int64) {
            context.now += .milliseconds(milliseconds)
            ViewReducer.advance(&state, in: context)
        }

        mutating func click(_ x: Int, _ y: Int, _ kind: MouseEvent.Kind = .press) {
            press(.mouse(MouseEvent(x: x, y: y, kind: kind)))
        }

        var order: [UInt64] { state.table.rows.map(\.flow.number) }
        var layout: PageLayout { PageLayout(state, context) }

        /// Makes one flow the busiest, which changes every order by rate.
        mutating func makeBusiest(_ number: UInt64) {
            for index in context.snapshot.flows.indices
            where context.snapshot.flows[index].identifier.number == number {
                context.snapshot.flows[index].server.rate = 9e9
            }
        }
    }

    @Test func worstIsOnTopAndSelected() {
        let desk = Desk()
        #expect(desk.order == [7, 9, 15, 12, 21, 16])
        #expect(desk.state.table.selected == FlowIdentifier(number: 7))
    }

    @Test func openAndBackTellTheEngineWhichFlow() {
        var desk = Desk()
        desk.press("j", .enter)
        #expect(desk.effects == [.selectFlow(FlowIdentifier(number: 9))])
        #expect(desk.state.openFlow?.flow == FlowIdentifier(number: 9))
        desk.press(.escape)
        #expect(desk.state.openFlow == nil)
        #expect(desk.effects.last == .selectFlow(nil))
    }

    @Test func rowsKeepTheirPlacesForTwoSecondsAfterAKey() {
        var desk = Desk()
        while desk.state.table.sort.column != .down { desk.press("<") }
        #expect(desk.order.first == 7)
        desk.makeBusiest(21)
        desk.wait(1_900)
        #expect(desk.order.first == 7, "still calm")
        desk.wait(200)
        #expect(desk.order.first == 21, "calm is over")
    }

    @Test func selectionFollowsTheFlow() {
        var desk = Desk()
        desk.press("j", "j")
        #expect(desk.state.table.selected == FlowIdentifier(number: 15))
        desk.press("S")
        #expect(desk.order.last == 7)
        #expect(desk.state.table.selected == FlowIdentifier(number: 15))
    }

    @Test func aVanishedFlowLeavesItsPlaceToAnother() {
        var desk = Desk()
        desk.press("j")
        desk.context.snapshot.flows.removeAll { $0.identifier.number == 9 }
        desk.wait(100)
        #expect(!desk.order.contains(9))
        #expect(desk.state.table.selected != nil)
        desk.context.snapshot.flows = []
        desk.wait(3_000)
        #expect(desk.state.table.selected == nil)
        desk.press(.enter, "j", "G", "w", "c")
        #expect(desk.state.openFlow == nil)
    }

    @Test func theHeirOfAVanishedFlowIsInTheMiddleOfThePage() {
        var desk = Desk(SampleSnapshots.crowd(200))
        for _ in 0..<60 { desk.press("j") }
        let gone = desk.state.table.selected
        desk.context.snapshot.flows.removeAll { $0.identifier == gone }
        desk.wait(100)
        let middle = desk.state.table.scroll + desk.layout.content.height / 2
        #expect(middle > 10)
        #expect(desk.state.table.selected == desk.state.table.rows[middle].flow)
    }

    @Test func aListScrollsNoFartherThanItMust() {
        #expect(ViewReducer.scroll(0, showing: 9, of: 50, page: 10) == 0)
        #expect(ViewReducer.scroll(0, showing: 10, of: 50, page: 10) == 1)
        #expect(ViewReducer.scroll(20, showing: 19, of: 50, page: 10) == 19)
        #expect(ViewReducer.scroll(45, showing: 49, of: 50, page: 10) == 40)
        #expect(ViewReducer.scroll(3, showing: 0, of: 5, page: 10) == 0)
    }

    @Test func newFlowsJoinAtTheEndWhileCalm() {
        var desk = Desk()
        desk.press("j")
        var late = SampleSnapshots.videoFlow()
        late.identifier = FlowIdentifier(number: 99)
        desk.context.snapshot.flows.append(late)
        desk.wait(100)
        #expect(desk.order.last == 99)
        desk.wait(2_000)
        #expect(desk.order.prefix(2) == [7, 99])
    }

    @Test func aFailedHandshakeIsSelectedAndOpened() {
        var desk = Desk(SampleHandshakes.many())
        desk.press("6")
        let failures = HandshakeSurvey(desk.context.snapshot, .all).failures
        desk.press(.down)
        #expect(desk.state.handshakes.selected == 1)
        desk.press(.down, .down, .down)
        #expect(desk.state.handshakes.selected == failures.count - 1)
        desk.press(.up)
        let flow = failures[failures.count - 2].flow.identifier
        desk.press(.enter)
        #expect(desk.state.openFlow == OpenFlow(flow: flow, tab: .handshake))
        #expect(desk.effects.last == .selectFlow(flow))
        desk.press(.escape)
        #expect(desk.state.openFlow == nil && desk.state.page == .handshakes)
        // In a small terminal the selected line stays in view.
        desk.state.height = 14
        desk.press("G")
        let layout = PageLayout(desk.state, desk.context)
        let lines = layout.content.height
        let seen = (0..<lines).compactMap {
            HandshakesScreen.failure(atLine: $0, desk.state, desk.context, page: lines)
        }
        #expect(seen.contains(failures.count - 1))
        desk.press("g")
        #expect(desk.state.handshakes.selected == 0)
    }

    @Test func withoutFailuresThePageOfHandshakesScrolls() {
        var desk = Desk(SampleHandshakes.lone { SampleHandshakes.retried() }())
        desk.press("6")
        desk.state.height = 10
        desk.press("G")
        #expect(desk.state.handshakes.scroll > 0 && desk.state.handshakes.selected == 0)
        desk.press(.enter)
        #expect(desk.state.openFlow == nil)
    }

    @Test func filterActsAsItIsTypedAndEscapeUndoes() {
        var desk = Desk()
        desk.press("/")
        desk.type("proto:qu")
        #expect(desk.order == [12])
        desk.press(.tab)
        #expect(desk.state.prompt?.text == "proto:quic")
        desk.press(.escape)
        #expect(desk.order.count == 6)
        #expect(desk.state.filterText.isEmpty)
        desk.press("/")
        desk.type("q")
        #expect(desk.effects.isEmpty, "q is a letter here")
        desk.press(.control("u"))
        desk.type("loss>1%")
        desk.press(.enter)
        #expect(desk.state.prompt == nil)
        #expect(desk.order == [9])
        desk.press("x")
        #expect(desk.order.count == 6)
    }

    @Test func aBrokenFilterStaysOpenAndSaysWhy() {
        var desk = Desk()
        desk.press("/")
        desk.type("rtt>fast")
        desk.press(.enter)
        #expect(desk.state.prompt?.error != nil)
        desk.press(.control("c"))
        #expect(desk.effects == [.quit])
    }

    @Test func themesAreTriedOnAndTakenOff() {
        var desk = Desk()
        let before = desk.state.theme
        desk.press("T", .down)
        #expect(desk.effects.last == .useTheme("streamtop-light"))
        desk.press(.escape)
        #expect(desk.effects.last == .useTheme(before))
        #expect(desk.state.theme == before)
        desk.press("T", .up, .enter)
        #expect(desk.effects.last == .saveTheme("nord"))
    }

    @Test func cursorStepsThroughTimeAndEscapeDropsItFirst() {
        var desk = Desk()
        desk.press(.enter, .left)
        let first = desk.state.openFlow?.cursor
        desk.press(.left)
        let second = desk.state.openFlow?.cursor
        #expect(first != nil && second != nil && second! < first!)
        desk.press(.right, .right)
        #expect(desk.state.openFlow?.cursor == nil, "past the newest column it is now again")
        desk.press(.home, .escape)
        #expect(desk.state.openFlow != nil && desk.state.openFlow?.cursor == nil)
        desk.press(.escape)
        #expect(desk.state.openFlow == nil)
    }

    @Test func zoomHasEnds() {
        var desk = Desk()
        desk.press(.enter)
        for _ in 0..<9 { desk.press("+") }
        #expect(desk.state.openFlow?.zoom == .seconds5)
        for _ in 0..<9 { desk.press("-") }
        #expect(desk.state.openFlow?.zoom == .all)
    }

    @Test func pauseIsAnEffectAndShows() {
        var desk = Desk()
        desk.press(" ")
        #expect(desk.effects == [.setPaused(true)])
        #expect(desk.state.isPaused)
        desk.press("p")
        #expect(desk.effects.last == .setPaused(false))
    }

    @Test func replayKeysWorkOnlyInAReplay() {
        var live = Desk()
        live.press(",", "]", "R", "0", "e")
        #expect(live.effects.isEmpty)
        var desk = Desk(replay: ScreenTests.replay)
        desk.press(",", ".", "]", "[", "R", "0", "e")
        #expect(
            desk.effects == [
                .seek(.by(-.seconds(5))), .seek(.by(.seconds(5))), .setSpeed(5), .setSpeed(1), .setLooping(false),
                .seek(.to(0)), .step,
            ])
    }

    @Test func clickSelectsAndDoubleClickOpens() {
        var desk = Desk()
        let y = desk.layout.content.y + 2
        desk.click(10, y)
        #expect(desk.state.table.selected == FlowIdentifier(number: 15))
        desk.click(10, y, .doubleClick)
        #expect(desk.state.openFlow?.flow == FlowIdentifier(number: 15))
    }

    @Test func clicksOnHeadersTabsAndTheBar() throws {
        var desk = Desk(replay: ScreenTests.replay)
        let columns = desk.layout.columnExtents(desk.state, desk.context)
        let roundTrip = try #require(columns.first { $0.column == .roundTrip })
        desk.click(roundTrip.x + 1, desk.layout.columns.y)
        #expect(desk.state.table.sort == FlowSort(column: .roundTrip, descending: true))
        #expect(desk.order.first == 16)
        desk.click(roundTrip.x + 1, desk.layout.columns.y)
        #expect(desk.state.table.sort.descending == false)
        desk.click(12, desk.layout.tabs.y)
        #expect(desk.state.page == .handshakes)
        let bar = ScreenLayout(desk.state, desk.context).seek
        let track = SeekBar.track(bar, ScreenTests.replay)
        desk.click(track.lowerBound, bar.y)
        desk.click(track.upperBound - 1, bar.y)
        #expect(desk.effects.suffix(2) == [.seek(.to(0)), .seek(.to(.seconds(761)))])
    }

    @Test func wheelScrolls() {
        var desk = Desk(SampleSnapshots.crowd(200))
        for _ in 0..<20 { desk.click(10, 10, .wheelDown) }
        #expect(desk.state.table.scroll > 0)
        for _ in 0..<30 { desk.click(10, 10, .wheelUp) }
        #expect(desk.state.table.scroll == 0)
    }

    @Test func tabsGoRound() {
        var desk = Desk()
        for page in [Page.handshakes, .verdicts, .events, .congestion, .groups, .capture, .flows] {
            desk.press(.tab)
            #expect(desk.state.page == page)
        }
        desk.press(.backTab)
        #expect(desk.state.page == .capture)
        desk.press("7", .enter)
        #expect(desk.state.openFlow?.flow == FlowIdentifier(number: 7), "Enter opens the flow of the verdict")
    }

    @Test func unknownValuesSortLastBothWays() {
        var desk = Desk()
        for _ in 0..<2 {
            while desk.state.table.sort.column != .roundTrip { desk.press("<") }
            #expect(Set(desk.order.suffix(2)) == [12, 21])
            desk.press("S")
        }
    }

    @Test func theFlowThatIsWrittenEndsWithTheSameKey() {
        var desk = Desk()
        desk.press("w")
        desk.context.recordings = RecordingStatus(flows: [FlowIdentifier(number: 7)])
        desk.press("w")
        #expect(
            desk.effects == [
                .writeFlow(FlowIdentifier(number: 7)), .endRecordings(of: FlowIdentifier(number: 7)),
            ])
    }

    @Test func allRecordingsEndOnlyWhenAskedTwiceInShort() {
        var desk = Desk()
        desk.press("W")
        #expect(desk.state.notice?.text == Words.nothingRecorded)
        desk.context.recordings = RecordingStatus(flows: [FlowIdentifier(number: 7)], hasCopy: true)
        desk.press("W")
        #expect(desk.state.notice?.text == Words.endsRecordings(2))
        desk.wait(5_000)
        desk.press("W")
        #expect(desk.effects.isEmpty)
        desk.wait(1_000)
        desk.press("W")
        #expect(desk.effects == [.endRecordings(of: nil)])
    }

    @Test func noticesEnd() {
        var desk = Desk()
        ViewReducer.notify(&desk.state, "written", now: desk.context.now)
        desk.wait(3_000)
        #expect(desk.state.notice != nil)
        desk.wait(2_000)
        #expect(desk.state.notice == nil)
    }

    /// Any keys on any size: nothing traps, and the buffer is as large as the terminal.
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func anyKeysOnAnySize(seed: UInt64) {
        var random = seed &* 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random % UInt64(bound))
        }
        var keys = KeyBindings.all.flatMap(\.keys).filter { $0 != "q" && $0 != .control("c") }
        keys += "rtt>50ms proto:(not\"".map { Key.character($0) } + [.enter, .escape, .tab, .backspace, .delete]
        var desk = Desk(SampleSnapshots.crowd(40), replay: seed % 2 == 0 ? ScreenTests.replay : nil)
        for _ in 0..<400 {
            switch next(12) {
            case 0: desk.press(.resize(width: next(220) - 5, height: next(70) - 5))
            case 1, 2: desk.click(next(240) - 10, next(80) - 10, [.press, .doubleClick, .wheelDown, .wheelUp][next(4)])
            case 3: desk.wait(Int64(next(3_000)))
            case 4: desk.context.snapshot.flows = next(3) == 0 ? [] : SampleSnapshots.crowd(next(60) + 1).flows
            default: desk.press(keys[next(keys.count)])
            }
            var cells = CellBuffer(width: 0, height: 0)
            Frontend.render(desk.context, desk.state, into: &cells)
            #expect(cells.width == desk.state.width && cells.height == desk.state.height, "seed \(seed)")
        }
    }
}
