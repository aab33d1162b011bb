import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Each rule on a flow that shows its trouble and nothing else, and on flows that come close.
@Suite struct RuleTests {
    struct Scenario: Sendable, CustomTestStringConvertible {
        var name: String
        var rules: [Int]
        var spoil: @Sendable (inout FlowSnapshot) -> Void
        var testDescription: String { name }

        init(_ name: String, _ rules: [Int], _ spoil: @escaping @Sendable (inout FlowSnapshot) -> Void) {
            self.name = name
            self.rules = rules
            self.spoil = spoil
        }
    }

    static func bloat(_ flow: inout FlowSnapshot) {
        flow.queueDelay.client = SampleFlows.queue(84)
        flow.tcp?.server.flightDelayCorrelation = 0.93
        flow.queueDelay.server = SampleFlows.queue(20)
    }

    static func lose(_ flow: inout FlowSnapshot, ratio: Double, _ fill: (inout LossCounts) -> Void) {
        flow.tcp?.server.lossRatio = ratio
        if var loss = flow.tcp?.server.loss {
            fill(&loss)
            // One packet for each event, unless the scenario says more.
            if loss.randomPackets == 0 { loss.randomPackets = loss.random }
            if loss.congestivePackets == 0 { loss.congestivePackets = loss.congestive }
            if loss.policedPackets == 0 { loss.policedPackets = loss.policed }
            if loss.unknownPackets == 0 { loss.unknownPackets = loss.unknown }
            flow.tcp?.server.loss = loss
        }
    }

