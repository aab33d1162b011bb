import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// The front page, groups, search, and flows that have ended.
@Suite struct LiveScreenTests {
    @Sendable static func mixed() -> Snapshot {
        var snapshot = SampleCalls.many()
        snapshot.mediaSessions = SampleSessions.many().mediaSessions
        return snapshot
    }

    private static func desk(_ snapshot: Snapshot, _ width: Int = 80, _ height: Int = 24) -> (ViewState, ViewContext) {
        let context = SampleSnapshots.context(snapshot)
        var state = ViewState(width: width, height: height)
        ViewReducer.advance(&state, in: context)
        return (state, context)
    }

    private static func text(_ state: ViewState, _ context: ViewContext) -> String {
        var cells = CellBuffer(width: state.width, height: state.height)
        Frontend.render(context, state, into: &cells)
        return ScreenText.characters(cells)
    }

    @Test func thePageThatIsOpenedFirstNamesWhatTheTrafficIsFor() {
        var (state, context) = Self.desk(Self.mixed())
        #expect(state.page == .live)
        // With nothing but flows it is the table of flows, and a choice of the user stays.
        (state, context) = Self.desk(SampleSnapshots.evening())
        #expect(state.page == .flows)
        _ = ViewReducer.reduce(&state, "7", in: context)
        context.snapshot = Self.mixed()
        context.now += .seconds(60)
        ViewReducer.advance(&state, in: context)
        #expect(state.page == .verdicts)
    }

    /// Who serves it stands in its row where this host's kernel says so and there is room; nowhere is a column of nothing.
    @Test func rowsNameTheirProcesses() throws {
        var snapshot = Self.mixed()
        var (state, context) = Self.desk(snapshot, 160, 40)
        #expect(!Self.text(state, context).contains("process"))
        let row = try #require(LiveList(context, .all).rows.first { $0.flow != nil })
        let position = try #require(snapshot.flows.firstIndex { $0.identifier == row.flow?.identifier })
        snapshot.flows[position].processes = BothDirections(
            client: nil, server: ProcessSnapshot(pid: 4_711, name: "origin", user: "www"))
        (state, context) = Self.desk(snapshot, 160, 40)
        #expect(state.page == .live)
        let text = Self.text(state, context)
        #expect(text.contains("process") && text.contains("origin (4711)"))
        (state, context) = Self.desk(snapshot, 80, 24)
        #expect(!Self.text(state, context).contains("origin"))
    }

    @Test func liveRowsComeBeforeEndedOnesAndTroubleFirst() {
        var snapshot = Self.mixed()
        let (_, context) = Self.desk(snapshot)
        let list = LiveList(context, .all)
        #expect(list.rows.first?.severity == .critical)
        let live = list.rows.prefix { !$0.isEnded }
        #expect(live.count > 3 && list.rows.dropFirst(live.count).allSatisfy { $0.isEnded && !$0.isPlainFlow })
        let ranks = live.map { $0.severity ?? .info }
        #expect(zip(ranks, ranks.dropFirst()).allSatisfy { $0 >= $1 })
        // A call whose flow is closed stands behind those that go on; a flow that has ended stands in no row.
        guard let position = snapshot.flows.firstIndex(where: { $0.identifier.number == 31 }) else {
            Issue.record("no flow 31")
            return
        }
        snapshot.flows[position].state = .closed
        let after = LiveList(SampleSnapshots.context(snapshot), .all)
        let call = after.rows.firstIndex { $0.flow?.identifier.number == 31 }
        #expect(call.map { after.rows[$0].isEnded } == true)
        snapshot.flows[1].state = .closed
        let number = snapshot.flows[1].identifier
        let last = LiveList(SampleSnapshots.context(snapshot), .all)
        #expect(!last.rows.contains { $0.flow?.identifier == number && $0.isPlainFlow })
    }

    @Test("A call's delay is that of media that come; where they have stopped, it has none")
    func aCallWhoseMediaStoppedHasNoDelay() throws {
        var snapshot = Self.mixed()
        func delay() throws -> Nanoseconds? {
            let list = LiveList(SampleSnapshots.context(snapshot), .all)
            return try #require(list.rows.first { $0.flow?.identifier.number == 31 && !$0.isPlainFlow }).behind
        }
        let position = try #require(snapshot.flows.firstIndex { $0.identifier.number == 31 })
        for index in snapshot.flows[position].rtp.indices {
            snapshot.flows[position].rtp[index].end = snapshot.time - .seconds(2)
        }
        #expect(try delay() != nil, "a pause")
        for index in snapshot.flows[position].rtp.indices {
            snapshot.flows[position].rtp[index].end = snapshot.time - .seconds(8)
        }
        #expect(try delay() == nil)
    }

