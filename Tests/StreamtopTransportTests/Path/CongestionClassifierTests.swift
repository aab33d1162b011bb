import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

@Suite struct CongestionClassifierTests {
    /// Plays rounds of 50 ms into a meter; a loss cuts the window to `keeping` of itself.
    struct Course {
        var meter = CongestionMeter(lost: 0)
        var round = 0
        var lost: UInt32 = 0
        var repairs: UInt32 = 0
        var window: Float = 20

        var time: Timestamp { Timestamp(nanoseconds: Int64(round) * 50_000_000) }

        mutating func play(rounds: Int, limited: Bool = false, growth: (Float, Int) -> Float) {
            for index in 0..<rounds {
                step(window: window)
                if limited { meter.noteLimited() }
                meter.observeFlight(window, at: time)
                meter.endRound(flight: window, repairs: repairs, at: time)
                window = growth(window, index)
                round += 1
            }
        }

        mutating func step(window: Float, repairing: UInt32? = nil) {
            _ = meter.observe(
                SenderView(acknowledged: UInt32(round * 1000), edge: .max, sacked: 0, lost: lost),
                next: UInt32(round * 1000 + 500), window: window, repairs: repairs, repairing: repairing,
                byTimeout: false, at: time)
        }

        mutating func loss(keeping share: Float) {
            lost += 1000
            step(window: window)
            repairs += 1
            play(rounds: 1) { window, _ in window * share }
        }

        var verdict: CongestionControlSnapshot { CongestionClassifier(meter).verdict() }
    }

    @Test func halvedWindowsAreReno() {
        var course = Course()
        for _ in 0..<5 {
            course.play(rounds: 20) { window, _ in window + 1 }
            course.loss(keeping: 0.5)
        }
        course.play(rounds: 10) { window, _ in window + 1 }
        #expect(course.verdict.name == .reno)
        #expect(course.verdict.confidence > 0.7)
        #expect(!course.verdict.evidence.isEmpty)
    }

    /// Between Reno's half and CUBIC's seven tenths a name is a guess; from 0.62 on it is CUBIC's. Four fifths are nobody's: what a queue
    /// that others fill leaves of BBR.
    @Test(arguments: [(Float(0.58), CongestionControlName.reno), (0.64, .cubic), (0.76, .cubic), (0.79, .unknown)])
    func namesEndWhereTheOtherBegins(share: Float, name: CongestionControlName) {
        var course = Course(window: 60)
        for _ in 0..<5 {
            course.play(rounds: 20) { window, _ in window + 1 }
            course.loss(keeping: share)
        }
        course.play(rounds: 10) { window, _ in window + 1 }
        #expect(course.verdict.name == name)
    }

    /// Paced, and a window that stands still between losses: what sets it is not loss.
    @Test func pacedSenderThatDoesNotGrowIsNotNamedByItsCuts() {
        var course = Course(window: 160)
        for _ in 0..<5 {
            course.play(rounds: 20) { window, _ in window }
            course.loss(keeping: 0.7)
        }
        course.play(rounds: 10) { window, _ in window }
        #expect(CongestionClassifier(course.meter, isPaced: false).verdict().name == .cubic)
        #expect(CongestionClassifier(course.meter, isPaced: true).verdict().name == .unknown)
    }

    @Test func sevenTenthsAreCubic() {
        var course = Course(window: 60)
        for _ in 0..<5 {
            course.play(rounds: 20) { window, _ in window + 0.9 }
            course.loss(keeping: 0.7)
        }
        course.play(rounds: 10) { window, _ in window + 0.9 }
        #expect(course.verdict.name == .cubic)
    }

    @Test func lossesWithoutReactionAreBBR() {
        var course = Course(window: 40)
        for _ in 0..<10 {
            course.play(rounds: 6) { window, _ in window }
            course.loss(keeping: 1)
        }
        course.play(rounds: 4) { window, _ in window }
        #expect(course.verdict.name == .bbr)
    }

    @Test func probesEveryEightRoundsAreBBR() {
        var course = Course(window: 40)
        course.play(rounds: 120) { _, index in index % 8 == 0 ? 48 : 40 }
        #expect(course.verdict.name == .bbr)
    }