    static let scenarios: [Scenario] = [
        Scenario("healthy", []) { _ in },

        Scenario("1 queue follows flight", [1]) { bloat(&$0) },
        Scenario("1 a queue that stands for half of the time, whoever fills it", [1]) {
            bloat(&$0)
            $0.tcp?.vantage = .server
            $0.tcp?.server.flightDelayCorrelation = 0.5
        },
        Scenario("1 not between the ends without correlation", []) {
            bloat(&$0)
            $0.tcp?.server.flightDelayCorrelation = 0.5
        },
        Scenario("1 a queue that stands, correlation unknown", [1]) {
            bloat(&$0)
            $0.tcp?.vantage = .client
            $0.tcp?.server.flightDelayCorrelation = nil
        },
        Scenario("1 not for short delays without correlation", []) {
            bloat(&$0)
            $0.queueDelay.client?.p50 = .milliseconds(29)
            $0.tcp?.server.flightDelayCorrelation = 0.5
        },
        Scenario("1 not when the sender mostly pauses", []) {
            bloat(&$0)
            $0.tcp?.server.limitedBy = LimitShares(
                network: .seconds(20), receiver: 0, application: .seconds(40))
        },
        Scenario("1 not below 30 ms", []) {
            bloat(&$0)
            $0.queueDelay.client = SampleFlows.queue(29)
        },
        Scenario("1 not on 19 samples", []) {
            bloat(&$0)
            $0.roundTrip.client = SampleFlows.trip(10, samples: 19)
        },

        Scenario("2 congestive", [2]) { lose(&$0, ratio: 0.004) { $0.congestive = 12 } },
        Scenario("2 not below 0.1 %", []) { lose(&$0, ratio: 0.0009) { $0.congestive = 12 } },
        Scenario("2 not on two losses", []) { lose(&$0, ratio: 0.01) { $0.congestive = 2 } },
        Scenario("2, 3 not when kinds are even", []) {
            lose(&$0, ratio: 0.01) {
                $0.congestive = 10
                $0.random = 10
            }
        },
        Scenario("2 by packets, though most events are random", [2]) {
            lose(&$0, ratio: 0.034) {
                $0.random = 19
                $0.congestive = 8
                $0.congestivePackets = 159
            }
        },
        Scenario("2 not on 49 packets of data", []) {
            lose(&$0, ratio: 0.2) { $0.congestive = 9 }
            $0.tcp?.server.dataSegments = 49
        },
        Scenario("2 not when the ratio is unknown", []) {
            lose(&$0, ratio: 0.01) { $0.congestive = 12 }
            $0.tcp?.server.lossRatio = nil
        },
        Scenario("3 random", [3]) { lose(&$0, ratio: 0.01) { $0.random = 30 } },
        Scenario("4 policed", [4]) { lose(&$0, ratio: 0.06) { $0.policed = 30 } },
        Scenario("4 never for one random loss of a slow sender", []) {
            lose(&$0, ratio: 0.002) { $0.random = 1 }
        },

        Scenario("5 needless retransmissions", [5]) {
            $0.tcp?.server.retransmissions.packets = 40
            $0.tcp?.server.retransmissions.spurious = 10
        },
        Scenario("5 many, though few of all", [5]) {
            $0.tcp?.server.retransmissions.packets = 1000
            $0.tcp?.server.retransmissions.spurious = 50
        },
        Scenario("5 not on copies made by the network", []) {
            $0.tcp?.server.retransmissions.packets = 17
            $0.tcp?.server.retransmissions.spurious = 1
            $0.tcp?.server.dsacks = 60
        },
        Scenario("5 not on two", []) {
            $0.tcp?.server.retransmissions.packets = 4
            $0.tcp?.server.retransmissions.spurious = 2
        },
        Scenario("5 not at 10 %", []) {
            $0.tcp?.server.retransmissions.packets = 100
            $0.tcp?.server.retransmissions.spurious = 10
        },
        Scenario("6 out of order", [6]) {
            $0.tcp?.server.outOfOrder = 400
            $0.tcp?.server.reorderExtent = 3
        },
        Scenario("6 not with a short extent", []) {
            $0.tcp?.server.outOfOrder = 400
            $0.tcp?.server.reorderExtent = 2
        },
        Scenario("6 not below 1 %", []) {
            $0.tcp?.server.outOfOrder = 199
            $0.tcp?.server.reorderExtent = 9
        },
        Scenario("6 explains 5", [6]) {
            $0.tcp?.server.outOfOrder = 400
            $0.tcp?.server.reorderExtent = 8
            $0.tcp?.server.retransmissions.packets = 40
            $0.tcp?.server.retransmissions.spurious = 30
        },

        Scenario("7 timeouts in a row", [7]) {
            $0.tcp?.server.longestBackoff = 2
            $0.tcp?.server.timeouts = 2
        },
        Scenario("7 not for one timeout", []) {
            $0.tcp?.server.longestBackoff = 1
            $0.tcp?.server.timeouts = 1
        },
        Scenario("8 tails", [8]) {
            $0.tcp?.server.recoveries = 10
            $0.tcp?.server.tailRecoveries = 3
        },
        Scenario("8 not at 20 %", []) {
            $0.tcp?.server.recoveries = 10
            $0.tcp?.server.tailRecoveries = 2
        },
        Scenario("8 not on four", []) {
            $0.tcp?.server.recoveries = 4
            $0.tcp?.server.tailRecoveries = 4
        },

        Scenario("9 receiver limits", [9]) {
            $0.tcp?.server.limitedBy = LimitShares(
                network: .seconds(40), receiver: .seconds(18), application: .seconds(2))
        },
        Scenario("9 not at 10 %", []) {
            $0.tcp?.server.limitedBy = LimitShares(
                network: .seconds(50), receiver: .seconds(6), application: .seconds(4))
        },
        Scenario("9 not in the first three seconds", []) {
            $0.tcp?.server.limitedBy = LimitShares(network: 0, receiver: .milliseconds(2900), application: 0)
        },
        Scenario("10 zero window", [10]) {
            $0.tcp?.client.zeroWindowTime = .milliseconds(800)
            $0.tcp?.client.zeroWindows = 4
        },
        Scenario("10 explains 9", [10]) {
            $0.tcp?.client.zeroWindowTime = .seconds(20)
            $0.tcp?.client.zeroWindows = 4
            $0.tcp?.server.limitedBy = LimitShares(
                network: .seconds(30), receiver: .seconds(28), application: .seconds(2))
        },
        Scenario("10 not at 100 ms", []) {
            $0.tcp?.client.zeroWindowTime = .milliseconds(100)
            $0.tcp?.client.zeroWindows = 4
        },
        Scenario("11 no scaling", [11]) { unscaled(&$0) },
        Scenario("11 not when the handshake was not captured, nor 9: the scale may be any", []) {
            unscaled(&$0)
            $0.tcp?.client.mssBytes = nil
            $0.tcp?.client.receiveWindow = nil
        },
        Scenario("11 not when the options were cut off: 9 remains where the window is known", [9]) {
            unscaled(&$0)
            $0.tcp?.client.areOptionsWhole = false
        },
        Scenario("11 not when the window is never reached: 9 remains", [9]) {
            unscaled(&$0)
            $0.tcp?.server.inFlight?.maximum = 50_000
        },
        Scenario("12 send buffer", [12]) { $0.tcp?.server.sendBufferLimited = .seconds(7) },
        Scenario("12 not at 10 %", []) { $0.tcp?.server.sendBufferLimited = .seconds(6) },
        Scenario("13 paced by the encoder", [13]) { paced(&$0) },
        Scenario("13 not for a few bytes", []) {
            paced(&$0)
            $0.tcp?.server.uniqueBytes = 99_999
        },
        Scenario("13 not beside trouble", [3]) {
            paced(&$0)
            lose(&$0, ratio: 0.02) { $0.random = 50 }
        },

        Scenario("15 small start", [15]) {
            $0.tcp?.server.initialWindowBytes = 4 * 1448
            $0.roundTrip.server = SampleFlows.trip(60)
        },
        Scenario("15 not on a short path", []) { $0.tcp?.server.initialWindowBytes = 4 * 1448 },
        Scenario("15 not when there was no more to send", []) {
            $0.tcp?.server.initialWindowBytes = 4 * 1448 + 100
            $0.roundTrip.server = SampleFlows.trip(60)
        },
        Scenario("15 not at ten segments", []) { $0.roundTrip.server = SampleFlows.trip(60) },
        Scenario("16 restarts", [16]) {
            $0.tcp?.server.idlePeriods = 6
            $0.tcp?.server.idleRestarts = 3
        },
        Scenario("16 not for two", []) {
            $0.tcp?.server.idlePeriods = 2
            $0.tcp?.server.idleRestarts = 2
        },

        Scenario("17 SYN again", [17]) { $0.tcp?.synRetransmissions = 1 },
        Scenario("17 SYN-ACK again", [17]) { $0.tcp?.synAckRetransmissions = 1 },
        Scenario("17 not when refused", []) {
            $0.tcp?.synRetransmissions = 1
            $0.state = .reset
        },
        Scenario("18 black hole", [18]) {
            var fragmentation = FragmentationSnapshot()
            fragmentation.blackHoleSuspected = true
            $0.fragmentation = fragmentation
        },
        Scenario("18 explains 7 and 8", [18]) {
            var fragmentation = FragmentationSnapshot()
            fragmentation.blackHoleSuspected = true
            $0.fragmentation = fragmentation
            $0.tcp?.server.longestBackoff = 4
            $0.tcp?.server.timeouts = 4
            $0.tcp?.server.recoveries = 8
            $0.tcp?.server.tailRecoveries = 8
        },
        Scenario("18 not for ICMP alone", []) {
            var fragmentation = FragmentationSnapshot()
            fragmentation.tooBig = [TooBigMessage(time: SampleFlows.start, mtu: 1400)]
            $0.fragmentation = fragmentation
        },

        Scenario("20 bleached", [20]) { $0.tcp?.server.ectPackets = 0 },
        Scenario("20 not at the sender", []) {
            $0.tcp?.server.ectPackets = 0
            $0.tcp?.vantage = .server
        },
        Scenario("20 not without ECN", []) {
            $0.tcp?.server.ectPackets = 0
            $0.tcp?.server.ecnNegotiated = false
        },
        Scenario("21 marks", [21]) { $0.tcp?.server.cePackets = 400 },
        Scenario("21 not with loss", [2]) {
            $0.tcp?.server.cePackets = 400
            lose(&$0, ratio: 0.01) { $0.congestive = 40 }
        },
        Scenario("22 longer path", [22]) {
            $0.roundTrip.baseChange = BaseRoundTripChange(
                time: SampleFlows.time(20), before: .milliseconds(30), after: .milliseconds(50))
        },
        Scenario("22 not below 20 ms", []) {
            $0.roundTrip.baseChange = BaseRoundTripChange(
                time: SampleFlows.time(20), before: .milliseconds(30), after: .milliseconds(49))
        },
        Scenario("60 a peer that left", [60]) {
            $0.tcp?.server.peerGone = PeerGone(
                hasLeft: true, silence: .seconds(2), repeats: 9, bytes: 31, isSinceHandshake: false)
        },
        Scenario("60 a peer that vanished", [60]) {
            $0.tcp?.server.peerGone = PeerGone(
                hasLeft: false, silence: .seconds(32), repeats: 6, bytes: 1448, isSinceHandshake: false)
        },
        Scenario("65 SACK that names nothing", [65]) { $0.tcp?.server.brokenSACKOffset = 123_456_789 },
        Scenario("65 not where the capture has holes", [54]) {
            $0.tcp?.server.brokenSACKOffset = 123_456_789
            $0.tcp?.server.lostBeforeCaptureBytes = 60_000
        },
        Scenario("66 messages that wait", [66]) { delayed(&$0, waits: 200, small: 400) },
        Scenario("66 not for nine", []) { delayed(&$0, waits: 9, small: 18) },
        Scenario("66 not where few of them wait", []) { delayed(&$0, waits: 24, small: 100) },
        Scenario("67 one direction", [67]) {
            $0.client.packets = 0
            $0.tcp?.client = TCPEndpointSnapshot()
        },
        Scenario("67 not for a SYN without an answer", []) {
            $0.client.packets = 0
            $0.tcp?.server.dataSegments = 0
            $0.tcp?.server.uniqueBytes = 0
        },
        Scenario("23 access", [23]) { $0.queueDelay.client = SampleFlows.queue(60) },
        Scenario("23 not when both halves wait", []) {
            $0.queueDelay.client = SampleFlows.queue(60)
            $0.queueDelay.server = SampleFlows.queue(12)
        },
        Scenario("23 not at an end: 1 says so", [1]) {
            $0.queueDelay.client = SampleFlows.queue(60)
            $0.tcp?.vantage = .server
        },
        Scenario("54 holes in the capture, and no word on loss", [54]) {
            lose(&$0, ratio: 0.05) { $0.congestive = 100 }
            $0.tcp?.server.lostBeforeCaptureBytes = 60_000
        },
        Scenario("54 not at 0.1 %", []) { $0.tcp?.server.lostBeforeCaptureBytes = 28_000 },
    ]

