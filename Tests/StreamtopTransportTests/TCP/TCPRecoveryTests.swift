import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct TCPRecoveryTests {
    @Test func undisturbedSenderHasNone() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        #expect(flow.server.recoveries == nil)  // nothing sent, nothing measured
        flow.data(at: 100, 0)
        flow.ack(at: 150, 1000)
        #expect(flow.server.recoveries == 0)
        #expect(flow.server.tailRecoveries == 0)
        #expect(flow.server.longestBackoff == 0)
    }

    @Test func timeoutsInARowAreOneBackoff() {
        var flow = TCPScenario(sack: false)
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<6 { flow.data(at: 100 + Double(index), index * 1000) }
        for time in [405.0, 1010, 2220] { flow.data(at: time, 0) }
        #expect(flow.report(at: 2221).snapshot.server.longestBackoff == 3)
        // Acknowledged: the rest goes out again without the timer, and the next timeout starts a new row.
        flow.ack(at: 2270, 1000)
        for index in 1..<6 { flow.data(at: 2270.1 + Double(index) / 10, index * 1000) }
        flow.ack(at: 2321, 6000)
        #expect(flow.server.recoveries == 1)
        #expect(flow.server.tailRecoveries == 0)
        flow.data(at: 2400, 6000)
        flow.data(at: 2900, 6000)
        let server = flow.report(at: 2901).snapshot.server
        #expect(server.longestBackoff == 3)
        #expect(server.recoveries == 2)
        #expect(server.tailRecoveries == 1)
    }

    @Test func lostTailIsRepairedByProbe() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 1000)
        flow.ack(at: 150, 1000)
        flow.data(at: 252, 1000)
        flow.ack(at: 302, 2000)
        #expect(flow.server.recoveries == 1)
        #expect(flow.server.tailRecoveries == 1)
        #expect(flow.server.longestBackoff == 0)
    }

    @Test func needlessProbeIsNoRecovery() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 1000)
        flow.ack(at: 150, 1000)
        flow.data(at: 252, 1000)
        flow.ack(at: 260, 2000)
        flow.ack(at: 302, 2000, sacks: [(1000, 2000)])
        #expect(flow.server.retransmissions.spurious == 1)
        #expect(flow.server.recoveries == 0)
        #expect(flow.server.tailRecoveries == 0)
    }

    @Test func lossInTheMiddleIsNoTail() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<10 { flow.data(at: 100, index * 1000) }
        for index in 1..<10 { flow.ack(at: 150 + Double(index) / 100, 0, sacks: [(1000, 1000 + index * 1000)]) }
        flow.data(at: 150.2, 0)
        flow.ack(at: 200, 10_000)
        #expect(flow.server.recoveries == 1)
        #expect(flow.server.tailRecoveries == 0)
        #expect(flow.server.longestBackoff == 0)
    }
}
