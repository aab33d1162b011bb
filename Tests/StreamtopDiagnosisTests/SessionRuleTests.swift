import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Rules about media sessions: each with a session in which it speaks, and with others in which its figures nearly do.
@Suite struct SessionRuleTests {
    /// What the cases below make speak.
    static let fired: Set<Int> = [14, 28, 29, 30, 31, 32, 33, 34, 69, 71]

    struct Scenario: Sendable, CustomTestStringConvertible {
        var name: String
        var rules: [Int]
        var spoil: @Sendable (inout MediaSessionSnapshot) -> Void
        var testDescription: String { name }
    }

    private static let start = Timestamp(seconds: 1_000, nanoseconds: 0)

    /// A player at the highest of three representations, two seconds a segment, chunks as they are made.
    static func healthy() -> MediaSessionSnapshot {
        var session = MediaSessionSnapshot(
            number: 1, kind: .dash, start: start, end: start + .seconds(60), client: IPAddress(v4: 0x0a00_0001))
        session.isLive = true
        session.isLowLatency = true
        for (name, rate) in [("0", 250_000), ("1", 600_000), ("2", 1_200_000)] {
            var item = MediaRepresentation(identifier: name, type: .video)
            item.bandwidth = rate
            session.representations.append(item)
        }
        for number in 1...30 {
            let asked = start + .seconds(2) * Int64(number)
            var segment = MediaSegment(exchange: UInt64(number), requestTime: asked, type: .video)
            segment.number = number
            segment.representation = "2"
            segment.duration = 2
            segment.bytes = 300_000
            segment.throughput = 5e6
            segment.server = .milliseconds(3)
            segment.isComplete = true
            segment.chunks = [
                MediaChunk(firstByteTime: asked, lastByteTime: asked + .milliseconds(200), duration: 0.2, bytes: 30_000)
            ]
            segment.chunkCount = 1
            session.segments.append(segment)
        }
        var buffer = MediaBuffer()
        buffer.last = 1.2
        buffer.minimum = 0.5
        buffer.maximum = 1.8
        session.buffer = buffer
        session.liveLatency = MediaLatency(
            last: .milliseconds(1_500), p50: .milliseconds(1_500), p95: .milliseconds(1_700), source: .prft)
        session.clockOffset.date = .milliseconds(150)
        session.clockOffset.dateSamples = 12
        session.pacing = .encoder
        session.cadence = MediaCadence(
            chunks: 240, made: 1.05, transfer: 0.1, gatheredSegments: 0, longestPause: .milliseconds(190))
        return session
    }

    private static func low(_ session: inout MediaSessionSnapshot, rate: Double) {
        for index in session.segments.indices {
            session.segments[index].representation = "0"
            session.segments[index].throughput = rate
        }
    }

    private static func switches(_ session: inout MediaSessionSnapshot, _ path: [(at: Int64, from: String, to: String)])
    {
        session.switches = path.map { MediaSwitch(time: start + .seconds($0.at), from: $0.from, to: $0.to) }
    }

