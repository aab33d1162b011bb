import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// Flows whose two directions travel differently, tunnels that carry nothing but themselves, fragments in fragments.
@Suite struct EncapsulationTests {
    let client: Endpoint = "10.0.0.1:40000"
    let server: Endpoint = "10.0.0.2:443"

    private func tcp(_ source: Endpoint, _ destination: Endpoint, _ flags: UInt16, vlans: [UInt16] = []) -> [UInt8] {
        PacketBuilder.tcpFrame(
            from: source, to: destination, sequence: flags == 0x02 ? 100 : 900, acknowledgment: 101, flags: flags,
            vlans: vlans)
    }

    @Test(arguments: [([UInt16(7)], [UInt16]()), ([], [7]), ([7], [8])])
    func oneFlowWhenDirectionsAreTaggedDifferently(there: [UInt16], back: [UInt16]) {
        var driver = EngineDriver()
        driver.send(tcp(client, server, 0x02, vlans: there))
        driver.send(tcp(server, client, 0x12, vlans: back))
        driver.send(
            PacketBuilder.tcpFrame(
                from: client, to: server, sequence: 101, acknowledgment: 901, flags: 0x10, vlans: there))
        driver.send(tcp(server, client, 0x10, vlans: back))
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].client.packets == 2)
        #expect(flows[0].server.packets == 2)
        #expect(flows[0].vlan == there.first ?? back.first)
        #expect(flows[0].roundTrip.handshake == .milliseconds(2))
    }

    @Test func copiesInAnotherVLANStayAFlowOfTheirOwn() {
        var driver = EngineDriver()
        driver.send(tcp(client, server, 0x02, vlans: [7]))
        driver.send(tcp(client, server, 0x02, vlans: [8]))
        driver.send(tcp(server, client, 0x12, vlans: [8]))
        driver.send(tcp(server, client, 0x12, vlans: [7]))
        let flows = driver.finalFlows
        #expect(flows.map(\.vlan) == [7, 8])
        #expect(flows.allSatisfy { $0.client.packets == 1 && $0.server.packets == 1 })
    }

    @Test func oneFlowWhenOneDirectionIsTunnelled() {
        var driver = EngineDriver()
        driver.send(tcp(client, server, 0x18))
        let inner = PacketBuilder.ip(
            from: server.address, to: client.address, protocol: 6,
            PacketBuilder.tcp(from: 443, to: 40000, sequence: 900, acknowledgment: 101, flags: 0x10))
        for _ in 0..<2 {
            driver.send(
                PacketBuilder.ethernet(PacketBuilder.ip(from: "192.0.2.1", to: "192.0.2.2", protocol: 4, inner)))
        }
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].server.packets == 2)
        #expect(flows[0].tunnel?.kind == "ipip")
    }

    /// The second key of a joined flow goes with it, at the cap and when its ports are used again.
    @Test func joinedFlowsLeaveNothingBehind() {
        var options = EngineOptions()
        options.limits.flows = FlowBucket.count
        var driver = EngineDriver(options: options)
        for number in 0..<4_000 {
            let source = Endpoint(address: "10.1.0.1", port: UInt16(20_000 + number % 1_000))
            driver.send(tcp(source, server, 0x02, vlans: [7]))
            driver.send(tcp(server, source, 0x12))
        }
        #expect(driver.engine.flowCount == FlowBucket.count)
        let flows = driver.finalFlows
        #expect(flows.allSatisfy { $0.client.packets == 1 && $0.server.packets == 1 })
        let without = driver.engine.trafficTotals.evictedWithoutData
        #expect(without.flows == 3_936 && without.packets == 2 * 3_936 && without.unanswered == 0)
    }

    @Test func teredoBubblesAndDiscoveryBelongToTheTunnel() {
        var driver = EngineDriver()
        let bubble = PacketBuilder.ipv6(from: "fe80::1", to: "fe80::2", nextHeader: 59, [])
        let solicitation = PacketBuilder.ipv6(
            from: "fe80::1", to: "ff02::2", nextHeader: 58, PacketBuilder.icmp(type: 133))
        let echo = PacketBuilder.ipv6(
            from: "2001:db8::1", to: "2001:db8::2", nextHeader: 58, PacketBuilder.icmp(type: 128))
        for inner in [bubble, solicitation, echo] {
            driver.send(PacketBuilder.udpFrame(from: "10.0.0.1:50000", to: "192.0.2.9:3544", payload: inner))
        }
        let flows = driver.finalFlows
        #expect(flows.map(\.transport) == [.udp, .icmp])
        #expect(flows[0].client.packets == 2)
        #expect(flows[0].client.payloadBytes == 88)
        #expect(flows[1].tunnel?.kind == "teredo")
    }

    @Test func fragmentsWithinFragments() {
        let datagram = PacketBuilder.udp(from: 5000, to: 6000, [UInt8](repeating: 9, count: 56))
        var driver = EngineDriver()
        for (index, start) in [0, 32].enumerated() {
            let inner = PacketBuilder.ipv4(
                from: "10.0.0.1", to: "10.0.0.2", protocol: 17, identification: 77, fragment: start,
                moreFragments: start == 0, Array(datagram[start..<(start + 32)]))
            for (position, more) in [(0, true), (24, false)] {
                driver.send(
                    PacketBuilder.ethernet(
                        PacketBuilder.ipv4(
                            from: "192.0.2.1", to: "192.0.2.2", protocol: 4, identification: UInt16(index + 1),
                            fragment: position, moreFragments: more, Array(more ? inner[..<24] : inner[24...]))))
            }
        }
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].client.payloadBytes + flows[0].server.payloadBytes == 56)
        #expect(flows[0].client.packets + flows[0].server.packets == 2)
        #expect(flows[0].client.bytes + flows[0].server.bytes == 104)
        // Two inner fragments, and the four that carried them.
        #expect(flows[0].fragmentation?.fragments == 6)
        #expect(flows[0].fragmentation?.datagrams == 1)
    }

    @Test func wholePacketsInFragmentedTunnelsCountAsTheyAre() {
        let inner = PacketBuilder.ip(
            from: "10.0.0.1", to: "10.0.0.2", protocol: 17,
            PacketBuilder.udp(from: 5000, to: 6000, [UInt8](repeating: 9, count: 52)))
        var driver = EngineDriver()
        for (position, more) in [(0, true), (40, false)] {
            driver.send(
                PacketBuilder.ethernet(
                    PacketBuilder.ipv4(
                        from: "192.0.2.1", to: "192.0.2.2", protocol: 4, identification: 3, fragment: position,
                        moreFragments: more, Array(more ? inner[..<40] : inner[40...]))))
        }
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].client.packets + flows[0].server.packets == 1)
        #expect(flows[0].client.bytes + flows[0].server.bytes == 80)
        #expect(flows[0].fragmentation?.fragments == 2)
    }

    /// Two queues of a network card: the answer was captured before the question.
    @Test func synBehindItsAnswerIsTheSameConnection() {
        var driver = EngineDriver()
        driver.send(tcp(server, client, 0x12))
        driver.send(tcp(client, server, 0x02), after: -30_000)
        driver.send(
            PacketBuilder.tcpFrame(from: client, to: server, sequence: 101, acknowledgment: 901, flags: 0x10),
            after: .milliseconds(5))
        let flows = driver.finalFlows
        #expect(flows.count == 1)
        #expect(flows[0].client.endpoint == client)
        #expect(flows[0].client.packets == 2)
        #expect(flows[0].roundTrip.handshake == .milliseconds(5))
        #expect(flows[0].anomalies[.portReused] == 0)
    }
}
