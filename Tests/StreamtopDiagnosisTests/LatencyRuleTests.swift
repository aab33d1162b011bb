import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Long paths, slow ends and queues without a cause.
@Suite struct LatencyRuleTests {
    typealias Scenario = RuleTests.Scenario

    /// The step of the handshake comes `milliseconds` later than it should, and all behind it.
    static func delay(_ step: HandshakeStepName, _ milliseconds: Int64, _ flow: inout FlowSnapshot) {
        HandshakeRuleTests.secure(&flow) { tls in
            guard let index = tls.handshake.timeline.firstIndex(where: { $0.step == step }) else { return }
            for later in index..<tls.handshake.timeline.count {
                tls.handshake.timeline[later].time = tls.handshake.timeline[later].time + .milliseconds(milliseconds)
            }
        }
    }

    static func far(_ milliseconds: Int64, _ flow: inout FlowSnapshot) {
        flow.roundTrip.client = SampleFlows.trip(10)
        flow.roundTrip.server = SampleFlows.trip(milliseconds - 10)
        flow.tcp?.server.initialWindowBytes = 14_480
    }

    /// A queue without correlation, of `milliseconds` in a round trip of `trip`.
    static func queue(_ milliseconds: Int64, of trip: Int64, _ flow: inout FlowSnapshot) {
        flow.queueDelay.client = SampleFlows.queue(milliseconds)
        flow.queueDelay.server = SampleFlows.queue(20)
        flow.roundTrip.client = SampleFlows.trip(trip)
    }

    static let scenarios: [Scenario] = [
        Scenario("63 a path of 400 ms", [63]) { far(400, &$0) },
        Scenario("63 a remark at 200 ms", [63]) { far(200, &$0) },
        Scenario("63 not at 150 ms", []) { far(150, &$0) },
        Scenario("63 not when half of it is queue", [79]) {
            far(400, &$0)
            $0.queueDelay.server = SampleFlows.queue(250)
            $0.queueDelay.client = SampleFlows.queue(20)
        },

        Scenario("64 the hello waits 3 s", [64]) { delay(.serverHello, 3_000, &$0) },
        Scenario("64 not two captures in one file", []) { delay(.serverHello, 86_400_000, &$0) },
        Scenario("64 not below 500 ms", []) { delay(.serverHello, 480, &$0) },
        Scenario("64 not when something was sent again", []) {
            delay(.serverHello, 1_000, &$0)
            $0.tcp?.client.retransmissions.packets = 1
            $0.tcp?.client.dataSegments = 2
            $0.tcp?.server.dataSegments = 5
        },
        Scenario("78 the client waits 900 ms", [78]) { delay(.finished, 900, &$0) },
        Scenario("78 not for a user who is slow to ask", []) {
            HandshakeRuleTests.secure(&$0) {
                $0.handshake.timeline.append(
                    HandshakeStep(
                        step: .firstApplicationData, from: .fromClient, time: SampleFlows.start + .seconds(9),
                        bytes: nil))
            }
        },

        Scenario("79 a queue without correlation", [79]) { queue(88, of: 120, &$0) },
        Scenario("79 not when bufferbloat says it better", [1]) {
            queue(88, of: 120, &$0)
            $0.tcp?.server.flightDelayCorrelation = 0.93
        },
        Scenario("79 not below 50 ms", []) { queue(49, of: 60, &$0) },
        Scenario("79 not for a small share", []) { queue(60, of: 400, &$0) },
        Scenario("79 not on 19 samples", []) {
            queue(88, of: 120, &$0)
            $0.roundTrip.client?.samples = 19
        },
        Scenario("79 by the spin bit, most of the time", [79]) {
            queue(88, of: 120, &$0)
            $0.roundTrip.client?.samples = 14
            $0.roundTrip.client?.source = .quicSpin
        },
        Scenario("79 not for single late spins", []) {
            queue(88, of: 120, &$0)
            $0.roundTrip.client?.source = .quicSpin
            $0.queueDelay.client?.p50 = .milliseconds(3)
        },
    ]

    static let fired = Set(scenarios.flatMap(\.rules))

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        let flow = SampleFlows.spoiled(scenario.spoil)
        #expect(SampleFlows.rules(flow) == scenario.rules)
    }

    @Test func severityFollowsTheTime() {
        var flow = SampleFlows.healthy()
        Self.far(200, &flow)
        #expect(SampleFlows.verdicts(flow).first?.severity == .info)
        Self.far(400, &flow)
        #expect(SampleFlows.verdicts(flow).first?.severity == .warning)
        #expect(FlowDiagnosis.score(flow)?.value == 0)
        flow = SampleFlows.healthy()
        Self.delay(.serverHello, 1_000, &flow)
        #expect(SampleFlows.verdicts(flow).first?.severity == .warning)
        Self.delay(.serverHello, 3_000, &flow)
        #expect(SampleFlows.verdicts(flow).first?.severity == .critical)
    }
}