    @Test func ingestsSayWhatTheyCarryHowFarBehindAndStayWhenTheyEnd() throws {
        var snapshot = SampleSnapshots.evening()
        for index in 0..<3 { snapshot.flows[index].protocols = ["ipv4", "tcp"] }
        var rtmp = RTMPSnapshot()
        rtmp.role = .publish
        rtmp.video = FLVTrackSnapshot()
        rtmp.video?.codec = "h264"
        rtmp.mediaClock = MediaClockSnapshot(advance: 58, wall: 60)
        rtmp.mediaClock?.backlog = .milliseconds(2_000)
        snapshot.flows[0].rtmp = rtmp
        rtmp.role = .play
        rtmp.mediaClock?.backlog = .milliseconds(20)
        snapshot.flows[1].rtmp = rtmp
        snapshot.flows[1].protocols += ["http-flv"]
        var srt = SRTSnapshot()
        srt.latency.server = .milliseconds(120)
        (srt.dataPackets, srt.unrecovered, srt.tooLate) = (990, 10, 20)
        snapshot.flows[2].srt = srt
        snapshot.flows[2].state = .closed
        let (state, context) = Self.desk(snapshot, 120, 40)
        let list = LiveList(context, .all)
        func row(_ index: Int) throws -> LiveRow {
            try #require(list.rows.first { $0.flow?.identifier == snapshot.flows[index].identifier })
        }
        let ingest = try row(0)
        #expect(ingest.what == "ingest rtmp h264" && ingest.behind == .seconds(2) && ingest.behindBound == .atLeast)
        // A pace of 20 ms is no backlog; a player is no ingest.
        #expect(try row(1).what == "play http-flv h264" && row(1).behind == nil)
        // Without a round trip the agreed latency is the least; it has ended, and is seen all the same, behind those that go on.
        let ended = try row(2)
        #expect(ended.what == "ingest srt" && ended.behind == .milliseconds(120) && ended.behindBound == .atLeast)
        #expect(ended.isEnded && ended.waits?.time == .milliseconds(120) && ended.feed?.lossRatio == 0.03)
        #expect(list.rows.last { $0.feed != nil }?.key == ended.key)
        #expect(state.page == .live && Self.text(state, context).contains("≥2.0 s"))
    }

    @Test("Who delivers and who fetches is said once something was delivered or asked for")
    func purposesAreNotGuessed() throws {
        var flow = SampleSnapshots.evening().flows[0]
        flow.srt = SRTSnapshot()
        flow.srt?.latency = BothDirections(client: .milliseconds(120), server: .milliseconds(120))
        let silent = try #require(MediaFeed(flow))
        #expect(silent.what == "stream srt" && silent.behind == nil && silent.held == nil)
        flow.srt?.dataPackets = 1
        flow.srt?.sender = .fromServer
        #expect(MediaFeed(flow)?.what == "play srt" && MediaFeed(flow)?.held == .milliseconds(120))
        flow.srt = nil
        for (methods, what) in [
            (["OPTIONS", "DESCRIBE"], "stream rtsp"), (["SETUP", "PLAY"], "play rtsp"), (["RECORD"], "ingest rtsp"),
        ] {
            flow.rtsp = RTSPSnapshot()
            flow.rtsp?.methods = methods.map { NamedCount(name: $0, count: 1) }
            #expect(MediaFeed(flow)?.what == what)
        }
    }

    @Test func aFlowOfASessionHasNoRowOfItsOwn() {
        let (_, context) = Self.desk(Self.mixed())
        let list = LiveList(context, .all)
        let keys = list.rows.map(\.key)
        #expect(Set(keys).count == keys.count)
        #expect(!keys.contains(7) && !keys.contains(31))
    }

    @Test func groupsCountEachFlowOnceAndFilterIntoTheTable() {
        var (state, context) = Self.desk(SampleSnapshots.evening(), 120, 40)
        for key in FlowGroup.Key.allCases {
            let groups = FlowGroup.all(context.snapshot, .all, by: key)
            #expect(groups.reduce(0) { $0 + $1.flows } == context.snapshot.flows.count)
        }
        _ = ViewReducer.reduce(&state, "a", in: context)
        #expect(state.page == .groups)
        let first = FlowGroup.all(context.snapshot, .all, by: .server)[0]
        _ = ViewReducer.reduce(&state, .enter, in: context)
        #expect(state.page == .flows && state.table.rows.count == first.flows)
        _ = ViewReducer.reduce(&state, "x", in: context)
        _ = ViewReducer.reduce(&state, "a", in: context)
        _ = ViewReducer.reduce(&state, "a", in: context)
        #expect(state.grouping == .client)
    }