    static let scenarios: [Scenario] = [
        Scenario(name: "healthy", rules: []) { _ in },
        Scenario(name: "28: two seconds without anything", rules: [28]) {
            $0.buffer?.stallTime = .seconds(2)
            $0.buffer?.stallCount = 1
        },
        Scenario(name: "28: a stall is near", rules: [28]) {
            $0.buffer?.last = 0.3
            for index in $0.segments.indices.suffix(2) { $0.segments[index].throughput = 1.25e6 }
        },
        Scenario(name: "28 near miss: half a second", rules: []) {
            $0.buffer?.stallTime = .milliseconds(500)
            $0.buffer?.stallCount = 1
        },
        Scenario(name: "28 near miss: little held, and fed fast", rules: []) { $0.buffer?.last = 0.3 },
        Scenario(name: "28 near miss: fed slowly, and much held", rules: []) {
            for index in $0.segments.indices.suffix(2) { $0.segments[index].throughput = 1.25e6 }
        },
        Scenario(name: "28 near miss: one slow segment", rules: []) {
            $0.buffer?.last = 0.3
            $0.segments[29].throughput = 1e6
        },
        Scenario(name: "29: room for more, and not taken", rules: [29]) { low(&$0, rate: 5e6) },
        Scenario(name: "29 near miss: the next would be tight", rules: []) { low(&$0, rate: 1.1e6) },
        Scenario(name: "29 near miss: segments that were whole", rules: []) {
            low(&$0, rate: 5e6)
            $0.isLowLatency = false
        },
        Scenario(name: "29 near miss: on its way up", rules: []) {
            low(&$0, rate: 5e6)
            $0.segments[29].representation = "1"
        },
        Scenario(name: "30: there and back", rules: [30]) {
            switches(
                &$0,
                [(2, "0", "1"), (4, "1", "0"), (6, "0", "1"), (8, "1", "0"), (10, "0", "1"), (12, "1", "0")])
        },
        Scenario(name: "30 near miss: up the ladder and down", rules: []) {
            switches(&$0, [(2, "0", "1"), (4, "1", "2"), (6, "2", "1"), (8, "1", "0")])
        },
        Scenario(name: "30 near miss: twice", rules: []) {
            switches(&$0, [(2, "0", "1"), (4, "1", "0"), (6, "0", "1")])
        },
        Scenario(name: "30 near miss: slowly", rules: []) {
            switches(&$0, [(2, "0", "1"), (22, "1", "0"), (42, "0", "1"), (62, "1", "0"), (82, "0", "1")])
        },
        Scenario(name: "71: dry by its own word only", rules: [71]) {
            $0.starvedThoughFed = 1
            $0.heldWhileStarved = 3
        },
        Scenario(name: "71 near miss: it says nothing", rules: []) { $0.heldWhileStarved = 3 },
        Scenario(name: "70: falls behind with room to spare", rules: [70]) {
            $0.mediaClock = MediaClock(advance: 88, wall: 90)
        },
        Scenario(name: "70 near miss: for less than a minute", rules: []) {
            $0.mediaClock = MediaClock(advance: 48, wall: 50)
        },
        Scenario(name: "70 near miss: half a second", rules: []) {
            $0.mediaClock = MediaClock(advance: 89.5, wall: 90)
        },
        Scenario(name: "70 near miss: the path is slow", rules: []) {
            $0.mediaClock = MediaClock(advance: 88, wall: 90)
            $0.segments[20].throughput = 1.5e6
        },
        Scenario(name: "14: slow to begin", rules: [14]) {
            for index in $0.segments.indices.prefix(3) { $0.segments[index].server = .milliseconds(800) }
        },
        Scenario(name: "14 near miss: once", rules: []) { $0.segments[3].server = .milliseconds(800) },
        Scenario(name: "14 near miss: few requests", rules: []) {
            $0.segments = Array($0.segments.prefix(12))
            for index in $0.segments.indices { $0.segments[index].server = .milliseconds(800) }
        },
        Scenario(name: "14 near miss: held", rules: []) {
            for index in $0.segments.indices { $0.segments[index].held = .milliseconds(1_900) }
        },
        Scenario(name: "31: made unevenly", rules: [31]) { $0.cadence?.made = 1.9 },
        Scenario(name: "31 near miss: slow to come, too", rules: []) {
            $0.cadence?.made = 1.9
            $0.cadence?.transfer = 0.8
        },
        Scenario(name: "31 near miss: few chunks", rules: []) {
            $0.cadence?.made = 1.9
            $0.cadence?.chunks = 39
        },
        Scenario(name: "31 near miss: no stamps", rules: []) { $0.cadence = nil },
        Scenario(name: "32: in bursts", rules: [32]) {
            $0.pacing = .gathered
            $0.cadence?.gatheredSegments = 5
        },
        Scenario(name: "32 near miss: late because of the path", rules: []) { $0.pacing = .network },
        Scenario(name: "32 near miss: two bursts", rules: []) { $0.cadence?.gatheredSegments = 2 },
        Scenario(name: "32 near miss: nothing known", rules: []) { $0.pacing = nil },
        Scenario(name: "33: falls behind", rules: [33]) { $0.liveLatency?.drift = 90 },
        Scenario(name: "33 near miss: hardly", rules: []) { $0.liveLatency?.drift = 40 },
        Scenario(name: "33 near miss: it catches up", rules: []) { $0.liveLatency?.drift = -90 },
        Scenario(name: "33 near miss: it stalled", rules: []) {
            $0.liveLatency?.drift = 90
            $0.buffer?.stallTime = .milliseconds(300)
        },
        Scenario(name: "34: holds back too little", rules: [34]) {
            $0.partControl = MediaPartControl(partTarget: .milliseconds(200))
            $0.partControl?.partHoldBack = .milliseconds(300)
        },
        Scenario(name: "34: a reload that took too long", rules: [34]) {
            $0.partControl = MediaPartControl(partTarget: .milliseconds(200))
            $0.partControl?.targetDuration = .seconds(2)
            $0.partControl?.longestReload = .seconds(7)
        },
        Scenario(name: "34 near miss: three parts", rules: []) {
            $0.partControl = MediaPartControl(partTarget: .milliseconds(200))
            $0.partControl?.partHoldBack = .milliseconds(600)
            $0.partControl?.targetDuration = .seconds(2)
            $0.partControl?.longestReload = .seconds(2)
        },
        Scenario(name: "34 near miss: not said", rules: []) {
            $0.partControl = MediaPartControl(partTarget: .milliseconds(200))
        },
        Scenario(name: "69: three seconds ahead", rules: [69]) { $0.clockOffset.timeSource = .seconds(3) },
        Scenario(name: "69: chunks from the future", rules: [69]) { $0.clockOffset.producer = .milliseconds(900) },
        Scenario(name: "69: many dates", rules: [69]) { $0.clockOffset.date = -.seconds(2) },
        Scenario(name: "69 near miss: within what Date tells", rules: []) { $0.clockOffset.date = .milliseconds(650) },
        Scenario(name: "69 near miss: few dates", rules: []) {
            $0.clockOffset.date = .seconds(2)
            $0.clockOffset.dateSamples = 3
        },
        Scenario(name: "69 near miss: the time source says it is right", rules: []) {
            $0.clockOffset.date = .seconds(2)
            $0.clockOffset.timeSource = .milliseconds(20)
        },
    ]

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        var session = Self.healthy()
        scenario.spoil(&session)
        let judged = SessionDiagnosis.judged(session, health: CaptureHealth())
        #expect(judged.verdicts.map(\.ruleNumber) == scenario.rules)
        for verdict in judged.verdicts {
            #expect(verdict.summary.count > 30 && !verdict.evidence.isEmpty && !verdict.advice.isEmpty)
        }
    }

    /// The subject is where the trouble lies, not whom it befalls.
    @Test(arguments: [
        (5e6, 3.0, Verdict.Subject.client, "came faster than they play"),
        (1.25e6, 3, .path, "near or below the bitrate"),
        (5e6, 900, .server, "let 24 requests wait"),
    ])
    func aStallIsOfThePathTheServerOrThePlayer(
        throughput: Double, server: Double, subject: Verdict.Subject, reason: String
    ) throws {
        var session = Self.healthy()
        session.buffer?.stallTime = .seconds(2)
        session.buffer?.stallCount = 1
        for index in session.segments.indices {
            session.segments[index].throughput = throughput
            session.segments[index].server = Nanoseconds(server * 1e6)
        }
        let judged = SessionDiagnosis.judged(session, health: CaptureHealth())
        let verdict = try #require(judged.verdicts.first { $0.rule == "player_stalls" })
        #expect(verdict.subject == subject && verdict.summary.contains(reason), "\(verdict)")
    }

    /// Where no throughput and no wait was measured nobody is at fault, and no number stands for what is not known.
    @Test func aStallOfWhichNothingTellsTheCause() throws {
        var session = Self.healthy()
        session.buffer?.stallTime = .seconds(2)
        session.buffer?.stallCount = 1
        for index in session.segments.indices {
            session.segments[index].throughput = nil
            session.segments[index].server = nil
        }
        let judged = SessionDiagnosis.judged(session, health: CaptureHealth())
        let verdict = try #require(judged.verdicts.first { $0.rule == "player_stalls" })
        #expect(verdict.summary.hasSuffix("nothing captured tells why") && !verdict.advice.contains("decoder"))
        #expect(!verdict.evidence.contains { $0.name == "lowest_throughput_ratio" })
    }

    @Test func everyRuleOfSessionsHasACase() {
        let rules = RuleTable.rules.filter { if case .session = $0.judge { true } else { false } }.map(\.number)
        #expect(Set(rules) == Self.fired && Set(Self.scenarios.flatMap(\.rules)) == Self.fired.union([70]))
    }
}

@Suite struct SessionHeadlineTests {
    /// What a player suffers stands in the first line, as long as it lasts.
    @Test func aStallingPlayerIsTheFirstLine() {
        var session = SessionRuleTests.healthy()
        session.buffer?.stallTime = .seconds(2)
        session.buffer?.stallCount = 1
        session = SessionDiagnosis.judged(session, health: CaptureHealth())
        var totals = TrafficTotals()
        totals.packets = 100
        var judge = HeadlineJudge(at: session.end)
        judge.add(session, at: session.end)
        let headline = judge.headline(capture: [], health: CaptureHealth(), totals: totals)
        #expect(headline.rule == "player_stalls" && headline.state == .act)
        var later = HeadlineJudge(at: session.end + .seconds(90))
        later.add(session, at: session.end + .seconds(90))
        #expect(later.headline(capture: [], health: CaptureHealth(), totals: totals).state != .act)
    }
}