    static func delayed(_ flow: inout FlowSnapshot, waits: Int, small: Int) {
        flow.tcp?.client.delayedAckWaits = waits
        flow.tcp?.client.smallSegments = small
        flow.tcp?.client.delayedAckWait = .milliseconds(40)
        flow.tcp?.client.dataSegments = 400
        flow.tcp?.client.ectPackets = 400
    }

    static func unscaled(_ flow: inout FlowSnapshot) {
        flow.tcp?.client.windowScale = nil
        flow.tcp?.client.receiveWindow = ReceiveWindowSnapshot(
            last: 65_535, maximum: 65_535, minimum: 60_000, occupied: 0, scaleUnknown: false)
        flow.tcp?.server.inFlight?.maximum = 65_000
        flow.tcp?.server.limitedBy = LimitShares(network: .seconds(10), receiver: .seconds(50), application: 0)
    }

    static func paced(_ flow: inout FlowSnapshot) {
        flow.tcp?.server.limitedBy = LimitShares(network: .seconds(5), receiver: 0, application: .seconds(55))
    }

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        #expect(SampleFlows.rules(SampleFlows.spoiled(scenario.spoil)) == scenario.rules)
    }

    @Test func datagramsInFragments() {
        #expect(SampleFlows.rules(SampleFlows.datagrams(fragments: 30)) == [19])
        #expect(SampleFlows.rules(SampleFlows.datagrams(fragments: 19)) == [])
        #expect(SampleFlows.verdicts(SampleFlows.datagrams(fragments: 30)).first?.severity == .info)
        #expect(SampleFlows.verdicts(SampleFlows.datagrams(fragments: 30, incomplete: 1)).first?.severity == .warning)
    }

    @Test func everyRuleHasAScenarioThatFiresIt() {
        let fired = Set(Self.scenarios.flatMap(\.rules)).union([19])
            .union(HandshakeRuleTests.fired)
            .union(ConnectionRuleTests.fired)
            .union(LatencyRuleTests.fired)
            .union(CaptureRuleTests.fired)
            .union(MediaRuleTests.fired)
            .union(HTTPRuleTests.fired)
            .union(HostRuleTests.fired)
            .union(SessionRuleTests.fired)
            .union(MediaFlowRuleTests.fired)
        #expect(RuleTable.rules.map(\.number).filter { !fired.contains($0) } == [])
        #expect(RuleTable.rules.map(\.number) == RuleTable.rules.map(\.number).sorted())
        #expect(Set(RuleTable.rules.map(\.number)).count == RuleTable.rules.count)
    }

    @Test func namesAndThresholdsAreFit() {
        #expect(Set(RuleTable.rules.map(\.name)).count == RuleTable.rules.count)
        for rule in RuleTable.rules {
            #expect(rule.name.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber }, "\(rule.name)")
            #expect(rule.thresholds.allSatisfy { !$0.source.isEmpty && $0.value > 0 }, "\(rule.name)")
            #expect(!rule.yieldsTo.contains(rule.number), "\(rule.name)")
        }
    }

    @Test func everyVerdictIsASentenceWithFiguresAndAdvice() {
        for scenario in Self.scenarios {
            for verdict in SampleFlows.verdicts(SampleFlows.spoiled(scenario.spoil)) {
                #expect(verdict.summary.count > 30 && !verdict.summary.contains("\n"), "\(verdict.rule)")
                #expect(!verdict.advice.isEmpty && !verdict.evidence.isEmpty, "\(verdict.rule)")
                #expect(verdict.evidence.allSatisfy { $0.value.isFinite }, "\(verdict.rule)")
                #expect((0...1).contains(verdict.confidence), "\(verdict.rule)")
            }
        }
    }
}
