import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

@Suite struct QUICCongestionCourseTests {
    /// A sender with a window in packets, whose packets are acknowledged one round trip of 50 ms later.
    private struct Sender {
        var course = QUICCongestionCourse()
        var window: Double = 30
        var number: UInt64 = 0
        var lost = 0
        var time = Timestamp(nanoseconds: 0)

        mutating func round(blocked: Bool = false) {
            let count = max(1, Int(window))
            if blocked { course.noteBlocked() }
            for _ in 0..<count {
                time = time + .milliseconds(50) / Int64(count)
                let oldest = number > UInt64(count) ? number - UInt64(count) : nil
                course.sent(
                    number, size: 1_200,
                    view: QUICCongestionCourse.View(
                        largestAcknowledged: oldest, lost: lost, spurious: 0, flight: count * 1_200),
                    at: time)
                number += 1
            }
        }

        mutating func run(losses: Int, keeping share: Double, growth: (Double) -> Double, blocked: Bool = false) {
            for _ in 0..<losses {
                for _ in 0..<20 {
                    round(blocked: blocked)
                    window = growth(window)
                }
                lost += 1
                round(blocked: blocked)
                window *= share
            }
            for _ in 0..<4 { round(blocked: blocked) }
        }
    }

    @Test func halvedWindowsAreReno() {
        var sender = Sender()
        sender.run(losses: 6, keeping: 0.5) { $0 + 1 }
        #expect(sender.course.verdict().name == .reno, "\(sender.course.verdict())")
        #expect(!sender.course.isLimited)
    }

    @Test func sevenTenthsAreCubic() {
        var sender = Sender(window: 60)
        sender.run(losses: 6, keeping: 0.7) { $0 + 1.3 }
        #expect(sender.course.verdict().name == .cubic, "\(sender.course.verdict())")
    }

    @Test func aSenderHeldByFlowControlIsNotNamed() {
        var sender = Sender()
        sender.run(losses: 6, keeping: 0.5, growth: { $0 + 1 }, blocked: true)
        #expect(sender.course.verdict().name == .unknown)
        #expect(sender.course.isLimited)
    }

    @Test func shortConversationsAreNotNamed() {
        var sender = Sender(window: 10)
        sender.round()
        sender.round()
        #expect(sender.course.verdict().name == .unknown)
        #expect(sender.course.verdict().confidence == 0)
    }
}
