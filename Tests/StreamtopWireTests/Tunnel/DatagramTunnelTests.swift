import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// Tunnels in UDP and tags below IP that streamtop opens, and what only looks like them.
@Suite struct DatagramTunnelTests {
    static let inner = PacketBuilder.ip(
        from: address("192.0.2.77"), to: address("198.51.100.9"), protocol: 6, identification: 101,
        PacketBuilder.tcp(from: 40_777, to: 443, sequence: 1000, flags: 2, []))

    static func address(_ text: String) -> IPAddress { IPAddress(parsing: text) ?? .unspecified }

    static func carried(_ header: [UInt8], port: UInt16) -> [UInt8] {
        PacketBuilder.udpFrame(
            from: Endpoint(address: address("203.0.113.1"), port: 50_000),
            to: Endpoint(address: address("203.0.113.2"), port: port), payload: header + inner)
    }

    static func expectInner(_ frame: borrowing DecodedFrame, _ tunnel: TunnelKind) {
        #expect(frame.transport == .tcp && frame.sourcePort == 40_777 && frame.destinationPort == 443)
        #expect(frame.tcp.sequence == 1000 && frame.tunnel == tunnel && frame.stop == nil)
    }

    @Test func genericEncapsulation() {
        Self.expectInner(FrameDecoder().decoded(Self.carried([0, 4, 0, 0], port: 6080)), .gue)
        // Eight bytes of optional fields.
        let options: [UInt8] = [2, 4, 0x80, 0] + [UInt8](repeating: 7, count: 8)
        Self.expectInner(FrameDecoder().decoded(Self.carried(options, port: 6080)), .gue)
        // Version 1: the IP packet itself.
        Self.expectInner(FrameDecoder().decoded(Self.carried([], port: 6080)), .gue)
        // GRE inside.
        Self.expectInner(FrameDecoder().decoded(Self.carried([0, 47, 0, 0, 0, 0, 8, 0], port: 6080)), .gre)
    }

    @Test func genericRouting() {
        Self.expectInner(FrameDecoder().decoded(Self.carried([0, 0, 8, 0], port: 4754)), .gre)
        let keyed = FrameDecoder().decoded(Self.carried([0x20, 0, 8, 0, 0, 0, 0, 9], port: 4754))
        Self.expectInner(keyed, .gre)
        #expect(keyed.tunnelIdentifier == 9)
    }

    @Test func ordinaryDatagramsOnThesePorts() {
        for port: UInt16 in [6080, 4754] {
            let frame = FrameDecoder().decoded(
                PacketBuilder.udpFrame(
                    from: Endpoint(address: Self.address("203.0.113.1"), port: 50_000),
                    to: Endpoint(address: Self.address("203.0.113.2"), port: port),
                    payload: [UInt8](repeating: 0xa5, count: 60)))
            #expect(frame.transport == .udp && frame.tunnel == .none && frame.destinationPort == port)
        }
    }

    @Test func virtualInterfaceTag() {
        var frame = PacketBuilder.ethernet(isIPv6: false, Self.inner)
        frame.insert(contentsOf: [0x89, 0x26, 0, 10, 0, 5], at: 12)
        Self.expectInner(FrameDecoder().decoded(frame), .none)
    }

    static func logged(_ attributes: [(type: UInt16, value: [UInt8])], isLittle: Bool) -> [UInt8] {
        func number(_ value: UInt16) -> [UInt8] { bytes16(isLittle ? value.byteSwapped : value) }
        return attributes.reduce([2, 0, 0, 1]) { bytes, attribute in
            let length = attribute.value.count + 4
            return bytes + number(UInt16(length)) + number(attribute.type) + attribute.value
                + [UInt8](repeating: 0, count: (4 - length % 4) % 4)
        }
    }

    @Test(arguments: [true, false]) func netfilterLog(isLittle: Bool) {
        let link = LinkType(rawValue: 239)
        let bytes = Self.logged([(1, [8, 0, 1, 0]), (10, [65, 0, 0]), (9, Self.inner)], isLittle: isLittle)
        Self.expectInner(FrameDecoder().decoded(bytes, linkType: link), .none)
        let none = FrameDecoder().decoded(Self.logged([(1, [8, 0, 1, 0])], isLittle: isLittle), linkType: link)
        #expect(!none.hasNetwork && none.stop != nil)
        let short = FrameDecoder().decoded([2, 0, 0, 1, 2, 0, 9, 0], linkType: link)
        #expect(!short.hasNetwork && short.stop != nil)
    }

    /// Cut anywhere, nothing traps and nothing is made up.
    @Test func cutAtEveryByte() {
        let frames: [([UInt8], LinkType)] = [
            (Self.carried([2, 4, 0x80, 0] + [UInt8](repeating: 7, count: 8), port: 6080), .ethernet),
            (Self.carried([0x20, 0, 8, 0, 0, 0, 0, 9], port: 4754), .ethernet),
            (Self.logged([(1, [8, 0, 1, 0]), (9, Self.inner)], isLittle: true), LinkType(rawValue: 239)),
        ]
        for (bytes, link) in frames {
            for length in 0..<bytes.count {
                let frame = FrameDecoder().decoded(
                    Array(bytes.prefix(length)), wireLength: bytes.count, linkType: link)
                #expect(frame.transport != .tcp || length >= bytes.count - 20)
            }
        }
    }
}
