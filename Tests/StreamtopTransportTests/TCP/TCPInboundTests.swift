import StreamtopBase
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopTransport

/// Which way the packets go that wait: told by the clock of the distant end.
@Suite struct TCPInboundTests {
    /// A bulk flow captured at the server for four seconds, with a queue that grows to 80 ms and drains again each second;
    /// `isDownlink`: the server's data waits in it, else the client's acknowledgments.
    private func flow(isDownlink: Bool, queue: Double = 80) -> TCPReport {
        var flow = TCPScenario()
        flow.timestamps = true
        flow.handshake(toServer: 0.02, toClient: 40)
        var arrivals: [(time: Double, isData: Bool, byte: Int, stamp: UInt32)] = []
        for index in 0..<400 {
            let sent = 100 + Double(index) * 10
            let wait = queue * abs(((sent / 1000).truncatingRemainder(dividingBy: 1)) * 2 - 1)
            arrivals.append((sent, true, index * 1000, UInt32(sent)))
            let received = sent + 20 + (isDownlink ? wait : 0)
            let back = received + 20 + (isDownlink ? 0 : wait)
            arrivals.append((back, false, (index + 1) * 1000, UInt32(received) + 7_000))
        }
        arrivals.sort { $0.time < $1.time }
        var newest: UInt32 = 7_000
        for arrival in arrivals {
            if arrival.isData {
                flow.data(at: arrival.time, arrival.byte, stamp: arrival.stamp, echo: newest)
            } else {
                newest = max(newest, arrival.stamp)
                flow.ack(at: arrival.time, arrival.byte, stamp: arrival.stamp, echo: 1)
            }
        }
        return flow.report(at: 5000)
    }

    @Test func dataThatWaitsIsOutbound() throws {
        let delay = try #require(flow(isDownlink: true).queueDelay.client)
        #expect(try #require(delay.inboundShare) < 0.1)
    }

    @Test func acknowledgmentsThatWaitAreInbound() throws {
        let delay = try #require(flow(isDownlink: false).queueDelay.client)
        #expect(try #require(delay.inboundShare) > 0.9)
    }

    /// The way there became longer for good: as much of the delay may be the path's. A delay that was there from the beginning,
    /// or comes and goes, is a queue.
    @Test func delayThatBeginsAndStaysMayBeThePath() {
        func unsettled(_ rest: (Int64) -> Int64) -> Nanoseconds? {
            var meter = TCPInboundMeter()
            for index in Int64(0)..<600 {
                let part = 40 + index % 30
                let time = Timestamp(nanoseconds: (20 + index * 10 + (index < 10 ? 0 : part)) * 1_000_000)
                guard meter.observe(stamp: UInt32(20 + index * 10), at: time) else { continue }
                meter.look(.milliseconds(part + rest(index)), stamp: UInt32(20 + index * 10), at: time)
            }
            return meter.unsettled
        }
        let step = unsettled { $0 < 300 ? 0 : 30 } ?? 0
        #expect(step >= .milliseconds(29) && step <= .milliseconds(31))
        #expect(unsettled { _ in 30 } == nil)
        #expect(unsettled { $0 < 300 ? 0 : $0 % 40 } == nil)
        #expect(unsettled { _ in 0 } == nil)
    }

    /// Too short to be told from the ticks of a clock.
    @Test func shortDelaysTellNothing() {
        #expect(flow(isDownlink: true, queue: 4).queueDelay.client?.inboundShare == nil)
    }
}
