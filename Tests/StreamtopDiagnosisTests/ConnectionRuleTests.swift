import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Connections that fail, and those that come close.
@Suite struct ConnectionRuleTests {
    typealias Scenario = RuleTests.Scenario

    /// A SYN and its answer, 12 ms later.
    static func refused(_ flow: inout FlowSnapshot, _ fill: (inout TCPSnapshot) -> Void = { _ in }) {
        var tcp = TCPSnapshot()
        tcp.opening.syn = flow.start
        tcp.server.resets = 1
        fill(&tcp)
        flow.tcp = tcp
        flow.roundTrip = FlowRoundTrip()
        flow.queueDelay = BothDirections(client: nil, server: nil)
        flow.state = .reset
        flow.client.packets = 1
        flow.server.packets = 1
        flow.server.lastPacket = flow.start + .milliseconds(12)
        flow.end = flow.start + .milliseconds(12)
        flow.time = flow.end
    }

    /// TCP was made 30 ms away; the hello left at 31 ms and `seconds` have passed since the SYN.
    static func hello(
        _ flow: inout FlowSnapshot, until seconds: Int64, state: FlowState = .open,
        _ fill: (inout TCPSnapshot, inout TLSSnapshot) -> Void = { _, _ in }
    ) {
        var tls = HandshakeRuleTests.tls(start: flow.start) {
            $0.handshake.kind = .incomplete
            $0.handshake.timeline.removeLast(2)
            $0.certificates = []
        }
        var tcp = TCPSnapshot()
        tcp.opening.syn = flow.start
        tcp.opening.synAck = flow.start + .milliseconds(30)
        fill(&tcp, &tls)
        flow.tcp = tcp
        flow.tls = tls
        flow.client.packets = 4
        flow.server.packets = 2
        flow.server.payloadBytes = 0
        flow.state = state
        flow.end = flow.start + .seconds(seconds)
        flow.time = flow.end
    }

    /// QUIC that is under way.
    static func quic(_ flow: inout FlowSnapshot, until end: Nanoseconds, _ fill: (inout QUICSnapshot) -> Void) {
        let start = flow.start
        HandshakeRuleTests.quic(&flow) { quic, tls in
            quic.amplificationRatio = nil
            quic.handshake.firstInitial = start
            quic.clientInitials = 4
            quic.packets.initial = 4
            tls.handshake.kind = .incomplete
            tls.handshake.timeline.removeAll { $0.from == .fromServer }
            tls.certificates = []
            fill(&quic)
        }
        flow.orientation = .quicInitial
        flow.roundTrip = FlowRoundTrip()
        flow.queueDelay = BothDirections(client: nil, server: nil)
        flow.server.packets = 0
        flow.client.packets = 4
        flow.state = .halfOpen
        flow.end = flow.start + end
        flow.time = flow.end
    }

