import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// The first line: what it names, in which order, and when it may say that all is well.
@Suite struct HeadlineTests {
    static func verdict(
        _ rule: String, _ severity: Verdict.Severity, _ evidence: [Verdict.Evidence] = [], confidence: Double = 0.9
    ) -> Verdict {
        Verdict(
            rule: rule, ruleNumber: 1, severity: severity, subject: .path, summary: "What \(rule) says",
            evidence: evidence,
            advice: "Do", firstSeen: SampleFlows.start, confidence: confidence, priority: 100)
    }

    static func flow(
        _ number: UInt64, _ verdicts: [Verdict] = [], state: FlowState = .open, endedAgo: Int64 = 0,
        bytes: UInt64 = 1_000_000, spoil: (inout FlowSnapshot) -> Void = { _ in }
    ) -> FlowSnapshot {
        var flow = SampleFlows.spoiled(spoil)
        flow.identifier = FlowIdentifier(number: number)
        flow.client.endpoint.port = UInt16(50_000 + number)
        flow.verdicts = verdicts
        flow.state = state
        flow.end = SampleFlows.time(600 - endedAgo)
        flow.time = SampleFlows.time(600)
        flow.server.bytes = bytes
        return flow
    }

    static func headline(
        _ flows: [FlowSnapshot], capture: [Verdict] = [], packets: UInt64 = 1_000,
        _ spoil: (inout CaptureHealth) -> Void = { _ in }
    ) -> Headline {
        var judge = HeadlineJudge(at: SampleFlows.time(600))
        for flow in flows { judge.add(flow) }
        var health = CaptureHealth()
        spoil(&health)
        var totals = TrafficTotals()
        totals.packets = packets
        return judge.headline(capture: capture, health: health, totals: totals)
    }

    @Test func healthyIsOk() {
        let line = Self.headline([Self.flow(1), Self.flow(2)])
        #expect(line.state == .ok && line.rule == nil)
        #expect(line.text.hasPrefix("No fault found in 2 flows; largest queue 3 ms"))
    }

    @Test func severityBecomesState() {
        let critical = Self.headline([Self.flow(1, [Self.verdict("bufferbloat", .critical)])])
        #expect(critical.state == .act && critical.rule == "bufferbloat" && critical.flow?.number == 1)
        #expect(critical.text == "10.0.3.7 → 192.0.2.4:443  bufferbloat: What bufferbloat says")
        #expect(Self.headline([Self.flow(1, [Self.verdict("bufferbloat", .warning)])]).state == .watch)
        #expect(Self.headline([Self.flow(1, [Self.verdict("sender_paced", .info)])]).state == .ok)
        // A flow that stands is for now, however mild the rule.
        #expect(Self.headline([Self.flow(1, [Self.verdict("peer_gone", .warning)])]).state == .act)
    }

    @Test func livingComesBeforeEndedAndHarmDecides() {
        let ended = Self.flow(1, [Self.verdict("zero_window", .critical)], state: .closed, endedAgo: 45)
        let living = Self.flow(2, [Self.verdict("random_loss", .warning, [.init("loss_ratio", 0.01)])])
        #expect(Self.headline([ended, living]).flow?.number == 2)
        let justEnded = Self.flow(1, [Self.verdict("zero_window", .critical)], state: .closed, endedAgo: 3)
        #expect(Self.headline([justEnded, living]).flow?.number == 2)
        let together = Self.flow(1, [Self.verdict("zero_window", .critical)], state: .closed, endedAgo: 0)
        #expect(Self.headline([together, living]).flow?.number == 1, "it ended with the capture")
        let refused = Self.flow(1, [Self.verdict("connections_refused", .warning)], state: .reset, endedAgo: 3)
        #expect(
            Self.headline([refused, living]).rule == "connections_refused", "a service that refuses has no living ones")
        let alone = Self.headline([ended])
        #expect(alone.text.contains("ended 45 s ago") && alone.state == .act)

