import Foundation
import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopView

/// Screens as text files that people look at. `RECORD_SNAPSHOTS=1` writes them anew.
@Suite struct ScreenTests {
    struct Scene: Sendable, CustomTestStringConvertible {
        var name: String
        var keys: [Key] = []
        var replay: ReplayStatus?
        var recordings = RecordingStatus()
        var glyphs = GlyphSet.unicode
        var snapshot: @Sendable () -> Snapshot = SampleSnapshots.evening
        /// Sizes apart from the three that every screen is looked at.
        var sizes = [(80, 24), (120, 40), (200, 60)]

        var testDescription: String { name }
    }

    static let replay = ReplayStatus(
        position: .seconds(301), duration: .seconds(761), speed: 2, isLooping: true,
        marks: [
            ReplayMark(offset: .seconds(95), severity: .warning),
            ReplayMark(offset: .seconds(420), severity: .critical),
        ])

    static let scenes: [Scene] = [
        Scene(name: "overview"),
        Scene(name: "overview-empty", snapshot: { Snapshot(time: SampleSnapshots.now) }, sizes: [(80, 24)]),
        Scene(name: "overview-well", snapshot: well, sizes: [(80, 24)]),
        Scene(name: "overview-drops", snapshot: drops, sizes: [(80, 24)]),
        Scene(name: "overview-behind", snapshot: behind, sizes: [(80, 24)]),
        Scene(name: "overview-ended", snapshot: ended, sizes: [(80, 24)]),
        Scene(
            name: "overview-crowd", keys: [.end], snapshot: { SampleSnapshots.crowd(1_000) },
            sizes: [(80, 24), (120, 40)]),
        Scene(
            name: "overview-recording", recordings: RecordingStatus(flows: [FlowIdentifier(number: 7)], hasCopy: true),
            sizes: [(80, 24)]),
        Scene(name: "overview-ascii", glyphs: .ascii, sizes: [(120, 40)]),
        Scene(name: "overview-replay", replay: replay, sizes: [(80, 24), (120, 40)]),
        Scene(name: "overview-filter", keys: ["/"] + typed("proto:tls rtt>5"), sizes: [(80, 24), (120, 40)]),
        Scene(name: "overview-filter-error", keys: ["/"] + typed("rtq>50ms"), sizes: [(80, 24)]),
        Scene(name: "overview-filter-none", keys: ["/"] + typed("port:9") + [.enter], sizes: [(80, 24)]),
        Scene(name: "overview-filter-kept", keys: ["/"] + typed("proto:tls rtt>5") + [.enter], sizes: [(80, 24)]),
        Scene(name: "sort-menu", keys: ["s", .down], sizes: [(80, 24)]),
        Scene(name: "theme-picker", keys: ["T", .down], sizes: [(80, 24)]),
        Scene(name: "help-flows", keys: ["?"], sizes: [(80, 24), (120, 40)]),
        Scene(name: "help-flow", keys: [.enter, "?"], replay: replay, sizes: [(120, 40)]),
        Scene(name: "flow", keys: [.enter]),
        Scene(name: "flow-cursor", keys: [.enter, "H", "H", "H", .left], sizes: [(80, 24), (120, 40)]),
        Scene(name: "flow-console", keys: [.enter], glyphs: .console, sizes: [(80, 24)]),
        Scene(name: "flow-ascii", keys: [.enter], glyphs: .ascii, sizes: [(80, 24)]),
        Scene(name: "flow-facts", keys: [.enter, .tab, .tab, .tab], sizes: [(80, 24), (120, 40)]),
        Scene(name: "flow-events", keys: [.enter, .backTab], sizes: [(80, 24)]),
        Scene(name: "flow-udp", keys: [.down, .down, .enter], sizes: [(80, 24)]),
        Scene(name: "flow-handshake", keys: [.enter, .tab], snapshot: SampleHandshakes.lone(SampleHandshakes.retried)),
        Scene(
            name: "flow-handshake-end", keys: [.enter, .tab, .pageDown, .pageDown],
            snapshot: SampleHandshakes.lone(SampleHandshakes.retried), sizes: [(80, 24)]),
        Scene(
            name: "flow-handshake-quic", keys: [.enter, .tab], snapshot: SampleHandshakes.lone(SampleHandshakes.quic)),
        Scene(
            name: "flow-handshake-ascii", keys: [.enter, .tab], glyphs: .ascii,
            snapshot: SampleHandshakes.lone(SampleHandshakes.retried), sizes: [(80, 24)]),
        Scene(
            name: "flow-http", keys: [.enter, .tab, .tab], snapshot: SampleHandshakes.lone(SampleExchanges.player)),
        Scene(
            name: "flow-facts-quic", keys: [.enter, .tab, .tab, .tab],
            snapshot: SampleHandshakes.lone(SampleExchanges.player), sizes: [(120, 40)]),
        Scene(name: "flow-http-none", keys: [.enter, .tab, .tab], sizes: [(80, 24)]),
        Scene(name: "flow-handshake-none", keys: [.enter, .tab], sizes: [(80, 24)]),
        Scene(name: "handshakes", keys: ["6"], snapshot: SampleHandshakes.many),
        Scene(name: "handshakes-none", keys: ["6"], sizes: [(80, 24)]),
        Scene(name: "verdicts", keys: ["7"]),
        Scene(name: "events", keys: ["8"], sizes: [(80, 24), (120, 40)]),
        Scene(name: "capture", keys: ["9"]),
        Scene(name: "capture-keylog", keys: ["9"], snapshot: sealedLog, sizes: [(80, 24)]),
        Scene(name: "live", snapshot: LiveScreenTests.mixed),
        Scene(name: "live-call", keys: [.end], snapshot: LiveScreenTests.mixed, sizes: [(80, 24)]),
        Scene(name: "live-ascii", glyphs: .ascii, snapshot: LiveScreenTests.mixed, sizes: [(80, 24)]),
        Scene(name: "live-none", keys: ["1"], sizes: [(80, 24)]),
        Scene(name: "groups", keys: ["5", "a"], sizes: [(80, 24), (120, 40)]),
        Scene(name: "congestion", keys: ["8", .tab], sizes: [(80, 24), (120, 40)]),
        Scene(name: "find", keys: ["5", "f"] + typed("cdn") + [.enter], sizes: [(80, 24)]),
        Scene(name: "sessions", keys: ["2"], snapshot: SampleSessions.many),
        Scene(
            name: "sessions-cursor", keys: ["2", "H", "H", .left], snapshot: SampleSessions.many,
            sizes: [(80, 24), (120, 40)]),
        Scene(
            name: "sessions-end", keys: ["2", .pageDown, .pageDown], snapshot: SampleSessions.many, sizes: [(80, 24)]),
        Scene(name: "sessions-ascii", keys: ["2"], glyphs: .ascii, snapshot: SampleSessions.many, sizes: [(80, 24)]),
        Scene(name: "sessions-none", keys: ["2"], sizes: [(80, 24)]),
        Scene(
            name: "flow-http2", keys: [.enter, .tab, .tab], snapshot: SampleHandshakes.lone(SampleExchanges.http2),
            sizes: [(80, 24), (120, 40)]),
        Scene(
            name: "flow-websocket", keys: [.enter, .tab, .tab, .tab],
            snapshot: SampleHandshakes.lone(SampleExchanges.webSocket), sizes: [(80, 24), (120, 40)]),
        Scene(name: "calls", keys: ["3"], snapshot: SampleCalls.many),
        Scene(
            name: "calls-end", keys: ["3", .pageDown, .pageDown, .pageDown], snapshot: SampleCalls.many,
            sizes: [(80, 24)]),
        Scene(name: "calls-failed", keys: ["3", .down], snapshot: SampleCalls.many, sizes: [(80, 24)]),
        Scene(name: "calls-ascii", keys: ["3"], glyphs: .ascii, snapshot: SampleCalls.many, sizes: [(80, 24)]),
        Scene(name: "calls-none", keys: ["3"], sizes: [(80, 24)]),
        Scene(name: "streams", keys: ["4"], snapshot: SampleCalls.many),
        Scene(name: "streams-audio", keys: ["4", .down], snapshot: SampleCalls.many, sizes: [(80, 24), (120, 40)]),
        Scene(
            name: "flow-channels", keys: [.enter, .tab, .tab, .tab],
            snapshot: SampleHandshakes.lone(SampleCalls.channels), sizes: [(80, 24), (120, 40)]),
        Scene(name: "flow-ladder", keys: [.enter, .tab], snapshot: SampleHandshakes.lone(SampleLadders.flow)),
        Scene(name: "host", keys: ["9", .backTab, .backTab], snapshot: SampleLadders.host),
        Scene(name: "flow-kernel", keys: [.enter], snapshot: SampleHandshakes.lone(SampleLadders.flow)),
        Scene(
            name: "sockets", keys: ["9", .backTab], snapshot: SocketsScreenTests.busy, sizes: [(80, 24), (120, 40)]),
        Scene(name: "tiny", sizes: [(30, 5), (40, 8)]),
    ]

