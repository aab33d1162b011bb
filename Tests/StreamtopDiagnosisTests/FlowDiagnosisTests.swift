import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Time, order, silence: what the engine of rules does whatever the rule.
@Suite struct FlowDiagnosisTests {
    let bloated = SampleFlows.spoiled { RuleTests.bloat(&$0) }

    @Test func bufferbloatNamesTheBufferAndTheMilliseconds() throws {
        let verdict = try #require(SampleFlows.verdicts(bloated).first)
        #expect(verdict.rule == "bufferbloat")
        #expect(verdict.severity == .warning)
        #expect(
            verdict.summary
                == "84 ms of 114 ms RTT wait in a queue between the capture point and the client, filled by the server's data"
        )
        #expect(verdict.advice.contains("cake"))
        #expect(verdict.advice.contains("At the sender (server): net.ipv4.tcp_congestion_control=bbr"))
    }

    @Test func bufferbloatSeenFromTheEnds() {
        for vantage in [Vantage.server, .client] {
            var flow = bloated
            flow.tcp?.vantage = vantage
            let verdict = SampleFlows.verdicts(flow).first
            #expect(verdict?.direction == nil)
            #expect(verdict?.summary.contains("in a queue on the path, filled by the server's data") == true)
        }
    }

    /// The direction is what was measured, not what the sender is; acknowledgments that wait are nobody's data.
    @Test(arguments: [(0.05, Verdict.Travel.toClient), (0.5, .both), (0.95, .toServer)])
    func directionOfAQueueIsMeasured(inbound: Double, direction: Verdict.Travel) {
        var flow = bloated
        flow.tcp?.vantage = .server
        flow.queueDelay.client?.inboundShare = inbound
        let verdict = SampleFlows.verdicts(flow).first
        #expect(verdict?.rule == "bufferbloat")
        #expect(verdict?.direction == direction)
        let isFilled = verdict?.summary.contains("filled by the server's data")
        #expect(isFilled == (direction != .toServer))
    }

    /// What a loss verdict counts is of its kind, and few losses are never critical.
    @Test func lossRatioIsThatOfItsKind() throws {
        let flow = SampleFlows.spoiled {
            RuleTests.lose(&$0, ratio: 0.08) { loss in
                loss.random = 5
                loss.congestive = 6
                loss.congestivePackets = 35
            }
        }
        let verdict = try #require(SampleFlows.verdicts(flow).first)
        #expect(verdict.rule == "congestion_loss")
        #expect(verdict.summary.hasPrefix("7 % of the server's data is lost"))
        #expect(verdict.severity == .warning)
    }

    /// A short buffer and a queue manager lose at short queues, too; what to do about them differs.
    @Test(arguments: [
        (queue: 5, largest: 6, words: "in a buffer of about 5 ms"), (queue: 9, largest: 60, words: "queue manager"),
        (queue: 60, largest: 80, words: "in a full queue"),
    ])
    func congestionHasItsOwnWords(queue: Int64, largest: Int64, words: String) throws {
        let flow = SampleFlows.spoiled {
            RuleTests.lose(&$0, ratio: 0.01) { loss in
                loss.congestive = 12
                loss.queueAtCongestion = .milliseconds(queue)
            }
            $0.queueDelay.client = QueueDelaySnapshot(
                last: 0, p50: .milliseconds(2), p95: .milliseconds(6), maximum: .milliseconds(largest))
        }
        let verdict = try #require(SampleFlows.verdicts(flow).first { $0.rule == "congestion_loss" })
        #expect(verdict.summary.contains(words))
        #expect(verdict.advice.contains("pacing") == (words.contains("buffer")))
    }

    /// Lost between an end on this host and the capture behind its queues: this host's, whatever the kind, and no buffer of the path.
    @Test(arguments: [
        (here: Direction.fromServer as Direction?, upstream: 30, downstream: 0, isHere: true),
        (.fromServer, 29, 1, true), (.fromServer, 0, 30, false), (.fromServer, 16, 14, false),
        (.fromClient, 30, 0, false), (nil, 30, 0, false),
    ])
    func lossesBeforeTheCaptureAreThisHosts(here: Direction?, upstream: Int, downstream: Int, isHere: Bool) throws {
        for kind in [\LossCounts.congestive, \.random, \.policed] {
            let flow = SampleFlows.spoiled {
                RuleTests.lose(&$0, ratio: 0.02) { loss in
                    loss[keyPath: kind] = 30
                    (loss.upstream, loss.downstream) = (upstream, downstream)
                }
                $0.hostEnd = here
            }
            let verdict = try #require(
                SampleFlows.verdicts(flow).first { ["congestion_loss", "random_loss", "policer"].contains($0.rule) })
            #expect((verdict.subject == .host) == isHere)
            // A policer or a lossy link of one's own host would be no help to anybody.
            if isHere { #expect(verdict.rule == "congestion_loss") }
            #expect(verdict.summary.contains("on this host") == isHere)
        }
    }

    @Test(arguments: [(Int64(8), Verdict.Severity.warning), (11, .warning), (13, .critical), (20, .critical)])
    func receiverLimitIsCriticalFromAFifth(seconds: Int64, severity: Verdict.Severity) throws {
        let flow = SampleFlows.spoiled {
            $0.tcp?.server.limitedBy = LimitShares(
                network: .seconds(60 - seconds), receiver: .seconds(seconds), application: 0)
        }
        let verdict = try #require(SampleFlows.verdicts(flow).first)
        #expect(verdict.rule == "receiver_limited")
        #expect(verdict.severity == severity)
    }

    /// Only where nearly all losses lie on one side of the capture point is the side told.
    @Test(arguments: [
        (downstream: 30, upstream: 0, words: "between the capture point and the client"),
        (downstream: 0, upstream: 30, words: "between the server and the capture point"),
        (downstream: 24, upstream: 6, words: ""), (downstream: 16, upstream: 14, words: ""),
    ])
    func lossesArePlacedWhereTheyLie(downstream: Int, upstream: Int, words: String) throws {
        let flow = SampleFlows.spoiled {
            RuleTests.lose(&$0, ratio: 0.01) { loss in
                loss.random = 30
                (loss.downstream, loss.upstream) = (downstream, upstream)
            }
        }
        let summary = try #require(SampleFlows.verdicts(flow).first).summary
        #expect(summary.contains("the capture point") == !words.isEmpty)
        if !words.isEmpty { #expect(summary.contains(words)) }
    }

    /// A queue of unknown cause is judged of a flow that lasted a second, once it has ended; while it lives, after three.
    @Test(arguments: [(Nanoseconds.milliseconds(1900), true), (.milliseconds(900), false)])
    func shortFlowsThatEndedAreJudgedOnTheirWholeLife(life: Nanoseconds, speaks: Bool) {
        var flow = SampleFlows.spoiled {
            $0.queueDelay.client = SampleFlows.queue(88)
            $0.roundTrip.client = SampleFlows.trip(120)
            $0.roundTrip.server = SampleFlows.trip(20)
            $0.tcp = nil
        }
        flow.end = flow.start + life
        var diagnosis = FlowDiagnosis()
        #expect(diagnosis.evaluate(flow, health: CaptureHealth(), at: flow.end).isEmpty)
        flow.isFinal = true
        let rules = diagnosis.evaluate(flow, health: CaptureHealth(), at: flow.end).map(\.rule)
        #expect(rules.contains("large_queue") == speaks)
    }

    @Test func aLargeQueueIsCritical() {
        var flow = bloated
        flow.queueDelay.client = SampleFlows.queue(101)
        #expect(SampleFlows.verdicts(flow).first?.severity == .critical)
    }

    @Test(arguments: [
        LimitShares(network: .seconds(10), receiver: .seconds(5), application: .seconds(6)),
        LimitShares(network: .seconds(2), receiver: .seconds(20), application: 0),
    ])
    func neverBBRWhenAnEndLimits(shares: LimitShares) {
        for scenario in RuleTests.scenarios {
            var flow = SampleFlows.spoiled(scenario.spoil)
            flow.tcp?.server.limitedBy = shares
            for verdict in SampleFlows.verdicts(flow) { #expect(!verdict.advice.lowercased().contains("bbr")) }
        }
    }

    @Test func neverBBRWithoutKnowledgeOfTheLimits() {
        var flow = bloated
        flow.tcp?.server.limitedBy = nil
        #expect(SampleFlows.verdicts(flow).first?.advice.contains("bbr") == false)
    }

    @Test func neverBBRWithoutSayingAtTheSender() {
        for scenario in RuleTests.scenarios {
            for verdict in SampleFlows.verdicts(SampleFlows.spoiled(scenario.spoil))
            where verdict.advice.contains("bbr") {
                #expect(verdict.advice.contains("At the sender"))
            }
        }
    }

    // MARK: Hysteresis

    @Test func entersAfterThreeSecondsAndLeavesAfterTen() {
        var diagnosis = FlowDiagnosis()
        let well = SampleFlows.healthy()
        func isSpoken(_ flow: FlowSnapshot, _ second: Int64) -> Bool {
            !diagnosis.evaluate(flow, health: CaptureHealth(), at: SampleFlows.time(second)).isEmpty
        }
        #expect([0, 1, 2].map { isSpoken(bloated, $0) } == [false, false, false])
        #expect(isSpoken(bloated, 3))
        #expect(isSpoken(well, 4))
        #expect(isSpoken(well, 12))
        #expect(!isSpoken(well, 13))
        #expect(!isSpoken(bloated, 14))
    }

    @Test func aShortRelapseDoesNotBreakAVerdict() {
        var diagnosis = FlowDiagnosis()
        var first: [Timestamp] = []
        for second in Int64(0)...40 {
            let flow = second % 7 == 6 ? SampleFlows.healthy() : bloated
            first += diagnosis.evaluate(flow, health: CaptureHealth(), at: SampleFlows.time(second)).map(\.firstSeen)
        }
        #expect(Set(first) == [SampleFlows.time(0)])
        #expect(first.count == 38)
    }

    @Test func flickerNeverSpeaks() {
        var diagnosis = FlowDiagnosis()
        for second in Int64(0)...40 {
            let flow = second % 2 == 0 ? bloated : SampleFlows.healthy()
            #expect(diagnosis.evaluate(flow, health: CaptureHealth(), at: SampleFlows.time(second)).isEmpty)
        }
    }

    @Test func aRuleIsAskedOnlyOfFlowsThatHaveWhatItNeeds() {
        var flow = SampleFlows.healthy()
        #expect(Rule.Needs(of: flow) == [.tcp])
        flow.tls = TLSSnapshot()
        #expect(Rule.Needs(of: flow) == [.tcp, .security])
        flow = SampleFlows.datagrams(fragments: 3)
        #expect(Rule.Needs(of: flow) == [.fragmentation])
        flow.dtls = DTLSSnapshot()
        flow.quic = QUICSnapshot()
        #expect(Rule.Needs(of: flow) == [.fragmentation, .security, .quic])
    }

    @Test func aVerdictLeavesInItsTimeWhenWhatItNeededIsGone() {
        var diagnosis = FlowDiagnosis()
        var flow = SampleFlows.datagrams(fragments: 60)
        func rules(at second: Int64) -> [Int] {
            diagnosis.evaluate(flow, health: CaptureHealth(), at: SampleFlows.time(second)).map(\.ruleNumber)
        }
        #expect(rules(at: 0) == [19])
        flow.fragmentation = nil
        #expect(rules(at: 9) == [19])
        #expect(rules(at: 10) == [])
    }

    @Test func aFlowThatEndedIsJudgedOnItsLife() {
        var flow = bloated
        flow.isFinal = true
        #expect(SampleFlows.rules(flow, after: 0) == [1])
        flow.end = flow.start + .milliseconds(2900)
        #expect(SampleFlows.rules(flow, after: 0) == [])
    }

    @Test func timeDoesNotNeedToRunForward() {
        var diagnosis = FlowDiagnosis()
        for time in [Timestamp(nanoseconds: .max), Timestamp(nanoseconds: .min), SampleFlows.start] {
            _ = diagnosis.evaluate(bloated, health: CaptureHealth(), at: time)
        }
    }

    // MARK: Timeouts in time

    @Test func twoTimeoutsWithinTenSeconds() {
        #expect(timeoutVerdicts(at: [5, 14], until: 14) == ["timeout_stall"])
        #expect(timeoutVerdicts(at: [5, 16], until: 16) == [])
        #expect(timeoutVerdicts(at: [5, 5], until: 5) == ["timeout_stall"])
    }

    @Test func anOldStallIsForgottenLiveAndToldAtTheEnd() {
        #expect(timeoutVerdicts(at: [5, 6], until: 27) == [])
        #expect(timeoutVerdicts(at: [5, 6], until: 27, isFinal: true) == ["timeout_stall"])
    }

    private func timeoutVerdicts(at seconds: [Int64], until end: Int64, isFinal: Bool = false) -> [String] {
        var diagnosis = FlowDiagnosis()
        var verdicts: [Verdict] = []
        for second in 0...end {
            var flow = SampleFlows.healthy()
            flow.tcp?.server.timeouts = seconds.count { $0 <= second }
            flow.isFinal = isFinal && second == end
            verdicts = diagnosis.evaluate(flow, health: CaptureHealth(), at: SampleFlows.time(second))
        }
        return verdicts.map(\.rule)
    }

    // MARK: Silence

    @Test func nothingIsSaidWhileTheCaptureDrops() {
        var health = CaptureHealth()
        health.kernelDrops = 10
        health.lastDrop = SampleFlows.time(3)
        #expect(SampleFlows.verdicts(bloated, after: 12, health: health).isEmpty)
        #expect(SampleFlows.rules(bloated, after: 17, health: health) == [1])
    }

    /// Beyond two seconds behind the wire the picture is not of now; up to there it is.
    @Test func nothingIsSaidFarBehindTheWire() {
        var health = CaptureHealth()
        health.behind = .milliseconds(2_001)
        #expect(SampleFlows.verdicts(bloated, after: 17, health: health).isEmpty)
        health.behind = .seconds(2)
        #expect(SampleFlows.rules(bloated, after: 17, health: health) == [1])
    }

    @Test func lowConfidenceIsOnlyPossible() throws {
        var flow = bloated
        flow.roundTrip.client = SampleFlows.trip(10, samples: 20)
        let verdict = try #require(SampleFlows.verdicts(flow).first)
        #expect(verdict.summary.hasPrefix("Possible: "))
        #expect(verdict.severity == .info)
        #expect(verdict.confidence < 0.5)
    }

    // MARK: Order

    @Test func endsBeforePathAndRemarksLast() {
        let flow = SampleFlows.spoiled {
            RuleTests.bloat(&$0)
            $0.tcp?.synRetransmissions = 1
            $0.tcp?.client.zeroWindowTime = .seconds(1)
            $0.tcp?.client.zeroWindows = 4
            $0.tcp?.server.cePackets = 400
        }
        #expect(SampleFlows.verdicts(flow).map(\.ruleNumber) == [17, 10, 1, 21])
    }

    @Test func eachDirectionIsJudgedForItself() throws {
        let flow = SampleFlows.spoiled {
            guard let tcp = $0.tcp else { return }
            $0.tcp?.client = tcp.server
            $0.tcp?.client.sendBufferLimited = .seconds(10)
        }
        let verdict = try #require(SampleFlows.verdicts(flow).first)
        #expect(verdict.subject == .client)
        #expect(verdict.summary.hasPrefix("The client's own socket buffer"))
    }

    // MARK: Nothing known

    @Test func aFlowOfWhichNothingIsKnownHasNoVerdict() {
        var flow = SampleFlows.spoiled {
            $0.tcp = TCPSnapshot()
            $0.roundTrip = FlowRoundTrip()
            $0.queueDelay = BothDirections(client: nil, server: nil)
        }
        #expect(SampleFlows.rules(flow) == [])
        flow.tcp = nil
        #expect(SampleFlows.rules(flow) == [])
    }

    @Test func extremeFiguresDoNotTrap() {
        let flow = SampleFlows.spoiled {
            let huge = RoundTripSnapshot(
                samples: .max, minimum: .max, last: .max, smoothed: .max, mean: .max, p50: .max, p95: .max, p99: .max,
                maximum: .max, jitter: .max, source: .tcpAck)
            $0.roundTrip.client = huge
            $0.roundTrip.server = huge
            $0.queueDelay.client = QueueDelaySnapshot(last: .max, p50: .max, p95: .max, maximum: .max)
            $0.roundTrip.baseChange = BaseRoundTripChange(time: SampleFlows.start, before: .min, after: .max)
            $0.tcp?.server.limitedBy = LimitShares(network: .max, receiver: .max, application: .max)
            $0.tcp?.server.flightDelayCorrelation = .nan
            $0.tcp?.server.lossRatio = .infinity
            $0.tcp?.server.loss.random = 5
            $0.tcp?.server.maxRate = .infinity
            $0.tcp?.server.uniqueBytes = .max
            $0.tcp?.server.lostBeforeCaptureBytes = .max
            $0.tcp?.server.timeouts = .max
            $0.tcp?.client.zeroWindowTime = .max
        }
        _ = SampleFlows.verdicts(flow)
        _ = FlowDiagnosis.score(flow)
    }

    @Test func stateOfAQuietFlowIsSmall() {
        #expect(MemoryLayout<FlowDiagnosis>.size < 100)
    }
}
