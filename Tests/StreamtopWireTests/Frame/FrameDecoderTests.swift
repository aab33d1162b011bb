import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

@Suite("Frame decoder")
struct FrameDecoderTests {
    private let decoder = FrameDecoder()

    @Test("reads Ethernet, IPv4 and TCP with timestamps")
    func plainTCP() {
        let frame = decoder.decoded(
            PacketBuilder.tcpFrame(
                from: "10.0.0.1:40000", to: "10.0.0.2:443", sequence: 0x0102_0304, acknowledgment: 0xa0b0_c0d0,
                flags: 0x118, window: 501, options: [.timestamps(7, 6)], payload: [1, 2, 3], identification: 99, ecn: 2,
                hopLimit: 63))
        #expect(frame.stop == nil)
        #expect(frame.transport == .tcp)
        #expect(frame.sourceEndpoint == "10.0.0.1:40000")
        #expect(frame.destinationEndpoint == "10.0.0.2:443")
        #expect(frame.ecn == 2)
        #expect(frame.hopLimit == 63)
        #expect(frame.identification == 99)
        #expect(frame.ipLength == 20 + 32 + 3)
        #expect(frame.tcp.sequence == 0x0102_0304)
        #expect(frame.tcp.acknowledgment == 0xa0b0_c0d0)
        #expect(frame.tcp.flags == [.ack, .psh, .ae])
        #expect(frame.tcp.window == 501)
        #expect(frame.tcp.headerLength == 32)
        #expect(frame.tcp.options.hasTimestamps == true)
        #expect(frame.tcp.options.timestampValue == 7)
        #expect(frame.tcp.options.timestampEcho == 6)
        #expect(frame.payloadOffset == 14 + 20 + 32)
        #expect(frame.payloadCaptured == 3)
        #expect(frame.payloadLength == 3)
        #expect(frame.vlan == FlowKey.noVLAN)
        #expect(frame.tunnel == .none)
    }

    @Test("reads IPv6 and UDP")
    func plainUDP() {
        let frame = decoder.decoded(
            PacketBuilder.udpFrame(from: "[2001:db8::1]:5000", to: "[2001:db8::2]:6000", payload: [9, 9], ecn: 3))
        #expect(frame.stop == nil)
        #expect(frame.transport == .udp)
        #expect(frame.sourceEndpoint == "[2001:db8::1]:5000")
        #expect(frame.destinationEndpoint == "[2001:db8::2]:6000")
        #expect(frame.ecn == 3)
        #expect(frame.identification == nil)
        #expect(frame.ipLength == 50)
        #expect(frame.payloadLength == 2)
    }

    @Test("a reused frame keeps nothing of the one before")
    func reuse() {
        var frame = DecodedFrame()
        let first = PacketBuilder.tcpFrame(
            from: "10.0.0.1:1", to: "10.0.0.2:2",
            options: [.maximumSegmentSize(1460), .windowScale(7), .sackPermitted, .fastOpen([1, 2, 3, 4])], vlans: [5])
        let second = PacketBuilder.tcpFrame(from: "10.0.0.3:1", to: "10.0.0.4:2")
        unsafe decoder.decode(first.span.bytes, wireLength: first.count, linkType: .ethernet, into: &frame)
        #expect(frame.vlan == 5)
        #expect(frame.tcp.options.fastOpenCookieLength == 4)
        unsafe decoder.decode(second.span.bytes, wireLength: second.count, linkType: .ethernet, into: &frame)
        #expect(frame.tcp.options == TCPOptions())
        #expect(frame.vlan == FlowKey.noVLAN)
        let tiny: [UInt8] = [1, 2, 3]
        unsafe decoder.decode(tiny.span.bytes, wireLength: 3, linkType: .ethernet, into: &frame)
        #expect(frame.transport == .none)
        #expect(frame.hasNetwork == false)
        #expect(frame.stop?.layer == .ethernet)
    }