    /// A rate that a socket option holds: bursts of two segments beat with the round trip, and the flight swings by two as regularly
    /// as probes would make it.
    @Test(arguments: [Float(9), 11, 20])
    func swingOfOneBurstIsNoProbe(flight: Float) {
        var course = Course(window: flight)
        course.play(rounds: 120) { _, index in index % 6 == 0 ? flight : flight - 2 }
        #expect(course.verdict.name == .unknown)
    }

    /// Of twelve segments a quarter more is three: seen.
    @Test func probesOfASmallWindowAreBBR() {
        var course = Course(window: 12)
        course.play(rounds: 160) { _, index in index % 8 == 0 ? 15 : 12 }
        #expect(course.verdict.name == .bbr)
    }

    /// The sawtooth of a window of a few segments falls as regularly; only the losses tell that it answers them.
    @Test func fallsThatMayAnswerLossesNameNobody() {
        var course = Course(window: 40)
        course.play(rounds: 120) { _, index in index % 8 == 0 ? 48 : 40 }
        #expect(CongestionClassifier(course.meter, losses: 2).verdict().name == .bbr)
        #expect(CongestionClassifier(course.meter, losses: 15).verdict().name == .unknown)
    }

    @Test func steadyClimbByOneIsReno() {
        var course = Course()
        course.play(rounds: 60) { window, _ in window + 1 }
        #expect(course.verdict.name == .reno)
    }

    @Test func acceleratingClimbIsCubic() {
        var course = Course(window: 40)
        course.play(rounds: 130) { _, index in
            let seconds = Float(index) * 0.05
            return 40 + 0.4 * seconds * seconds * seconds + 0.3 * Float(index)
        }
        #expect(course.verdict.name == .cubic)
    }

    @Test func applicationLimitedSenderStaysUnknown() {
        var course = Course()
        course.play(rounds: 200, limited: true) { _, index in index % 4 == 0 ? 28 : 10 }
        #expect(course.verdict.name == .unknown)
    }

    @Test func twoContradictingCutsStayUnknown() {
        var course = Course(window: 60)
        course.play(rounds: 20) { window, _ in window + 0.5 }
        course.loss(keeping: 0.5)
        course.play(rounds: 20) { window, _ in window + 0.5 }
        course.loss(keeping: 0.95)
        course.play(rounds: 20) { window, _ in window + 0.5 }
        #expect(course.verdict.name == .unknown)
    }

    /// A sender that knows of a loss by time repeats before the observer holds anything for lost.
    @Test func cutsBeginWithTheRepairAtTheLatest() {
        var course = Course(window: 40)
        for _ in 0..<4 {
            course.play(rounds: 20) { window, _ in window + 1 }
            course.step(window: course.window, repairing: UInt32(course.round * 1000))
            course.repairs += 1
            course.lost += 1000  // noticed with the next answer
            course.play(rounds: 1) { window, _ in window * 0.7 }
        }
        course.play(rounds: 10) { window, _ in window + 1 }
        #expect(course.meter.cuts.count == 4)
        #expect(course.verdict.name == .cubic)
    }

    /// Far from the sender the last segments of a burst are missing when the recovery begins: it ends later than it seems.
    @Test func lossesBehindTheLastSegmentAreOneRecovery() {
        var course = Course(window: 47)
        course.play(rounds: 10) { window, _ in window }
        let point = UInt32(course.round * 1000 + 500)
        course.step(window: 47, repairing: point - 500)
        course.repairs += 1
        _ = course.meter.observe(
            SenderView(acknowledged: point, edge: .max, sacked: 0, lost: 0), next: point + 2000, window: 25,
            repairs: course.repairs, repairing: point, byTimeout: false, at: course.time)
        course.repairs += 1
        course.window = 24
        course.round += 3
        course.play(rounds: 6) { window, _ in window }
        #expect(course.meter.cuts.map(\.before) == [47])
        #expect(course.meter.cuts.map(\.after) == [24])
    }

    /// The probe for the round trip empties a queue that was most of the flight: what follows is a path just filled.
    @Test func probesThatEmptyAStandingQueueAreSeen() {
        var course = Course(window: 54)
        for _ in 0..<2 {
            course.play(rounds: 30) { _, _ in 54 }
            course.play(rounds: 5) { _, _ in 4 }
            course.play(rounds: 1) { _, _ in 20 }
            course.play(rounds: 30) { window, _ in min(54, window + 2) }
        }
        #expect(course.meter.dips.count == 2)
        #expect(course.verdict.name == .bbr)
    }
}
