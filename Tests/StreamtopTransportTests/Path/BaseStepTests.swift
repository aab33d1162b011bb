import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

/// Requests that are answered with three packets every 100 ms; the round trip to the client is a function of time.
@Suite struct BaseStepTests {
    private func flow(
        seconds: Int = 30, packets: Int = 3, hopLimit: (Double) -> UInt8 = { _ in 64 }, trip: (Double) -> Double
    ) -> TCPReport {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 30)
        for index in 0..<(seconds * 10) {
            let time = 100 + Double(index) * 100
            let sequence = index * packets * 1000
            for packet in 0..<packets { flow.data(at: time + Double(packet) / 100, sequence + packet * 1000) }
            flow.pass(
                .fromClient, at: time + trip(time) + 0.1,
                .init(acknowledgment: sequence + packets * 1000, hopLimit: hopLimit(time)))
        }
        return flow.report(at: 200_000)
    }

    @Test func steadyPathHasNoStep() {
        let report = flow { 30 + Double(Int($0) % 7) }
        #expect(report.roundTrip.baseChange == nil)
    }

    @Test func lastingStepOfPausingSenderIsAnotherPath() throws {
        let report = flow { $0 < 10_000 ? 30 : 60 + Double(Int($0 / 100) % 3) / 10 }
        let change = try #require(report.roundTrip.baseChange)
        #expect(abs(change.before.milliseconds - 30) < 0.5)
        #expect(abs(change.after.milliseconds - 60) < 0.5)
        #expect(abs(Double(change.time.nanoseconds) / 1e9 - 10.1) < 0.3)
        // No queue: what the samples met is the new base.
        #expect((report.queueDelay.client?.p95 ?? .max) < 2_000_000)
        #expect((report.queueDelay.client?.last ?? .max) < 2_000_000)
        #expect((report.queueDelay.client?.maximum ?? .max) < 2_000_000)
    }

    @Test func lastingFallOfPausingSenderIsAShorterPath() throws {
        let report = flow { $0 < 10_000 ? 30 : 8 + Double(Int($0 / 100) % 3) / 10 }
        let change = try #require(report.roundTrip.baseChange)
        #expect(abs(change.before.milliseconds - 30) < 0.5)
        #expect(abs(change.after.milliseconds - 8) < 0.5)
        #expect(abs(Double(change.time.nanoseconds) / 1e9 - 10.1) < 0.3)
        #expect((report.queueDelay.client?.p95 ?? .max) < 2_000_000)
    }

    /// A floor that held for a second only.
    @Test func queueThatDrainsIsNoPath() {
        #expect(flow { $0 < 1_000 ? 30 : 8 }.roundTrip.baseChange == nil)
    }

    @Test func sinkingFloorIsAQueueThatDrains() {
        /// `level` in milliseconds, ten samples a second.
        func isStep(_ level: (Int) -> Int64) -> Bool {
            var meter = BaseStepMeter()
            var base = Nanoseconds.milliseconds(level(0))
            for index in 0..<400 {
                let sample = Nanoseconds.milliseconds(level(index))
                meter.observe(
                    sample, base: base, queue: 0, flight: 3000, at: Timestamp(nanoseconds: Int64(index) * 100_000_000))
                base = min(base, sample)
            }
            return meter.take() != nil
        }
        #expect(!isStep { $0 < 200 ? 90 - Int64($0 / 5) : 15 })
        #expect(isStep { $0 < 200 ? 50 : 15 })
    }

    @Test func swingingDelayIsAQueue() {
        let report = flow { $0 < 10_000 ? 30 : 55 + Double(Int($0 / 100) % 40) }
        #expect(report.roundTrip.baseChange == nil)
        #expect((report.queueDelay.client?.p95 ?? 0) > 40_000_000)
    }

    @Test func delayThatPassesIsAQueue() {
        let report = flow { $0 < 10_000 || $0 > 14_000 ? 30 : 60 }
        #expect(report.roundTrip.baseChange == nil)
        #expect(report.queueDelay.client?.maximum ?? 0 >= 29_000_000)
    }

    @Test func otherHopLimitWithAnotherRoundTripIsAnotherPath() throws {
        let report = flow(hopLimit: { $0 < 10_000 ? 52 : 50 }, trip: { $0 < 10_000 ? 30 : 80 })
        let change = try #require(report.roundTrip.baseChange)
        #expect(abs(change.before.milliseconds - 30) < 0.5)
        #expect(abs(change.after.milliseconds - 80) < 0.5)
        #expect(report.anomalies[.hopLimitChanged] > 0)
    }

    @Test func otherHopLimitWithTheSameRoundTripChangesNothing() {
        let report = flow(hopLimit: { $0 < 10_000 ? 52 : 50 }, trip: { _ in 30 })
        #expect(report.roundTrip.baseChange == nil)
    }

    /// The answers became larger when the delay did: they may well be their own queue.
    @Test func largerFlightsExplainTheirDelay() {
        var meter = BaseStepMeter()
        for index in 0..<400 {
            let isLate = index >= 100
            meter.observe(
                .milliseconds(isLate ? 60 : 30), base: .milliseconds(30), queue: 0, flight: isLate ? 9000 : 3000,
                at: Timestamp(nanoseconds: Int64(index) * 100_000_000))
        }
        let step = meter.take()
        #expect(step == nil)
    }
}
