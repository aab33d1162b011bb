import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// Calls and their streams: whom a mark is about, and what little room leaves.
@Suite struct CallScreensTests {
    private static func rows(_ verdicts: [Verdict]) -> [StreamRow] {
        var snapshot = SampleCalls.many()
        for index in snapshot.flows.indices where !snapshot.flows[index].rtp.isEmpty {
            snapshot.flows[index].verdicts = verdicts
            for stream in snapshot.flows[index].rtp.indices { snapshot.flows[index].rtp[stream].recent = nil }
        }
        return StreamRow.all(snapshot, .all)
    }

    @Test func aVerdictMarksTheStreamsThatItMayBeAbout() {
        func severities(_ rule: String) -> [Verdict.Severity?] {
            Self.rows([SampleSnapshots.verdict(rule, .critical, "s", "a")]).map(\.severity)
        }
        // Video with losses, speech with a few, and a stream that lost nothing.
        #expect(severities("media_loss") == [.critical, .critical, nil])
        #expect(severities("speech_quality") == [nil, .critical, nil])
        #expect(severities("data_channel_timer") == [nil, nil, nil])
        #expect(severities("packet_too_big") == [.critical, .critical, .critical])
    }

    @Test func ofACallBothHostsStay() {
        let call = SampleCalls.relayed()
        #expect(Words.callSubject(call, width: 44) == "198.51.100.7:49152 ↔ 192.0.2.77:50010")
        #expect(Words.callSubject(call, width: 26) == "198.51.100.7 ↔ 192.0.2.77")
        #expect(Words.callSubject(call, width: 23) == "198.51.100.7↔192.0.2.77")
        #expect([14, 9_999, 10_400, 3_200_000].map { Words.count($0) } == ["14", "9999", "10k", "3M"])
        #expect(Words.callSubject(call, width: 21) == "198.…00.7 ↔ 192.…2.77")
    }

    /// The first line and the list agree on how bad it is.
    @Test func aCallThatFailedIsNoWarning() {
        var call = SampleCalls.relayed()
        call.failure = .consentLost
        call.verdicts = [SampleSnapshots.verdict("consent_lost", .warning, "s", "a")]
        #expect(CallsScreen.headline(call, SampleSnapshots.context(SampleCalls.many())).state == .act)
        call.failure = nil
        #expect(CallsScreen.headline(call, SampleSnapshots.context(SampleCalls.many())).state == .watch)
    }

    @Test func aCallsFlowHasNoTabForHTTP() {
        #expect(TabTable.present(SampleCalls.media(), .facts).contains { $0.name == "HTTP" } == false)
        #expect(TabTable.present(SampleCalls.channels(), .facts).contains { $0.name == "HTTP" } == false)
        #expect(TabTable.present(SampleSnapshots.evening().flows[0], .facts).contains { $0.name == "HTTP" })
    }

    @Test func noFigureOfAStreamIsCut() throws {
        let row = try #require(Self.rows([]).first)
        let context = SampleSnapshots.context(SampleCalls.many())
        let page = StreamDetail.page(row, context, width: 79)
        let text = ScreenText.characters(page.cells)
        #expect(!text.contains("…"), "\(text)")
        #expect(text.contains("longest 820.0 ms"))
    }
}
