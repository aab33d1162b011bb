import StreamtopBase
import Testing

@testable import streamtop

/// How far a replay has come, at moments of a clock that the test moves.
@Suite struct ReplayPacingTests {
    private let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)
    private let origin: Nanoseconds = .seconds(500)

    @Test func runsAtItsSpeed() {
        for (speed, expected) in [(0.1, 0.2), (1, 2), (7.5, 15), (100, 200)] {
            let pacing = ReplayPacing(speed: speed, at: start, clock: origin)
            #expect(pacing.target(clock: origin) == start)
            #expect(pacing.target(clock: origin + .seconds(2)) == start + Nanoseconds(expected * 1e9))
        }
    }

    @Test func sleepsUntilTheNextFrameIsDue() {
        let pacing = ReplayPacing(speed: 4, at: start, clock: origin)
        #expect(pacing.delay(until: start + .seconds(8), clock: origin) == .seconds(2))
        #expect(pacing.delay(until: start + .seconds(8), clock: origin + .seconds(1)) == .seconds(1))
        // What is late is due now.
        #expect(pacing.delay(until: start - .seconds(8), clock: origin) == 0)
    }

    @Test func maximumHasNoTarget() {
        let pacing = ReplayPacing(speed: .infinity, at: start, clock: origin)
        #expect(pacing.target(clock: origin + .seconds(1)) == nil)
        #expect(pacing.delay(until: start + .seconds(8), clock: origin) == 0)
    }

    @Test func pauseStandsStillAndGoesOnFromThere() {
        var pacing = ReplayPacing(speed: 2, at: start, clock: origin)
        pacing.setPaused(true, position: start, clock: origin + .seconds(3))
        let stood = start + .seconds(6)
        #expect(pacing.target(clock: origin + .seconds(3)) == stood)
        #expect(pacing.target(clock: origin + .seconds(100)) == stood)
        pacing.setPaused(false, position: stood, clock: origin + .seconds(100))
        #expect(pacing.target(clock: origin + .seconds(101)) == stood + .seconds(2))
    }

    @Test func changeOfSpeedDoesNotMoveThePoint() {
        var pacing = ReplayPacing(speed: 1, at: start, clock: origin)
        pacing.setSpeed(10, position: start, clock: origin + .seconds(5))
        #expect(pacing.target(clock: origin + .seconds(5)) == start + .seconds(5))
        #expect(pacing.target(clock: origin + .seconds(6)) == start + .seconds(15))
        // From "max" nobody knows the point but the replay itself.
        pacing.setSpeed(.infinity, position: start, clock: origin + .seconds(6))
        pacing.setSpeed(1, position: start + .seconds(300), clock: origin + .seconds(7))
        #expect(pacing.target(clock: origin + .seconds(8)) == start + .seconds(301))
    }

    @Test func jumpWhilePausedStaysPaused() {
        var pacing = ReplayPacing(speed: 1, at: start, clock: origin)
        pacing.setPaused(true, position: start, clock: origin)
        pacing.jump(to: start + .seconds(40), clock: origin + .seconds(1))
        #expect(pacing.isPaused)
        #expect(pacing.target(clock: origin + .seconds(9)) == start + .seconds(40))
    }

    @Test func endOfTimeIsNoOverflow() {
        let pacing = ReplayPacing(speed: 100, at: Timestamp(nanoseconds: .max - 5), clock: 0)
        #expect(pacing.target(clock: .max) == Timestamp(nanoseconds: .max))
        #expect(pacing.delay(until: Timestamp(nanoseconds: .min), clock: .max) == 0)
        #expect(ReplayPacing(speed: 0.1, at: start, clock: 0).delay(until: Timestamp(nanoseconds: .max), clock: 0) > 0)
    }
}
