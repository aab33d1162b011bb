import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// What is judged of any sender is judged of a QUIC connection's ends, too, where its packets can be opened: each rule that
/// such facts allow fires on its trouble, and stays silent a step before it.
@Suite struct SenderRuleTests {
    /// A minute of bulk data from a server 30 ms away, over QUIC, captured at the client.
    static func connection(_ spoil: (inout FlowSnapshot) -> Void = { _ in }) -> FlowSnapshot {
        var flow = SampleFlows.healthy()
        flow.tcp = nil
        flow.transport = .udp
        flow.orientation = .quicInitial
        flow.roundTrip.client = SampleFlows.trip(1)
        var quic = QUICSnapshot()
        quic.isDecrypted = true
        quic.vantage = .client
        var server = SenderSnapshot()
        server.dataPackets = 20_000
        server.uniqueBytes = 24_000_000
        server.fullPacket = 1200
        server.heldForLost = 2
        server.falselyHeld = 0
        server.lossRatio = 0.0001
        server.limitedBy = LimitShares(network: .seconds(57), receiver: .seconds(1), application: .seconds(2))
        server.flightDelayCorrelation = 0.2
        server.congestionControl = CongestionControlSnapshot(
            name: .cubic, source: .estimate, confidence: 0.9, evidence: [])
        server.goodput = 11e6
        server.maxRate = 12e6
        server.idlePeriods = 0
        server.idleRestarts = 0
        quic.server.sender = server
        quic.client.sender.dataPackets = 40
        quic.client.sender.limitedBy = LimitShares(network: 0, receiver: 0, application: .seconds(60))
        flow.quic = quic
        spoil(&flow)
        return flow
    }

    static func server(_ flow: inout FlowSnapshot, _ change: (inout SenderSnapshot) -> Void) {
        guard var sender = flow.quic?.server.sender else { return }
        change(&sender)
        flow.quic?.server.sender = sender
    }

