import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// Every link type we take, from its first byte to the IP packet behind it.
@Suite("Link headers")
struct LinkHeaderTests {
    private static let inner = PacketBuilder.ip(
        from: "10.0.0.1", to: "10.0.0.2", protocol: 17, PacketBuilder.udp(from: 1, to: 2, [1, 2, 3]))
    private static let inner6 = PacketBuilder.ip(
        from: "2001:db8::1", to: "2001:db8::2", protocol: 17, PacketBuilder.udp(from: 1, to: 2, [1, 2, 3]))

    private func expectDatagram(
        _ bytes: [UInt8], _ link: LinkType = .ethernet, isIPv6: Bool = false,
        location: SourceLocation = #_sourceLocation
    ) {
        let frame = FrameDecoder().decoded(bytes, linkType: link)
        #expect(frame.stop == nil, sourceLocation: location)
        #expect(frame.transport == .udp, sourceLocation: location)
        #expect(frame.payloadLength == 3, sourceLocation: location)
        #expect(frame.source.isIPv4 == !isIPv6, sourceLocation: location)
    }

    private func stop(_ bytes: [UInt8], _ link: LinkType = .ethernet) -> DecodeError? {
        FrameDecoder().decoded(bytes, linkType: link).stop
    }

    @Test("raw IP, by its version or by the link type")
    func raw() {
        for link in [LinkType.rawIP, LinkType(rawValue: 12), LinkType(rawValue: 14)] {
            expectDatagram(Self.inner, link)
            expectDatagram(Self.inner6, link, isIPv6: true)
            #expect(stop([0x50, 0, 0, 0], link)?.cause == .unsupported(5))
        }
        expectDatagram(Self.inner, .ipv4)
        expectDatagram(Self.inner6, .ipv6, isIPv6: true)
    }

    /// The family is a number of the capturing system, in its byte order; some write an EtherType, or HDLC.
    @Test("null and loop")
    func null() {
        for link in [LinkType.null, .loop] {
            for family in [[2, 0, 0, 0], [0, 0, 0, 2], [0, 0, 8, 0], [0, 8, 0, 0], [0x0f, 0, 8, 0]] as [[UInt8]] {
                expectDatagram(family + Self.inner, link)
            }
            for family in [10, 23, 24, 28, 30] as [UInt8] {
                expectDatagram([family, 0, 0, 0] + Self.inner6, link, isIPv6: true)
                expectDatagram([0, 0, 0, family] + Self.inner6, link, isIPv6: true)
            }
            expectDatagram([0x8f, 0, 0x86, 0xdd] + Self.inner6, link, isIPv6: true)
            // AppleTalk, and a number that is nothing.
            #expect(stop([16, 0, 0, 0] + Self.inner, link)?.cause == .unsupported(16))
            #expect(stop([1, 2, 3, 4] + Self.inner, link)?.cause == .unsupported(0x0403_0201))
        }
    }

    @Test("802.1Q in all its tags; the innermost names the VLAN")
    func tags() {
        for tag in [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300] as [UInt16] {
            let bytes = PacketBuilder.ethernet(vlans: [7], tagType: tag, type: 0x0800, Self.inner)
            expectDatagram(bytes)
            #expect(FrameDecoder().decoded(bytes).vlan == 7)
        }
    }

    @Test("802.3 with 802.2, with SNAP, with what is not IP")
    func logicalLink() {
        expectDatagram(PacketBuilder.ethernetSNAP(type: 0x0800, Self.inner))
        expectDatagram(PacketBuilder.ethernetSNAP(type: 0x86dd, Self.inner6), isIPv6: true)
        let addresses = [UInt8](repeating: 2, count: 12)
        // Spanning tree, and a length that is neither a length nor a type (1501 to 1535).
        #expect(stop(addresses + [0, 3, 0x42, 0x42, 3])?.cause == .unsupported(0x4242))
        #expect(stop(addresses + [0x05, 0xe0] + Self.inner)?.cause == .malformed(.forbiddenValue))
        #expect(stop(addresses + [0x05, 0xdc] + Self.inner)?.cause == .malformed(.lengthBeyondEnclosure))
        // SNAP of another organisation.
        let body: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0]
        #expect(stop(addresses + bytes16(UInt16(body.count)) + body)?.cause == .unsupported(0x0c))
    }

    @Test("cooked captures of both versions")
    func cooked() {
        expectDatagram(PacketBuilder.linuxCooked(Self.inner), .linuxCooked)
        expectDatagram(PacketBuilder.linuxCooked2(type: 0x86dd, Self.inner6), .linuxCooked2, isIPv6: true)
        // A tunnel device without a link layer of its own (ARPHRD_NONE) leaves the protocol 0.
        let tun = bytes16(4) + bytes16(0xfffe) + [UInt8](repeating: 0, count: 10) + bytes16(0)
        expectDatagram(tun + Self.inner, .linuxCooked)
        expectDatagram(tun + Self.inner6, .linuxCooked, isIPv6: true)
        #expect(stop(PacketBuilder.linuxCooked(type: 0x000c, Self.inner), .linuxCooked)?.cause == .unsupported(12))
    }

    @Test("SLIP, FDDI, Token Ring with and without a source route, InfiniBand")
    func oldLinks() {
        let snap: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]
        expectDatagram([UInt8](repeating: 0, count: 16) + Self.inner, .slip)
        expectDatagram([UInt8](repeating: 0x50, count: 13) + snap + Self.inner, .fddi)
        let ring: [UInt8] = [0x10, 0x40] + [UInt8](repeating: 0, count: 12)
        expectDatagram(ring + snap + Self.inner, .tokenRing)
        let routed: [UInt8] = [0x10, 0x40] + [UInt8](repeating: 0, count: 6) + [0x80, 0, 0, 0, 0, 0]
        expectDatagram(routed + [6, 0, 1, 2, 3, 4] + snap + Self.inner, .tokenRing)
        #expect(stop(routed + [1, 0] + snap + Self.inner, .tokenRing)?.cause == .malformed(.lengthBelowHeader))
        expectDatagram([UInt8](repeating: 0, count: 40) + [8, 0, 0, 0] + Self.inner, .infiniBand)
    }

    @Test("a link type we do not know is named")
    func unknown() {
        #expect(stop(Self.inner, LinkType(rawValue: 9_999))?.cause == .unsupported(9_999))
    }
}
