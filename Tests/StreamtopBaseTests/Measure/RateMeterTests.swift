import StreamtopBase
import Testing

@Suite struct RateMeterTests {
    @Test func constantRate() {
        var meter = RateMeter()
        for step in 0..<3000 { meter.record(1250, at: Timestamp(nanoseconds: Int64(step) * 1_000_000)) }
        #expect(abs((meter.rate(at: Timestamp(nanoseconds: 2_999_000_000)) ?? 0) - 10e6) < 0.1e6)
        #expect(abs(meter.maximum - 10e6) < 0.1e6)
    }

    @Test func silenceBringsItToZero() {
        var meter = RateMeter()
        meter.record(1000, at: Timestamp(nanoseconds: 0))
        #expect(meter.rate(at: Timestamp(nanoseconds: .seconds(5))) == 0)
        meter.record(1000, at: Timestamp(nanoseconds: .seconds(9)))
        #expect(meter.rate(at: Timestamp(nanoseconds: .seconds(9))) == 8000)
    }

    @Test func stampsOfAnyValue() {
        var meter = RateMeter()
        for time: Int64 in [.min, 0, .max, -5, 7] { meter.record(.max, at: Timestamp(nanoseconds: time)) }
        #expect(meter.rate(at: Timestamp(nanoseconds: .max)) != nil)
    }
}