    static let scenarios: [RuleTests.Scenario] = [
        .init("healthy", []) { _ in },
        .init("1 queue follows flight", [1]) {
            $0.queueDelay.server = SampleFlows.queue(84)
            $0.queueDelay.server?.p50 = .milliseconds(12)
            server(&$0) { $0.flightDelayCorrelation = 0.9 }
        },
        .init("1 not for short delays that do not", []) {
            $0.queueDelay.server = SampleFlows.queue(84)
            $0.queueDelay.server?.p50 = .milliseconds(12)
        },
        .init("2 congestive", [2]) { lose(&$0, 0.01) { ($0.congestive, $0.congestivePackets) = (12, 30) } },
        .init("2 not on two", []) { lose(&$0, 0.01) { ($0.congestive, $0.congestivePackets) = (2, 30) } },
        .init("3 random", [3]) { lose(&$0, 0.01) { ($0.random, $0.randomPackets) = (30, 30) } },
        .init("3 not below 0.1 %", []) { lose(&$0, 0.0009) { ($0.random, $0.randomPackets) = (30, 30) } },
        .init("4 policed", [4]) { lose(&$0, 0.06) { ($0.policed, $0.policedPackets) = (30, 200) } },
        .init("4 not where most packets are of another kind", [2]) {
            lose(&$0, 0.06) {
                ($0.policed, $0.policedPackets) = (30, 40)
                ($0.congestive, $0.congestivePackets) = (9, 400)
            }
        },
        .init("5 packets held for lost that had arrived", [5]) {
            server(&$0) { ($0.heldForLost, $0.falselyHeld) = (40, 10) }
        },
        .init("5 not on two", []) { server(&$0) { ($0.heldForLost, $0.falselyHeld) = (4, 2) } },
        .init("6 out of order", [6]) { server(&$0) { ($0.outOfOrder, $0.reorderExtent) = (400, 3) } },
        .init("6 not below 1 %", []) { server(&$0) { ($0.outOfOrder, $0.reorderExtent) = (199, 9) } },
        .init("9 flow control", [9]) {
            server(&$0) {
                $0.limitedBy = LimitShares(network: .seconds(40), receiver: .seconds(20), application: 0)
            }
        },
        .init("9 not at 10 %", []) {
            server(&$0) {
                $0.limitedBy = LimitShares(network: .seconds(54), receiver: .seconds(6), application: 0)
            }
        },
        .init("7 timers in a row", [7]) { waits(&$0) { ($0.timeouts, $0.longestBackoff) = (2, 2) } },
        .init("7 not for one", []) { waits(&$0) { ($0.timeouts, $0.longestBackoff) = (1, 1) } },
        .init("8 tails", [8]) { waits(&$0) { ($0.recoveries, $0.tailRecoveries) = (5, 2) } },
        .init("8 not of four recoveries", []) { waits(&$0) { ($0.recoveries, $0.tailRecoveries) = (4, 4) } },
        .init("10 no credit", [10]) { waits(&$0) { ($0.withoutCredit, $0.creditEpisodes) = (.milliseconds(101), 1) } },
        .init("10 not for 100 ms", []) {
            waits(&$0) { ($0.withoutCredit, $0.creditEpisodes) = (.milliseconds(100), 4) }
        },
        .init("15 three packets on a long path", [15]) {
            $0.roundTrip.server = SampleFlows.trip(60)
            $0.roundTrip.handshake = .milliseconds(61)
            server(&$0) { $0.initialWindowBytes = 3600 }
        },
        .init("15 not ten", []) {
            $0.roundTrip.server = SampleFlows.trip(60)
            $0.roundTrip.handshake = .milliseconds(61)
            server(&$0) { $0.initialWindowBytes = 12_000 }
        },
        .init("15 not on a short path", []) { server(&$0) { $0.initialWindowBytes = 3600 } },
        .init("54 packets that the capture misses; nothing else is judged", [54]) {
            lose(&$0, 0.01) { ($0.congestive, $0.congestivePackets) = (12, 30) }
            server(&$0) { $0.missedBytes = 240_000 }
        },
        .init("54 not for one", []) { server(&$0) { $0.missedBytes = 1200 } },
        .init("60 nobody answers", [60]) {
            waits(&$0) {
                $0.peerGone = PeerGone(
                    hasLeft: false, silence: .seconds(5), repeats: 3, bytes: 2400, isSinceHandshake: false)
            }
        },
        .init("13 paced by the encoder", [13]) {
            server(&$0) {
                $0.limitedBy = LimitShares(network: .seconds(5), receiver: 0, application: .seconds(55))
            }
        },
        .init("13 not for a few bytes", []) {
            server(&$0) {
                $0.limitedBy = LimitShares(network: .seconds(5), receiver: 0, application: .seconds(55))
                $0.uniqueBytes = 99_999
            }
        },
        .init("16 restarts after pauses", [16]) { server(&$0) { ($0.idlePeriods, $0.idleRestarts) = (6, 4) } },
        .init("16 not on two", []) { server(&$0) { ($0.idlePeriods, $0.idleRestarts) = (3, 2) } },
        .init("21 marks", [21]) { server(&$0) { $0.cePackets = 400 } },
        .init("21 not with loss", [2]) {
            lose(&$0, 0.01) { ($0.congestive, $0.congestivePackets) = (40, 40) }
            server(&$0) { $0.cePackets = 400 }
        },
        .init("22 longer path", [22]) {
            $0.roundTrip.baseChange = BaseRoundTripChange(
                time: SampleFlows.time(20), before: .milliseconds(30), after: .milliseconds(50))
        },
        .init("nothing at all without secrets on a short queue", []) {
            $0.quic?.server.sender = SenderSnapshot()
            $0.quic?.client.sender = SenderSnapshot()
        },
    ]

    static func lose(_ flow: inout FlowSnapshot, _ ratio: Double, _ fill: (inout LossCounts) -> Void) {
        server(&flow) { sender in
            sender.lossRatio = ratio
            fill(&sender.loss)
        }
    }

    static func waits(_ flow: inout FlowSnapshot, _ change: (inout SenderWaits) -> Void) {
        server(&flow) { sender in
            var waits = SenderWaits()
            change(&waits)
            sender.waits = waits
        }
    }

    @Test(arguments: scenarios)
    func scenario(_ scenario: RuleTests.Scenario) {
        #expect(SampleFlows.rules(Self.connection(scenario.spoil)) == scenario.rules)
    }

    /// Advice names what QUIC has, not the kernel's switches for TCP.
    @Test func adviceIsNotForTheKernelOfTCP() {
        for scenario in Self.scenarios {
            for verdict in SampleFlows.verdicts(Self.connection(scenario.spoil)) {
                #expect(!verdict.advice.contains("net.ipv4.tcp_"), "\(scenario.name): \(verdict.advice)")
            }
        }
    }

    @Test func healthSeesLossAndLimits() throws {
        let lossy = Self.connection { Self.server(&$0) { $0.lossRatio = 0.02 } }
        let score = try #require(FlowDiagnosis.score(lossy))
        #expect(score.worst == .loss)
        #expect(score.value < 70)
    }
}
