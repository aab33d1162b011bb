import StreamtopBase
import StreamtopEngine
import StreamtopModel
import StreamtopTestSupport
import Testing

/// What a relay carries is a flow of its own, below the one that carries it (RFC 8656, RFC 6544).
@Suite struct RelayedFlowTests {
    private static let client: Endpoint = "10.0.0.9:40000"
    private static let server: Endpoint = "198.51.100.5:3478"
    private static let relayed: Endpoint = "198.51.100.5:50000"
    private static let peer: Endpoint = "203.0.113.7:6000"

    private static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        RTPPacketBuilder.bytes(UInt32(type), 2) + RTPPacketBuilder.bytes(UInt32(value.count), 2) + value
            + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    private static func message(_ type: UInt16, _ id: UInt8, _ attributes: [UInt8] = []) -> [UInt8] {
        RTPPacketBuilder.bytes(UInt32(type), 2) + RTPPacketBuilder.bytes(UInt32(attributes.count), 2)
            + [0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: id, count: 12) + attributes
    }

    private static func hidden(_ end: Endpoint) -> [UInt8] {
        [0, 1] + RTPPacketBuilder.bytes(UInt32(end.port ^ 0x2112), 2)
            + RTPPacketBuilder.bytes(UInt32(truncatingIfNeeded: end.address.low) ^ 0x2112_a442, 4)
    }

    private static let allocate = message(0x0003, 1)
    private static let allocated = message(
        0x0103, 1, attribute(0x0016, hidden(relayed)) + attribute(0x000d, [0, 0, 2, 0x58]))
    private static let bind = message(0x0009, 2, attribute(0x000c, [0x40, 1, 0, 0]) + attribute(0x0012, hidden(peer)))
    private static let bound = message(0x0109, 2)

    private static func channelData(_ data: [UInt8], padded: Bool = false) -> [UInt8] {
        [0x40, 1] + RTPPacketBuilder.bytes(UInt32(data.count), 2) + data
            + (padded ? [UInt8](repeating: 0, count: (4 - data.count % 4) % 4) : [])
    }

    private static func sound(_ number: Int) -> [UInt8] {
        [0x80, 0] + RTPPacketBuilder.bytes(UInt32(number), 2) + RTPPacketBuilder.bytes(UInt32(number) * 160, 4)
            + [0, 0, 0, 7] + [UInt8](repeating: 0x55, count: 161)
    }

    private func send(_ driver: inout EngineDriver, _ payload: [UInt8], fromServer: Bool = false) {
        let (source, destination) = fromServer ? (Self.server, Self.client) : (Self.client, Self.server)
        driver.send(
            PacketBuilder.udpFrame(from: source, to: destination, payload: payload), after: .milliseconds(20))
    }

    private func open(_ driver: inout EngineDriver) {
        send(&driver, Self.allocate)
        send(&driver, Self.allocated, fromServer: true)
        send(&driver, Self.bind)
        send(&driver, Self.bound, fromServer: true)
    }

