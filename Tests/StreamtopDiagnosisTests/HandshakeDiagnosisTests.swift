import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// What a handshake cost and why it failed, derived from the facts of a flow.
@Suite struct HandshakeDiagnosisTests {
    private func flow(_ fill: (inout FlowSnapshot) -> Void = { _ in }) -> FlowSnapshot {
        var flow = SampleFlows.healthy()
        HandshakeRuleTests.secure(&flow)
        fill(&flow)
        HandshakeDiagnosis.judge(&flow)
        return flow
    }

    private func incomplete(_ fill: (inout FlowSnapshot) -> Void = { _ in }) -> HandshakeFailure? {
        flow {
            $0.tls?.handshake.kind = .incomplete
            $0.tls?.handshake.duration = nil
            fill(&$0)
        }.handshake?.failure
    }

    // MARK: Cost

    @Test func costIsThatOfTheTransportAndOfTheKeys() throws {
        let cost = try #require(flow().handshakeCost)
        #expect(cost.carrier == .tcp && cost.trips == 2 && cost.roundTrip == .milliseconds(30))
        #expect(cost.time == .milliseconds(62), "from the SYN until the client may send")
        #expect(cost.time(ofTrips: 2) == .milliseconds(60))
        #expect(cost.time(ofTrips: .max) == nil)
    }

    @Test func costIsUnknownWhereTheBeginningIs() {
        #expect(flow { $0.tls?.handshake.timeline.removeFirst(3) }.handshakeCost?.trips == nil)
        #expect(flow { $0.tls?.handshake.timeline = [] }.handshakeCost == nil)
        #expect(flow { $0.tls = nil }.handshake == nil)
    }

    @Test func datagramsShowTheirRoundTripByTheirAnswers() {
        func cost(_ steps: [(HandshakeStepName, Direction, Int64)]) -> HandshakeCost? {
            flow {
                $0.tls = nil
                $0.tcp = nil
                $0.transport = .udp
                $0.roundTrip = FlowRoundTrip()
                let start = $0.start
                var dtls = DTLSSnapshot()
                dtls.tls.handshake.kind = .full
                dtls.tls.handshake.roundTrips = 3
                dtls.tls.handshake.timeline = steps.map {
                    HandshakeStep(step: $0.0, from: $0.1, time: start + .milliseconds($0.2), bytes: nil)
                }
                $0.dtls = dtls
            }.handshakeCost
        }
        let steps: [(HandshakeStepName, Direction, Int64)] = [
            (.clientHello, .fromClient, 0), (.helloVerifyRequest, .fromServer, 20), (.clientHello, .fromClient, 24),
            (.serverHello, .fromServer, 50), (.certificate, .fromServer, 51), (.clientKeyExchange, .fromClient, 58),
        ]
        // 20 ms to the server and back, 4 ms to the client and back.
        #expect(cost(steps)?.carrier == .dtls)
        #expect(cost(steps)?.roundTrip == .milliseconds(24))
        #expect(cost(steps)?.time(ofTrips: 1) == .milliseconds(24))
        #expect(cost(steps.filter { $0.1 == .fromClient })?.roundTrip == nil)
    }

    // MARK: Failure

    @Test func anAlertOutweighsHowTheConnectionEnded() {
        let alert = TLSAlertSnapshot(
            time: SampleFlows.start, from: .fromServer, level: "fatal", description: "handshake_failure")
        #expect(
            incomplete {
                $0.state = .reset
                $0.tls?.alerts = [alert]
            } == .alert(alert))
        #expect(
            incomplete {
                $0.state = .reset
                $0.tls?.alerts = [
                    TLSAlertSnapshot(
                        time: alert.time, from: .fromServer, level: "warning", description: "no_renegotiation")
                ]
            } == .reset)
        #expect(flow { $0.tls?.alerts = [alert] }.handshake?.failure == nil, "the handshake was over by then")
    }

    @Test func statesTellFailuresOfTheConnection() {
        #expect(incomplete { $0.state = .closed } == .closed)
        #expect(incomplete { $0.state = .expired } == .silent)
        #expect(
            incomplete {
                $0.state = .expired
                $0.server.packets = 0
            } == .unanswered)
        #expect(incomplete() == nil, "it may still end")
        #expect(
            incomplete {
                $0.state = .reset
                $0.tls?.handshake.timeline.removeAll { $0.step == .clientHello }
            } == nil, "its beginning was not seen")
    }

    @Test func quicIsClosedInItsHandshake() {
        let close = QUICClose(code: 0x128, isApplication: false, reason: "", by: .fromServer, time: SampleFlows.start)
        #expect(
            incomplete {
                $0.quic = QUICSnapshot()
                $0.quic?.close = close
            } == .close(close))
    }

    @Test func withoutAHelloTheSynTells() {
        func lone(_ fill: (inout FlowSnapshot) -> Void) -> HandshakeFailure? {
            flow {
                $0.tls = nil
                $0.roundTrip.handshake = nil
                $0.client.payloadBytes = 0
                $0.server.payloadBytes = 0
                fill(&$0)
            }.handshake?.failure
        }
        #expect(lone { $0.state = .reset } == .refused)
        #expect(lone { $0.state = .open } == nil)
        #expect(
            lone {
                $0.server.packets = 0
                $0.tcp?.synRetransmissions = 3
            } == .unanswered)
        #expect(lone { $0.server.packets = 0 } == nil, "asked once only")
        #expect(
            lone {
                $0.state = .reset
                $0.orientation = .port
            } == nil, "joined late")
    }
}
