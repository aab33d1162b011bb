import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

/// Timers of a sender, and its want of credit, as its packets show them.
@Suite struct QUICTimerMeterTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: .milliseconds(milliseconds)) }

    /// A sender with a timer of 100 ms that has 5,000 bytes under way whenever it sends.
    private func meter(sending times: [Int64], heard: Int64 = 0) -> QUICTimerMeter {
        var meter = QUICTimerMeter()
        for time in times {
            meter.sent(timer: .milliseconds(100), outstanding: 5_000, lastHeard: at(heard), at: at(time))
        }
        return meter
    }

    @Test func timersDoubleInARow() {
        let waits = meter(sending: [0, 100, 101, 301, 701]).waits
        #expect(waits.timeouts == 3 && waits.longestBackoff == 3)
        #expect(waits.peerGone == nil, "less than three seconds")
    }

    @Test func packetsBeforeTheTimerAreNone() {
        #expect(meter(sending: [0, 99, 198, 297]).waits.timeouts == 0)
        // The second timer takes twice as long: this is new data.
        #expect(meter(sending: [0, 100, 250]).waits.timeouts == 1)
        var idle = QUICTimerMeter()
        for time in [0, 1000, 2000] {
            idle.sent(timer: .milliseconds(100), outstanding: 0, lastHeard: at(0), at: at(Int64(time)))
        }
        #expect(idle.waits.timeouts == 0, "nothing was under way: a pause")
    }

    @Test func anAcknowledgmentStartsTheTimerAnew() {
        var meter = meter(sending: [0])
        meter.answered(startsRecovery: false, at: at(80))
        meter.sent(timer: .milliseconds(100), outstanding: 5_000, lastHeard: at(80), at: at(150))
        #expect(meter.waits.timeouts == 0)
        meter.sent(timer: .milliseconds(100), outstanding: 5_000, lastHeard: at(80), at: at(250))
        meter.answered(startsRecovery: true, at: at(300))
        meter.answered(startsRecovery: true, at: at(600))
        let waits = meter.waits
        #expect(waits.timeouts == 1 && waits.longestBackoff == 1)
        #expect(waits.recoveries == 2 && waits.tailRecoveries == 1)
    }

    @Test func thePeerIsGoneWhenNothingComesForThreeSeconds() throws {
        let times: [Int64] = [0, 100, 300, 700, 1500, 3100]
        let gone = try #require(meter(sending: times).waits.peerGone)
        #expect(gone.silence == .milliseconds(3100) && gone.repeats == 5 && gone.bytes == 5_000)
        #expect(gone.isSinceHandshake)
        #expect(meter(sending: times, heard: 200).waits.peerGone == nil, "it sent something 2.9 s before")
        var back = meter(sending: times)
        back.answered(startsRecovery: false, at: at(3200))
        #expect(back.waits.peerGone == nil, "it answers again")
        #expect(back.waits.longestBackoff == 5)
    }

    // MARK: Credit

    @Test func onlyTheWaitBeyondARoundTripCounts() {
        var credit = QUICCreditMeter()
        credit.spent(at: at(0))
        #expect(credit.isSpent)
        credit.given(loop: .milliseconds(50), at: at(70))
        #expect(credit.total(loop: .milliseconds(50), at: at(900)) == (0, 0), "a receiver that reads takes as long")
        credit.spent(at: at(1000))
        credit.given(loop: .milliseconds(50), at: at(1575))
        #expect(!credit.isSpent)
        #expect(credit.total(loop: .milliseconds(50), at: at(9000)) == (.milliseconds(500), 1))
    }

    @Test func aStreamWithoutCreditHoldsNoOther() {
        var credit = QUICCreditMeter()
        credit.spent(at: at(0))
        for time in stride(from: Int64(10), through: 1000, by: 10) { credit.sent(at: at(time)) }
        #expect(credit.total(loop: .milliseconds(50), at: at(1060)) == (0, 0))
        #expect(credit.total(loop: .milliseconds(50), at: at(1175)) == (.milliseconds(100), 1), "it lasts")
    }
}
