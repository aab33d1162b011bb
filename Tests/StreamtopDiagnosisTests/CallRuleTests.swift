import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Rules on relays, on what the path does to media, and on the stage at which a call failed: each where it must speak, and near
/// misses where it must not.
@Suite struct CallRuleTests {
    static let media: [MediaRuleTests.Scenario] = [
        MediaRuleTests.Scenario("39 delay rises again and again", [39]) {
            $0.transportWide = overused(most: 4, recent: 4)
        },
        MediaRuleTests.Scenario("39 not twice", []) { $0.transportWide = overused(most: 2, recent: 2) },
        MediaRuleTests.Scenario("39 not without send times", []) {
            $0.transportWide = TransportWideSnapshot(packets: 3_000, lost: 0)
        },
        MediaRuleTests.Scenario("42 sound far before the picture", [42]) { $0.lipSync = .milliseconds(60) },
        MediaRuleTests.Scenario("42 sound far behind the picture", [42]) { $0.lipSync = .milliseconds(-140) },
        MediaRuleTests.Scenario("42 not a little before", []) { $0.lipSync = .milliseconds(40) },
        MediaRuleTests.Scenario("42 not what people do not notice", []) { $0.lipSync = .milliseconds(-110) },
        MediaRuleTests.Scenario("72 repairs come late", [72]) {
            MediaRuleTests.video(&$0)
            $0.lost = 40
            $0.lostRepaired = 40
            $0.repairedLate = 30
        },
        MediaRuleTests.Scenario("72 not when most come in time", []) {
            MediaRuleTests.video(&$0)
            $0.lost = 40
            $0.lostRepaired = 40
            $0.repairedLate = 10
        },
        MediaRuleTests.Scenario("72 not for a few", []) {
            MediaRuleTests.video(&$0)
            $0.lost = 12
            $0.lostRepaired = 12
            $0.repairedLate = 12
        },
    ]

    private static func overused(most: Int, recent: Int) -> TransportWideSnapshot {
        var wide = TransportWideSnapshot(packets: 3_000, lost: 0)
        wide.queueDelay = .milliseconds(80)
        wide.queueDelayMaximum = .milliseconds(180)
        wide.mostOveruses = most
        wide.recentOveruses = recent
        return wide
    }

    @Test(arguments: media)
    func mediaRules(_ scenario: MediaRuleTests.Scenario) {
        let verdicts = SampleFlows.verdicts(MediaRuleTests.flow(scenario.spoil))
        #expect(verdicts.map(\.ruleNumber).sorted() == scenario.rules)
        for verdict in verdicts {
            #expect(verdict.summary.count > 25 && !verdict.advice.isEmpty && !verdict.evidence.isEmpty)
        }
    }

    @Test func overuseLongAgoIsNotSaidOfAFlowThatGoesOn() {
        let flow = MediaRuleTests.flow(isFinal: false) { $0.transportWide = Self.overused(most: 5, recent: 0) }
        #expect(SampleFlows.rules(flow) == [])
    }

    // MARK: Behind the capture point

    private static func reported(lost: Int, here: UInt64 = 0, from: Direction = .fromServer) -> [Int] {
        var flow = MediaRuleTests.flow { $0.lost = here }
        var rtcp = RTCPSnapshot()
        rtcp.reports = [
            RTCPReportRow(
                time: SampleFlows.time(59), from: from, source: 7, fractionLost: 0, lost: lost, jitterUnits: 0)
        ]
        flow.rtcp = rtcp
        return SampleFlows.rules(flow)
    }