    static let scenarios: [Scenario] = [
        Scenario("56 a reset answers the SYN", [56]) { refused(&$0) },
        Scenario("56 three SYNs, three resets", [56]) {
            refused(&$0) {
                $0.synRetransmissions = 2
                $0.server.resets = 3
            }
        },
        Scenario("56 not when the client took its SYN back", []) {
            refused(&$0) {
                $0.server.resets = 0
                $0.client.resets = 1
            }
        },
        Scenario("56 not after a SYN-ACK", []) { flow in refused(&flow) { $0.opening.synAck = $0.opening.syn } },
        Scenario("56 not while nothing answers", []) {
            refused(&$0) { $0.server.resets = 0 }
            $0.state = .halfOpen
        },

        Scenario("57 reset after the hello", [57]) {
            hello(&$0, until: 1, state: .reset) { tcp, _ in tcp.server.resets = 1 }
        },
        Scenario("57 the server closes after the hello", [57]) {
            hello(&$0, until: 1, state: .closed) { tcp, _ in
                tcp.server.fins = 1
                tcp.firstFin = .fromServer
            }
        },
        Scenario("57 a fatal alert", [57]) {
            hello(&$0, until: 1) { _, tls in
                tls.alerts = [
                    TLSAlertSnapshot(
                        time: SampleFlows.start + .milliseconds(62), from: .fromServer, level: "fatal",
                        description: "handshake_failure")
                ]
            }
        },
        Scenario("57 not for a warning", []) {
            hello(&$0, until: 1) { _, tls in
                tls.alerts = [
                    TLSAlertSnapshot(
                        time: SampleFlows.start, from: .fromServer, level: "warning", description: "close_notify")
                ]
            }
        },
        Scenario("57 not when the capture misses a part", []) {
            hello(&$0, until: 1, state: .reset) { tcp, _ in
                tcp.server.resets = 1
                tcp.client.lostBeforeCapture = 1
            }
        },
        Scenario("57 not after a whole handshake", []) {
            hello(&$0, until: 1, state: .reset) { tcp, tls in
                tcp.server.resets = 1
                tls.handshake.kind = .full
            }
        },
        Scenario("57 not before any hello", []) {
            hello(&$0, until: 1, state: .closed) { tcp, tls in
                tcp.client.fins = 1
                tcp.firstFin = .fromClient
                tls.handshake.timeline.removeAll { $0.step == .clientHello }
            }
        },
        Scenario("57 QUIC closed with an error", [57]) {
            quic(&$0, until: .milliseconds(40)) {
                $0.close = QUICClose(
                    code: 0x128, isApplication: false, reason: "", by: .fromServer, time: SampleFlows.start)
            }
            $0.server.packets = 1
            $0.state = .closed
        },

        Scenario("58 acknowledged and silent", [58]) { hello(&$0, until: 10) },
        Scenario("58 silent until the client left", [58]) {
            hello(&$0, until: 10, state: .closed) { tcp, _ in
                tcp.client.fins = 1
                tcp.firstFin = .fromClient
            }
        },
        Scenario("58 not before three seconds", []) { hello(&$0, until: 2) },
        Scenario("58 not when the hello is not acknowledged", []) {
            hello(&$0, until: 10) { tcp, _ in tcp.client.outstandingBytes = 517 }
        },
        Scenario("58 not when the server spoke", []) {
            hello(&$0, until: 10)
            $0.server.payloadBytes = 7
        },
        Scenario("58 QUIC without an answer", [58]) { quic(&$0, until: .seconds(7)) { _ in } },
        Scenario("58 QUIC, both speak and do not get on", [58]) {
            quic(&$0, until: .seconds(102)) { _ in }
            $0.server.packets = 30
        },
        Scenario("58 not for QUIC given up in a race", []) {
            quic(&$0, until: .milliseconds(300)) { $0.clientInitials = 2 }
        },
        Scenario("58 not for QUIC that came about", []) {
            quic(&$0, until: .seconds(7)) { $0.handshake.firstClientData = $0.handshake.firstInitial }
            $0.server.packets = 30
        },
    ]

    static let fired = Set(scenarios.flatMap(\.rules))

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        let flow = SampleFlows.spoiled(scenario.spoil)
        #expect(SampleFlows.rules(flow) == scenario.rules)
        for verdict in SampleFlows.verdicts(flow) {
            #expect(verdict.summary.count > 30 && !verdict.advice.isEmpty && !verdict.evidence.isEmpty)
            #expect(!verdict.ofMany.isEmpty)
            #expect(FlowDiagnosis.score(flow)?.value == 0)
        }
    }

    @Test func whoBrokeItOff() throws {
        var flow = SampleFlows.healthy()
        Self.hello(&flow, until: 1, state: .reset) { tcp, _ in tcp.client.resets = 1 }
        let client = try #require(SampleFlows.verdicts(flow).first)
        #expect(client.subject == .client && client.severity == .info, "a client that turns away at once may be racing")
        Self.hello(&flow, until: 1, state: .reset) { tcp, _ in tcp.server.resets = 1 }
        #expect(SampleFlows.verdicts(flow).first?.subject == .server)
        flow.anomalies.record(.resetFromElsewhere)
        #expect(SampleFlows.verdicts(flow).first?.subject == .path)
    }
}
