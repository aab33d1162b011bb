import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

/// The packets that a flow is written with are those that it counts.
@Suite struct FlowWatchTests {
    let client: Endpoint = "10.0.0.1:40000"
    let server: Endpoint = "10.0.0.2:443"

    /// Sends frames to an engine that watches flow 1 and returns which of them it counted there.
    private func taken(_ frames: [[UInt8]], protocolNumber: UInt8 = 6) -> (taken: [Int], counted: Int) {
        var driver = EngineDriver()
        driver.engine.watch(
            FlowIdentifier(number: 1), client: client.address, server: server.address, protocolNumber: protocolNumber)
        var taken: [Int] = []
        for (index, frame) in frames.enumerated() {
            driver.send(frame)
            if !driver.engine.takeFrames(of: FlowIdentifier(number: 1)).isEmpty { taken.append(index) }
        }
        let flow = driver.finalFlows.first { $0.identifier.number == 1 }
        return (taken, Int((flow?.client.packets ?? 0) + (flow?.server.packets ?? 0)))
    }

    private func tcp(_ source: Endpoint, _ destination: Endpoint, _ flags: UInt16, vlans: [UInt16] = []) -> [UInt8] {
        PacketBuilder.tcpFrame(
            from: source, to: destination, sequence: flags == 0x02 ? 100 : 900, acknowledgment: 101, flags: flags,
            vlans: vlans)
    }

    @Test func whatNobodyTakesAnyMoreIsNotKept() {
        var driver = EngineDriver()
        let flow = FlowIdentifier(number: 1)
        driver.engine.watch(flow, client: client.address, server: server.address, protocolNumber: 6)
        driver.send(tcp(client, server, 0x02))
        driver.engine.unwatch(flow)
        driver.send(tcp(server, client, 0x12))
        #expect(driver.engine.takeFrames(of: flow).isEmpty)
        driver.engine.watch(flow, client: client.address, server: server.address, protocolNumber: 6)
        driver.send(tcp(client, server, 0x10))
        #expect(driver.engine.takeFrames(of: flow).count == 1)
    }

    @Test func aDirectionInAnotherVLANIsPartOfTheFlow() {
        let (taken, counted) = taken([
            tcp(client, server, 0x02, vlans: [7]), tcp(server, client, 0x12), tcp(server, client, 0x10),
        ])
        #expect(taken == [0, 1, 2])
        #expect(counted == 3)
    }

    @Test func aTunnelledDirectionIsPartOfTheFlow() {
        let inner = PacketBuilder.ip(
            from: server.address, to: client.address, protocol: 6,
            PacketBuilder.tcp(from: 443, to: 40_000, sequence: 900, acknowledgment: 101, flags: 0x10))
        let outer = PacketBuilder.ethernet(PacketBuilder.ip(from: "192.0.2.1", to: "192.0.2.2", protocol: 4, inner))
        let (taken, counted) = taken([tcp(client, server, 0x18), outer, outer])
        #expect(taken == [0, 1, 2])
        #expect(counted == 3)
    }

    @Test func aCopyInAnotherVLANIsNot() {
        let (taken, _) = taken([
            tcp(client, server, 0x02, vlans: [7]), tcp(client, server, 0x02, vlans: [8]),
            tcp(server, client, 0x12, vlans: [8]), tcp(server, client, 0x12, vlans: [7]),
        ])
        #expect(taken == [0, 3])
    }

    @Test func aLaterConnectionOnThePortsIsNot() {
        let later = PacketBuilder.tcpFrame(from: client, to: server, sequence: 5_000_000, flags: 0x02)
        let (taken, counted) = taken([
            tcp(client, server, 0x02), tcp(server, client, 0x12), tcp(client, server, 0x14), later,
        ])
        #expect(taken == [0, 1, 2])
        #expect(counted == 3)
    }

    @Test func whatIsNotWatchedIsNotKept() {
        var driver = EngineDriver()
        driver.send(tcp(client, server, 0x02))
        #expect(driver.engine.takeFrames(of: FlowIdentifier(number: 1)).isEmpty)
    }
}
