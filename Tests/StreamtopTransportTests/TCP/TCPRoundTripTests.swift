import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct TCPRoundTripTests {
    @Test func handshakeSplitsAtTheCapturePoint() {
        for (toServer, toClient) in [(0.02, 99.98), (50, 50), (99.98, 0.02)] {
            var flow = TCPScenario()
            flow.handshake(toServer: toServer, toClient: toClient)
            let trip = flow.report().roundTrip
            #expect(trip.handshake == 100_000_000)
            #expect(trip.server?.minimum == Int64((toServer * 1e6).rounded()))
            #expect(trip.client?.minimum == Int64((toClient * 1e6).rounded()))
        }
    }

    @Test func repeatedSynWithoutTimestampsIsAmbiguous() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: .syn))
        flow.pass(.fromClient, at: 1000, .init(flags: .syn))
        flow.pass(.fromServer, at: 1050, .init(acknowledgment: 0, flags: .syn))
        flow.pass(.fromClient, at: 1060, .init(acknowledgment: 0))
        #expect(flow.report().roundTrip.handshake == nil)
        #expect(flow.report().snapshot.synRetransmissions == 1)
    }

    @Test func repeatedSynIsToldApartByItsTimestamp() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: .syn, stamp: 10))
        flow.pass(.fromClient, at: 1000, .init(flags: .syn, stamp: 1010))
        flow.pass(.fromServer, at: 1050, .init(acknowledgment: 0, flags: .syn, stamp: 5, echo: 1010))
        flow.pass(.fromClient, at: 1060, .init(acknowledgment: 0, stamp: 1070, echo: 5))
        #expect(flow.report().roundTrip.handshake == 60_000_000)
    }

    /// One wild stamp in the middle: the whole is still known, the halves are not, and later packets count again.
    @Test func wildStampSpoilsNoMoreThanItsOwnSamples() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 1000, .init(flags: .syn))
        flow.pass(.fromServer, at: 9e11, .init(acknowledgment: 0, flags: .syn))
        flow.pass(.fromClient, at: 1010, .init(acknowledgment: 0))
        #expect(flow.report().roundTrip.handshake == 10_000_000)
        #expect(flow.report().roundTrip.server == nil)
        flow.data(at: 1020, 0)
        flow.ack(at: 1027, 1000)
        #expect(flow.report().roundTrip.client?.minimum == 7_000_000)
        #expect(flow.report().roundTrip.client?.maximum == 7_000_000)
    }

    @Test func retransmittedSegmentGivesNoSample() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 400, 0)
        flow.ack(at: 450, 1000)
        #expect(flow.report().roundTrip.client?.samples == 1)  // the handshake's
    }

    /// The acknowledgment that follows the repair of a hole was held back by the hole, not by the path.
    @Test func acknowledgmentAfterRepairGivesNoSample() {
        var flow = TCPScenario(sack: false)
        flow.handshake(toServer: 100, toClient: 0.02)
        flow.data(at: 200, 0)
        flow.ack(at: 200.02, 1000)
        flow.data(at: 201, 2000)
        flow.data(at: 202, 3000)
        flow.data(at: 301, 1000)
        flow.ack(at: 301.02, 4000)
        let client = flow.report().roundTrip.client
        #expect((client?.maximum ?? 0) < 100_000)
    }

    @Test func selectiveAcknowledgmentGivesSamplesDuringRecovery() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 1000)
        flow.data(at: 102, 2000)
        flow.ack(at: 151, 0, sacks: [(1000, 2000)])
        flow.ack(at: 152, 0, sacks: [(1000, 3000)])
        let client = flow.report().roundTrip.client
        #expect(client?.samples == 3)
        #expect(client?.last == 50_000_000)
    }

    @Test func delayedAcknowledgmentIsSetAside() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 100.1, 1000)
        flow.ack(at: 150.1, 2000)
        flow.data(at: 200, 2000, 300)
        flow.ack(at: 290, 2300)
        let client = flow.report().roundTrip.client
        #expect(client?.maximum == 50_000_000)
        #expect((client?.smoothed ?? 0) > 50_000_000)  // the sender's own estimator takes it
    }

    /// A window of few segments: what follows was sent so much later that the receiver's timer fired before it came.
    @Test func delayedAcknowledgmentIsSetAsideWithLaterDataOnItsWay() {
        func maximum(next: Double) -> Nanoseconds? {
            var flow = TCPScenario()
            flow.handshake(toServer: 0.02, toClient: 50)
            flow.data(at: 100, 0)
            flow.data(at: 100.1, 1000)
            flow.ack(at: 150.1, 2000)
            flow.data(at: 150.2, 2000)
            flow.data(at: next, 3000)
            flow.ack(at: 241, 3000)
            return flow.report().roundTrip.client?.maximum
        }
        #expect(maximum(next: 195) == 50_000_000)
        // Sent right behind, it would have been acknowledged with the first: the path took so long.
        #expect(maximum(next: 151) == 90_800_000)
    }

    /// At the receiver's tap without timestamps nothing tells the round trip to the sender after the handshake: no round trip of now, no
    /// queue, no name, and the losses are of no kind. At the sender's tap everything is known.
    @Test func withoutTimestampsTheReceiverMeasuresNothing() {
        func report(toServer: Double, toClient: Double) -> TCPReport {
            var flow = TCPScenario()
            flow.handshake(toServer: toServer, toClient: toClient)
            for index in 0..<200 {
                flow.data(at: 100 + Double(index) * 10, index * 1000)
                flow.ack(at: 100.02 + Double(index) * 10 + toClient, (index + 1) * 1000)
            }
            return flow.report(at: 3000)
        }
        let receiver = report(toServer: 40, toClient: 0.02)
        #expect(receiver.snapshot.server.isPathUnmeasured)
        #expect(receiver.queueDelay.server == nil)
        #expect(receiver.snapshot.server.congestionControl?.name == .unknown)
        #expect(receiver.snapshot.server.flightDelayCorrelation == nil)
        let sender = report(toServer: 0.02, toClient: 40)
        #expect(!sender.snapshot.server.isPathUnmeasured)
        #expect(sender.queueDelay.client != nil)
    }

    /// The client's direction is stamped 10 ms early: its acknowledgment and its request stand before the SYN-ACK.
    @Test func answerBehindItsAcknowledgmentTellsNoTimes() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, TCPScenario.Segment(flags: .syn))
        flow.pass(.fromClient, at: 60, TCPScenario.Segment(acknowledgment: 0))
        flow.pass(.fromClient, at: 61, TCPScenario.Segment(length: 56, acknowledgment: 0))
        flow.pass(.fromServer, at: 70, TCPScenario.Segment(acknowledgment: 0, flags: .syn))
        flow.pass(.fromServer, at: 131, TCPScenario.Segment(acknowledgment: 56))
        let report = flow.report()
        #expect(report.snapshot.client.uniqueBytes == 56 && report.snapshot.client.dataSegments == 1)
        #expect(report.snapshot.client.missedBytes == 0)
        #expect(!report.snapshot.client.isEarlyDataDeclined)
        #expect(report.roundTrip.handshake == nil)
    }

    /// A hundred segments in one tick of the sender's clock: one echo, one sample.
    @Test func oneSampleForEachTick() {
        var flow = TCPScenario(timestamps: true)
        flow.handshake(toServer: 40, toClient: 0.02)
        for index in 0..<100 {
            flow.ack(at: 100 + Double(index) * 0.001, index * 10, stamp: 500, echo: 1)
        }
        let before = flow.report().roundTrip.server?.samples ?? 0
        for index in 0..<100 {
            flow.data(at: 139.9 + Double(index) * 0.001, index * 1000, stamp: 7, echo: index == 0 ? 400 : 500)
        }
        let trip = flow.report().roundTrip.server
        #expect((trip?.samples ?? 0) - before == 1)
        #expect(abs((trip?.last ?? 0) - 39_901_000) < 2_000)
        #expect(trip?.source == .tcpTimestamps)
    }

    /// An echo that waited for the application to write is not a round trip.
    @Test func echoAfterSilenceIsIgnored() {
        var flow = TCPScenario(timestamps: true)
        flow.handshake(toServer: 40, toClient: 0.02)
        flow.data(at: 100, 0, stamp: 7, echo: 1)
        flow.ack(at: 100.02, 1000, stamp: 500, echo: 7)
        flow.data(at: 900, 1000, stamp: 800, echo: 500)
        #expect(flow.report().roundTrip.server?.maximum == 40_000_000)
    }

    /// A sender that writes a burst now and then answers no acknowledgment. Its clock tells what its segments waited.
    @Test func burstsOfAPausingSenderAreTimedByItsClock() throws {
        var flow = TCPScenario(timestamps: true)
        flow.handshake(toServer: 50, toClient: 0.02)
        for burst in 0..<20 {
            let sent = 1000 + Double(burst) * 200  // 25 ms later here, and 2 ms more for each one before it
            for index in 0..<12 {
                let passed = sent + 25 + Double(index) * 2
                let sequence = (burst * 12 + index) * 1000
                flow.data(at: passed, sequence, stamp: UInt32(sent) + 5_000_000, echo: UInt32(passed - 150))
                flow.ack(at: passed + 0.05, sequence + 1000, stamp: UInt32(passed), echo: UInt32(sent) + 5_000_000)
            }
        }
        let trip = try #require(flow.report().roundTrip.server)
        #expect(abs(trip.maximum - 72_000_000) <= 1_000_000)
        #expect((60_000_000...72_000_000).contains(trip.smoothed))
        #expect(trip.minimum == 50_000_000)
    }

    @Test func backwardStampNeverGivesNegativeTime() {
        var flow = TCPScenario()
        flow.handshake(toServer: 10, toClient: 10)
        flow.data(at: 100, 0)
        flow.ack(at: 90, 1000)
        #expect((flow.report().roundTrip.client?.minimum ?? -1) >= 0)
        #expect(flow.report().anomalies[.timestampBackwards] == 1)
    }

    @Test func hopLimitChangeStartsANewBase() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        for index in 0..<4 {
            let time = 100 + Double(index) * 100
            flow.data(at: time, index * 1000)
            flow.pass(
                .fromClient, at: time + 50,
                .init(acknowledgment: index * 1000 + 1000, hopLimit: index == 0 ? 64 : 60))
        }
        #expect(flow.report().anomalies[.hopLimitChanged] == 1)
        #expect(flow.report().queueDelay.client?.last == 0)
    }

    @Test func captureInTheMiddleMeasuresTheWholeLoop() {
        var flow = TCPScenario()
        flow.handshake(toServer: 30, toClient: 20)
        #expect(flow.report().snapshot.vantage == .middle)
        #expect(flow.report().roundTrip.total?.minimum == 50_000_000)
    }
}
