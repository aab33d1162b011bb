import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

/// Where a sender's time goes.
@Suite struct LimitMeterTests {
    private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }

    /// What ends at the capture point ends at a distant sender half a round trip later.
    @Test(arguments: [Int64(0), 40])
    func aDistantSenderLearnsLater(delay: Int64) {
        var meter = LimitMeter()
        meter.enter(.network, at: time(0), delay: 0)
        meter.enter(.application, at: time(100), delay: .milliseconds(delay))
        let shares = meter.shares(at: time(300))
        #expect(shares.network == .milliseconds(100 + delay))
        #expect(shares.application == .milliseconds(200 - delay))
        #expect(shares.receiver == 0)
    }

    /// Back before the sender knew: it never left.
    @Test func aStateThatPassesOnTheWayCountsForNothing() {
        var meter = LimitMeter()
        meter.enter(.network, at: time(0), delay: 0)
        meter.enter(.application, at: time(100), delay: .milliseconds(40))
        meter.enter(.network, at: time(110), delay: 0)
        #expect(meter.shares(at: time(200)).application == 0)
        #expect(meter.shares(at: time(200)).network == .milliseconds(200))
    }
}
