import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Rules about handshakes, on flows that show the trouble and on flows that come close.
@Suite struct HandshakeRuleTests {
    typealias Scenario = RuleTests.Scenario

    /// A TLS 1.3 handshake over TCP, 30 ms away.
    static func secure(_ flow: inout FlowSnapshot, _ fill: (inout TLSSnapshot) -> Void = { _ in }) {
        flow.tls = tls(start: flow.start, fill)
    }

    static func tls(start: Timestamp, _ fill: (inout TLSSnapshot) -> Void) -> TLSSnapshot {
        var tls = TLSSnapshot()
        tls.version = "1.3"
        tls.cipherSuite = "TLS_AES_128_GCM_SHA256"
        tls.keySharesOffered = ["x25519"]
        tls.handshake.kind = .full
        tls.handshake.roundTrips = 1
        tls.handshake.duration = .milliseconds(31)
        let steps: [(HandshakeStepName, Direction, Int64)] = [
            (.tcpSyn, .fromClient, 0), (.tcpSynAck, .fromServer, 30), (.tcpAck, .fromClient, 30),
            (.clientHello, .fromClient, 31), (.serverHello, .fromServer, 61), (.finished, .fromClient, 62),
        ]
        tls.handshake.timeline = steps.map {
            HandshakeStep(step: $0.0, from: $0.1, time: start + .milliseconds($0.2), bytes: nil)
        }
        var certificate = CertificateSnapshot(
            subject: "CN=live.example", issuer: "CN=ca", notBefore: start - .seconds(86_400 * 60),
            notAfter: start + .seconds(86_400 * 30), names: ["live.example"], key: nil, serial: "1", fingerprint: "")
        tls.certificates = [certificate]
        certificate.notAfter = start - .seconds(86_400)
        tls.certificates.append(certificate)
        fill(&tls)
        return tls
    }

    static func quic(_ flow: inout FlowSnapshot, _ fill: (inout QUICSnapshot, inout TLSSnapshot) -> Void) {
        flow.tcp = nil
        flow.transport = .udp
        flow.roundTrip.handshake = .milliseconds(95)
        var quic = QUICSnapshot()
        quic.amplificationRatio = 1.4
        var tls = tls(start: flow.start) {
            $0.handshake.timeline.removeAll { [.tcpSyn, .tcpSynAck, .tcpAck].contains($0.step) }
        }
        fill(&quic, &tls)
        flow.quic = quic
        flow.tls = tls
    }

    /// QUIC whose client asked twice and turned to TCP 300 ms after its first packet.
    static func blocked(_ flow: inout FlowSnapshot, _ fill: (inout QUICSnapshot) -> Void) {
        let start = flow.start
        quic(&flow) { quic, tls in
            quic.amplificationRatio = nil
            quic.packets.initial = 3
            quic.handshake.firstInitial = start
            quic.fallback = start + .milliseconds(300)
            quic.handshake.repeatedRequest = start + .milliseconds(200)
            tls.handshake.duration = nil
            tls.handshake.roundTrips = nil
            fill(&quic)
        }
        flow.roundTrip.handshake = nil
    }

    static func early(_ flow: inout FlowSnapshot, _ fill: (inout EarlyDataSnapshot) -> Void) {
        secure(&flow) {
            var data = EarlyDataSnapshot()
            data.accepted = true
            data.bytes = 412
            $0.handshake.kind = .zeroRTT
            $0.handshake.roundTrips = 0
            fill(&data)
            $0.earlyData = data
        }
    }

    static func expiring(_ flow: inout FlowSnapshot, in left: Nanoseconds) {
        let end = flow.end
        secure(&flow) { $0.certificates[0].notAfter = end + left }
    }

