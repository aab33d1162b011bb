import StreamtopBase
import Testing

@Suite struct RankCorrelationTests {
    private func correlation(_ pairs: [(Int, Int)]) -> Double? {
        var meter = RankCorrelation()
        for (left, right) in pairs { meter.record(left, right) }
        return meter.value
    }

    @Test func anyRisingCurveIsOne() throws {
        let value = try #require(correlation((1...40).map { ($0, $0 * $0 * $0) }))
        #expect(abs(value - 1) < 1e-12)
        let falling = try #require(correlation((1...40).map { ($0, -$0) }))
        #expect(abs(falling + 1) < 1e-12)
    }

    @Test func tooFewOrMotionlessIsUnknown() {
        #expect(correlation((1...19).map { ($0, $0) }) == nil)
        #expect(correlation((1...30).map { ($0, 5) }) == nil)
    }

    /// Ranks with ties, worked out by hand: the left series is 1...20, the right one 0 for the first ten and 1 after.
    @Test func tiesShareTheirRank() throws {
        let value = try #require(correlation((1...20).map { ($0, $0 <= 10 ? 0 : 1) }))
        #expect(abs(value - 500 / (665.0 * 500).squareRoot()) < 1e-12)
    }

    @Test func noiseIsNearZero() throws {
        var state: UInt64 = 7
        func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 40)
        }
        let value = try #require(correlation((0..<4000).map { _ in (next(), next()) }))
        #expect(abs(value) < 0.4)
    }

    @Test func aLongLifeIsKeptEvenly() throws {
        // Rises for the first half, falls against the other in the second: only all of it together is near zero.
        let value = try #require(correlation((0..<100_000).map { ($0 % 50_000, $0 < 50_000 ? $0 : 100_000 - $0) }))
        #expect(abs(value) < 0.1)
    }
}
