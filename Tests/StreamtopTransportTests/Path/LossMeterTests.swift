import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct LossMeterTests {
    private func event(
        _ seconds: Double, queue: Int64, ceiling: Int64, segments: Int32 = 1, backlog: Float = 0, delivered: UInt64 = 0,
        window: UInt16 = 10
    ) -> LossMeter.Event {
        LossMeter.Event(
            time: Timestamp(nanoseconds: Int64(seconds * 1e9)), segments: segments, queue: .milliseconds(queue),
            ceiling: .milliseconds(ceiling), minimum: .milliseconds(30), backlog: backlog, delivered: delivered,
            window: window, segmentSize: 1_250)
    }

    @Test func lossesOfOneRoundTripAreOneEvent() {
        var meter = LossMeter()
        var opened: [Bool] = []
        for time in [1, 1.05, 1.2] {
            opened.append(meter.record(event(time, queue: 50, ceiling: 50), span: .milliseconds(80)))
        }
        #expect(opened == [true, false, true])
        #expect(meter.counts().events == 2)
        #expect(meter.counts().congestive == 2)
    }

    @Test func oneLossOfAnIdlePathIsRandomAndNeverPoliced() {
        var meter = LossMeter()
        _ = meter.record(event(1, queue: 0, ceiling: 1), span: .milliseconds(80))
        #expect(meter.counts().random == 1)
        #expect(meter.counts().policed == 0)
    }

    @Test func lossesAtAnyQueueLengthAreRandom() {
        var meter = LossMeter()
        for (index, queue) in [9, 12, 25, 8, 15, 18, 11].enumerated() {
            _ = meter.record(
                event(Double(index), queue: Int64(queue), ceiling: 60, backlog: 5), span: .milliseconds(80))
        }
        #expect(meter.counts().random == 7)
    }

    /// Two losses in queues shorter than once before: by chance, or at a limit that has moved. Nobody can tell.
    @Test func fewLossesBelowTheLongestQueueAreUnknown() {
        var meter = LossMeter()
        for (index, queue) in [100, 100, 20, 39].enumerated() {
            _ = meter.record(
                event(Double(index), queue: Int64(queue), ceiling: 100, backlog: 9), span: .milliseconds(80))
        }
        #expect(meter.counts().congestive == 2)
        #expect(meter.counts().unknown == 2)
    }

    /// What the path met once is not what it gets to.
    @Test func ceilingsAreThoseOfUsualQueues() {
        var trips = RoundTripMeter()
        for index in 0..<200 {
            let queue: Nanoseconds = index == 50 ? .milliseconds(60) : .milliseconds(Int64(index % 13))
            trips.record(.milliseconds(10) + queue, source: .tcpAck, at: Timestamp(nanoseconds: Int64(index) << 20))
        }
        #expect(trips.maximumQueue == .milliseconds(60))
        #expect((12_000_000...16_000_000).contains(trips.usualCeiling))
        for (ceiling, isCongestive) in [(trips.maximumQueue, false), (trips.usualCeiling, true)] {
            var meter = LossMeter()
            _ = meter.record(
                event(1, queue: 12, ceiling: ceiling / 1_000_000, backlog: 9), span: .milliseconds(80))
            #expect((meter.newestVerdict == .congestive) == isCongestive)
        }
    }

    @Test func lossesAtAlwaysTheSameQueueAreCongestive() {
        var meter = LossMeter()  // a managed queue: short, but the same at every loss
        for index in 0..<6 {
            _ = meter.record(
                event(Double(index), queue: 10 + Int64(index % 2), ceiling: 60, backlog: 5), span: .milliseconds(80))
        }
        #expect(meter.counts().congestive == 6)
    }

    /// A sender whose window runs from 10 to 39 segments over and over, a packet each millisecond; `lostAt` tells the
    /// window at which the packet of a round is lost. `queue` in microseconds.
    private func sawtooth(queue: Int64, backlog: Float = 0, lostAt: (Int) -> Int) -> LossCounts {
        var meter = LossMeter()
        var random = SeededRandom(seed: 9)
        for round in 0..<20 {
            for step in 0..<300 {
                let time = Timestamp(nanoseconds: Int64(round * 300 + step) * 1_000_000)
                meter.observe(window: 10 + step / 10, at: time, roundTrip: .milliseconds(30))
            }
            var loss = event(
                Double(round + 1) * 0.3, queue: 0, ceiling: 20, backlog: backlog,
                delivered: UInt64(round) * 300 * 1_250,
                window: UInt16(lostAt(round)))
            loss.queue = queue * 1_000
            // What comes through varies: nothing is pinned, nothing regular.
            loss.delivered += UInt64.random(in: 0..<200_000, using: &random)
            _ = meter.record(loss, span: .milliseconds(30))
        }
        return meter.counts()
    }

    @Test func lossesAtTheLargestWindowsWithoutABufferArePoliced() {
        #expect(sawtooth(queue: 50, lostAt: { 36 + $0 % 4 }).policed == 20)
    }

    @Test func lossesAtTheLargestWindowsOfAShortBufferAreCongestive() {
        #expect(sawtooth(queue: 1_800, lostAt: { 36 + $0 % 4 }).congestive == 20)
        // Some segments of its own wait there, in a queue far shorter than the longest that was ever seen.
        #expect(sawtooth(queue: 4_500, backlog: 5, lostAt: { 36 + $0 % 4 }).congestive == 20)
    }

    /// What a receiver shows to have arrived all the same was no loss, and an event of nothing else was none.
    @Test func withdrawnLossesLeaveNoEvent() {
        var meter = LossMeter()
        _ = meter.record(event(1, queue: 0, ceiling: 50), span: .milliseconds(80))
        let first = meter.newestNumber
        _ = meter.record(event(2, queue: 50, ceiling: 50, segments: 2), span: .milliseconds(80))
        let second = meter.newestNumber
        meter.withdraw(segments: 1, from: first)
        meter.withdraw(segments: 1, from: second)
        meter.withdraw(segments: 1, from: 99)
        #expect(meter.counts().events == 1)
        #expect(meter.counts().random == 0)
        #expect(meter.counts().congestive == 1)
        meter.withdraw(segments: .max, from: second)
        #expect(meter.counts().events == 0)
        // The next loss is a new event, however soon.
        let isNew = meter.record(event(2.01, queue: 50, ceiling: 50), span: .milliseconds(80))
        #expect(isNew)
    }

    /// As a policer with a small bucket does it to a sender of the same course: one cycle in three is the same.
    @Test func lossesAfterTheSameAmountOfDataArePoliced() {
        var random = SeededRandom(seed: 3)
        func losses(isAlike: (Int) -> Bool) -> LossCounts {
            var meter = LossMeter()
            var sent: UInt64 = 0
            for round in 0..<30 {
                let chance = UInt64.random(in: 20_000..<900_000, using: &random)
                sent += isAlike(round) ? 300_000 + UInt64(round % 4) * 1_250 : chance
                _ = meter.record(
                    event(Double(round) * 0.5, queue: 0, ceiling: 1, delivered: sent), span: .milliseconds(40))
            }
            return meter.counts()
        }
        #expect(losses { $0 % 3 > 0 }.policed == 30)
        #expect(losses { _ in false }.random == 30)
    }

    @Test func lossesAtAnyWindowAreRandom() {
        var random = SeededRandom(seed: 5)
        var windows: [Int] = []
        for _ in 0..<20 { windows.append(Int.random(in: 10...39, using: &random)) }
        #expect(sawtooth(queue: 50, lostAt: { windows[$0] }).random == 20)
        // A window that never changes ranks in the middle.
        var meter = LossMeter()
        for second in 0..<20 {
            for _ in 0..<100 {
                meter.observe(
                    window: 30, at: Timestamp(nanoseconds: Int64(second) * 1_000_000_000), roundTrip: .milliseconds(30))
            }
            _ = meter.record(event(Double(second), queue: 0, ceiling: 1, window: 30), span: .milliseconds(80))
        }
        #expect(meter.counts().random == 20)
    }

    @Test func burstsAtAConstantRateArePoliced() {
        var meter = LossMeter()
        for index in 0..<8 {
            _ = meter.record(
                event(Double(index), queue: 0, ceiling: 2, segments: 12, delivered: UInt64(index) * 1_250_000),
                span: .milliseconds(80))
        }
        #expect(meter.counts().policed == 8)
    }

    /// Half as much again by turns is no constant rate.
    @Test func burstsAtRatesThatDifferAreNotPoliced() {
        var meter = LossMeter()
        var delivered: UInt64 = 0
        for index in 0..<10 {
            delivered += index % 2 == 0 ? 1_000_000 : 1_500_000
            _ = meter.record(
                event(Double(index), queue: 0, ceiling: 2, segments: 12, delivered: delivered), span: .milliseconds(80))
        }
        #expect(meter.counts().policed == 0)
    }

    @Test func capacityFoldsOldEvents() {
        var meter = LossMeter()
        for index in 0..<400 { _ = meter.record(event(Double(index), queue: 0, ceiling: 50), span: .milliseconds(80)) }
        #expect(meter.counts().events == 400)
        #expect(meter.counts().random == 400)
        #expect(meter.events.count == LossMeter.capacity)
    }
}