    @Test func mediaInAChannel() throws {
        var driver = EngineDriver()
        open(&driver)
        for number in 1...20 { send(&driver, Self.channelData(Self.sound(number))) }
        let flows = driver.finalFlows
        #expect(flows.count == 2)
        let (outer, inner) = (try #require(flows.first), try #require(flows.last))
        #expect(inner.parent == outer.identifier && outer.children == [inner.identifier])
        #expect(outer.parent == nil && inner.children.isEmpty)
        #expect(inner.client.endpoint == Self.relayed && inner.server.endpoint == Self.peer)
        #expect(inner.client.packets == 20 && inner.client.bytes == 20 * 173)
        #expect(inner.protocols == ["ipv4", "udp", "rtp"] && inner.rtp.first?.packets == 20)
        #expect(outer.protocols == ["ipv4", "udp", "stun", "turn"] && outer.rtp.isEmpty)
        #expect(outer.turn?.allocation?.bytes == 20 * 173 && outer.client.packets == 22)
    }

    /// What became of the allocation is told, and a refusal that every client gets first is none.
    @Test func eventsOfTheAllocation() {
        var driver = EngineDriver()
        let code: (UInt8) -> [UInt8] = { Self.attribute(0x0009, [0, 0, 4, $0]) }
        send(&driver, Self.message(0x0003, 9))
        send(&driver, Self.message(0x0113, 9, code(1)), fromServer: true)
        send(&driver, Self.message(0x0003, 10))
        send(&driver, Self.message(0x0113, 10, code(86)), fromServer: true)
        open(&driver)
        // The same allocation again, by a repeated answer, is no news.
        send(&driver, Self.allocated, fromServer: true)
        driver.time = driver.time + .seconds(601)
        for number in 1...3 { send(&driver, Self.channelData(Self.sound(number))) }
        send(&driver, Self.message(0x0004, 11, Self.attribute(0x000d, [0, 0, 0, 0])))
        send(&driver, Self.message(0x0104, 11, Self.attribute(0x000d, [0, 0, 0, 0])), fromServer: true)
        let told = driver.events.compactMap { event -> RelayAllocationEvent? in
            if case .allocation(let one) = event.kind { one } else { nil }
        }
        #expect(told.map(\.state) == [.refused, .granted, .lapsed, .released])
        #expect(told[0].errorCode == 486 && told[1].relayed == Self.relayed && told[1].lifetime == 600)
        #expect(told[2].lapse == .allocation)
    }

    /// What two servers say of one socket; one server alone says nothing of a NAT.
    @Test func eventsOfTheNAT() {
        func told(_ answers: [(server: Endpoint, mapped: Endpoint)]) -> [FlowEvent.Kind] {
            var driver = EngineDriver()
            for (number, answer) in answers.enumerated() {
                let id = UInt8(number + 1)
                driver.send(
                    PacketBuilder.udpFrame(from: Self.client, to: answer.server, payload: Self.message(0x0001, id)))
                let reply = Self.message(0x0101, id, Self.attribute(0x0020, Self.hidden(answer.mapped)))
                driver.send(PacketBuilder.udpFrame(from: answer.server, to: Self.client, payload: reply))
            }
            // It is joined at a tick.
            driver.send(
                PacketBuilder.udpFrame(from: Self.client, to: "192.0.2.77:9", payload: [0]), after: .seconds(1))
            return driver.events.map(\.kind).filter { if case .natMapping = $0 { true } else { false } }
        }
        let (one, other): (Endpoint, Endpoint) = ("198.51.100.5:3478", "198.51.100.9:3478")
        #expect(told([(one, "203.0.113.1:5000")]).isEmpty)
        #expect(
            told([(one, "203.0.113.1:5000"), (other, "203.0.113.1:5000")])
                == [.natMapping(.endpointIndependent, mapped: "203.0.113.1:5000")])
        #expect(
            told([(one, "203.0.113.1:5000"), (other, "203.0.113.1:5001")])
                == [.natMapping(.addressAndPortDependent, mapped: "203.0.113.1:5001")])
        #expect(told([(one, Self.client)]) == [.natMapping(.none, mapped: Self.client)])
    }

    /// Frames are counted once: in the flow that carried them.
    @Test func bytesCountOnce() throws {
        var driver = EngineDriver()
        open(&driver)
        for number in 1...20 { send(&driver, Self.channelData(Self.sound(number))) }
        let totals = driver.engine.trafficTotals
        let picture = driver.engine.snapshot()
        #expect(totals.packets == 24 && totals.flows == 2)
        let outer = try #require(picture.flows.first)
        #expect(picture.protocolTotals.map(\.bytes).reduce(0, +) == outer.client.bytes + outer.server.bytes)
        #expect(picture.protocolTotals.map(\.flows).reduce(0, +) == 1)
    }

    @Test func indicationsGoTheSameWay() throws {
        var driver = EngineDriver()
        open(&driver)
        for number in 1...10 {
            let indication = Self.message(
                number % 2 == 0 ? 0x0016 : 0x0017, UInt8(number),
                Self.attribute(0x0012, Self.hidden(Self.peer)) + Self.attribute(0x0013, Self.sound(number)))
            send(&driver, indication, fromServer: number % 2 == 1)
        }
        let inner = try #require(driver.finalFlows.last)
        #expect(inner.client.packets == 5 && inner.server.packets == 5)
        #expect(Set([inner.client.endpoint, inner.server.endpoint]) == [Self.relayed, Self.peer])
    }

    /// Two peers are two flows, and so is the same peer of two clients.
    @Test func eachPairOfEndsIsAFlow() {
        var driver = EngineDriver()
        open(&driver)
        let other: Endpoint = "203.0.113.8:6000"
        for number in 1...4 {
            let to = number % 2 == 0 ? Self.peer : other
            let indication = Self.message(
                0x0016, UInt8(number),
                Self.attribute(0x0012, Self.hidden(to)) + Self.attribute(0x0013, Self.sound(number)))
            send(&driver, indication)
            driver.send(
                PacketBuilder.udpFrame(from: "10.0.0.10:40000", to: Self.server, payload: indication),
                after: .milliseconds(1))
        }
        let flows = driver.finalFlows
        #expect(flows.count == 6 && flows.filter { $0.parent != nil }.count == 4)
        #expect(Set(flows.compactMap(\.parent)).count == 2)
    }

    /// A capture that begins with the relay's answer takes the relay for the client, until a request shows who is.
    @Test func theRelayIsNotTheClient() throws {
        var driver = EngineDriver()
        let relay: Endpoint = "198.51.100.5:40001"
        func send(_ payload: [UInt8], fromRelay: Bool) {
            driver.send(
                PacketBuilder.udpFrame(
                    from: fromRelay ? relay : Self.client, to: fromRelay ? Self.client : relay, payload: payload),
                after: .milliseconds(20))
        }
        send(Self.allocated, fromRelay: true)
        send(Self.bind, fromRelay: false)
        send(Self.bound, fromRelay: true)
        for number in 1...10 { send(Self.channelData(Self.sound(number)), fromRelay: false) }
        let flows = driver.finalFlows
        #expect(flows.first?.client.endpoint == Self.client && flows.first?.server.endpoint == relay)
        let inner = try #require(flows.last)
        #expect(inner.client.endpoint == Self.relayed && inner.server.endpoint == Self.peer)
    }

    /// Picked up in the middle: channels are data only where TURN was seen, and their peers have no names.
    @Test func pickedUpInTheMiddle() throws {
        var driver = EngineDriver()
        for number in 1...5 { send(&driver, Self.channelData(Self.sound(number))) }
        send(&driver, Self.message(0x0004, 3))
        for number in 6...15 { send(&driver, Self.channelData(Self.sound(number))) }
        let flows = driver.finalFlows
        #expect(flows.count == 2)
        let inner = try #require(flows.last)
        #expect(inner.client.endpoint == Self.client && inner.server.endpoint.description == "0.0.0.0:16385")
        #expect(inner.rtp.first?.packets == 10)
    }

    /// The flow on the peer's side of a relay has the ends of the relayed one, and stays another.
    @Test func theRelaysOtherSideIsAnotherFlow() throws {
        var driver = EngineDriver()
        open(&driver)
        for number in 1...10 {
            send(&driver, Self.channelData(Self.sound(number)))
            driver.send(PacketBuilder.udpFrame(from: Self.relayed, to: Self.peer, payload: Self.sound(number)))
        }
        driver.send(PacketBuilder.udpFrame(from: Self.peer, to: Self.relayed, payload: [1, 2, 3]))
        let flows = driver.finalFlows
        #expect(flows.count == 3)
        let outside = try #require(flows.first { $0.parent == nil && $0.client.endpoint == Self.relayed })
        #expect(outside.client.packets == 10 && outside.server.packets == 1)
    }

    /// Over TCP messages follow each other without regard to segments, and channel data is padded.
    @Test(arguments: [11, 100, 1_460]) func overTCP(segment: Int) throws {
        var driver = EngineDriver()
        var stream = Self.allocate + Self.bind
        for number in 1...12 { stream += Self.channelData(Self.sound(number), padded: true) }
        let answers = Self.allocated + Self.bound
        driver.send(PacketBuilder.tcpFrame(from: Self.client, to: Self.server, sequence: 99, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.server, to: Self.client, sequence: 499, acknowledgment: 100, flags: 0x12))
        var sent = 0
        func client(_ part: [UInt8]) -> [UInt8] {
            PacketBuilder.tcpFrame(
                from: Self.client, to: Self.server, sequence: 100 + UInt32(sent), acknowledgment: 500,
                flags: 0x18, payload: part)
        }
        // The relay answers once it has both requests.
        let requests = Self.allocate.count + Self.bind.count
        driver.send(client(Array(stream[..<requests])))
        sent = requests
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.server, to: Self.client, sequence: 500, acknowledgment: 100 + UInt32(sent),
                flags: 0x18, payload: answers))
        while sent < stream.count {
            let part = Array(stream[sent..<min(stream.count, sent + segment)])
            driver.send(client(part))
            sent += part.count
        }
        let flows = driver.finalFlows
        #expect(flows.count == 2)
        let (outer, inner) = (try #require(flows.first), try #require(flows.last))
        #expect(outer.protocols == ["ipv4", "tcp", "stun", "turn"] && outer.turn?.allocation?.transport == "tcp")
        #expect(inner.client.packets == 12 && inner.rtp.first?.lost == 0 && inner.client.endpoint == Self.relayed)
        #expect(inner.client.bytes == 12 * 173, "padding belongs to nobody")
    }

    /// Packets of ICE over TCP are framed by a length; what they carry is a flow between the same ends.
    @Test func framedPackets() throws {
        var driver = EngineDriver()
        let check = Self.message(0x0001, 9, Self.attribute(0x0006, Array("bbbb:aaaa".utf8)))
        var stream: [UInt8] = []
        for packet in [check] + (1...8).map({ Self.sound($0) }) {
            stream += RTPPacketBuilder.bytes(UInt32(packet.count), 2) + packet
        }
        driver.send(PacketBuilder.tcpFrame(from: Self.client, to: Self.server, sequence: 99, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.server, to: Self.client, sequence: 499, acknowledgment: 100, flags: 0x12))
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.client, to: Self.server, sequence: 100, acknowledgment: 500, flags: 0x18,
                payload: stream))
        let flows = driver.finalFlows
        #expect(flows.count == 2)
        let inner = try #require(flows.last)
        #expect(inner.client.endpoint == Self.client && inner.server.endpoint == Self.server)
        #expect(inner.ice?.client.requests == 1 && inner.rtp.first?.packets == 8)
    }

    /// One frame opens many flows, within bounds, and each has a name of its own.
    @Test func manyFlowsOfOneFrame() {
        var driver = EngineDriver()
        var stream = Self.allocate
        for number in 0..<100 {
            let to = Endpoint(address: IPAddress(v4: 0xcb00_7100 + UInt32(number)), port: 6_000)
            stream += Self.message(
                0x0016, UInt8(number), Self.attribute(0x0012, Self.hidden(to)) + Self.attribute(0x0013, [1, 2, 3, 4]))
        }
        driver.send(PacketBuilder.tcpFrame(from: Self.client, to: Self.server, sequence: 99, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.server, to: Self.client, sequence: 499, acknowledgment: 100, flags: 0x12))
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.client, to: Self.server, sequence: 100, acknowledgment: 500, flags: 0x18,
                payload: stream))
        let flows = driver.finalFlows
        #expect(flows.count == 65)
        #expect(Set(flows.map(\.identifier)).count == flows.count)
        #expect(flows.map(\.identifier.number) == flows.map(\.identifier.number).sorted())
        #expect(flows[0].children.count == 64)
    }

    @Test func relaysWithinRelaysEnd() {
        var driver = EngineDriver()
        open(&driver)
        var data = Self.sound(1)
        for id in 10..<20 {
            data = Self.message(
                0x0016, UInt8(id), Self.attribute(0x0012, Self.hidden(Self.peer)) + Self.attribute(0x0013, data))
        }
        send(&driver, data)
        #expect(driver.finalFlows.count <= 5)
    }
}
