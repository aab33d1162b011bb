import StreamtopBase
import Testing

@testable import streamtop

@Suite struct WireLagTests {
    private let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)

    @Test func theAgeOfAFrameIsTheLag() {
        var lag = WireLag()
        lag.observe(frameAt: start, clock: start + .milliseconds(30))
        #expect(lag.current == .milliseconds(30))
        lag.observe(frameAt: start, clock: start + .seconds(3))
        #expect(lag.current == .seconds(3))
        lag.observe(frameAt: start + .seconds(3), clock: start + .milliseconds(3_200))
        #expect(lag.current == .milliseconds(200))
        #expect(lag.longest == .seconds(3))
        lag.catchUp()
        #expect(lag.current == 0)
        #expect(lag.longest == .seconds(3))
    }

    /// The clock was set back after the frame was stamped.
    @Test func aFrameOfTheFutureIsNoLag() {
        var lag = WireLag()
        lag.observe(frameAt: start + .seconds(60), clock: start)
        #expect(lag.current == 0)
        #expect(lag.longest == 0)
    }
}
