import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct TCPOneWayTests {
    private func time(_ milliseconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(milliseconds * 1e6)) }

    /// Segments every 10 ms for `seconds`, each `delay` ms under way; the sender's clock gains `drift` parts in a
    /// million and has `ticks` a second. Returns the queue found for one more that takes `late` ms longer.
    private func queue(seconds: Int, drift: Double = 0, ticks: Double = 1000, late: Double) -> Double? {
        var meter = TCPOneWayMeter()
        var random = SeededRandom(seed: 4)
        func stamp(_ now: Double) -> UInt32 {
            UInt32(truncatingIfNeeded: Int64(now / 1000 * ticks * (1 + drift / 1e6)) + 0xffff_ff00)
        }
        var now = 0.0
        while now < Double(seconds) * 1000 {
            let wait = Double.random(in: 0...1, using: &random) < 0.2 ? 0 : Double.random(in: 0...30, using: &random)
            meter.observe(stamp: stamp(now), at: time(now + 40 + wait))
            now += 10
        }
        let passed = time(now + 40 + late)
        meter.observe(stamp: stamp(now), at: passed)
        return meter.queue(stamp: stamp(now), passed: passed).map { Double($0) / 1e6 }
    }

    @Test func tellsTheDelayAboveTheFastest() throws {
        for late in [0.0, 5, 80] {
            let found = try #require(queue(seconds: 3, late: late))
            #expect(abs(found - late) <= 1)
        }
    }

    /// Stamps are cut down to whole ticks: on average the delay seems half a tick longer, and that is taken off.
    @Test func halfATickIsTakenOff() throws {
        var meter = TCPOneWayMeter()
        for index in 0..<300 {
            let now = Double(index) * 10 + Double(index % 10) / 10
            meter.observe(stamp: UInt32(now), at: time(now + 40))
        }
        var sum = 0.0
        for tenth in 0..<10 {
            let now = 4_000 + Double(tenth) / 10
            sum += Double(try #require(meter.queue(stamp: UInt32(now), passed: time(now + 60)))) / 1e6
        }
        #expect(abs(sum / 10 - 20) <= 0.1)
    }

    @Test func clocksThatDriftApartKeepTheError() throws {
        for drift in [-80.0, 80] {
            let found = try #require(queue(seconds: 120, drift: drift, late: 20))
            #expect(abs(found - 20) <= 2.6)
        }
    }

    @Test func otherClocksAreNotRead() {
        for ticks in [10.0, 100, 250, 1_000_000] { #expect(queue(seconds: 5, ticks: ticks, late: 20) == nil) }
        #expect(queue(seconds: 40, ticks: 1024, late: 20) == nil)
    }

    /// A queue that grows to half a second within the first one is no other clock.
    @Test func earlyQueueIsNoOtherClock() throws {
        var meter = TCPOneWayMeter()
        for index in 0..<40 {
            let sent = Double(index) * 50
            meter.observe(stamp: UInt32(sent), at: time(sent + min(sent / 2, 400)))
        }
        for index in 40..<80 { meter.observe(stamp: UInt32(index * 50), at: time(Double(index) * 50)) }
        let late = try #require(meter.queue(stamp: 4000, passed: time(4100)))
        #expect(abs(late - 100_000_000) <= 1_000_000)
    }

    @Test func nothingIsSaidInTheFirstSecond() {
        var meter = TCPOneWayMeter()
        meter.observe(stamp: 100, at: time(0))
        meter.observe(stamp: 600, at: time(500))
        #expect(meter.queue(stamp: 600, passed: time(500)) == nil)
        #expect(TCPOneWayMeter().queue(stamp: 1, passed: time(1)) == nil)
    }

    @Test func wildStampsAndTimesDoNoHarm() {
        var meter = TCPOneWayMeter()
        for stamp in [0, .max, 0x7fff_ffff, 0x8000_0000, 1] as [UInt32] {
            for nanoseconds in [Int64.min + 1, .max, 0, 5_000_000_000] {
                meter.observe(stamp: stamp, at: Timestamp(nanoseconds: nanoseconds))
                if let queue = meter.queue(stamp: stamp, passed: Timestamp(nanoseconds: nanoseconds)) {
                    #expect(queue >= 0)
                }
            }
        }
    }
}
