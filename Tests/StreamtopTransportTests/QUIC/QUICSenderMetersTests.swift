import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

/// What an end's packets and the acknowledgments of them tell, in the terms of any sender.
@Suite struct QUICSenderMetersTests {
    private func time(_ milliseconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(milliseconds * 1e6)) }

    private func path(queue: Double, minimum: Double = 40) -> PathView {
        var far = RoundTripMeter()
        far.record(.milliseconds(Int64(minimum)), source: .quicAck, at: time(0))
        far.record(Nanoseconds((minimum + queue) * 1e6), source: .quicAck, at: time(1))
        far.smooth(.milliseconds(Int64(minimum)))
        var near = RoundTripMeter()
        near.record(1_000, source: .quicAck, at: time(0))
        var view = PathView(sender: near, receiver: far)
        view.ceiling = .milliseconds(100)
        return view
    }

    private func sending(flight: Int = 12_000, behind: Int = 0) -> QUICSenderMeters.Sending {
        QUICSenderMeters.Sending(
            size: 1200, flight: flight, window: 24_000, unit: 1200, behind: behind, distance: 0, isPathFresh: true)
    }

    private func report(_ meters: borrowing QUICSenderMeters, lost: Int = 0, at end: Double = 10_000) -> SenderSnapshot
    {
        var sender = SenderSnapshot()
        meters.report(into: &sender, lost: lost, loop: .milliseconds(40), at: time(end))
        return sender
    }

    @Test func limitsAreWhatTheSenderWaitsFor() throws {
        var meters = QUICSenderMeters()
        meters.sent(sending(), path: path(queue: 0), at: time(0))
        meters.acknowledged(flight: 0, delay: 0, at: time(1000))  // nothing more to send
        meters.sent(sending(flight: 1200), path: path(queue: 0), at: time(3000))
        meters.blocked(at: time(4000))
        meters.acknowledged(flight: 0, delay: 0, at: time(5000))  // blocked, not idle
        meters.released(loop: .milliseconds(40), at: time(9000))
        meters.sent(sending(), path: path(queue: 0), at: time(9000))
        let limits = try #require(report(meters).limitedBy)
        #expect(limits.network == .seconds(3))
        #expect(limits.application == .seconds(2))
        #expect(limits.receiver == .seconds(5))
    }

    @Test(arguments: [(queue: 0.0, kind: LossVerdict.random), (90, .congestive)])
    func lossesHaveTheCauseOfTheirQueue(queue: Double, kind: LossVerdict) {
        var meters = QUICSenderMeters()
        for index in 0..<100 {
            let now = Double(index) * 100
            meters.sent(sending(), path: path(queue: queue), at: time(now))
            if index % 25 == 10 {
                meters.lost(
                    1, sent: time(now - 40), window: 24_000, unit: 1200, path: path(queue: queue), at: time(now))
            }
        }
        let sender = report(meters, lost: 4)
        #expect(sender.loss.events == 4)
        #expect((kind == .random ? sender.loss.randomPackets : sender.loss.congestivePackets) == 4)
        #expect(sender.lossRatio == 0.04)
    }

    /// Held for lost, and arrived all the same: it was no loss.
    @Test func lossThatArrivesIsTakenBack() {
        var meters = QUICSenderMeters()
        meters.sent(sending(), path: path(queue: 0), at: time(0))
        meters.lost(2, sent: time(0), window: 24_000, unit: 1200, path: path(queue: 0), at: time(50))
        meters.arrivedAfterAll(2)
        #expect(report(meters).loss.events == 0)
    }

    @Test func packetsBehindLaterOnesAreOutOfOrder() {
        var meters = QUICSenderMeters()
        for behind in [0, 0, 4, 0, 1] { meters.sent(sending(behind: behind), path: path(queue: 0), at: time(0)) }
        let sender = report(meters)
        #expect(sender.outOfOrder == 2)
        #expect(sender.reorderExtent == 4)
    }

    /// The delay follows the flight of a round trip before: the queue is this sender's own.
    @Test func queueThatFollowsTheFlight() throws {
        var meters = QUICSenderMeters()
        var steady = QUICSenderMeters()
        for index in 0..<40 {
            let level = Double(index % 8)
            let before = Double((index + 7) % 8)
            let flight = Int(12_000 + level * 6_000)
            let now = time(Double(index) * 50)
            meters.sent(sending(flight: flight), path: path(queue: before * 10), at: now)
            steady.sent(sending(flight: flight), path: path(queue: Double((index * 3) % 5) * 10), at: now)
        }
        #expect(try #require(report(meters).flightDelayCorrelation) > 0.8)
        #expect(try #require(report(steady).flightDelayCorrelation) < 0.5)
    }
}
