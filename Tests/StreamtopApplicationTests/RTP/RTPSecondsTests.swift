import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopApplication

/// Losses second by second.
@Suite struct RTPSecondsTests {
    private func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

    @Test func eachSecondHasItsOwnLosses() {
        var seconds = RTPSeconds()
        seconds.observe(expected: 10, lost: 0, repaired: 0, at: at(5.2))
        seconds.observe(expected: 50, lost: 4, repaired: 1, at: at(5.9))
        seconds.observe(expected: 60, lost: 6, repaired: 1, at: at(6.1))
        seconds.noteKeyFrame()
        // A silent second has no entry.
        seconds.observe(expected: 61, lost: 6, repaired: 1, at: at(8.5))
        #expect(seconds.all.map(\.expected) == [50, 10, 1])
        #expect(seconds.all.map(\.lost) == [4, 2, 0])
        #expect(seconds.all.map(\.lostFinal) == [3, 2, 0])
        #expect(seconds.all.map(\.keyFrames) == [0, 1, 0])
        #expect(seconds.all.map(\.time) == [at(5), at(6), at(8)])
    }

    @Test func aLatePacketTakesFromItsOwnSecondAndNeverBelowNone() {
        var seconds = RTPSeconds()
        seconds.observe(expected: 10, lost: 3, repaired: 0, at: at(1))
        seconds.observe(expected: 20, lost: 1, repaired: 0, at: at(2))
        seconds.observe(expected: 30, lost: 2, repaired: 0, at: at(3))
        #expect(seconds.all.map(\.lost) == [3, 0, 1])
    }

    @Test func aClockThatGoesBackAddsToTheNewestSecond() {
        var seconds = RTPSeconds()
        seconds.observe(expected: 10, lost: 0, repaired: 0, at: at(9))
        seconds.observe(expected: 12, lost: 1, repaired: 0, at: at(3))
        #expect(seconds.all.count == 1 && seconds.all[0].lost == 1)
    }

    @Test func aMinuteIsKept() {
        var seconds = RTPSeconds()
        for second in 0..<500 {
            seconds.observe(expected: UInt64(second), lost: 0, repaired: 0, at: at(Double(second)))
        }
        #expect(seconds.all.count == 64)
        #expect(seconds.all.last?.time == at(499))
    }
}
