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

    /// The same of type Initial, without a token.
    private func initial(_ destination: String, _ source: String) -> [UInt8] {
        let ids = [UInt8](hex: destination)
        return [0xc0, 0, 0, 0, 1, UInt8(ids.count)] + ids + [UInt8([UInt8](hex: source).count)]
            + [UInt8](hex: source) + [0, 0x40, 0x20] + [UInt8](repeating: 0x5a, count: 32)
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

    @Test func aNewConnectionOnTheSameAddressesIsAFlowOfItsOwn() throws {
        var driver = EngineDriver()
        driver.send(
            PacketBuilder.udpFrame(from: client, to: server, payload: initial("1122334455667788", "aabbccdd")))
        driver.send(
            PacketBuilder.udpFrame(from: server, to: client, payload: handshake("aabbccdd", "0102030405060708")))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: short("0102030405060708")))
        // Damaged, it is no Initial of anyone.
        var forged = QUICVectors.clientInitial
        forged[600] ^= 1
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: forged))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: QUICVectors.clientInitial))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: QUICVectors.clientInitial))
        driver.send(PacketBuilder.udpFrame(from: server, to: client, payload: handshake("", "f067a5502a4262b5")))
        let flows = driver.finalFlows
        #expect(flows.count == 2)
        let second = try #require(flows.last)
        #expect(second.quic?.originalDestinationID == "8394c8f03e515708")
        #expect(second.client.packets == 2 && second.server.packets == 1)
        #expect(second.anomalies[.portReused] == 1)
        #expect(flows.first?.quic?.originalDestinationID != "8394c8f03e515708")
        #expect(flows.first?.client.packets == 3)
    }

    @Test func aNewConnectionAfterOneWithoutABeginningIsAFlowOfItsOwn() {
        var driver = EngineDriver()
        driver.send(
            PacketBuilder.udpFrame(from: client, to: server, payload: handshake("1122334455667788", "aabbccdd")))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: short("0102030405060708")))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: QUICVectors.clientInitial))
        #expect(driver.finalFlows.count == 2)
    }

    @Test func aHandshakeThatGoesOnIsNotSplit() {
        var driver = EngineDriver()
        driver.send(
            PacketBuilder.udpFrame(from: client, to: server, payload: handshake("1122334455667788", "aabbccdd")))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: QUICVectors.clientInitial))
        #expect(driver.finalFlows.count == 1, "nothing was established: it may be a new attempt of the same client")
    }

    /// Rule 26: the client asks for QUIC, hears nothing, and turns to TCP at the same service.
    @Test func aClientThatFallsBackToTCP() throws {
        func run(answered: Bool, tcpTo port: UInt16, after wait: Nanoseconds) -> [FlowSnapshot] {
            var driver = EngineDriver()
            let initial = PacketBuilder.udpFrame(from: client, to: server, payload: QUICVectors.clientInitial)
            driver.send(initial)
            driver.send(initial, after: .milliseconds(300))
            if answered {
                driver.send(
                    PacketBuilder.udpFrame(from: server, to: client, payload: handshake("", "0102030405060708")))
                driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: short("0102030405060708")))
            }
            let near: Endpoint = "10.0.0.1:50000"
            let far = Endpoint(address: "10.0.0.2", port: port)
            driver.send(PacketBuilder.tcpFrame(from: near, to: far, sequence: 1, flags: 0x02), after: wait)
            driver.send(
                PacketBuilder.tcpFrame(from: far, to: near, sequence: 9, acknowledgment: 2, flags: 0x12))
            driver.send(PacketBuilder.tcpFrame(from: near, to: far, sequence: 2, acknowledgment: 10, flags: 0x10))
            return driver.finalFlows
        }
        let blocked = run(answered: false, tcpTo: 443, after: .milliseconds(100))
        #expect(blocked.first?.quic?.fallback != nil)
        #expect(blocked.first?.verdicts.map(\.rule) == ["quic_blocked"])
        #expect(run(answered: true, tcpTo: 443, after: .milliseconds(100)).first?.quic?.fallback == nil)
        #expect(run(answered: false, tcpTo: 80, after: .milliseconds(100)).first?.quic?.fallback == nil)
        #expect(run(answered: false, tcpTo: 443, after: .seconds(60)).first?.quic?.fallback == nil)
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
