import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// What a few small packets can make the engine hold, and who gives up when it may hold no more.
///
/// The bound that is asserted: bytes held, with the state of the trackers that hold them, are at most
/// `stateBytes` for each flow and twice the bytes fed (storage grows by doubling).
@Suite struct FloodTests {
    /// State of the largest tracker stack of a flow, before it holds anything.
    private static let stateBytes = 12_000
    private let server: Endpoint = "192.0.2.1:443"

    /// An engine, and what was fed to it.
    private struct Flood: ~Copyable {
        var driver: EngineDriver
        var fed = 0

        init(memory: Int? = nil, flows: Int? = nil) {
            var options = EngineOptions()
            if let memory { options.limits.memory = memory }
            if let flows { options.limits.flows = flows }
            driver = EngineDriver(options: options)
        }

        mutating func send(_ frame: [UInt8], after: Nanoseconds = 1_000) {
            fed += frame.count
            driver.send(frame, after: after)
        }

        mutating func udp(_ from: Endpoint, _ to: Endpoint, _ payload: [UInt8], after: Nanoseconds = 1_000) {
            send(PacketBuilder.udpFrame(from: from, to: to, payload: payload), after: after)
        }

        /// Held at this moment.
        var held: Int { driver.engine.health.memory?.used ?? 0 }
    }

    /// Bytes held beyond the state of `flows` trackers, as a multiple of what was fed.
    private func share(_ flood: borrowing Flood, flows: Int) -> Double {
        Double(flood.held - flows * Self.stateBytes) / Double(flood.fed)
    }

    @Test func aFirstFragmentHoldsWhatCameNotWhatItClaims() {
        var flood = Flood()
        let fragment = FloodBuilder.dtlsFragment(length: 60_000, offset: 5, count: 200)
        for number in 0..<300 { flood.udp(FloodBuilder.client(number), server, fragment) }
        let used = flood.held
        #expect(used > 300 * 200)
        let share = share(flood, flows: 300)
        #expect(share <= 2)
    }

    @Test func twoMessagesBothWaysHoldWhatCame() {
        var flood = Flood()
        for number in 0..<200 {
            for message in 0..<2 {
                let fragment = FloodBuilder.dtlsFragment(length: 48_000, offset: 9, count: 1, message: message)
                flood.udp(FloodBuilder.client(number), server, fragment)
                flood.udp(server, FloodBuilder.client(number), fragment)
            }
        }
        #expect(flood.driver.engine.flowCount == 200)
        let share = share(flood, flows: 200)
        #expect(share <= 2)
    }

    @Test func cryptoBytesFarAheadHoldWhatCame() {
        var flood = Flood()
        for number in 0..<100 {
            let initials = FloodBuilder.quicInitials(number, cryptoOffset: 65_535)
            flood.udp(FloodBuilder.client(number), server, initials.client)
            flood.udp(server, FloodBuilder.client(number), initials.server)
        }
        let used = flood.held
        let share = share(flood, flows: 100)
        #expect(used > 0 && share <= 2 && flood.driver.engine.flowCount == 100)
        // What the packets said was read.
        let flow = flood.driver.engine.snapshot().flows.first
        #expect(flow?.quic != nil && flow?.decode.malformed == 0)
    }