    static func typed(_ text: String) -> [Key] { text.map { Key.character($0) } }

    @Sendable static func well() -> Snapshot {
        var snapshot = SampleSnapshots.evening()
        for index in snapshot.flows.indices { snapshot.flows[index].verdicts = [] }
        return snapshot
    }

    /// An analysis that cannot keep up.
    @Sendable static func behind() -> Snapshot {
        var snapshot = SampleSnapshots.evening()
        snapshot.health.behind = .milliseconds(7_340)
        return snapshot
    }

    /// The pipe that the capture came through has ended.
    @Sendable static func ended() -> Snapshot {
        var snapshot = SampleSnapshots.evening()
        snapshot.health.source = .ended(.seconds(754))
        snapshot.bitRate = 0
        snapshot.packetRate = 0
        return snapshot
    }

    static func sealedLog() -> Snapshot {
        var snapshot = well()
        snapshot.health.secrets = 0
        snapshot.health.keyLogProblem =
            "/tmp/keys.log: the key log cannot be read by nobody, who runs this now (-Z USER chooses): Permission denied"
        return snapshot
    }

    static func drops() -> Snapshot {
        var snapshot = well()
        snapshot.health.kernelDrops = 120_400
        return snapshot
    }

    private static func clearTabs(_ state: ViewState, _ context: ViewContext, _ cells: inout CellBuffer) {
        guard state.popup == nil, state.height >= Frontend.leastHeight, state.width >= Frontend.leastWidth else {
            return
        }
        let bar = state.openFlow == nil ? PageLayout(state, context).tabs : FlowLayout(state, context).tabs
        let end =
            state.openFlow.map { FlowScreen.tabs($0, context.flow($0.flow), FlowLayout(state, context)).end + 1 }
            ?? PageScreen.tabs(context, state, PageLayout(state, context)).end + 1
        cells.fill(
            Rect(x: 0, y: bar.y, width: end, height: 1), context.glyphs == .ascii ? "-" : "─", .border)
    }

