import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct TCPPacingTests {
    /// 10 Mb/s by a timer, 50 ms away, the capture at `toServer` from the sender: a packet every 1.2 ms, each second
    /// one acknowledged.
    private func paced(toServer: Double = 0.02) -> TCPEndpointSnapshot {
        var flow = TCPScenario()
        flow.handshake(toServer: toServer, toClient: 50)
        var answered = 0
        for index in 0..<800 {
            let time = 100 + Double(index) * 1.2
            while Double(answered + 1) * 1.2 + 50.3 < Double(index) * 1.2 {
                answered += 2
                flow.ack(at: 100 + Double(answered - 1) * 1.2 + 50.3, answered * 1500)
            }
            flow.data(at: time, index * 1500, 1500)
        }
        return flow.server
    }

    @Test func timerPaces() {
        #expect(paced().pacing == true)
    }

    @Test func nothingIsSaidFarFromTheSender() {
        #expect(paced(toServer: 30).pacing == nil)
    }

    /// An initial window of ten packets back to back, then two for each acknowledgment of two.
    @Test func acknowledgmentClockIsNoPacing() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<10 { flow.data(at: 100 + Double(index) / 100, index * 1500, 1500) }
        var next = 10
        for round in 1..<40 {
            for pair in 0..<5 {
                let time = 100 + Double(round) * 50 + Double(pair) * 2.4
                flow.ack(at: time, (next - 8 + 0) * 1500)
                flow.data(at: time + 0.03, next * 1500, 1500)
                flow.data(at: time + 0.04, (next + 1) * 1500, 1500)
                next += 2
            }
        }
        #expect(flow.server.pacing == false)
    }

    /// A live encoder: 1 Mb/s in pictures that all arrive before the next one. Its application sets the time.
    @Test func applicationThatPausesTellsNothing() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        for index in 0..<200 {
            let time = 100 + Double(index) * 40
            flow.data(at: time, index * 5000, 1500)
            flow.data(at: time + 0.01, index * 5000 + 1500, 1500)
            flow.data(at: time + 0.02, index * 5000 + 3000, 1500)
            flow.data(at: time + 0.03, index * 5000 + 4500, 500)
            flow.ack(at: time + 20.1, (index + 1) * 5000)
        }
        #expect(flow.server.pacing == nil)
    }

    @Test func shortFlowTellsNothing() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<30 { flow.data(at: 100 + Double(index), index * 1500, 1500) }
        #expect(flow.server.pacing == nil)
    }
}
