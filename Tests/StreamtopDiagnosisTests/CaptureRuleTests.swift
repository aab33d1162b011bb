import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// What is said of the capture itself.
@Suite struct CaptureRuleTests {
    typealias Scenario = RuleTests.Scenario

    static let scenarios: [Scenario] = [
        Scenario("67 only the server's packets", [67]) {
            $0.client.packets = 0
            $0.roundTrip = FlowRoundTrip()
            $0.queueDelay = BothDirections(client: nil, server: nil)
        },
        Scenario("67 not while nobody has sent data", []) {
            $0.server.packets = 0
            $0.client.packets = 2
            $0.tcp = TCPSnapshot()
            $0.roundTrip = FlowRoundTrip()
        },
        Scenario("80 acknowledgments first", [80]) { $0.tcp?.server.displacedSegments = 9_000 },
        Scenario("80 not for one in a hundred", []) { $0.tcp?.server.displacedSegments = 200 },
        Scenario("80 not for nineteen", []) {
            $0.tcp?.server.dataSegments = 40
            $0.tcp?.server.displacedSegments = 19
        },
    ]

    static let fired = Set(scenarios.flatMap(\.rules)).union([61, 62])

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        let flow = SampleFlows.spoiled(scenario.spoil)
        let ofCapture = SampleFlows.rules(flow).filter { [54, 61, 62, 67, 80].contains($0) }
        #expect(ofCapture == scenario.rules)
    }

    private func verdicts(_ spoil: (inout CaptureHealth) -> Void) -> [Verdict] {
        var host = HostDiagnosis()
        var health = CaptureHealth()
        spoil(&health)
        _ = host.evaluate(health: health, at: SampleFlows.time(1))
        return host.evaluate(health: health, at: SampleFlows.time(5))
    }

    @Test func copiesAreARemark() throws {
        let verdict = try #require(
            verdicts { $0.seenTwice = SeenTwice(packets: 400, bytes: 9, kind: .mirror) }.first)
        #expect(verdict.rule == "duplicated_capture" && verdict.severity == .info && verdict.ruleNumber == 61)
        #expect(verdict.firstSeen == SampleFlows.time(1))
        #expect(verdict.summary.contains("400 packets") && verdict.summary.contains("mirror port"))
        let none = verdicts { _ in }
        #expect(none.isEmpty)
    }

    @Test func aStepOfTheClockIsARemark() throws {
        let verdict = try #require(
            verdicts { $0.clock.record(back: SampleFlows.time(3), by: .seconds(1)) }.first)
        #expect(verdict.rule == "clock_step" && verdict.severity == .info)
        #expect(verdict.summary.contains("back by 1 s"))
        let outlier = verdicts { $0.clock.outliers = 1 }
        #expect(outlier.isEmpty)
    }
}