    @Test func barsAreAsReviewed() throws {
        var lines = ""
        for width in [40, 80, 120] {
            for keys in [[], [Key.enter]] {
                var state = ViewState(width: width, height: 24)
                let context = SampleSnapshots.context(SampleSnapshots.evening())
                ViewReducer.advance(&state, in: context)
                for key in keys { _ = ViewReducer.reduce(&state, key, in: context) }
                var cells = CellBuffer(width: width, height: 24)
                Frontend.render(context, state, into: &cells)
                let row = state.openFlow == nil ? PageLayout(state, context).tabs.y : FlowLayout(state, context).tabs.y
                lines += (0..<width).map { String(cells[$0, row].scalar) }.joined() + "\n"
            }
        }
        let outcome = try Snapshotting.compare(lines, with: TestFiles.folder.appending(path: "Screens/bars.txt"))
        if let failure = outcome.failure { Issue.record("\(failure)") }
    }

    @Test func everyColumnAndFieldHasItsRow() {
        for column in FlowColumn.allCases {
            #expect(MetricTable.rows.count { $0.column == column } == 1, "\(column)")
            #expect(!column.style.title.isEmpty)
        }
        for field in FilterField.allCases {
            guard case .number = field.kind, field != .port else { continue }
            #expect(MetricTable.rows.count { $0.field == field } == 1, "\(field)")
        }
        #expect(Set(PageTable.rows.map(\.page)).count == PageTable.rows.count)
        #expect(Set(TabTable.rows.map(\.name)).count == TabTable.rows.count)
    }

    @Test(arguments: scenes) func screenIsAsReviewed(scene: Scene) throws {
        let snapshot = scene.snapshot()
        for (width, height) in scene.sizes {
            var state = ViewState(width: width, height: height)
            var context = SampleSnapshots.context(snapshot, replay: scene.replay, glyphs: scene.glyphs)
            context.recordings = scene.recordings
            ViewReducer.advance(&state, in: context)
            for key in scene.keys {
                context.now += .milliseconds(100)
                _ = ViewReducer.reduce(&state, key, in: context)
            }
            var cells = CellBuffer(width: width, height: height)
            Frontend.render(context, state, into: &cells)
            // The bar of tabs has a golden file of its own: a new tab changes that one, and no screen.
            Self.clearTabs(state, context, &cells)
            let folder = TestFiles.folder.appending(path: "Screens")
            let name = "\(scene.name)-\(width)x\(height)"
            for (text, suffix) in [(ScreenText.characters(cells), "txt"), (ScreenText.roles(cells), "roles.txt")] {
                let outcome = try Snapshotting.compare(text, with: folder.appending(path: "\(name).\(suffix)"))
                if let failure = outcome.failure { Issue.record("\(failure)") }
            }
            if scene.glyphs == .ascii {
                #expect(cells.cells.allSatisfy { $0.scalar.value >= 0x20 && $0.scalar.value < 0x7f })
            }
        }
    }
}
