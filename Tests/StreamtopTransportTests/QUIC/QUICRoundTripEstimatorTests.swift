import StreamtopBase
import Testing

@testable import StreamtopTransport

/// RFC 9002 section 5.3: the estimate of a QUIC sender.
@Suite struct QUICRoundTripEstimatorTests {
    @Test func thePeersDelayIsTakenOff() {
        var estimator = QUICRoundTripEstimator()
        #expect(estimator.record(.milliseconds(100), delay: .milliseconds(20)) == .milliseconds(100))
        #expect(estimator.smoothed == .milliseconds(100) && estimator.variation == .milliseconds(50))
        #expect(estimator.record(.milliseconds(136), delay: .milliseconds(20)) == .milliseconds(116))
        #expect(estimator.smoothed == .milliseconds(102))
        #expect(estimator.variation == (.milliseconds(50) * 3 + .milliseconds(16)) / 4)
        #expect(estimator.latest == .milliseconds(136) && estimator.minimum == .milliseconds(100))
    }

    /// Less than the minimum is no round trip: then the delay that was said is not believed.
    @Test func delayBelowTheMinimumStays() {
        var estimator = QUICRoundTripEstimator()
        estimator.record(.milliseconds(100), delay: 0)
        #expect(estimator.record(.milliseconds(110), delay: .milliseconds(20)) == .milliseconds(110))
    }
}
