import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopTransport

/// A sender, its receiver and the path between, played step by step; the capture is at the sender's host.
@Suite struct TCPPolicerTests {
    private static let size = 1250
    private static let delay = 40.0  // ms, the whole loop

    /// Sends rounds of a window that grows by a packet each and is halved after a loss. `passes` says of each new packet
    /// whether the path lets it through; packets leave `spacing` ms apart.
    private func play(
        rounds: Int, window: (Int, _ hadLoss: Bool) -> Int, spacing: Double, passes: (Double) -> Bool
    ) -> TCPEndpointSnapshot {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: Self.delay)
        var next = 0
        var clock = 100.0
        var packets = window(0, false)
        for round in 0..<rounds {
            var lost: [Int] = []
            let first = next
            for index in 0..<packets {
                let time = clock + Double(index) * spacing
                flow.data(at: time, next * Self.size, Self.size)
                if !passes(time) { lost.append(next) }
                next += 1
            }
            // The receiver answers each packet: below the first hole cumulatively, above it with SACK.
            let hole = lost.first ?? next
            var blockStart: Int?
            for index in first..<next where !lost.contains(index) {
                let time = clock + Double(index - first) * spacing + Self.delay
                if index < hole {
                    flow.ack(at: time, (index + 1) * Self.size)
                } else {
                    if blockStart == nil || lost.contains(index - 1) { blockStart = index }
                    flow.ack(
                        at: time, hole * Self.size,
                        sacks: [((blockStart ?? index) * Self.size, (index + 1) * Self.size)])
                }
            }
            clock += Double(packets) * spacing + Self.delay
            if !lost.isEmpty {
                for (position, index) in lost.enumerated() {
                    flow.data(at: clock + Double(position) * spacing + 0.1, index * Self.size, Self.size)
                }
                clock += Double(lost.count) * spacing + Self.delay + 0.2
                flow.ack(at: clock, next * Self.size)
                clock += 0.1
            }
            packets = window(round, !lost.isEmpty)
        }
        return flow.server
    }

    /// 10 Mb/s with a bucket of 125 KB and no queue: the window that overruns it loses its end, and what comes through
    /// between two such losses is always the same. Losses of a single packet, or closer than four round trips, do not
    /// show that.
    @Test func tokenBucketWithoutQueueIsAPolicer() {
        var tokens = 100.0
        var last = 0.0
        var packets = 60
        let endpoint = play(
            rounds: 400,
            window: { _, hadLoss in
                packets = hadLoss ? packets / 2 : packets + 8
                return packets
            }, spacing: 0.1,
            passes: { time in
                tokens = min(100, tokens + (time - last))  // a packet each millisecond
                last = time
                guard tokens >= 1 else { return false }
                tokens -= 1
                return true
            })
        #expect(endpoint.loss.events >= 5)
        #expect(endpoint.loss.policed * 10 >= endpoint.loss.events * 8)
        #expect(endpoint.loss.congestive == 0)
    }

    /// The same rate with a bucket of 25 packets: windows of half the rate overrun it already, so no rate is pinned; but
    /// it is always the largest windows that do, and no packet ever waits.
    @Test func smallBucketIsAPolicer() {
        var tokens = 25.0
        var last = 0.0
        var packets = 20
        let endpoint = play(
            rounds: 400,
            window: { round, hadLoss in
                packets = hadLoss ? packets / 2 : packets + 1 + round % 2
                return packets
            }, spacing: 0.1,
            passes: { time in
                tokens = min(25, tokens + (time - last))
                last = time
                guard tokens >= 1 else { return false }
                tokens -= 1
                return true
            })
        #expect(endpoint.loss.events >= 8)
        #expect(endpoint.loss.policed * 10 >= endpoint.loss.events * 9)
    }

    /// A sender that hears of losses by chance, one packet in 150: never a policer's.
    @Test func lossesByChanceAreRandom() {
        var random = SeededRandom(seed: 11)
        var packets = 20
        let endpoint = play(
            rounds: 400,
            window: { _, hadLoss in
                packets = hadLoss ? max(4, packets / 2) : packets + 1
                return packets
            }, spacing: 0.1, passes: { _ in Int.random(in: 0..<150, using: &random) != 0 })
        #expect(endpoint.loss.events >= 20)
        #expect(endpoint.loss.random == endpoint.loss.events)
    }

    /// 1 Mb/s of an application with one loss: random, and never a policer's.
    @Test func singleLossOfAQuietSenderIsRandom() {
        var sent = 0
        let endpoint = play(
            rounds: 200, window: { _, _ in 4 }, spacing: 0.1,
            passes: { _ in
                sent += 1
                return sent != 301
            })
        #expect(endpoint.loss.events == 1)
        #expect(endpoint.loss.random == 1)
        #expect(endpoint.loss.policed == 0)
    }
}