    static let scenarios: [Scenario] = [
        Scenario("TLS 1.3 in two round trips", []) { secure(&$0) },
        Scenario("24 hello retry", [24]) {
            secure(&$0) {
                $0.handshake.kind = .helloRetry
                $0.handshake.roundTrips = 2
                $0.group = "secp384r1"
            }
        },
        Scenario("24 TLS 1.2", [24]) {
            secure(&$0) {
                $0.version = "1.2"
                $0.handshake.roundTrips = 2
            }
        },
        Scenario("24 not for TLS 1.2 resumed", []) {
            secure(&$0) {
                $0.version = "1.2"
                $0.handshake.kind = .resumed
            }
        },
        Scenario("24 not when the SYN was not captured", []) {
            secure(&$0) {
                $0.version = "1.2"
                $0.handshake.roundTrips = 2
                $0.handshake.timeline.removeFirst(3)
            }
        },
        Scenario("24 not when the round trips are unknown", []) { secure(&$0) { $0.handshake.roundTrips = nil } },
        Scenario("24 QUIC Retry and hello retry", [24]) {
            quic(&$0) {
                $0.hasRetry = true
                $1.handshake.kind = .helloRetry
                $1.handshake.roundTrips = 2
            }
        },
        Scenario("24 not for a Retry alone", []) { quic(&$0) { quic, _ in quic.hasRetry = true } },
        Scenario("24 DTLS 1.2 with a cookie", [24]) { flow in
            flow.tcp = nil
            flow.transport = .udp
            var dtls = DTLSSnapshot()
            dtls.cookie = true
            dtls.tls = tls(start: flow.start) {
                $0.version = "1.2"
                $0.handshake.roundTrips = 3
                $0.handshake.timeline.removeFirst(3)
            }
            flow.dtls = dtls
        },

        Scenario("25 stalled at the limit", [25]) {
            quic(&$0) { quic, tls in
                quic.amplificationRatio = 2.9
                quic.amplificationBlocked = .milliseconds(30)
                tls.certificateBytes = 5_200
            }
        },
        Scenario("25 not when near the limit without a wait", []) {
            quic(&$0) { quic, _ in quic.amplificationRatio = 2.9 }
        },
        Scenario("26 no answer, then TCP", [26]) { flow in
            blocked(&flow) { _ in }
            flow.server.packets = 0
        },
        Scenario("26 an answer, no end, then TCP", [26]) { flow in
            blocked(&flow) { _ in }
            flow.server.packets = 3
        },
        Scenario("26 not for a single packet", []) { blocked(&$0) { $0.packets.initial = 1 } },
        Scenario("26 not in a race of both", []) { blocked(&$0) { $0.handshake.repeatedRequest = nil } },
        Scenario("26 not without TCP", []) { blocked(&$0) { $0.fallback = nil } },
        Scenario("26 not when the server refuses aloud, 57 instead", [57]) {
            blocked(&$0) { quic in
                quic.close = QUICClose(
                    code: 2, isApplication: false, reason: "", by: .fromServer,
                    time: quic.handshake.firstInitial ?? Timestamp(nanoseconds: 0))
            }
        },
        Scenario("26 not when QUIC came about after all, late", [24]) {
            blocked(&$0) { $0.handshake.firstClientData = $0.handshake.firstInitial }
        },

        Scenario("25 not below the limit", []) {
            quic(&$0) { quic, _ in
                quic.amplificationRatio = 2.6
                quic.amplificationBlocked = .milliseconds(30)
            }
        },

        Scenario("27 unsafe", [27]) { early(&$0) { $0.replayRisk = .unsafe } },
        Scenario("27 unknown", [27]) { early(&$0) { _ in } },
        Scenario("27 replayed although refused", [27]) {
            early(&$0) {
                $0.accepted = false
                $0.replayRisk = .none
                $0.isReplayed = true
            }
        },
        Scenario("27 not for a GET", []) { early(&$0) { $0.replayRisk = .idempotent } },
        Scenario("27 not when refused", []) {
            early(&$0) {
                $0.accepted = false
                $0.replayRisk = .unsafe
            }
        },
        Scenario("27 not when offered and none was sent", []) {
            early(&$0) {
                $0.accepted = nil
                $0.bytes = 0
            }
        },

        Scenario("76 expired", [76]) { expiring(&$0, in: .seconds(-1)) },
        Scenario("76 expires in 13 days", [76]) { expiring(&$0, in: .seconds(86_400 * 14 - 1)) },
        Scenario("76 not with 14 days left", []) { expiring(&$0, in: .seconds(86_400 * 14)) },
        Scenario("76 not valid yet", [76]) { flow in
            let later = flow.end + .seconds(3600)
            secure(&flow) { $0.certificates[0].notBefore = later }
        },
        Scenario("76 not without dates", []) {
            secure(&$0) {
                $0.certificates[0].notBefore = nil
                $0.certificates[0].notAfter = nil
            }
        },

        Scenario("77 TLS 1.0, resumed", [77]) {
            secure(&$0) {
                $0.version = "1.0"
                $0.handshake.kind = .resumed
            }
        },
        Scenario("77 RC4", [77]) { secure(&$0) { $0.cipherSuite = "TLS_RSA_WITH_RC4_128_SHA" } },
        Scenario("77 3DES", [77]) { secure(&$0) { $0.cipherSuite = "TLS_RSA_WITH_3DES_EDE_CBC_SHA" } },
        Scenario("77 export", [77]) { secure(&$0) { $0.cipherSuite = "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA" } },
        Scenario("77 not for AES-CBC", []) {
            secure(&$0) { $0.cipherSuite = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" }
        },
        Scenario("77 not while nothing is chosen", []) {
            secure(&$0) {
                $0.version = nil
                $0.cipherSuite = nil
                $0.handshake.kind = .incomplete
            }
        },
    ]

    /// Numbers of the rules that a scenario here makes speak.
    static let fired = Set(scenarios.flatMap(\.rules))

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        let flow = SampleFlows.spoiled(scenario.spoil)
        #expect(SampleFlows.rules(flow) == scenario.rules)
        for verdict in SampleFlows.verdicts(flow) {
            #expect(verdict.summary.count > 30 && !verdict.advice.isEmpty && !verdict.evidence.isEmpty)
        }
    }

