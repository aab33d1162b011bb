import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

@Suite struct TCPLossMeterTests {
    private func event(
        _ seconds: Double, queue: Int64, ceiling: Int64, segments: Int32 = 1, backlog: Float = 0, delivered: UInt64 = 0
    ) -> TCPLossMeter.Event {
        TCPLossMeter.Event(
            time: Timestamp(nanoseconds: Int64(seconds * 1e9)), segments: segments, queue: .milliseconds(queue),
            ceiling: .milliseconds(ceiling), minimum: .milliseconds(30), backlog: backlog, delivered: delivered)
    }

    @Test func lossesOfOneRoundTripAreOneEvent() {
        var meter = TCPLossMeter()
        var opened: [Bool] = []
        for time in [1, 1.05, 1.2] {
            opened.append(meter.record(event(time, queue: 50, ceiling: 50), span: .milliseconds(80)))
        }
        #expect(opened == [true, false, true])
        #expect(meter.counts().events == 2)
        #expect(meter.counts().congestive == 2)
    }

    @Test func oneLossOfAnIdlePathIsRandomAndNeverPoliced() {
        var meter = TCPLossMeter()
        _ = meter.record(event(1, queue: 0, ceiling: 1), span: .milliseconds(80))
        #expect(meter.counts().random == 1)
        #expect(meter.counts().policed == 0)
    }

    @Test func lossesAtAnyQueueLengthAreRandom() {
        var meter = TCPLossMeter()
        for (index, queue) in [9, 12, 25, 8, 15, 18, 11].enumerated() {
            _ = meter.record(
                event(Double(index), queue: Int64(queue), ceiling: 60, backlog: 5), span: .milliseconds(80))
        }
        #expect(meter.counts().random == 7)
    }

    @Test func lossesAtAlwaysTheSameQueueAreCongestive() {
        var meter = TCPLossMeter()  // a managed queue: short, but the same at every loss
        for index in 0..<6 {
            _ = meter.record(
                event(Double(index), queue: 10 + Int64(index % 2), ceiling: 60, backlog: 5), span: .milliseconds(80))
        }
        #expect(meter.counts().congestive == 6)
    }

    @Test func burstsAtAConstantRateArePoliced() {
        var meter = TCPLossMeter()
        for index in 0..<8 {
            _ = meter.record(
                event(Double(index), queue: 0, ceiling: 2, segments: 12, delivered: UInt64(index) * 1_250_000),
                span: .milliseconds(80))
        }
        #expect(meter.counts().policed == 8)
    }

    @Test func capacityFoldsOldEvents() {
        var meter = TCPLossMeter()
        for index in 0..<400 { _ = meter.record(event(Double(index), queue: 0, ceiling: 50), span: .milliseconds(80)) }
        #expect(meter.counts().events == 400)
        #expect(meter.counts().random == 400)
        #expect(meter.events.count == TCPLossMeter.capacity)
    }
}
