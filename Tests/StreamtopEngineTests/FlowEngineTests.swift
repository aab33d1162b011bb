import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

@Suite struct FlowEngineTests {
    let client: Endpoint = "10.0.0.1:40000"
    let server: Endpoint = "10.0.0.2:443"

    /// SYN, SYN-ACK, ACK in that order.
    func handshake(_ driver: inout EngineDriver, from client: Endpoint, to server: Endpoint, isn: UInt32 = 100) {
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: isn, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(from: server, to: client, sequence: 900, acknowledgment: isn + 1, flags: 0x12))
        driver.send(
            PacketBuilder.tcpFrame(from: client, to: server, sequence: isn + 1, acknowledgment: 901, flags: 0x10))
    }

    @Test func synTellsTheClient() {
        var driver = EngineDriver()
        handshake(&driver, from: client, to: server)
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].client.endpoint == client)
        #expect(flows[0].orientation == .syn)
        #expect(flows[0].client.packets == 2)
        #expect(flows[0].server.packets == 1)
        #expect(flows[0].server.bytes == 40)
    }

    @Test func synAckAloneTellsItToo() {
        var driver = EngineDriver()
        driver.send(PacketBuilder.tcpFrame(from: server, to: client, acknowledgment: 5, flags: 0x12))
        let flows = driver.finalFlows
        #expect(flows[0].client.endpoint == client)
        #expect(flows[0].server.packets == 1)
    }

    @Test func midStreamThePortTells() {
        var driver = EngineDriver()
        driver.send(PacketBuilder.tcpFrame(from: server, to: client, payload: [1, 2, 3]))
        let flows = driver.finalFlows
        #expect(flows[0].client.endpoint == client)
        #expect(flows[0].orientation == .port)
        #expect(flows[0].server.payloadBytes == 3)
    }

    /// A SYN that was captured after later packets of its flow turns the flow round, counters included.
    @Test func lateSynTurnsTheFlow() {
        let high: Endpoint = "10.0.0.1:50001"
        let other: Endpoint = "10.0.0.2:50002"
        var driver = EngineDriver()
        driver.send(PacketBuilder.tcpFrame(from: other, to: high, sequence: 7, acknowledgment: 101, flags: 0x10))
        driver.send(PacketBuilder.tcpFrame(from: high, to: other, sequence: 100, flags: 0x02))
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].client.endpoint == high)
        #expect(flows[0].client.packets == 1)
        #expect(flows[0].server.packets == 1)
        #expect(flows[0].orientation == .syn)
    }

    @Test func vlansKeepFlowsApart() {
        var driver = EngineDriver()
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1], vlans: [5]))
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1], vlans: [6]))
        let flows = driver.finalFlows
        #expect(flows.map(\.vlan) == [5, 6])
        #expect(flows[0].communityID?.text == flows[1].communityID?.text)
    }

    @Test func portsUsedAgainMakeANewFlow() {
        var driver = EngineDriver()
        handshake(&driver, from: client, to: server)
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 101, acknowledgment: 901, flags: 0x14))
        handshake(&driver, from: client, to: server, isn: 700_000_000)
        let flows = driver.finalFlows
        #expect(flows.count == 2)
        #expect(flows[0].state == .reset)
        #expect(flows[1].client.packets == 2)
        #expect(flows[1].anomalies[.portReused] == 1)
    }

    /// A flood of SYNs at the cap throws out SYNs, never the conversation that carries data.
    @Test func synFloodSparesConversations() {
        var options = EngineOptions()
        options.limits.flows = 256
        var driver = EngineDriver(options: options)
        handshake(&driver, from: client, to: server)
        driver.send(
            PacketBuilder.tcpFrame(
                from: client, to: server, sequence: 101, acknowledgment: 901, flags: 0x18, payload: [1, 2]))
        driver.send(
            PacketBuilder.tcpFrame(
                from: server, to: client, sequence: 901, acknowledgment: 103, flags: 0x18, payload: [3, 4, 5]))
        for number in 0..<5_000 {
            let source = Endpoint(
                address: IPAddress(v4: 0xc0a8_0000 + UInt32(number / 50_000)), port: UInt16(1_024 + number))
            driver.send(PacketBuilder.tcpFrame(from: source, to: server, flags: 0x02))
        }
        let flows = driver.finalFlows
        #expect(flows.count == 256)
        #expect(flows[0].client.endpoint == client)
        #expect(flows[0].server.payloadBytes == 3)
        #expect(driver.engine.trafficTotals.evictedFlows == UInt64(5_001 - 256))
        // Thousands of records would say nothing.
        #expect(driver.retired.isEmpty)
        let without = driver.engine.trafficTotals.evictedWithoutData
        #expect(without.flows == 5_001 - 256 && without.packets == without.flows && without.unanswered == without.flows)
        #expect(without.bytes == without.flows * 40)
        #expect(driver.engine.trafficTotals.flows == 5_001)
    }

    /// What carried data is told of one by one, whoever pushes it out.
    @Test(arguments: [true, false])
    func evictedFlowsWithDataAreTold(events: Bool) {
        var options = EngineOptions()
        options.collectsEvents = events
        options.limits.flows = FlowBucket.count
        var driver = EngineDriver(options: options)
        let count = 40 * FlowBucket.count
        for number in 0..<count {
            let source = Endpoint(address: IPAddress(v4: 0xc0a8_0000), port: UInt16(1_024 + number))
            driver.send(PacketBuilder.udpFrame(from: source, to: server, payload: number < count / 2 ? [1] : []))
        }
        _ = driver.finalFlows
        #expect(driver.retired.count == count / 2)
        #expect(driver.retired.allSatisfy { $0.isEvicted && !$0.isFinal && $0.client.payloadBytes == 1 })
        #expect(driver.engine.trafficTotals.evictedFlows == UInt64(count - FlowBucket.count))
        #expect(driver.engine.trafficTotals.evictedWithoutData.flows == UInt64(count / 2 - FlowBucket.count))
    }

    @Test func samplesComeAtEvenStepsForActiveFlowsOnly() {
        var options = EngineOptions()
        options.sampleInterval = .milliseconds(50)
        var driver = EngineDriver(options: options)
        let other: Endpoint = "10.0.0.9:7000"
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1]))
        driver.send(PacketBuilder.udpFrame(from: other, to: server, payload: [1]))
        for _ in 0..<20 {
            driver.send(
                PacketBuilder.udpFrame(from: client, to: server, payload: Array(repeating: 0, count: 97)),
                after: .milliseconds(10))
        }
        let first = driver.samples.filter { $0.flow.number == 1 }
        #expect(first.count == 4)
        #expect(driver.samples.filter { $0.flow.number == 2 }.count == 1)
        #expect(zip(first, first.dropFirst()).allSatisfy { $1.sample.time - $0.sample.time == .milliseconds(50) })
        // Five datagrams of 125 bytes in 50 ms.
        #expect(first[2].sample.rate.client == 100_000)
    }

    /// The same frames in one batch or in many give the same answers.
    @Test func batchingDoesNotMatter() {
        var single = EngineDriver()
        handshake(&single, from: client, to: server)
        let flows = single.finalFlows

        var bytes: [UInt8] = []
        var frames: [FrameRecord] = []
        var time = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
        for frame in [
            PacketBuilder.tcpFrame(from: client, to: server, sequence: 100, flags: 0x02),
            PacketBuilder.tcpFrame(from: server, to: client, sequence: 900, acknowledgment: 101, flags: 0x12),
            PacketBuilder.tcpFrame(from: client, to: server, sequence: 101, acknowledgment: 901, flags: 0x10),
        ] {
            time = time + .milliseconds(1)
            frames.append(
                FrameRecord(
                    time: time, offset: bytes.count, capturedLength: frame.count, wireLength: frame.count,
                    linkType: .ethernet, interface: 0))
            bytes += frame
        }
        var engine = EngineGroup()
        engine.ingest(FrameBatch(bytes: bytes, frames: frames))
        var others: [FlowSnapshot] = []
        engine.forEachFinalFlow { others.append($0) }
        #expect(others.map(\.roundTrip.handshake) == flows.map(\.roundTrip.handshake))
        #expect(others[0].roundTrip.handshake == .milliseconds(2))
        #expect(others[0].tcp == flows[0].tcp)
    }

    @Test func framesThatAreNotIPAreCountedByReason() {
        var driver = EngineDriver()
        driver.send(PacketBuilder.ethernet(type: 0x88cc, [1, 2, 3]))
        driver.send(Array(PacketBuilder.tcpFrame(from: client, to: server).prefix(20)))
        #expect(driver.engine.flowCount == 0)
        let health = driver.engine.health
        #expect(health.undecoded.map(\.packets).reduce(0, +) == 2)
        #expect(health.decode.unsupported == 1)
        // The second frame was that short on the wire: not cut by the capture, but against IP's rules.
        #expect(health.decode.malformed == 1)
        #expect(health.decode.truncated == 0)
    }
}
