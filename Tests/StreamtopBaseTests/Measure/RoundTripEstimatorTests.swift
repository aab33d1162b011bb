import StreamtopBase
import Testing

@Suite struct RoundTripEstimatorTests {
    /// Samples of 100, 120, 90 and 300 ms (RFC 6298 section 2).
    @Test func followsTheSendersArithmetic() {
        var estimator = RoundTripEstimator()
        let expected: [(sample: Int64, smoothed: Double, variation: Double, timeout: Double)] = [
            (100, 100, 50, 300), (120, 102.5, 42.5, 272.5), (90, 100.9375, 35, 240.938),
            (300, 125.8203, 76.0156, 429.883),
        ]
        for row in expected {
            estimator.record(.milliseconds(row.sample))
            #expect(abs(estimator.smoothed.milliseconds - row.smoothed) < 0.001)
            #expect(abs(estimator.variation.milliseconds - row.variation) < 0.001)
            #expect(abs(estimator.timeout().milliseconds - row.timeout) < 0.001)
        }
    }

    @Test func timeoutWithoutSamplesIsOneSecond() {
        #expect(RoundTripEstimator().timeout() == .seconds(1))
    }
}
