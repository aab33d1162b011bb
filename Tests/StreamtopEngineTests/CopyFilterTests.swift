import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopEngine

/// Packets that the capture holds more than once are counted once; what a network or a sender repeats is not touched.
@Suite struct CopyFilterTests {
    static let client = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 40_000)
    static let server = Endpoint(address: IPAddress(v4: 0x0a00_0002), port: 443)

    struct Packet {
        var time: Nanoseconds
        var frame: [UInt8]
        var interface: UInt32 = 0
        var linkType = LinkType.ethernet
    }

    /// A handshake and `count` segments with their acknowledgments, 30 ms away, as they pass once.
    static func connection(_ count: Int, identification first: UInt16 = 100, hopLimit: UInt8 = 64) -> [Packet] {
        var packets: [Packet] = []
        var number = first
        func add(_ at: Nanoseconds, _ fromClient: Bool, _ sequence: UInt32, _ ack: UInt32, _ flags: UInt16, _ size: Int)
        {
            number &+= first == 0 ? 0 : 1
            packets.append(
                Packet(
                    time: at,
                    frame: PacketBuilder.tcpFrame(
                        from: fromClient ? client : server, to: fromClient ? server : client, sequence: sequence,
                        acknowledgment: ack, flags: flags, payload: [UInt8](repeating: 7, count: size),
                        identification: number, hopLimit: hopLimit)))
        }
        add(0, true, 99, 0, 2, 0)
        add(.milliseconds(30), false, 499, 100, 0x12, 0)
        add(.milliseconds(30) + 50_000, true, 100, 500, 0x10, 0)
        for index in 0..<count {
            let start = Nanoseconds.milliseconds(40 + Int64(index) * 5)
            add(start, false, 500 + UInt32(index) * 1000, 100, 0x18, 1000)
            add(start + 60_000, true, 100, 1500 + UInt32(index) * 1000, 0x10, 0)
        }
        return packets
    }

    static func run(_ packets: [Packet]) -> (flows: [FlowSnapshot], health: CaptureHealth, totals: TrafficTotals) {
        var engine = EngineGroup()
        for packet in packets.enumerated().sorted(by: {
            ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
        }).map(\.element) {
            let record = FrameRecord(
                time: Timestamp(nanoseconds: 1_700_000_000_000_000_000) + packet.time, offset: 0,
                capturedLength: packet.frame.count, wireLength: packet.frame.count, linkType: packet.linkType,
                interface: packet.interface)
            engine.ingest(FrameBatch(bytes: packet.frame, frames: [record]))
            engine.drainOutputs { _ in }
        }
        engine.finish()
        var flows: [FlowSnapshot] = []
        engine.forEachFinalFlow { flows.append($0) }
        return (flows, engine.health, engine.trafficTotals)
    }

    static func expectOnce(_ flows: [FlowSnapshot], segments: Int) {
        #expect(flows.count == 1)
        #expect(flows.first?.tcp?.server.dataSegments == segments)
        #expect(flows.first?.server.packets == UInt64(segments + 1))
        #expect(flows.first?.tcp?.server.retransmissions.packets == 0)
        #expect(flows.first?.tcp?.synRetransmissions == 0)
        #expect(flows.first?.tcp?.synAckRetransmissions == 0)
        #expect(flows.first?.tcp?.server.duplicatePackets == 0)
    }

    @Test(arguments: [Nanoseconds(6_000), 200_000])
    func mirrorPort(lag: Nanoseconds) {
        let once = Self.connection(40)
        let result = Self.run(once + once.map { Packet(time: $0.time + lag, frame: $0.frame) })
        Self.expectOnce(result.flows, segments: 40)
        #expect(result.health.seenTwice?.kind == .mirror)
        #expect(result.health.seenTwice?.packets == UInt64(once.count))
        #expect(result.totals.packets == UInt64(once.count * 2), "the file's packets stay the file's")
        #expect(result.flows.first?.roundTrip.handshake == Self.run(once).flows.first?.roundTrip.handshake)
    }

    @Test func routedCopyInAnotherVLAN() {
        let once = Self.connection(40)
        let behind = Self.connection(40, hopLimit: 63).map { packet in
            var frame = packet.frame
            frame.insert(contentsOf: [0x81, 0x00, 0, 7], at: 12)
            return Packet(time: packet.time + 20_000, frame: frame)
        }
        let result = Self.run(once + behind)
        Self.expectOnce(result.flows, segments: 40)
        #expect(result.health.seenTwice?.kind == .mirror)
    }

    @Test func threeInterfacesOfOneHost() {
        let once = Self.connection(40, identification: 0)
        let copies = (1...2).flatMap { position in
            once.map {
                Packet(time: $0.time + Nanoseconds(position) * 8_000, frame: $0.frame, interface: UInt32(position))
            }
        }
        let result = Self.run(once + copies)
        Self.expectOnce(result.flows, segments: 40)
        #expect(result.health.seenTwice?.kind == .hostPath)
        #expect(result.health.seenTwice?.packets == UInt64(once.count * 2))
    }

    /// Each direction passes the one point 15 ms before the other.
    @Test func twoPointsOfOnePath() {
        let atServer = Self.connection(60)
        let atClient = atServer.enumerated().map { index, packet in
            // The client's packets pass its own point earlier, the server's later.
            let isClient = packet.frame[26...29].elementsEqual([10, 0, 0, 1])
            return Packet(
                time: packet.time + .milliseconds(isClient ? -15 : 15), frame: packet.frame, interface: 1)
        }
        let alone = Self.run(atServer).flows
        let result = Self.run(atServer + atClient)
        Self.expectOnce(result.flows, segments: 60)
        #expect(result.health.seenTwice?.kind == .twoPoints)
        #expect(result.flows.first?.roundTrip == alone.first?.roundTrip, "judged at the point that was named first")
    }

    @Test func captureThatSeesEverythingOnce() {
        let result = Self.run(Self.connection(40))
        #expect(result.health.seenTwice == nil)
        Self.expectOnce(result.flows, segments: 40)
    }

    @Test func networkThatDuplicatesAFew() {
        var packets = Self.connection(100)
        for index in [31, 91, 151] {
            packets.append(Packet(time: packets[index].time + 40_000, frame: packets[index].frame))
        }
        let result = Self.run(packets)
        #expect(result.health.seenTwice == nil)
        let tcp = result.flows.first?.tcp
        let duplicates = (tcp?.client.duplicatePackets ?? 0) + (tcp?.server.duplicatePackets ?? 0)
        #expect(duplicates > 0)
        let counted = (result.flows.first?.client.packets ?? 0) + (result.flows.first?.server.packets ?? 0)
        #expect(counted == UInt64(packets.count))
    }

    @Test func repeatedSYNIsNoCopy() {
        var packets = Self.connection(20).map { Packet(time: $0.time + .seconds(1), frame: $0.frame) }
        packets.append(
            Packet(
                time: 0,
                frame: PacketBuilder.tcpFrame(
                    from: Self.client, to: Self.server, sequence: 99, flags: 2, identification: 100)))
        let result = Self.run(packets)
        #expect(result.flows.first?.tcp?.synRetransmissions == 1 && result.health.seenTwice == nil)
        // In a capture that holds everything twice, too.
        let twice = Self.run(packets + packets.map { Packet(time: $0.time + 6_000, frame: $0.frame) })
        #expect(twice.flows.first?.tcp?.synRetransmissions == 1)
        #expect(twice.health.seenTwice?.packets == UInt64(packets.count))
    }

    @Test func datagramsSentTwiceOnPurposeStay() {
        // RFC 7198: the same payload again, in a packet of its own.
        var packets: [Packet] = []
        for index in 0..<40 {
            for copy in 0..<2 {
                packets.append(
                    Packet(
                        time: .milliseconds(Int64(index) * 20) + Nanoseconds(copy) * 50_000,
                        frame: PacketBuilder.udpFrame(
                            from: Self.client, to: Self.server, payload: [UInt8](repeating: UInt8(index), count: 100),
                            identification: UInt16(1 + index * 2 + copy))))
            }
        }
        let result = Self.run(packets)
        #expect(result.health.seenTwice == nil && result.flows.first?.client.packets == 80)
    }

    @Test("Errors that quote different packets of one flow are different errors, however close")
    func errorsInABurst() {
        let router = IPAddress(high: 0x2001_0db8_0000_0000, low: 0xff)
        let sender = IPAddress(high: 0x2001_0db8_0000_0000, low: 1)
        let receiver = IPAddress(high: 0x2001_0db8_0000_0000, low: 2)
        let messages = (0..<20).map { index in
            let segment =
                bytes16(443) + bytes16(40_000) + bytes32(UInt32(index * 1400))
            let quoted = PacketBuilder.ipv6(
                from: sender, to: receiver, nextHeader: 6, payloadLength: 1420,
                segment + [UInt8](repeating: 0, count: 12))
            let error = PacketBuilder.icmp(type: 2, rest: 1400, quoted)
            return Packet(
                time: Nanoseconds(index) * 20_000,
                frame: PacketBuilder.ethernet(
                    isIPv6: true, PacketBuilder.ipv6(from: router, to: sender, nextHeader: 58, error)))
        }
        let once = Self.run(messages)
        #expect(once.health.seenTwice == nil)
        #expect(once.flows.map { $0.client.packets + $0.server.packets }.reduce(0, +) == 20)
        let twice = Self.run(messages + messages.map { Packet(time: $0.time + 5_000, frame: $0.frame) })
        #expect(twice.health.seenTwice?.packets == 20)
    }
}
