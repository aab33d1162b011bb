import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopTransport

/// Bytes in flight as the sender counts them, from three places on the path.
@Suite struct TCPFlightTests {
    /// A sender in slow start from 10 to 300 packets over a loop of 100 ms; the receiver answers each packet at once.
    struct Simulation {
        struct Passing {
            var time: Int64
            var isData: Bool
            /// First packet of a data segment, or the number acknowledged.
            var packet: Int
            /// What the sender had in flight just after it sent this packet.
            var truth: Int
        }
        var passings: [Passing] = []

        init(tap: Int64) {
            let oneWay: Int64 = 50_000_000
            let spacing: Int64 = 200_000
            var window = 10
            var next = 0
            var acknowledged = 0
            var free: Int64 = 200_000_000
            var answers: [Int64] = []  // when the acknowledgment of each packet reaches the sender
            var heard = 0
            var now: Int64 = free
            while next < 3000 {
                while heard < answers.count, answers[heard] <= now {
                    heard += 1
                    acknowledged += 1
                    window = min(300, window + 1)
                }
                if next - acknowledged < window, free <= now {
                    next += 1
                    passings.append(
                        Passing(time: now + tap, isData: true, packet: next - 1, truth: next - acknowledged))
                    passings.append(Passing(time: now + 2 * oneWay - tap, isData: false, packet: next, truth: 0))
                    answers.append(now + 2 * oneWay)
                    free = now + spacing
                }
                let wake = [next - acknowledged < window ? free : .max, heard < answers.count ? answers[heard] : .max]
                    .min()
                now = max(now, wake ?? now)
            }
            // An acknowledgment that passes at the moment of a segment was heard before it.
            passings.sort { $0.time != $1.time ? $0.time < $1.time : !$0.isData && $1.isData }
        }
    }

    @Test(arguments: [Int64(10_000), 100_000, 25_000_000, 49_900_000])
    func equalsTheSendersOwnCount(tap: Int64) {
        var flow = TCPScenario()
        let toServer = Double(2 * tap) / 1e6
        flow.handshake(toServer: toServer, toClient: 100 - toServer)
        var wrong = 0
        for passing in Simulation(tap: tap).passings {
            let time = Double(passing.time) / 1e6
            guard passing.isData else {
                flow.ack(at: time, passing.packet * 1000)
                continue
            }
            flow.data(at: time, passing.packet * 1000)
            let flight = flow.tracker.server.flight.last
            // At the host itself the few microseconds between tap and sender are not resolved.
            if abs(flight - passing.truth * 1000) > (tap <= 10_000 ? 1000 : 0) { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(flow.server.inFlight?.maximum == 300_000)
        #expect(flow.server.initialWindowBytes == 10_000)
    }

    /// A hole inside the first flight was sent, too. One behind it may be part of it or not.
    @Test func firstFlightWithLossesBeforeTheCapture() {
        for (lost, expected) in [(4, 10_000), (9, nil)] as [(Int, Int?)] {
            var flow = TCPScenario(timestamps: true)
            flow.handshake(toServer: 40, toClient: 0.02)
            for index in 0..<10 where index != lost {
                flow.data(at: 100 + Double(index), index * 1000, stamp: 60, echo: 1)
            }
            flow.ack(at: 110, min(lost, 9) * 1000, stamp: 70, echo: 60)
            flow.data(at: 151, 10_000, stamp: 110, echo: 70)
            flow.data(at: 152, lost * 1000, stamp: 111, echo: 70)
            #expect(flow.server.initialWindowBytes == expected)
        }
    }

    /// While losses are repaired the window is what is in flight, not what was before.
    @Test func windowInRecoveryFollowsTheFlight() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<40 { flow.data(at: 100 + Double(index) / 10, index * 1000) }
        flow.ack(at: 150, 20_000)
        for index in 40..<60 { flow.data(at: 151 + Double(index) / 10, index * 1000) }
        #expect(flow.tracker.server.flight.window == 40_000)
        // Segment 20 is lost; each two that are reported let one out.
        for index in 0..<10 {
            let reported = 24_000 + index * 2000
            flow.ack(at: 200 + Double(index), 20_000, sacks: [(21_000, reported)])
            flow.data(at: 200.1 + Double(index), index == 0 ? 20_000 : (59 + index) * 1000)
        }
        #expect(flow.tracker.server.flight.last == 28_000)  // 69 - 20 - 21 reported
        #expect(flow.tracker.server.flight.window == 28_000)
        // Repaired: what is sent from now on is the new window.
        flow.ack(at: 260, 69_000)
        for index in 69..<79 { flow.data(at: 261 + Double(index) / 10, index * 1000) }
        #expect(flow.tracker.server.flight.window == 28_000)
    }

    @Test func sackedAndLostBytesLeaveThePipe() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<10 { flow.data(at: 100 + Double(index), index * 1000) }
        flow.ack(at: 151, 0, sacks: [(1000, 2000)])
        #expect(flow.tracker.server.flight.last == 9000)
        flow.ack(at: 152, 0, sacks: [(1000, 3000)])
        #expect(flow.tracker.server.flight.last == 8000)
        flow.ack(at: 153, 0, sacks: [(1000, 4000)])
        #expect(flow.tracker.server.flight.last == 6000)  // 3 reported, 1 lost
        flow.data(at: 153.1, 0)
        #expect(flow.tracker.server.flight.last == 7000)
    }

    @Test func repeatedBlockCountsOnce() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<6 { flow.data(at: 100 + Double(index), index * 1000) }
        flow.ack(at: 151, 0, sacks: [(1000, 2000)])
        flow.ack(at: 152, 0, sacks: [(1000, 2000)])
        #expect(flow.tracker.server.sackedBytes == 1000)
    }

    @Test func blockAcrossTheWrapCountsItsBytes() {
        var flow = TCPScenario()
        flow.serverStart = 0xffff_f7ff  // first byte 0xfffff800
        flow.handshake(toServer: 0.02, toClient: 50)
        for index in 0..<4 { flow.data(at: 100 + Double(index), index * 1024, 1024) }
        flow.ack(at: 151, 0, sacks: [(1024, 3072)])  // 0xfffffc00 to 0x00000400
        #expect(flow.tracker.server.sackedBytes == 2048)
        flow.ack(at: 152, 4096)
        #expect(flow.tracker.server.outstanding == 0)
        #expect(flow.server.uniqueBytes == 4096)
    }

    @Test func duplicateReportIsNotSelective() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 101, 1000)
        flow.data(at: 400, 0)
        flow.ack(at: 401, 2000)
        flow.ack(at: 451, 2000, sacks: [(0, 1000)])
        #expect(flow.server.dsacks == 1)
        #expect(flow.tracker.server.sackedBytes == 0)
        #expect(flow.server.retransmissions.spurious == 1)
        #expect(flow.server.retransmissions.packets == 1)
        #expect(flow.server.loss.events == 0)
    }
}