    @Test func endedFlowsAreHiddenAndTroubleOfTheLastMinuteIsNot() {
        var snapshot = SampleSnapshots.evening()
        for index in snapshot.flows.indices { snapshot.flows[index].state = .closed }
        var (state, context) = Self.desk(snapshot)
        let all = state.table.rows.count
        _ = ViewReducer.reduce(&state, "t", in: context)
        let troubled = snapshot.flows.filter { ($0.worstVerdict?.severity ?? .info) > .info }.count
        #expect(troubled > 0 && state.table.rows.count == troubled)
        #expect(Self.text(state, context).contains(Words.endedHidden))
        // Two minutes later nothing is left, and the page says how to see it.
        context.snapshot.time = context.snapshot.time + .seconds(120)
        context.now += .seconds(120)
        ViewReducer.advance(&state, in: context)
        #expect(state.table.rows.isEmpty && Self.text(state, context).contains(Words.allEnded(all)[0]))
        _ = ViewReducer.reduce(&state, "t", in: context)
        #expect(state.table.rows.count == all)
    }

    @Test func aTextIsFoundOnAPageFurtherDownAndMarked() {
        var (state, context) = Self.desk(SampleSnapshots.evening())
        // Facts of the flow are longer than the screen.
        for key in [Key.enter, .tab, .tab, .tab, "f"] + ScreenTests.typed("SACK") + [.enter] {
            _ = ViewReducer.reduce(&state, key, in: context)
        }
        #expect(state.searchPrompt == nil && (state.openFlow?.scroll ?? 0) > 0)
        var cells = CellBuffer(width: 80, height: 24)
        Frontend.render(context, state, into: &cells)
        let positions = SearchReducer.matches(of: "sack", in: cells.bounds, of: cells)
        #expect(!positions.isEmpty && positions.contains { cells[$0.x, $0.y].role == .match })
        // What is nowhere is said, and the screen stays where it is.
        let before = state.openFlow?.scroll
        for key in ["f"] + ScreenTests.typed("no such word") + [Key.enter] {
            _ = ViewReducer.reduce(&state, key, in: context)
        }
        #expect(state.openFlow?.scroll == before && state.notice?.text.contains("no such word") == true)
        // Escape ends the search before it closes anything.
        _ = ViewReducer.reduce(&state, .escape, in: context)
        #expect(state.search.isEmpty && state.openFlow != nil)
    }

    @Test func keysAreTextWhileATextIsTyped() {
        var (state, context) = Self.desk(SampleSnapshots.evening())
        for key in [Key.character("f"), "q", .paste("a\nb\u{1b}[A"), .backspace] {
            #expect(ViewReducer.reduce(&state, key, in: context).isEmpty)
        }
        #expect(state.searchPrompt == "qa b\u{1b}[")
        let screen = Self.text(state, context)
        #expect(!screen.contains("\u{1b}"))
        context.now += .seconds(1)
        _ = ViewReducer.reduce(&state, .escape, in: context)
        #expect(state.searchPrompt == nil)
    }

    @Test func stairsAreSeenWithinTheirAreaWithoutColour() {
        let start = SampleSnapshots.start
        let chart = StairChart(
            steps: [
                StairChart.Step(time: start, step: 1, fill: 4),
                StairChart.Step(time: start + .seconds(5), step: 3, fill: 4),
            ], marks: [], window: TimeWindow(start: start, end: start + .seconds(10), columns: 10), cursor: nil,
            scale: ChartScale(largest: 4, least: 1) { NumberText.fixed($0, decimals: 0) })
        var cells = CellBuffer(width: 18, height: 4)
        chart.draw(in: Rect(x: 0, y: 0, width: 18, height: 4), into: &cells)
        let lines = ScreenText.characters(cells).split(separator: "\n").map { String($0.suffix(11)) }
        #expect(lines[1].contains("━━━━") && lines[2].contains("━━━━━"))
        #expect(lines.joined().contains("┛") && lines.joined().contains("┏"))
        #expect(lines[3].contains("▒▒▒▒▒▒▒▒▒▒"))
    }

    @Test(arguments: 8...26) func everySizeDraws(height: Int) {
        let context = SampleSnapshots.context(Self.mixed())
        for width in [40, 63, 80, 144] {
            var state = ViewState(width: width, height: height)
            ViewReducer.advance(&state, in: context)
            var cells = CellBuffer(width: width, height: height)
            for key in [
                Key.character("1"), .down, .end, .pageDown, "5", "a", .down, "a", .tab, .tab, .backTab, .backTab,
            ] {
                _ = ViewReducer.reduce(&state, key, in: context)
                Frontend.render(context, state, into: &cells)
            }
            state.page = .congestion
            Frontend.render(context, state, into: &cells)
        }
    }
}