        let remark = Self.flow(1, [Self.verdict("slow_handshake", .warning, [.init("lost_ms", 52)])])
        let queue = Self.flow(2, [Self.verdict("large_queue", .warning, [.init("queue_p95_ms", 689)])], bytes: 40_000)
        #expect(Self.headline([remark, queue]).flow?.number == 2)
        let small = Self.flow(1, [Self.verdict("large_queue", .warning, [.init("queue_p95_ms", 60)])], bytes: 9_000)
        let large = Self.flow(2, [Self.verdict("large_queue", .warning, [.init("queue_p95_ms", 60)])], bytes: 90_000)
        #expect(Self.headline([small, large]).flow?.number == 2)
        #expect(Self.headline([large, small]).flow?.number == 2)
    }

    @Test func noiseComesLast() {
        let noise = Self.flow(1, [Self.verdict("bufferbloat", .critical)]) { $0.transport = .icmp }
        let multicast = Self.flow(2, [Self.verdict("bufferbloat", .critical)]) {
            $0.server.endpoint.address = IPAddress(v4: 0xe000_00fb)
        }
        let real = Self.flow(3, [Self.verdict("large_queue", .warning, [.init("queue_p95_ms", 60)])])
        #expect(Self.headline([noise, multicast, real]).flow?.number == 3)
    }

    @Test func troubleIsForgottenAfterAMinuteButNotDenied() {
        let old = Self.flow(1, [Self.verdict("zero_window", .critical)], state: .closed, endedAgo: 84)
        let line = Self.headline([old, Self.flow(2)])
        #expect(line.state == .watch && line.flow == nil)
        #expect(line.text == "Nothing is wrong now; 1 flow had trouble, the last 84 s ago: zero window.")
        let older = Self.flow(3, [Self.verdict("random_loss", .warning)], state: .reset, endedAgo: 200)
        #expect(
            Self.headline([older, old]).text.hasPrefix("Nothing is wrong now; 2 flows had trouble, the last 84 s ago"))
    }

    @Test func okIsNotSaidWhenSomethingIsWithheld() {
        func unknown(_ flows: [FlowSnapshot], _ spoil: (inout CaptureHealth) -> Void = { _ in }) -> String? {
            let line = Self.headline(flows, spoil)
            return line.state == .unknown && line.rule == nil ? line.text : nil
        }
        #expect(unknown([Self.flow(1)]) { $0.kernelDrops = 5 }?.contains("lost 5 packets") == true)
        #expect(unknown([Self.flow(1)]) { $0.problem = "the pipe broke" } == "the pipe broke")
        #expect(
            unknown([Self.flow(1)]) { $0.undecoded = [UndecodedCount(reason: "network_unsupported", packets: 20)] }?
                .contains("20 of 1000 packets are not decoded") == true)
        // A few words of a switch are nothing.
        #expect(
            Self.headline([Self.flow(1)]) { $0.undecoded = [UndecodedCount(reason: "link_unsupported", packets: 9)] }
                .state
                == .ok)
        #expect(unknown([Self.flow(1, [Self.verdict("one_sided_capture", .info)])])?.contains("one direction") == true)
        #expect(
            unknown([Self.flow(1) { $0.tcp?.client.receiveWindow?.scaleUnknown = true }])?.contains("beginning") == true
        )
        #expect(unknown([Self.flow(1, [Self.verdict("policer", .info, confidence: 0.3)])]) == "What policer says")
        #expect(
            unknown([
                Self.flow(1) {
                    $0.queueDelay.client = SampleFlows.queue(40)
                    $0.roundTrip.client = SampleFlows.trip(60)
                }
            ])?
            .hasPrefix("No rule fired; largest queue 40 ms of 60 ms") == true)
    }

    @Test func nothingToJudgeIsNotOk() {
        let silent = Self.flow(1) {
            $0.roundTrip = FlowRoundTrip()
            $0.tcp = nil
            $0.transport = .udp
            $0.protocols = ["ipv4", "udp"]
        }
        let line = Self.headline([silent])
        #expect(line.state == .unknown && line.text.contains("Nothing to judge in 1 flow"))
        #expect(Self.headline([], packets: 0).text == "No packet was captured.")
    }

    @Test func captureVerdictsComeFirst() {
        let line = Self.headline(
            [Self.flow(1, [Self.verdict("bufferbloat", .critical)])], capture: [Self.verdict("capture_loss", .critical)]
        )
        #expect(line.rule == "capture_loss" && line.flow == nil)
    }

    // MARK: Destinations

    static func failed(_ number: UInt64, rule: String = "handshake_failed") -> FlowSnapshot {
        var verdict = verdict(rule, .warning)
        verdict.ofMany = "are reset after the ClientHello by the server"
        return flow(number, [verdict], state: .reset, endedAgo: 5, bytes: 900)
    }

    @Test func failuresAreCountedByDestination() throws {
        let all = Self.headline((1...40).map { Self.failed($0) })
        #expect(all.state == .act && all.rule == "handshake_failed" && all.flow == nil)
        #expect(
            all.text.contains("40 of 40 connections to 192.0.2.4:443 are reset after the ClientHello by the server"))
        // Forty that fail at one place are worse than a queue, and one in twenty is no outage.
        let queue = Self.flow(99, [Self.verdict("bufferbloat", .critical, [.init("queue_p95_ms", 400)])]) {
            $0.server.endpoint.port = 8443
        }
        #expect(Self.headline([queue] + (1...40).map { Self.failed($0) }).rule == "handshake_failed")
        let some = Self.headline([Self.failed(1)] + (2...20).map { Self.flow($0) })
        #expect(some.state == .watch && some.flow?.number == 1)
        let two = Self.headline([Self.failed(1), Self.failed(2)] + (3...20).map { Self.flow($0) })
        #expect(two.state == .watch && two.text.contains("2 of 20 connections"))
    }

    /// Refused every half second: what is known is up to a second late, and the next attempt is yet to come.
    @Test(arguments: [(1, true), (2, true), (4, false), (30, false)])
    func attemptsThatFailOneAfterAnotherGoOn(endedAgo: Int64, goesOn: Bool) {
        let flows = (UInt64(1)...21).map { number in
            var flow = Self.failed(number)
            flow.end = SampleFlows.time(600 - endedAgo) - .milliseconds(500) * Int64(21 - number)
            flow.verdicts[0].firstSeen = flow.end
            return flow
        }
        let text = Self.headline(flows).text
        #expect(text.contains("21 of 21 connections") && text.contains("ended") != goesOn, "\(text)")
        // Two are no series.
        #expect(Self.headline(Array(flows.suffix(2))).text.contains("ended"))
    }

    @Test func farBehindTheWireNothingIsCalledWell() {
        let line = Self.headline([Self.flow(1), Self.failed(2)]) { $0.behind = .milliseconds(7_300) }
        #expect(line.state == .unknown && line.rule == nil)
        #expect(line.text.hasPrefix("The analysis is 7.3 s behind the wire"))
        #expect(Self.headline([Self.flow(1)]) { $0.behind = .milliseconds(1_900) }.state == .ok)
    }

    @Test func oneThatFailsAloneCallsForAction() {
        let line = Self.headline([Self.failed(1)])
        #expect(line.state == .act && line.flow?.number == 1)
        #expect(line.text.contains("10.0.3.7 → 192.0.2.4:443"))
    }

    @Test func destinationsGetAVerdictOfTheirOwn() throws {
        var judge = HeadlineJudge(at: SampleFlows.time(600))
        for number in 1...3 { judge.add(Self.failed(UInt64(number))) }
        let verdict = try #require(judge.destinationVerdicts().first)
        #expect(verdict.severity == .critical && verdict.evidence.first?.value == 3)
        #expect(judge.destinationVerdicts().count == 1)
    }
}
