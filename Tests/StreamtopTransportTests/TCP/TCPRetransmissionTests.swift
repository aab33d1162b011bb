import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct TCPRetransmissionTests {
    @Test func repeatedSynAndFinAreSentAgainToo() {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: .syn, identification: 1))
        flow.pass(.fromClient, at: 1000, .init(flags: .syn, identification: 2))
        flow.pass(.fromServer, at: 1010, .init(acknowledgment: 0, flags: .syn))
        flow.pass(.fromClient, at: 1020, .init(acknowledgment: 0))
        flow.pass(.fromServer, at: 2000, .init(acknowledgment: 0, flags: .fin, identification: 7))
        // A copy made by the network, and a real repeat.
        flow.pass(.fromServer, at: 2001, .init(acknowledgment: 0, flags: .fin, identification: 7))
        flow.pass(.fromServer, at: 2500, .init(acknowledgment: 0, flags: .fin, identification: 8))
        let snapshot = flow.report().snapshot
        #expect(snapshot.client.controlRetransmissions == 1)
        #expect(snapshot.server.controlRetransmissions == 1)
        #expect(snapshot.client.allRetransmissions.timeout == 1)
        #expect(snapshot.server.allRetransmissions.packets == 1)
        #expect(snapshot.server.retransmissions.packets == 0)
    }

    /// Ten segments, one lost or overtaken, at four places of the path and two round trips; made by simulation.
    @Test(arguments: ["snd", "rcv", "midup", "middown"], [10, 100])
    func lossIsOneFastRetransmission(position: String, milliseconds: Int) throws {
        let report = try SyntheticCapture("\(position)_\(milliseconds)").report()
        let endpoint = report.snapshot.server
        #expect(endpoint.retransmissions.packets == 1)
        #expect(endpoint.retransmissions.fast == 1)
        #expect(endpoint.outOfOrder == 0)
        let isUpstream = position == "rcv" || position == "midup"
        #expect(endpoint.loss.upstream == (isUpstream ? 1 : 0))
        #expect(endpoint.loss.downstream == (isUpstream ? 0 : 1))
    }

    @Test(arguments: ["reordmid", "reordrcv"], [10, 100])
    func overtakenSegmentIsReordering(position: String, milliseconds: Int) throws {
        let endpoint = try SyntheticCapture("\(position)_\(milliseconds)").report().snapshot.server
        #expect(endpoint.retransmissions.packets == 0)
        #expect(endpoint.outOfOrder == 1)
        #expect(endpoint.loss.events == 0)
    }

    /// Behind a link that swallows large packets in silence: only smaller repairs arrive. Nothing says chance.
    @Test func lossesOfTooLargeSegmentsAreNotRandom() {
        for (size, repair, unknown) in [(1460, 1024, 1), (1000, 1000, 0)] {
            var flow = TCPScenario()
            flow.handshake(toServer: 40, toClient: 0.02)
            flow.data(at: 100, 5 * size, size - 500)  // the end of the first flight, small enough
            flow.ack(at: 100.05, 0, sacks: [(5 * size, 6 * size - 500)])
            var next = 0
            while next < 5 * size {  // by at least one segment each turn
                let length = min(repair, 5 * size - next)
                flow.data(at: 900 + Double(next) / 1000, next, length)
                next += length
                flow.ack(at: 900.05 + Double(next) / 1000, next == 5 * size ? 6 * size - 500 : next)
            }
            #expect(flow.server.loss.events == 1)
            #expect(flow.server.loss.unknown == unknown)
            #expect(flow.server.loss.random == 1 - unknown)
        }
    }

    /// Two repairs, the second of which arrives first: the receiver echoes the one that closed its first gap, and that
    /// says nothing about the other.
    @Test func echoOfOneRepairSaysNothingOfAnother() {
        var flow = TCPScenario(timestamps: true)
        flow.handshake(toServer: 40, toClient: 0.02)
        for index in [1, 3, 4, 5, 6] { flow.data(at: 100 + Double(index), index * 1000, stamp: 60, echo: 1) }
        flow.ack(at: 107, 0, sacks: [(3000, 7000), (1000, 2000)], stamp: 70, echo: 1)
        flow.data(at: 149, 2000, stamp: 101, echo: 70)
        flow.ack(at: 149.1, 0, sacks: [(1000, 7000)], stamp: 112, echo: 1)
        flow.data(at: 155, 0, stamp: 100, echo: 70)
        flow.ack(at: 155.1, 7000, stamp: 118, echo: 100)
        #expect(flow.server.retransmissions.packets == 2)
        #expect(flow.server.retransmissions.spurious == 0)
        #expect(flow.server.loss.upstream == 2)
    }

    /// The acknowledgment after the repair must not make a round trip of 99.5 ms out of one of 0.02 ms.
    @Test func repairDoesNotInflateTheRoundTrip() throws {
        let report = try SyntheticCapture("rcv_100").report()
        #expect((report.roundTrip.client?.maximum ?? .max) < 1_000_000)
    }

    /// What the sender knows to have arrived cannot have been lost.
    @Test func acknowledgedDataSentAgainIsNeedless() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.ack(at: 150, 1000)
        flow.data(at: 400, 0)
        flow.ack(at: 450, 1000)
        #expect(flow.server.retransmissions.spurious == 1)
        #expect(flow.server.loss.events == 0)
        #expect(flow.server.lossRatio == 0)
    }

    /// Karn's rule: an acknowledgment that covers a range sent twice measures nothing, whichever range is the newest.
    @Test func repeatedRangesAreNotTimed() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 400, 0)
        flow.data(at: 410, 1000)
        flow.ack(at: 415, 2000)
        let trip = flow.report(at: 500).roundTrip.client
        #expect(trip?.minimum == .milliseconds(50))
        #expect(trip?.samples == 1)
    }

    /// One in twenty bytes is not in the capture: its own losses would be counted as the network's.
    @Test func lossIsNotJudgedWhereTheCaptureHasHoles() {
        var flow = TCPScenario(sack: false)
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<200 where index % 20 != 10 {
            flow.data(at: 100 + Double(index) * 10, index * 1000)
            if index % 20 == 11 { flow.ack(at: 150 + Double(index) * 10, (index + 1) * 1000) }
        }
        flow.ack(at: 2200, 200_000)
        #expect(flow.server.lostBeforeCapture == 10)
        #expect(flow.server.lossRatio == nil)
        #expect(flow.server.recoveries == nil)
    }

    /// On the receiver's host what passed has arrived: its acknowledgment was lost, and the timer fired all the same.
    @Test(arguments: [(0.02, 0), (20, 1)] as [(Double, Int)])
    func whatPassedAtItsReceiverWasNotLost(toClient: Double, lost: Int) {
        var flow = TCPScenario()
        flow.handshake(toServer: 40, toClient: toClient)
        flow.data(at: 200, 0)
        flow.data(at: 201, 1000)
        for time in [700.0, 1500] { flow.data(at: time, 0) }
        flow.ack(at: 1500 + toClient, 2000)
        let server = flow.report(at: 1600).snapshot.server
        #expect(server.retransmissions.packets == 2)
        #expect(server.timeouts == 2)
        #expect(server.loss.downstream == 2 * lost)
        #expect(server.loss.events == lost)
    }

    @Test func timeoutOfTheOldestSegment() {
        var flow = TCPScenario(sack: false)
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 1000)
        flow.data(at: 401, 0)
        #expect(flow.report(at: 402).snapshot.server.retransmissions.timeout == 1)
        flow.data(at: 1001, 0)
        #expect(flow.report(at: 1002).snapshot.server.retransmissions.timeout == 2)
    }

    @Test func tailProbeRepeatsTheLastSegment() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 1000)
        flow.ack(at: 150, 1000)
        flow.data(at: 252, 1000)
        #expect(flow.server.retransmissions.tailProbe == 1)
    }

    @Test func networkCopyIsNoRetransmission() {
        var flow = TCPScenario()
        flow.handshake(toServer: 50, toClient: 0.02)
        for index in 0..<3 {
            flow.pass(
                .fromServer, at: 100 + Double(index),
                .init(sequence: index * 1000, length: 1000, acknowledgment: 0, identification: UInt32(index + 5)))
        }
        flow.pass(.fromServer, at: 103, .init(sequence: 1000, length: 1000, acknowledgment: 0, identification: 6))
        flow.ack(at: 103.1, 3000, sacks: [(1000, 2000)])
        #expect(flow.server.duplicatePackets == 1)
        #expect(flow.server.retransmissions.packets == 0)
    }

    @Test func lateSegmentIsToldByItsTimestamp() {
        var flow = TCPScenario(timestamps: true)
        flow.handshake(toServer: 10, toClient: 0.02)
        flow.data(at: 100, 0, stamp: 100, echo: 1)
        flow.data(at: 101, 2000, stamp: 102, echo: 1)
        // Later than a whole loop, but stamped before the one that jumped it.
        flow.data(at: 130, 1000, stamp: 101, echo: 1)
        #expect(flow.server.outOfOrder == 1)
        #expect(flow.server.retransmissions.packets == 0)
    }

    @Test func echoOfTheOriginalMakesARepairNeedless() {
        var flow = TCPScenario(sack: false, timestamps: true)
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0, stamp: 100, echo: 1)
        flow.data(at: 400, 0, stamp: 400, echo: 1)
        flow.ack(at: 405, 1000, stamp: 9, echo: 100)
        #expect(flow.server.retransmissions.spurious == 1)
        #expect(flow.server.lossRatio == 0)
    }

    @Test func bytesNeverCapturedAreNotTheNetworksLoss() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 2000)
        flow.ack(at: 151, 3000)
        let endpoint = flow.server
        #expect(endpoint.lostBeforeCapture == 1)
        #expect(endpoint.lostBeforeCaptureBytes == 1000)
        #expect(endpoint.retransmissions.packets == 0)
        #expect(endpoint.loss.events == 0)
        #expect(endpoint.lossRatio == nil)
    }

    @Test func acknowledgmentBeyondEverythingSeenIsCounted() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.ack(at: 151, 5000)
        #expect(flow.server.lostBeforeCaptureBytes == 4000)
        #expect(flow.report().anomalies[.ackOfUnseenData] == 1)
    }

    @Test func keepAliveIsNeitherDataNorLoss() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.ack(at: 150, 1000)
        flow.data(at: 7_200_150, 999, 1)
        #expect(flow.server.keepAlives == 1)
        #expect(flow.server.retransmissions.packets == 0)
        #expect(flow.server.loss.events == 0)
    }

    @Test func blackHoleNeedsFullSegmentsThatVanish() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        flow.data(at: 100, 0, 300)
        flow.ack(at: 120, 300)
        flow.data(at: 200, 300, 1460)
        flow.data(at: 201, 1760, 352)
        flow.ack(at: 221, 300, sacks: [(1760, 2112)])
        for (index, time) in [500.0, 1000, 2000, 4000].enumerated() {
            flow.data(at: time, 300, 1460)
            if index == 0 { #expect(!flow.report().blackHoleSuspected) }
        }
        #expect(flow.report().blackHoleSuspected == true)
        flow.tracker.observeTooBig(from: .fromServer)
        #expect(!flow.report().blackHoleSuspected)
    }

    /// Handbook 14.6: each of these comes close, and proves no size.
    @Test(arguments: [
        // nothing arrives, whatever its size
        (full: 1460, rest: 352, arrives: false, toClient: 20.0),
        // a packet of this size fits every path
        (full: 500, rest: 352, arrives: true, toClient: 20),
        // not the full size that both ends accept
        (full: 1200, rest: 352, arrives: true, toClient: 20),
        // a capture at the receiver has the path in front of it
        (full: 1460, rest: 352, arrives: true, toClient: 0.02),
    ])
    func noBlackHole(full: Int, rest: Int, arrives: Bool, toClient: Double) {
        var flow = TCPScenario()
        flow.handshake(toServer: toClient < 1 ? 20 : 0.02, toClient: toClient)
        flow.data(at: 100, 0, 300)
        flow.ack(at: 120, 300)
        flow.data(at: 200, 300, full)
        flow.data(at: 201, 300 + full, rest)
        if arrives { flow.ack(at: 221, 300, sacks: [(300 + full, 300 + full + rest)]) }
        for time in [500.0, 1000, 2000, 4000] { flow.data(at: time, 300, full) }
        #expect(!flow.report().blackHoleSuspected)
    }

    /// It was the network, or the other end, and it is over.
    @Test func blackHoleIsTakenBackWhenSuchASegmentArrives() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        flow.data(at: 200, 0, 1460)
        flow.data(at: 201, 1460, 352)
        flow.ack(at: 221, 0, sacks: [(1460, 1812)])
        for time in [500.0, 1000, 2000] { flow.data(at: time, 0, 1460) }
        #expect(flow.report().blackHoleSuspected)
        // In smaller packets it does arrive, and so do those that offload cuts up behind the capture.
        flow.data(at: 2100, 0, 1000)
        flow.data(at: 2101, 1812, 2000)
        flow.ack(at: 2121, 1000, sacks: [(1460, 3812)])
        #expect(flow.report().blackHoleSuspected)
        flow.data(at: 2130, 1000, 460)
        flow.ack(at: 2150, 3812)
        #expect(flow.report().blackHoleSuspected)
        // Another loss, of a size that the path takes, says nothing of the larger one.
        for time in [2200.0, 2300] { flow.data(at: time, 3812, 1340) }
        flow.ack(at: 2320, 5152)
        #expect(flow.report().blackHoleSuspected)
        flow.data(at: 2400, 5152, 1460)
        flow.ack(at: 2420, 6612)
        #expect(!flow.report().blackHoleSuspected)
    }
}
