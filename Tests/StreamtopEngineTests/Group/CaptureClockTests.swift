import StreamtopBase
import Testing

@testable import StreamtopEngine

@Suite struct CaptureClockTests {
    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: .milliseconds(milliseconds)) }

    @Test("Deadlines lie on the grid of the first frame; a silence is passed over in one go")
    func grid() {
        var clock = CaptureClock(sampleInterval: .milliseconds(400), keepsSeries: true)
        let isFirstDue = clock.observe(Self.at(50))
        #expect(!isFirstDue && clock.firstFrame == Self.at(50))
        let isSeriesDue = clock.observe(Self.at(150))
        #expect(isSeriesDue)
        let first = clock.takeTick()
        #expect(first.isForSeries && !first.isSecond && first.samples.isEmpty && first.time == Self.at(150))
        let isSampleDue = clock.observe(Self.at(460))
        let sample = clock.takeTick()
        #expect(isSampleDue && sample.samples == [Self.at(450)])
        let isLateDue = clock.observe(Self.at(60_051))
        #expect(isLateDue)
        let late = clock.takeTick()
        #expect(late.isSecond && late.isForSeries && late.samples == [Self.at(850), Self.at(60_050)])
    }

    @Test("Time is the latest stamp; earlier ones are counted")
    func backwards() {
        var clock = CaptureClock(sampleInterval: nil, keepsSeries: false)
        for stamp in [10, 20, 15, 20, 3] as [Int64] { _ = clock.observe(Self.at(stamp)) }
        #expect(clock.now == Self.at(20) && clock.backwards == 2 && clock.firstFrame == Self.at(10))
        let isDue = clock.advance(to: Self.at(5))
        #expect(!isDue && clock.now == Self.at(20))
        let isSecond = clock.advance(to: Self.at(1_010))
        let tick = clock.takeTick()
        #expect(isSecond && tick.isSecond)
    }

    @Test("Without a frame no time passes")
    func empty() {
        var clock = CaptureClock(sampleInterval: .seconds(1), keepsSeries: true)
        let isDue = clock.advance(to: Self.at(5_000))
        #expect(!isDue && clock.firstFrame == nil)
    }

    @Test("A stamp at the end of time ends")
    func endOfTime() {
        var clock = CaptureClock(sampleInterval: .seconds(1), keepsSeries: true)
        _ = clock.observe(Self.at(0))
        // One alone is taken for a wild stamp.
        for step in 1...4 { _ = clock.observe(Self.at(Int64(step))) }
        _ = clock.takeTick()
        _ = clock.observe(Timestamp(nanoseconds: .max))
        let isDue = clock.observe(Timestamp(nanoseconds: .max))
        let tick = clock.takeTick()
        #expect(isDue && tick.time == Timestamp(nanoseconds: .max))
    }
}
