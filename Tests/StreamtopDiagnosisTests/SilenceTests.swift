import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Findings that rest on silence, in captures that hold nobody's answers; and losses that nobody would bear.
@Suite struct SilenceTests {
    private func unanswered(isOneWay: Bool) -> Verdict? {
        var flow = SampleFlows.healthy()
        var tcp = TCPSnapshot()
        tcp.opening.syn = flow.start
        tcp.synRetransmissions = 3
        flow.tcp = tcp
        flow.roundTrip = FlowRoundTrip()
        flow.queueDelay = BothDirections(client: nil, server: nil)
        flow.state = .halfOpen
        flow.client.packets = 4
        flow.server.packets = 0
        flow.isFinal = true
        var health = CaptureHealth()
        health.isOneWay = isOneWay
        var diagnosis = FlowDiagnosis()
        return diagnosis.evaluate(flow, health: health, at: flow.end).first { $0.rule == "syn_loss" }
    }

    @Test func silenceAccusesWhereOthersAreAnswered() throws {
        let verdict = try #require(unanswered(isOneWay: false))
        #expect(verdict.severity == .critical)
        #expect(verdict.summary.hasSuffix("nothing came back"))
    }

    @Test func silenceOfEveryoneIsTheCapture() throws {
        let verdict = try #require(unanswered(isOneWay: true))
        #expect(verdict.severity == .info)
        #expect(verdict.confidence < 0.5)
        #expect(verdict.summary.hasPrefix("Possible:"))
        #expect(verdict.summary.contains("one direction only"))
    }

    @Test(arguments: [(lost: 600, isCritical: true), (lost: 1_900, isCritical: true), (lost: 2_900, isCritical: false)])
    func lossThatNobodyBears(lost: Int, isCritical: Bool) throws {
        let flow = MediaRuleTests.flow { $0.lost = UInt64(lost) }
        var diagnosis = FlowDiagnosis()
        let verdict = try #require(
            diagnosis.evaluate(flow, health: CaptureHealth(), at: flow.end).first { $0.rule == "media_loss" })
        #expect((verdict.severity == .critical) == isCritical)
        #expect(verdict.summary.contains("the capture does not hold all") == !isCritical)
    }
}