    /// A TLS connection with a hole behind its first bytes.
    private func segmentsBehindAHole(_ flood: inout Flood, _ number: Int, count: Int) {
        let client = FloodBuilder.client(number)
        flood.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 0, flags: 2))
        flood.send(PacketBuilder.tcpFrame(from: server, to: client, sequence: 0, acknowledgment: 1, flags: 0x12))
        let begin: [UInt8] = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3] + [UInt8](repeating: 5, count: 100)
        flood.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 1, acknowledgment: 1, payload: begin))
        for index in 0..<count {
            flood.send(
                PacketBuilder.tcpFrame(
                    from: client, to: server, sequence: UInt32(2_000 + index * 1_400), acknowledgment: 1,
                    payload: [UInt8](repeating: 6, count: 1_400)))
        }
    }

    @Test func segmentsBehindAHoleHoldWhatCame() {
        var flood = Flood()
        for number in 0..<10 { segmentsBehindAHole(&flood, number, count: 150) }
        let used = flood.held
        let share = share(flood, flows: 10)
        #expect(used > 10 * 150 * 1_400 && share <= 2)
    }

    @Test func aSpentBudgetIsGivenUpByTheLeastProven() throws {
        let budget = 1 << 20
        var flood = Flood(memory: budget)
        // A connection with payload both ways, and 14,000 bytes behind a hole.
        segmentsBehindAHole(&flood, 0, count: 10)
        flood.send(
            PacketBuilder.tcpFrame(
                from: server, to: FloodBuilder.client(0), sequence: 1, acknowledgment: 112, payload: [21, 3, 3, 0, 2]))
        // Others one way, not enough of it to be proven.
        for number in 1..<80 { segmentsBehindAHole(&flood, number, count: 11) }
        let fragment = FloodBuilder.dtlsFragment(length: 60_000, offset: 5, count: 1_000)
        for number in 100..<600 {
            flood.udp(FloodBuilder.client(number), server, fragment)
            let used = flood.held
            #expect(used <= budget)
        }
        let memory = try #require(flood.driver.engine.health.memory)
        #expect(memory.releases > 50 && memory.releasedBytes > UInt64(flood.fed / 4))
        #expect(memory.peak <= budget + 16_000)
        // The proven one kept what it held: the hole fills, and nothing is missing.
        flood.send(
            PacketBuilder.tcpFrame(
                from: FloodBuilder.client(0), to: server, sequence: 112, acknowledgment: 6,
                payload: [UInt8](repeating: 5, count: 1_888)))
        let flows = flood.driver.finalFlows
        let proven = try #require(flows.first { $0.identifier == FlowIdentifier(number: 1) })
        #expect(proven.decode.gaps == 0)
    }

    /// Hundreds of connections grow behind their holes together, each far from its own cap: only the budget stops them.
    @Test func holesThatGrowTogetherAreStoppedByTheBudget() throws {
        let budget = 1 << 20
        let connections = 100
        var flood = Flood(memory: budget)
        for number in 0..<connections { segmentsBehindAHole(&flood, number, count: 0) }
        for index in 0..<16 {
            for number in 0..<connections {
                flood.send(
                    PacketBuilder.tcpFrame(
                        from: FloodBuilder.client(number), to: server, sequence: UInt32(2_000 + index * 1_400),
                        acknowledgment: 1, payload: [UInt8](repeating: 6, count: 1_400)))
                let used = flood.held
                #expect(used <= budget)
            }
        }
        let memory = try #require(flood.driver.engine.health.memory)
        #expect(memory.peak > budget - 16_000, "the budget was reached")
        #expect(memory.releases >= 50 && memory.releasedBytes > UInt64(flood.fed / 3))
        // They gave up bytes, not themselves; and what each held was below its own cap.
        #expect(flood.driver.engine.flowCount == connections)
        let cap = flood.driver.engine.health.limits.first { $0.name == "TCP bytes behind a hole" }?.value ?? 0
        #expect(16 * 1_400 < cap)
    }

    @Test func aTinyBudgetIsKept() {
        var flood = Flood(memory: 40_000)
        for number in 0..<60 {
            let initials = FloodBuilder.quicInitials(number, cryptoOffset: 65_000)
            flood.udp(FloodBuilder.client(number), server, initials.client)
            flood.udp(server, FloodBuilder.client(number), initials.server)
            let used = flood.held
            #expect(used <= 40_000)
        }
        let evicted = flood.driver.engine.trafficTotals.evictedFlows
        #expect(evicted > 40)
        #expect(flood.driver.retired.allSatisfy { $0.isEvicted })
    }

    @Test func whatWasHeldIsFreeWhenItsFlowGoes() {
        var flood = Flood(flows: FlowBucket.count)
        let fragment = FloodBuilder.dtlsFragment(length: 60_000, offset: 5, count: 200)
        for number in 0..<2_000 { flood.udp(FloodBuilder.client(number), server, fragment) }
        let used = flood.held
        #expect(used <= FlowBucket.count * (Self.stateBytes + 600))
    }

    /// Media flows of 100 packets a second beside a flood; how many of them are there as one flow at the end.
    private func mediaKept(
        seconds: Double, floodRate: Int, capacity: Int, _ flood: (inout Flood, Int) -> Void
    ) -> Int {
        let media = 10
        var beside = Flood(flows: capacity)
        func exchange(_ number: Int, _ beside: inout Flood) {
            let client = Endpoint(address: IPAddress(v4: 0x0a00_0000 + UInt32(number)), port: 5_004)
            beside.udp(client, "192.0.2.9:5004", [0x80, 96, 1, 2], after: 0)
            beside.udp("192.0.2.9:5004", client, [0x80, 96, 1, 2], after: 0)
        }
        // Alone for 1.1 s, then beside the flood.
        for _ in 0..<110 {
            for number in 0..<media { exchange(number, &beside) }
            beside.driver.time = beside.driver.time + .milliseconds(10)
        }
        var next = 0
        for _ in 0..<Int(seconds * 100) {
            for number in 0..<media { exchange(number, &beside) }
            for _ in 0..<(floodRate / 100) {
                flood(&beside, next)
                next += 1
            }
            beside.driver.time = beside.driver.time + .milliseconds(10)
        }
        let first = Set((1...UInt64(media)).map { FlowIdentifier(number: $0) })
        let evicted = beside.driver.engine.trafficTotals.evictedFlows
        #expect(evicted > 1_000)
        return beside.driver.finalFlows.count { first.contains($0.identifier) }
    }

    @Test func mediaStaysBesideAFloodOfDatagramsBothWays() {
        let kept = mediaKept(seconds: 0.6, floodRate: 4_000, capacity: 500) { flood, number in
            flood.udp(FloodBuilder.client(number), server, [1, 2, 3], after: 0)
            flood.udp(server, FloodBuilder.client(number), [1, 2, 3], after: 0)
        }
        #expect(kept == 10)
    }

    @Test func mediaStaysBesideAFloodOfSYNs() {
        let kept = mediaKept(seconds: 0.6, floodRate: 4_000, capacity: 500) { flood, number in
            flood.send(
                PacketBuilder.tcpFrame(
                    from: FloodBuilder.client(number), to: server, sequence: UInt32(number), flags: 2), after: 0)
        }
        #expect(kept == 10)
    }

    @Test func youngMediaStaysBesideAFloodToo() {
        // Nothing but the flood went before: the media flow is no older than what it has to stand against.
        var flood = Flood(flows: 500)
        let client: Endpoint = "10.0.0.1:5004"
        var next = 0
        for _ in 0..<100 {
            flood.udp(client, server, [0x80, 96, 1, 2], after: 0)
            flood.udp(server, client, [0x80, 96, 1, 2], after: 0)
            for _ in 0..<40 {
                flood.udp(FloodBuilder.client(next), server, [1, 2, 3], after: 0)
                flood.udp(server, FloodBuilder.client(next), [1, 2, 3], after: 0)
                next += 1
            }
            flood.driver.time = flood.driver.time + .milliseconds(10)
        }
        let flows = flood.driver.finalFlows
        let media = flows.filter { $0.client.endpoint == client }
        #expect(media.count == 1 && media.first?.client.packets == 100)
    }
}
