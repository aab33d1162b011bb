import StreamtopBase
import StreamtopTestSupport
import Testing

@Suite struct LogHistogramTests {
    @Test func fewSamplesAreExact() {
        var histogram = LogHistogram()
        for value: Int64 in [5, 1, 4, 2, 3] { histogram.record(value) }
        #expect(histogram.quantile(0) == 1)
        #expect(histogram.quantile(0.5) == 3)
        #expect(histogram.quantile(1) == 5)
    }

    @Test(arguments: [Int64(100), 10_000, 3_000_000, 1 << 40])
    func manySamplesAreWithinOnePercent(scale: Int64) {
        var histogram = LogHistogram()
        for index in 1...1000 { histogram.record(Int64(index) * scale / 100) }
        for share in [0.1, 0.5, 0.95, 0.99] {
            let truth = Double(Int64(share * 1000 + 1) * scale / 100)
            let found = Double(histogram.quantile(share) ?? -1)
            #expect(abs(found - truth) <= max(1, truth * 0.01), "\(share) of \(scale)")
        }
    }

    /// Below 64 a bucket holds one value: each share must give the very sample, however wide the samples spread and wherever the
    /// share falls among buckets that are added up together.
    @Test(arguments: 1...64)
    func everyShareOfSmallValues(spread: Int64) {
        var random = SeededRandom(seed: UInt64(spread))
        for count in [33, 34, 64, 100, 321] {
            var histogram = LogHistogram()
            let first = Int64.random(in: 0...(64 - spread), using: &random)
            let samples = (0..<count).map { _ in Int64.random(in: first..<(first + spread), using: &random) }
            for sample in samples { histogram.record(sample) }
            let sorted = samples.sorted()
            let shares: InlineArray<7, Double> = [0, 0.02, 0.3, 0.5, 0.95, 0.99, 1]
            var found: [Int64] = []
            histogram.quantiles(shares) { found.append($1) }
            let wanted = shares.indices.map { sorted[min(count - 1, Int(shares[$0] * Double(count)))] }
            #expect(found == wanted, "\(count) samples")
        }
    }

    @Test func emptyAndExtremes() {
        var histogram = LogHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for _ in 0..<40 {
            histogram.record(.max)
            histogram.record(.min)
        }
        #expect(histogram.quantile(0.1) == 0)
        #expect((histogram.quantile(0.9) ?? 0) > .max / 2)
        #expect(histogram.count == 80)
    }
}
