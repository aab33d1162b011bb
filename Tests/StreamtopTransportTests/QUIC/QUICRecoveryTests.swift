import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct QUICRecoveryTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: .milliseconds(milliseconds)) }

    /// An ACK of `ranges` (highest first), encoded and decoded.
    private func acknowledge(
        _ ranges: [ClosedRange<UInt8>], _ recovery: inout QUICSenderRecovery, at milliseconds: Int64
    ) throws -> QUICSenderRecovery.Outcome {
        let first = try #require(ranges.first)
        var bytes: [UInt8] = [2, first.upperBound, 0, UInt8(ranges.count - 1), first.upperBound - first.lowerBound]
        for (above, below) in zip(ranges, ranges.dropFirst()) {
            bytes += [above.lowerBound - below.upperBound - 2, below.upperBound - below.lowerBound]
        }
        var reader = ByteReader(unsafe bytes.span.bytes)
        guard case .ack(let frame) = try QUICFrameDecoder.next(&reader) else { throw NothingThere() }
        var position = ByteReader(unsafe bytes.span.bytes)
        position.skip(frame.rangesOffset)
        return recovery.acknowledge(
            frame, ranges: &position, level: .oneRTT, delay: 0, otherDirection: 0, at: at(milliseconds))
    }

    private func sender(_ numbers: some Sequence<UInt64>, each: Int64 = 1) -> QUICSenderRecovery {
        var recovery = QUICSenderRecovery()
        var time: Int64 = 0
        for number in numbers {
            recovery.sent(number, level: .oneRTT, size: 1000, isAckEliciting: true, isInFlight: true, at: at(time))
            time += each
        }
        return recovery
    }

    /// RFC 9002 section 5.3; the numbers are those of the handbook's vector.
    @Test func roundTripEstimate() {
        var estimator = QUICRoundTripEstimator()
        let steps: [(latest: Int64, delay: Int64, smoothed: Double, variation: Double)] = [
            (50, 0, 50, 25), (60, 8, 50.25, 19.25), (52, 8, 50.4688, 14.875), (80, 25, 51.0352, 12.2891),
        ]
        for step in steps {
            estimator.record(.milliseconds(step.latest), delay: .milliseconds(step.delay))
            #expect(abs(estimator.smoothed.milliseconds - step.smoothed) < 0.001)
            #expect(abs(estimator.variation.milliseconds - step.variation) < 0.001)
        }
        #expect(estimator.minimum == .milliseconds(50))
    }

    @Test func acknowledgmentsGiveRoundTripsAndFreeTheFlight() throws {
        var recovery = sender(0..<10)
        #expect(recovery.bytesInFlight == 10_000)
        let outcome = try acknowledge([0...4], &recovery, at: 44)
        #expect(outcome.sample == .milliseconds(40))
        #expect(outcome.ackedBytes == 5000)
        #expect(recovery.bytesInFlight == 5000)
        // The same again says nothing new.
        let again = try acknowledge([0...4], &recovery, at: 60)
        #expect(again == QUICSenderRecovery.Outcome())
    }

    /// RFC 9002 section 6.1.2: nine eighths of the round trip, with a packet or two behind it acknowledged.
    @Test(arguments: [(3, 0), (20, 1)] as [(Int64, Int)])
    func timeThreshold(later: Int64, lost: Int) throws {
        var recovery = sender(0..<2, each: 0)
        _ = try acknowledge([0...0], &recovery, at: 40)
        recovery.sent(2, level: .oneRTT, size: 1000, isAckEliciting: true, isInFlight: true, at: at(later))
        let outcome = try acknowledge([2...2, 0...0], &recovery, at: later + 40)
        #expect(outcome.lostPackets == lost)
    }

    @Test func packetThreshold() throws {
        var recovery = sender(0..<10, each: 0)
        // 2 is three behind 5: lost. 4 is not yet.
        let outcome = try acknowledge([5...5, 3...3, 0...1], &recovery, at: 40)
        #expect(outcome.lostPackets == 1)
        #expect(outcome.startsRecovery)
        #expect(recovery.bytesInFlight == 5000)
        // A second loss sent before the recovery began is the same event.
        let next = try acknowledge([7...7], &recovery, at: 41)
        #expect(next.lostPackets == 1)
        #expect(!next.startsRecovery)
        #expect(recovery.lost == 2)
    }

    @Test func timeThreshold() throws {
        var recovery = sender(0..<3, each: 100)
        // 1 was sent 150 ms ago, 9/8 of the 50 ms round trip are long over.
        let outcome = try acknowledge([2...2], &recovery, at: 250)
        #expect(outcome.lostPackets == 2)
    }

    @Test func aLateAcknowledgmentTakesALossBack() throws {
        var recovery = sender(0..<10, each: 0)
        _ = try acknowledge([9...9], &recovery, at: 40)
        #expect(recovery.lost == 7)
        let outcome = try acknowledge([0...9], &recovery, at: 60)
        #expect(outcome.spurious == 7)
        #expect(recovery.spurious == 7)
        #expect(recovery.acknowledged == 10)
        #expect(recovery.bytesInFlight == 0)
    }

    @Test func numbersThatNeverPassedAreCountedApart() throws {
        var recovery = sender([0, 1, 2, 4, 5, 6, 7, 8])
        _ = try acknowledge([4...8, 0...2], &recovery, at: 20)
        #expect(recovery.lost == 0)
        #expect(recovery.lostPackets(countingUnseen: true) == 1)
        #expect(recovery.lostPackets(countingUnseen: false) == 0)
        // It arrives after all, out of order.
        recovery.sent(3, level: .oneRTT, size: 1000, isAckEliciting: true, isInFlight: true, at: at(21))
        #expect(recovery.lostPackets(countingUnseen: true) == 0)
    }

    @Test func acksOfNothingAndJumpsAreHarmless() throws {
        var recovery = QUICSenderRecovery()
        #expect(try acknowledge([5...9], &recovery, at: 1) == QUICSenderRecovery.Outcome())
        recovery.sent(7, level: .oneRTT, size: 100, isAckEliciting: true, isInFlight: true, at: at(2))
        #expect(try acknowledge([9...9], &recovery, at: 3) == QUICSenderRecovery.Outcome(), "a number never sent")
        recovery.sent(1 << 40, level: .oneRTT, size: 100, isAckEliciting: true, isInFlight: true, at: at(4))
        #expect(recovery.bytesInFlight == 100)
        recovery.sent(1, level: .oneRTT, size: 100, isAckEliciting: true, isInFlight: true, at: at(5))
        #expect(recovery.bytesInFlight == 100)
    }

    @Test func theRingIsBounded() {
        var recovery = QUICSenderRecovery()
        for number in 0..<UInt64(QUICSentPackets.capacity + 5000) {
            recovery.sent(
                number, level: .oneRTT, size: 1, isAckEliciting: true, isInFlight: true, at: at(Int64(number)))
        }
        #expect(recovery.bytesInFlight == QUICSentPackets.capacity)
    }

    @Test func flightFarFromTheSender() {
        var flight = QUICFlightMeter()
        flight.sent(1000, at: at(0))
        flight.sent(1000, at: at(1))
        flight.released(1000, distance: .milliseconds(40), at: at(2))
        // Asking about a later moment takes nothing away from an earlier one.
        #expect(flight.bytes(at: at(42)) == 1000)
        #expect(flight.bytes(at: at(41)) == 2000)
        flight.settle(at: at(41))
        #expect(flight.bytes == 2000)
        flight.settle(at: at(42))
        #expect(flight.bytes == 1000)
        #expect(flight.maximum == 2000)
    }
}
