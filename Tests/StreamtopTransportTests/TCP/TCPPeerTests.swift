import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

/// What the other end, or a box between, does to a sender: handbook 14.4, 14.11 to 14.13.
@Suite struct TCPPeerTests {
    /// A server's flow of ten segments, answered; then segments that nobody answers.
    private func stream() -> TCPScenario {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 40)
        for index in 0..<10 {
            flow.data(at: 100 + Double(index) * 50, index * 1000)
            flow.ack(at: 140 + Double(index) * 50, (index + 1) * 1000)
        }
        return flow
    }

    @Test func peerThatVanishesIsNoLoss() throws {
        var flow = stream()
        flow.data(at: 700, 10_000)
        for time in [1000.0, 1600, 2800, 5200, 10_000] { flow.data(at: time, 10_000) }
        let server = flow.report(at: 12_000).snapshot.server
        let gone = try #require(server.peerGone)
        #expect(!gone.hasLeft)
        #expect(gone.repeats == 5)
        #expect(gone.bytes == 1000)
        #expect(server.lossRatio == 0)
        #expect(server.loss.events == 0)
        #expect(server.timeouts == 0)
        #expect(server.retransmissions.packets == 5)
        #expect(server.retransmissions.peerGone == 5)
    }

    /// It answered after all: the silence was real, and so was the loss.
    @Test func peerThatAnswersIsTakenBack() {
        var flow = stream()
        flow.data(at: 700, 10_000)
        for time in [1000.0, 1600, 2800, 5200] { flow.data(at: time, 10_000) }
        #expect(flow.report(at: 6000).snapshot.server.peerGone != nil)
        flow.ack(at: 5240, 11_000)
        let server = flow.report(at: 6000).snapshot.server
        #expect(server.peerGone == nil)
        #expect(server.retransmissions.peerGone == 0)
        #expect(server.timeouts == 3)  // the first repetition was a tail probe
        #expect(server.loss.events > 0)
    }

    /// Two repetitions within the peer's patience may still be answered.
    @Test func patienceIsThreeSeconds() {
        var flow = stream()
        flow.data(at: 700, 10_000)
        for time in [1000.0, 1600] { flow.data(at: time, 10_000) }
        #expect(flow.report(at: 3000).snapshot.server.peerGone == nil)
    }

    @Test func closedPeerTakesNoMore() throws {
        var flow = stream()
        flow.data(at: 700, 10_000, 31)
        flow.pass(.fromClient, at: 710, .init(acknowledgment: 10_000, flags: .fin))
        for time in [1000.0, 1100, 1200] { flow.data(at: time, 10_000, 31) }
        let server = flow.report(at: 1300).snapshot.server
        #expect(try #require(server.peerGone).hasLeft)
        #expect(server.lossRatio == 0)
    }

    /// A half-closed peer goes on acknowledging (RFC 9293 section 3.6).
    @Test func halfClosedPeerIsNotGone() {
        var flow = stream()
        flow.pass(.fromClient, at: 690, .init(acknowledgment: 10_000, flags: .fin))
        flow.data(at: 700, 10_000)
        for time in [1000.0, 1600] { flow.data(at: time, 10_000) }
        flow.pass(.fromClient, at: 1640, .init(sequence: 1, acknowledgment: 11_000))
        #expect(flow.report(at: 9000).snapshot.server.peerGone == nil)
    }

    // MARK: SACK

    @Test func shiftedBlocksDiscreditTheLossAnalysis() {
        var flow = stream()
        for index in 10..<20 {
            flow.data(at: 700 + Double(index), index * 1000)
            flow.ack(at: 740 + Double(index), 10_000, sacks: [(50_000_000, 50_001_000)])
        }
        let server = flow.report().snapshot.server
        #expect(server.brokenSACKOffset == 49_990_000)
        #expect(server.congestionControl?.name == .unknown)
    }

    @Test func honestBlocksAreNotBroken() {
        var flow = stream()
        for index in 10..<20 {
            flow.data(at: 700 + Double(index), index * 1000)
            if index > 10 { flow.ack(at: 740 + Double(index), 10_000, sacks: [(11_000, (index + 1) * 1000)]) }
        }
        // One stray block, and one that ends at the FIN.
        flow.ack(at: 800, 10_000, sacks: [(50_000_000, 50_001_000)])
        flow.pass(.fromServer, at: 801, .init(sequence: 20_000, acknowledgment: 0, flags: .fin))
        flow.ack(at: 841, 10_000, sacks: [(11_000, 20_001)])
        let report = flow.report()
        #expect(report.snapshot.server.brokenSACKOffset == nil)
        #expect(report.anomalies[.sackOutsideWindow] == 1)
    }

    // MARK: Fast Open

    @Test(arguments: [false, true])
    func declinedEarlyDataIsNoLoss(isTaken: Bool) {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(length: 200, flags: .syn))
        flow.pass(.fromServer, at: 0.02, .init(acknowledgment: isTaken ? 200 : 0, flags: .syn))
        flow.pass(.fromClient, at: 40, .init(sequence: isTaken ? 200 : 0, length: 200, acknowledgment: 0))
        flow.pass(.fromServer, at: 40.02, .init(acknowledgment: isTaken ? 400 : 200))
        let client = flow.report().snapshot.client
        #expect(client.fastOpen == isTaken)
        #expect(client.isEarlyDataDeclined == !isTaken)
        #expect(client.retransmissions.packets == 0)
        #expect(client.loss.events == 0)
        #expect(client.uniqueBytes == (isTaken ? 400 : 200))
    }

    // MARK: Nagle

    /// `gap`: between a message's first write and its rest, after the acknowledgment; `delay`: the receiver's timer.
    private func messages(delay: Double, gap: Double) -> TCPEndpointSnapshot {
        var flow = TCPScenario()
        flow.handshake(toServer: 1, toClient: 0.02)
        for index in 0..<60 {
            let (start, byte) = (100 + Double(index) * 100, index * 300)
            flow.pass(.fromClient, at: start, .init(sequence: byte, length: 100, acknowledgment: 0))
            flow.pass(.fromServer, at: start + 1 + delay, .init(acknowledgment: byte + 100))
            flow.pass(
                .fromClient, at: start + 1 + delay + gap, .init(sequence: byte + 100, length: 200, acknowledgment: 0))
            flow.pass(.fromServer, at: start + 2.5 + delay + gap, .init(acknowledgment: byte + 300))
        }
        return flow.report(at: 7000).snapshot.client
    }

    @Test func messagesThatWaitForADelayedAcknowledgment() throws {
        let client = messages(delay: 40, gap: 0.1)
        #expect(client.delayedAckWaits >= 40)
        #expect(client.smallSegments >= 80)
        #expect(abs(try #require(client.delayedAckWait) - .milliseconds(40)) < 100_000)
        let limits = try #require(client.limitedBy)
        #expect(limits.network < limits.application)
    }

    @Test(arguments: [(40.0, 20.0), (0.5, 0.1)])
    func messagesThatDoNot(delay: Double, gap: Double) {
        #expect(messages(delay: delay, gap: gap).delayedAckWaits == 0)
    }
}
