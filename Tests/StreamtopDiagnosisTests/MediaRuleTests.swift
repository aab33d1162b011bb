import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Each rule on media, data channels and calls: where it must speak, and near misses where it must not.
@Suite struct MediaRuleTests {
    struct Scenario: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rules: [Int]
        var spoil: @Sendable (inout RTPStreamSnapshot) -> Void

        init(_ name: String, _ rules: [Int], _ spoil: @escaping @Sendable (inout RTPStreamSnapshot) -> Void) {
            testDescription = name
            self.rules = rules
            self.spoil = spoil
        }
    }

    /// A minute of speech at 50 packets a second.
    static func flow(isFinal: Bool = true, _ spoil: (inout RTPStreamSnapshot) -> Void) -> FlowSnapshot {
        let start = SampleFlows.time(0)
        let end = SampleFlows.time(60)
        var flow = FlowSnapshot(
            identifier: FlowIdentifier(number: 1), transport: .udp, protocols: ["ipv4", "udp", "rtp"],
            protocolNumber: 17,
            client: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 1), port: 5_004)),
            server: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 2), port: 5_004)),
            orientation: .firstPacket, start: start, end: end, state: .open)
        flow.isFinal = isFinal
        flow.client.packets = 3_000
        var stream = RTPStreamSnapshot(source: 7, from: .fromClient, start: start, end: end)
        stream.packets = 3_000
        stream.expected = 3_000
        stream.isVideo = false
        stream.codec = "pcmu"
        stream.clockRate = 8_000
        stream.meanJitter = .milliseconds(4)
        stream.nacks = 0
        stream.pictureLossIndications = 0
        stream.fullIntraRequests = 0
        spoil(&stream)
        flow.rtp = [stream]
        return flow
    }

    static func video(_ stream: inout RTPStreamSnapshot) {
        stream.isVideo = true
        stream.codec = "vp8"
        stream.frameJitter = .milliseconds(4)
    }

    static let scenarios: [Scenario] = [
        Scenario("nothing", []) { _ in },
        Scenario("35 speech", [35]) { $0.lost = 90 },
        Scenario("35 not for few packets", []) { $0.lost = 4 },
        Scenario("35 not below half a percent", []) { $0.lost = 12 },
        Scenario("35 not what came again in time", []) {
            $0.lost = 90
            $0.lostRepaired = 88
        },
        Scenario("35 not of a repeat stream", []) {
            $0.lost = 90
            $0.repeats = 8
        },
        Scenario("35 not of a stream of FEC", []) {
            $0.lost = 90
            $0.isParity = true
        },
        Scenario("35 with FEC that cannot be read", [35]) {
            $0.lost = 90
            $0.fec = RTPForwardErrorCorrectionSnapshot(kind: .flexfec, packets: 90, bytes: 9_000, recovered: nil)
        },
        Scenario("35 pictures", [35]) {
            video(&$0)
            $0.lost = 60
        },
        Scenario("35 pictures bear more than speech", []) {
            video(&$0)
            $0.lost = 25
        },
        Scenario("36 speech", [36]) { $0.meanJitter = .milliseconds(40) },
        Scenario("36 not by damaged stamps", []) { $0.meanJitter = .seconds(14) },
        Scenario("36 not paced pictures", []) {
            video(&$0)
            $0.meanJitter = .milliseconds(40)
        },
        Scenario("36 not pictures sent out of order", []) {
            video(&$0)
            $0.frameJitter = .milliseconds(60)
            $0.timestampsGoBack = true
        },
        Scenario("36 pictures", [36]) {
            video(&$0)
            $0.frameJitter = .milliseconds(60)
        },
        Scenario("37 storm", [37]) {
            video(&$0)
            $0.pictureLossIndications = 40
        },
        Scenario("37 not a few at the start", []) {
            video(&$0)
            $0.pictureLossIndications = 9
        },
        Scenario("37 not where reports are encrypted", []) {
            video(&$0)
            $0.pictureLossIndications = nil
        },
        Scenario("38 asked again and again", [38]) {
            video(&$0)
            $0.nackedNumbers = 100
            $0.nackedAgain = 70
        },
        Scenario("38 not when most are asked for once", []) {
            video(&$0)
            $0.nackedNumbers = 100
            $0.nackedAgain = 30
        },
        Scenario("40 far away", [40]) { $0.roundTrip = SampleFlows.trip(360) },
        Scenario("40 not below 150 ms one way", []) { $0.roundTrip = SampleFlows.trip(280) },
        Scenario("40 not from two samples", []) { $0.roundTrip = SampleFlows.trip(360, samples: 2) },
        Scenario("41 bad speech", [41]) {
            $0.voice = VoiceQualitySnapshot(last: 3.0, worst: 2.8, isWithoutDelay: true, isAssumed: false)
        },
        Scenario("41 not what was bad once", []) {
            $0.voice = VoiceQualitySnapshot(last: 4.1, worst: 2.8, isWithoutDelay: true, isAssumed: false)
        },
        Scenario("41 leaves loss to 35", [35]) {
            $0.lost = 200
            $0.voice = VoiceQualitySnapshot(last: 3.0, worst: 2.8, isWithoutDelay: true, isAssumed: false)
        },
    ]

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        let verdicts = SampleFlows.verdicts(Self.flow(scenario.spoil))
        #expect(verdicts.map(\.ruleNumber).sorted() == scenario.rules)
        for verdict in verdicts {
            #expect(verdict.summary.count > 25 && !verdict.advice.isEmpty && !verdict.evidence.isEmpty)
        }
    }

    @Test("A loss long ago is not said of a stream that goes on well")
    func recent() {
        func rules(_ recent: RTPRecentLoss) -> [Int] {
            SampleFlows.rules(
                Self.flow(isFinal: false) {
                    $0.lost = 300
                    $0.recent = recent
                })
        }
        #expect(rules(RTPRecentLoss(expected: 500, lost: 0)) == [])
        #expect(rules(RTPRecentLoss(expected: 500, lost: 30)) == [35])
    }

    private static func channel(_ spoil: (inout SCTPSnapshot) -> Void) -> FlowSnapshot {
        var flow = flow { _ in }
        flow.rtp = []
        var sctp = SCTPSnapshot()
        sctp.client.dataChunks = 100
        spoil(&sctp)
        flow.sctp = sctp
        return flow
    }

    @Test("55: a timer's silence is said, a fast retransmission is not")
    func dataChannel() {
        let waiting = Self.channel {
            $0.client.retransmitted = 1
            $0.client.timeouts = 1
            $0.client.longestTimeout = .seconds(1)
        }
        #expect(SampleFlows.rules(waiting) == [55])
        let repaired = Self.channel {
            $0.client.retransmitted = 5
            $0.client.fastRetransmissions = 5
        }
        #expect(SampleFlows.rules(repaired) == [])
    }

    private static func call(_ spoil: (inout CallSnapshot) -> Void) -> [Int] {
        var call = CallSnapshot(number: 1, start: SampleFlows.time(0), end: SampleFlows.time(60))
        call.pairs = [
            CallSnapshot.Pair(
                flow: FlowIdentifier(number: 1), local: Endpoint(address: IPAddress(v4: 1), port: 1),
                remote: Endpoint(address: IPAddress(v4: 2), port: 2), state: .succeeded, isNominated: true,
                requests: 12,
                responses: 9, requestsReceived: 12, responsesSent: 12)
        ]
        call.selected = 0
        call.consent = CallSnapshot.Consent(sent: 11, answered: 8, lost: 3, last: .seconds(16))
        spoil(&call)
        return CallDiagnosis.judged(call, health: CaptureHealth()).verdicts.map(\.ruleNumber)
    }

    @Test("43 and 44 speak of calls that failed so, and of no others")
    func calls() {
        #expect(Self.call { _ in } == [])
        #expect(Self.call { $0.failure = .consentLost } == [43])
        #expect(Self.call { $0.failure = .noNomination } == [])
        #expect(Self.call { $0.failure = .checksUnanswered } == [44])
        #expect(
            Self.call {
                $0.failure = .checksUnanswered
                $0.pairs = []
            } == [])
    }

    /// Rules that the tests above make speak.
    static let fired: Set<Int> = Set(scenarios.flatMap(\.rules)).union([43, 44, 55]).union(CallRuleTests.fired)
}