    private func first(_ spoil: (inout FlowSnapshot) -> Void) throws -> Verdict {
        var flow = SampleFlows.healthy()
        spoil(&flow)
        return try #require(SampleFlows.verdicts(flow).first)
    }

    @Test func slownessIsPricedInMilliseconds() throws {
        let near = try first { flow in
            Self.secure(&flow) {
                $0.version = "1.2"
                $0.handshake.roundTrips = 2
            }
        }
        #expect(near.severity == .info)
        #expect(
            near.summary == "The handshake took 3 round trips, 30 ms more than needed: TLS 1.2 takes one more than 1.3")
        let far = try first { flow in
            flow.roundTrip.handshake = .milliseconds(50)
            Self.secure(&flow) {
                $0.version = "1.2"
                $0.handshake.roundTrips = 2
            }
        }
        #expect(far.severity == .warning)
    }

    @Test func severityFollowsTheRisk() throws {
        #expect(try first { Self.early(&$0) { _ in } }.severity == .info)
        #expect(try first { Self.early(&$0) { $0.replayRisk = .unsafe } }.severity == .warning)
        #expect(try first { Self.early(&$0) { $0.isReplayed = true } }.severity == .critical)
        #expect(try first { Self.expiring(&$0, in: .seconds(-86_400 * 3)) }.severity == .critical)
        let soon = try first { Self.expiring(&$0, in: .seconds(86_400 * 3 + 5)) }
        #expect(soon.severity == .warning)
        #expect(soon.summary == "The certificate of live.example expires in 3 days")
        #expect(soon.evidence == [.init("days_left", 3)])
    }
}