    @Test("85 speaks of what the receiver misses and was here, and of nothing else")
    func lostLater() {
        #expect(Self.reported(lost: 60) == [85])
        #expect(Self.reported(lost: 10) == [], "a matter of chance")
        #expect(Self.reported(lost: 14, here: 14) == [], "it was missing here already")
        #expect(Self.reported(lost: -5) == [], "repeats count as received")
        #expect(
            Self.reported(lost: 60, from: .fromClient) == [], "a report of the sender's own is about another stream")
    }

    // MARK: Relays

    private static func relay(_ spoil: (inout TURNAllocationSnapshot) -> Void, data: Int = 100) -> [Int] {
        var flow = MediaRuleTests.flow { _ in }
        flow.rtp = []
        flow.client.lastPacket = flow.end
        flow.time = flow.end
        var turn = TURNSnapshot()
        turn.channelDataPackets = data
        var allocation = TURNAllocationSnapshot(
            relayed: Endpoint(address: IPAddress(v4: 9), port: 50_000), transport: "udp", lifetime: 600,
            expiresIn: .seconds(300))
        spoil(&allocation)
        turn.allocation = allocation
        flow.turn = turn
        return SampleFlows.rules(flow)
    }

    private static func lapse(
        _ allocation: inout TURNAllocationSnapshot, _ kind: TURNAllocationSnapshot.Lapse, for seconds: Int64
    ) {
        allocation.lapsed = kind
        allocation.expiresIn = .seconds(-seconds)
        allocation.lapsedAt = SampleFlows.time(60) - .seconds(seconds)
        allocation.lastLapsedUse = SampleFlows.time(60)
    }

    @Test func whatLapsedAndWhatIsAboutTo() {
        #expect(Self.relay { _ in } == [])
        #expect(Self.relay { Self.lapse(&$0, .allocation, for: 5) } == [74])
        #expect(Self.relay { Self.lapse(&$0, .channel, for: 5) } == [74])
        #expect(Self.relay { Self.lapse(&$0, .permission, for: 1) } == [], "a packet that was under way")
        #expect(
            Self.relay {
                Self.lapse(&$0, .allocation, for: 5)
                $0.missedRenewal = true
            } == [], "the renewal was not captured")
        #expect(Self.relay { $0.expiresIn = .seconds(20) } == [46])
        #expect(Self.relay { $0.expiresIn = .seconds(90) } == [], "agents renew at 80 to 90 %")
        #expect(Self.relay({ $0.expiresIn = .seconds(20) }, data: 0) == [], "nothing goes through it")
        #expect(
            Self.relay {
                $0.expiresIn = .seconds(20)
                $0.isGone = true
            } == [], "it was given back")
        #expect(Self.relay { $0.permissionExpiresIn = .seconds(10) } == [46])
        #expect(Self.relay { $0.permissionExpiresIn = .seconds(-10) } == [], "of a peer that is no longer sent to")
    }

    // MARK: Stages

    private static func call(_ spoil: (inout CallSnapshot) -> Void) -> [Int] {
        var call = CallSnapshot(number: 1, start: SampleFlows.time(0), end: SampleFlows.time(60))
        call.pairs = [pair(1, relayed: true, trip: 80), pair(2, relayed: false, trip: 20)]
        call.pairs[1].state = .failed
        call.selected = 0
        spoil(&call)
        return CallDiagnosis.judged(call, health: CaptureHealth()).verdicts.map(\.ruleNumber)
    }

    private static func pair(_ number: UInt64, relayed: Bool, trip: Int64) -> CallSnapshot.Pair {
        var pair = CallSnapshot.Pair(
            flow: FlowIdentifier(number: number), local: Endpoint(address: IPAddress(v4: 1), port: 1),
            remote: Endpoint(address: IPAddress(v4: 2), port: UInt16(number)), state: .succeeded,
            isNominated: relayed, requests: 12, responses: 9, requestsReceived: 12, responsesSent: 12)
        pair.isRelayed = relayed
        pair.roundTrip = SampleFlows.trip(trip)
        pair.answeredFor = .seconds(30)
        return pair
    }

    @Test("45: a relay where a direct pair answers")
    func needlessRelay() {
        #expect(Self.call { _ in } == [], "the direct pair failed")
        #expect(Self.call { $0.pairs[1].state = .succeeded } == [45])
        #expect(
            Self.call {
                $0.pairs[1].state = .succeeded
                $0.selected = 1
            } == [], "the direct pair is in use")
        #expect(
            Self.call {
                $0.pairs[1].state = .succeeded
                $0.pairs[1].answeredFor = .seconds(1)
            } == [], "it answered for a moment")
        #expect(
            Self.call {
                $0.pairs[1].state = .succeeded
                $0.pairs[1].responses = 1
            } == [], "once is chance")
    }

    @Test(arguments: [
        (CallSnapshot.Failure.dtlsUnanswered, [86]), (.dtlsTooBig, [86]), (.noMedia, [87]), (.oneWayMedia, [88]),
        (.noKeyFrame, [89]), (.noRelay, [44]), (.relayLapsed, []), (.noNomination, []),
    ])
    func stages(_ failure: CallSnapshot.Failure, _ rules: [Int]) {
        let found = Self.call {
            $0.failure = failure
            var dtls = DTLSSnapshot()
            dtls.retransmittedFlights = 4
            $0.dtls = dtls
        }
        #expect(found == rules)
    }

    /// A capture that holds nobody's answers makes every end silent.
    @Test func silenceOfEveryoneIsTheCapture() throws {
        func severity(isOneWay: Bool) throws -> Verdict.Severity {
            var call = CallSnapshot(number: 1, start: SampleFlows.time(0), end: SampleFlows.time(60))
            call.failure = .oneWayMedia
            var health = CaptureHealth()
            health.isOneWay = isOneWay
            return try #require(CallDiagnosis.judged(call, health: health).verdicts.first { $0.ruleNumber == 88 })
                .severity
        }
        #expect(try severity(isOneWay: false) == .critical)
        #expect(try severity(isOneWay: true) == .info)
    }

    static let fired: Set<Int> = Set(media.flatMap(\.rules)).union([45, 46, 74, 85, 86, 87, 88, 89])
}
