import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopApplication

@Suite struct MediaBacklogMeterTests {
    /// Pieces of media of 40 ms; `arrival` gives when each comes, in milliseconds.
    private func meter(_ count: Int, media: (Int) -> Int64 = { Int64($0) * 40 }, arrival: (Int) -> Double)
        -> MediaClockSnapshot?
    {
        var meter = MediaBacklogMeter()
        for index in 0..<count {
            meter.observe(.milliseconds(media(index)), at: Timestamp(nanoseconds: Int64(arrival(index) * 1e6)))
        }
        return meter.snapshot
    }

    @Test func onTime() throws {
        let clock = try #require(meter(251) { Double($0) * 40 })
        #expect(clock.advance == 10 && clock.wall == 10 && clock.driftPerMinute == 0 && clock.backlog == 0)
    }

    @Test func fallingBehind() throws {
        // A path that takes 80 % of it: a quarter more time for each piece.
        let clock = try #require(meter(251) { Double($0) * 50 })
        #expect(clock.advance == 10 && clock.wall == 12.5)
        #expect(clock.driftPerMinute == 12_000 && clock.backlog == .milliseconds(2_500))
    }

    @Test func aPauseIsNoBacklog() throws {
        // Nothing at all for three seconds, and media goes on where it was.
        let clock = try #require(meter(251) { Double($0) * 40 + ($0 > 100 ? 3_000 : 0) })
        #expect(clock.wall == 13 && clock.backlog == 0)
    }

    @Test func aBurstAtTheBeginningIsALeadThatCanBeLost() throws {
        // A player gets two seconds at once, then three quarters of real time.
        let clock = try #require(meter(251) { $0 < 50 ? 0 : Double($0 - 50) * 53.3 })
        #expect((clock.backlog ?? 0).milliseconds > 2_500)
    }

    @Test func jumpsOfEitherClockAreTakenOut() throws {
        func jump(of length: Int64) throws -> MediaClockSnapshot {
            func media(_ index: Int) -> Int64 { index > 100 ? Int64(index) * 40 + length : Int64(index) * 40 }
            let clock = meter(251, media: media, arrival: { Double($0) * 40 })
            return try #require(clock)
        }
        let hour: Int64 = 3_600_000
        #expect(try jump(of: hour).advance == 9.96)
        #expect(try jump(of: hour).wall == 9.96)
        #expect(try jump(of: -hour).advance == 9.96)
    }

    @Test func picturesOutOfOrderAdvanceOnce() throws {
        let order: [Int64] = [0, 80, 40, 160, 120, 240, 200]
        let told = meter(order.count, media: { order[$0] }, arrival: { Double($0) * 40 })
        let clock = try #require(told)
        #expect(clock.advance == 0.24 && clock.wall == 0.2)
    }

    @Test func onePieceSaysNothing() {
        #expect(meter(1) { _ in 0 } == nil)
    }
}