    @Test("Ethernet padding is no payload")
    func padding() {
        let bytes = PacketBuilder.tcpFrame(from: "10.0.0.1:1", to: "10.0.0.2:2") + [UInt8](repeating: 0, count: 6)
        let frame = decoder.decoded(bytes)
        #expect(frame.payloadLength == 0)
        #expect(frame.payloadCaptured == 0)
    }

    @Test("a frame cut by the capture keeps its length on the wire")
    func snapped() {
        let bytes = PacketBuilder.tcpFrame(
            from: "10.0.0.1:1", to: "10.0.0.2:2", options: [.timestamps(1, 2)],
            payload: [UInt8](repeating: 7, count: 1000))
        let cut = decoder.decoded(Array(bytes.prefix(96)), wireLength: bytes.count)
        #expect(cut.stop == nil)
        #expect(cut.payloadLength == 1000)
        #expect(cut.payloadCaptured == 96 - 66)
        #expect(cut.ipLength == 1052)

        let withoutOptions = decoder.decoded(Array(bytes.prefix(54)), wireLength: bytes.count)
        #expect(withoutOptions.transport == .tcp)
        #expect(withoutOptions.payloadLength == 1000)
        #expect(withoutOptions.payloadCaptured == 0)
        #expect(withoutOptions.stop?.layer == .tcpOption)
        #expect(!withoutOptions.tcp.options.malformed)

        let withoutTCP = decoder.decoded(Array(bytes.prefix(40)), wireLength: bytes.count)
        #expect(withoutTCP.transport == .other)
        #expect(withoutTCP.stop?.cause == .truncated(needed: 20, available: 6))
    }

    @Test("truncated, malformed and unsupported are told apart")
    func causes() {
        let tiny = decoder.decoded([1, 2, 3, 4])
        #expect(tiny.stop?.cause == .malformed(.lengthBeyondEnclosure))
        let cut = decoder.decoded([1, 2, 3, 4], wireLength: 60)
        #expect(cut.stop?.cause == .truncated(needed: 14, available: 4))
        let arp = decoder.decoded(PacketBuilder.ethernet(type: 0x0806, [0, 1]))
        #expect(arp.stop?.cause == .unsupported(0x0806))
        #expect(arp.stop?.layer == .arp)
    }

    @Test("a datagram put together again decodes like a whole one")
    func reassembled() {
        let whole = PacketBuilder.udp(from: 5000, to: 6000, [UInt8](repeating: 1, count: 100))
        var frame = decoder.decoded(
            PacketBuilder.ethernet(
                PacketBuilder.ipv4(
                    from: "10.0.0.1", to: "10.0.0.2", protocol: 17, identification: 7, fragment: 64,
                    Array(whole.dropFirst(64)))))
        #expect(frame.fragment?.offset == 64)
        #expect(frame.transport == .other)
        unsafe decoder.decodeTransport(whole.span.bytes, into: &frame)
        #expect(frame.transport == .udp)
        #expect(frame.fragment == nil)
        #expect(frame.sourceEndpoint == "10.0.0.1:5000")
        #expect(frame.payloadOffset == 8)
        #expect(frame.payloadLength == 100)
        #expect(frame.payloadCaptured == 100)
    }

    @Test("headers nest only so deep")
    func depth() {
        var packet = PacketBuilder.ip(
            from: "10.0.0.1", to: "10.0.0.2", protocol: 17, PacketBuilder.udp(from: 1, to: 2))
        for _ in 0..<5 { packet = PacketBuilder.ip(from: "10.1.0.1", to: "10.1.0.2", protocol: 4, packet) }
        let shallow = decoder.decoded(PacketBuilder.ethernet(packet))
        #expect(shallow.transport == .udp)
        #expect(shallow.tunnel == .ipip)
        for _ in 0..<40 { packet = PacketBuilder.ip(from: "10.1.0.1", to: "10.1.0.2", protocol: 4, packet) }
        let deep = decoder.decoded(PacketBuilder.ethernet(packet))
        #expect(deep.stop?.cause == .malformed(.nestedTooDeep))
    }
}
