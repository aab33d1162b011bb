import StreamtopBase
import Testing

@testable import StreamtopTransport

/// A QUIC sender's flight told to the meter that every transport shares.
@Suite struct QUICWindowCourseTests {
    /// Sends `count` packets after those of which `acknowledged` are known to have arrived.
    private struct Sender: ~Copyable {
        var flight = FlightMeter()
        var course = QUICWindowCourse()
        var next: UInt64 = 0
        var acknowledged: UInt64 = 0

        var window: Int? { flight.window }
        var maximum: Int { flight.maximum }
        var rounds: UInt32 { flight.rounds }
        /// The first flight, and whether it is over.
        var initial: Int { flight.initial }
        var isInitialDone: Bool { flight.initialDone }

        mutating func send(_ count: Int, size: Int = 1200) {
            for _ in 0..<count {
                course.sent(
                    QUICWindowCourse.Sending(
                        number: next, size: size, unit: 1200, acknowledged: acknowledged,
                        bytes: Int(next + 1 - acknowledged) * size, isUnharmed: true), &flight)
                next += 1
            }
        }

        mutating func cut(_ next: UInt64) { course.cut(next: next, &flight) }

        /// A round trip: all is acknowledged, and for each packet one is sent.
        mutating func round(_ count: Int) {
            for _ in 0..<count {
                acknowledged = min(next, acknowledged + 1)
                send(1)
            }
        }
    }

    @Test func windowIsTheEnvelopeOfTwoRounds() {
        var sender = Sender()
        sender.send(20)
        sender.round(40)
        let envelope = sender.window
        #expect(envelope == 20 * 1200)
        let most = sender.maximum
        #expect(most == 20 * 1200)
        // Fewer in flight for two rounds: the envelope follows.
        sender.acknowledged = sender.next
        sender.send(5)
        sender.round(15)
        let later = sender.window
        #expect(later == 5 * 1200)
    }

    /// The flight is still as large as before: it was sent before the cut.
    @Test func cutCountsAtOnce() throws {
        var sender = Sender()
        sender.send(20)
        sender.round(40)
        let next = sender.next
        sender.cut(next)
        let bound = sender.window
        #expect(bound == 14 * 1200)
        sender.send(1)
        let stillBound = sender.window
        #expect(stillBound == 14 * 1200, "21 packets are under way")
        sender.acknowledged = sender.next
        sender.send(18)
        let grown = sender.window
        #expect(try #require(grown) == 18 * 1200, "a round later the flight is the window's again")
    }

    @Test func firstFlightIsTheFirstOfFullPackets() {
        var sender = Sender()
        sender.send(2, size: 60)  // settings
        sender.acknowledged = sender.next
        sender.send(6)
        sender.acknowledged = sender.next - 5
        sender.send(1)
        let isOver = sender.isInitialDone
        #expect(isOver)
        let first = sender.initial
        #expect(first == 6 * 1200)
    }

    @Test func aFlightThatEndsInAShortPacketShowsNoWindow() {
        var sender = Sender()
        sender.send(3)
        sender.send(1, size: 700)
        sender.acknowledged = sender.next
        sender.send(1, size: 60)
        let first = sender.initial
        let isOver = sender.isInitialDone
        #expect(!isOver && first == 0)
    }

    /// Joined late: numbers may be anything, and rounds go on all the same.
    @Test func roundsOfLargeNumbers() {
        var sender = Sender()
        sender.next = 1 << 31
        sender.acknowledged = 1 << 31
        sender.send(10)
        sender.round(30)
        let rounds = sender.rounds
        #expect(rounds >= 2)
        let window = sender.window
        #expect(window == 10 * 1200)
    }

    @Test func distanceIsSteadyWhileFreshAndUnchanged() {
        func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: .milliseconds(milliseconds)) }
        var distance = QUICDistance()
        #expect(!distance.isSteady(at: at(0), loop: .milliseconds(50)))
        distance.observe(.milliseconds(40), at: at(10))
        #expect(!distance.isSteady(at: at(10), loop: .milliseconds(50)), "one measurement tells no change")
        distance.observe(.milliseconds(44), at: at(40))
        distance.observe(.milliseconds(99), at: at(40))
        #expect(distance.isSteady(at: at(60), loop: .milliseconds(50)))
        #expect(!distance.isSteady(at: at(91), loop: .milliseconds(50)), "too old")
        distance.observe(.milliseconds(80), at: at(95))
        #expect(!distance.isSteady(at: at(96), loop: .milliseconds(50)), "a queue fills")
    }
}
