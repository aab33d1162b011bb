import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

/// A sender of segments every few seconds: bursts of 120 full packets, 50 ms away, with the capture at its own host.
@Suite struct TCPIdleTests {
    /// One burst from `time` on, as rounds of `windows` packets each; returns when the last acknowledgment came.
    private func burst(_ flow: inout TCPScenario, at time: Double, from sequence: inout Int, windows: [Int]) -> Double {
        var clock = time
        for window in windows.dropLast() {
            for index in 0..<window { flow.data(at: clock + Double(index) / 100, sequence + index * 1000) }
            clock += 50
            // The first half is acknowledged alone: what follows goes out while something is outstanding.
            flow.ack(at: clock, sequence + window / 2 * 1000)
            sequence += window * 1000
            flow.data(at: clock + 0.1, sequence)
            flow.ack(at: clock + 5, sequence)
            sequence += 1000
        }
        for index in 0..<(windows.last ?? 0) {
            flow.data(at: clock + 5.1 + Double(index) / 100, sequence + index * 1000)
        }
        sequence += (windows.last ?? 0) * 1000
        flow.ack(at: clock + 56, sequence)
        return clock + 56
    }

    private func flow(pause: Double, after windows: [Int]) -> TCPEndpointSnapshot {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        var sequence = 0
        var time = burst(&flow, at: 100, from: &sequence, windows: [10, 20, 40, 50])
        for _ in 0..<5 { time = burst(&flow, at: time + pause, from: &sequence, windows: windows) }
        return flow.server
    }

    @Test func windowThatShrinksInPausesIsARestart() {
        let endpoint = flow(pause: 2000, after: [10, 20, 40, 50])
        #expect(endpoint.idlePeriods == 5)
        #expect(endpoint.idleRestarts == 5)
    }

    @Test func windowThatIsKeptIsNone() {
        let endpoint = flow(pause: 2000, after: [50, 50])
        #expect(endpoint.idlePeriods == 5)
        #expect(endpoint.idleRestarts == 0)
    }

    /// Little data after a pause says nothing about the window.
    @Test func smallAnswersDoNotTell() {
        let endpoint = flow(pause: 2000, after: [8])
        #expect(endpoint.idlePeriods == 0)
        #expect(endpoint.idleRestarts == 0)
    }

    @Test func shortPausesAreNone() {
        #expect(flow(pause: 100, after: [10, 20, 40, 50]).idlePeriods == 0)
    }

    @Test func shortFlowsAreNotMeasured() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        #expect(flow.server.idlePeriods == nil)
    }
}
