import StreamtopBase
import Testing

@testable import StreamtopApplication

@Suite struct DelayTrendTests {
    /// Packets every 20 ms for `seconds`; `delay` gives what each waits, in milliseconds.
    private func overuses(seconds: Int, every: Int64 = 20, _ delay: (Double) -> Double) -> Int {
        var trend = DelayTrend()
        for number in 0..<Int64(seconds * 1000) / every {
            let sent = Nanoseconds.milliseconds(number * every)
            let wait = Nanoseconds(delay(Double(number * every) / 1000) * 1e6)
            trend.observe(sent: sent, at: Timestamp(nanoseconds: 0) + sent + wait)
        }
        return trend.mostOveruses
    }

    @Test func aQueueThatGrows() {
        #expect(overuses(seconds: 10) { $0 * 60 } >= 3, "60 ms more each second")
    }

    @Test func aSteadyPath() {
        #expect(overuses(seconds: 30) { _ in 40 } == 0)
    }

    /// A clock that is off by 100 parts in a million is no queue.
    @Test func clocksThatDrift() {
        #expect(overuses(seconds: 30) { $0 * 0.1 } == 0)
    }

    @Test func jitterWithoutTrend() {
        #expect(overuses(seconds: 30) { 20 + 6 * ($0 * 50).truncatingRemainder(dividingBy: 3) } == 0)
    }

    /// A queue that fills once and drains is one overuse or two, not an ongoing one.
    @Test func oneStep() {
        #expect(overuses(seconds: 20) { $0 > 5 && $0 < 6 ? ($0 - 5) * 100 : 0 } < 3)
    }

    @Test func pausesBeginAnew() {
        var trend = DelayTrend()
        var time = Timestamp(nanoseconds: 0)
        var sent: Nanoseconds = 0
        for _ in 0..<50 {
            trend.observe(sent: sent, at: time)
            sent += .seconds(5)
            time = time + .seconds(5) + .milliseconds(80)
        }
        #expect(trend.mostOveruses == 0)
    }
}
