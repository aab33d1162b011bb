import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

@Suite struct QUICFlowTests {
    let client: Endpoint = "10.0.0.1:40000"
    let rebound: Endpoint = "10.0.0.1:41000"
    let server: Endpoint = "10.0.0.2:443"

    /// A long-header packet whose protection opens with no key.
    private func handshake(_ destination: String, _ source: String) -> [UInt8] {
        let ids = [UInt8](hex: destination).count
        let sourceLength = [UInt8](hex: source).count
        return [0xe0, 0, 0, 0, 1, UInt8(ids)] + [UInt8](hex: destination) + [UInt8(sourceLength)]
            + [UInt8](hex: source) + [0x40, 0x20] + [UInt8](repeating: 0x5a, count: 32)
    }

    private func short(_ destination: String) -> [UInt8] {
        [0x41] + [UInt8](hex: destination) + [UInt8](repeating: 7, count: 40)
    }

    private func connect(_ driver: inout EngineDriver) {
        driver.send(
            PacketBuilder.udpFrame(from: client, to: server, payload: handshake("1122334455667788", "aabbccdd")))
        driver.send(
            PacketBuilder.udpFrame(from: server, to: client, payload: handshake("aabbccdd", "0102030405060708")))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: short("0102030405060708")))
    }

    @Test func aConnectionIsToldByItsFirstPacket() throws {
        var driver = EngineDriver()
        connect(&driver)
        let flow = try #require(driver.finalFlows.first)
        #expect(flow.protocols == ["ipv4", "udp", "quic"])
        #expect(flow.quic?.version == "1")
        #expect(flow.quic?.clientConnectionIDs == ["aabbccdd"])
        #expect(flow.quic?.serverConnectionIDs == ["0102030405060708"])
        #expect(flow.quic?.packets.oneRTT == 1)
    }

    @Test func aRebindingStaysOneFlow() throws {
        var driver = EngineDriver()
        connect(&driver)
        driver.send(PacketBuilder.udpFrame(from: rebound, to: server, payload: short("0102030405060708")))
        driver.send(PacketBuilder.udpFrame(from: server, to: rebound, payload: short("aabbccdd")))
        let flows = driver.finalFlows
        let flow = try #require(flows.first)
        #expect(flows.count == 1)
        #expect(flow.client.packets == 3)
        #expect(flow.server.packets == 2)
        #expect(flow.quic?.migrations.map(\.to) == [rebound])
        #expect(flow.quic?.migrations.first?.isValidated == nil, "no keys, no answer to a challenge seen")
        #expect(driver.events.contains { if case .migration = $0.kind { true } else { false } })
    }

    @Test func anUnknownIDIsAFlowOfItsOwn() {
        var driver = EngineDriver()
        connect(&driver)
        driver.send(PacketBuilder.udpFrame(from: rebound, to: server, payload: short("ffffffffffffffff")))
        #expect(driver.finalFlows.count == 2)
    }

    @Test func stampsAtTheEndOfTheRangeEnd() {
        var driver = EngineDriver()
        connect(&driver)
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: short("0102030405060708")), after: .max)
        connect(&driver)
        #expect(driver.finalFlows.count == 1)
    }
}
