import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// PPP and what shares its framing: on a serial line, in HDLC, over Ethernet.
@Suite("PPP header")
struct PPPHeaderTests {
    private let inner = PacketBuilder.ip(
        from: "10.0.0.1", to: "10.0.0.2", protocol: 17, PacketBuilder.udp(from: 1, to: 2, [1, 2, 3]))
    private let inner6 = PacketBuilder.ip(
        from: "2001:db8::1", to: "2001:db8::2", protocol: 17, PacketBuilder.udp(from: 1, to: 2, [1, 2, 3]))

    private func decode(_ bytes: [UInt8], _ link: LinkType) -> DecodedFrame {
        FrameDecoder().decoded(bytes, linkType: link)
    }

    /// Address and control may be left out, the protocol may be one byte (RFC 1661 sections 6.5 and 6.6).
    @Test(
        "every compression of the header",
        arguments: [[0xff, 3, 0, 0x21], [0xff, 3, 0x21], [0, 0x21], [0x21]] as [[UInt8]])
    func compressed(header: [UInt8]) {
        let frame = decode(header + inner, .ppp)
        #expect(frame.stop == nil)
        #expect(frame.transport == .udp)
        #expect(frame.payloadLength == 3)
    }

    @Test("IPv6, MPLS and bridged Ethernet")
    func protocols() {
        #expect(decode([0xff, 3, 0, 0x57] + inner6, .ppp).transport == .udp)
        #expect(decode([0x02, 0x81] + PacketBuilder.mpls(labels: [7], inner), .ppp).transport == .udp)
        #expect(decode([0x31] + PacketBuilder.ethernet(inner), .ppp).transport == .udp)
    }

    @Test("control protocols are unsupported")
    func control() {
        let frame = decode([0xff, 3, 0xc0, 0x21, 1, 1, 0, 4], .ppp)
        #expect(frame.stop?.cause == .unsupported(0xc021))
        #expect(frame.stop?.layer == .ppp)
    }

    @Test("a direction byte in front, HDLC of PPP and of Cisco")
    func framings() {
        for link in [LinkType.pppWithDirection, .pppDaemon] {
            #expect(decode([1, 0xff, 3, 0, 0x21] + inner, link).transport == .udp)
        }
        for link in [LinkType.pppHDLC, .cHDLC] {
            #expect(decode([0xff, 3, 0, 0x21] + inner, link).transport == .udp)
            #expect(decode([0x0f, 0, 0x08, 0] + inner, link).transport == .udp)
            #expect(decode([0x8f, 0, 0x86, 0xdd] + inner6, link).transport == .udp)
            #expect(decode([0x55, 0, 0x08, 0] + inner, link).stop?.cause == .unsupported(0x55))
        }
    }

    @Test("PPPoE: the session is the tunnel; its length encloses the packet")
    func overEthernet() {
        let frame = FrameDecoder().decoded(
            PacketBuilder.ethernet(type: 0x8864, PacketBuilder.pppoe(session: 0x1234, inner) + [9, 9, 9, 9]))
        #expect(frame.stop == nil)
        #expect(frame.tunnel == .pppoe)
        #expect(frame.tunnelIdentifier == 0x1234)
        #expect(frame.payloadLength == 3)
        // The same as a link of its own.
        #expect(decode(PacketBuilder.pppoe(session: 1, inner), .pppEthernet).transport == .udp)
    }

    @Test("PPPoE: discovery, other codes and other versions")
    func overEthernetRefused() {
        func stop(type: UInt16 = 0x8864, _ bytes: [UInt8]) -> DecodeError? {
            FrameDecoder().decoded(PacketBuilder.ethernet(type: type, bytes)).stop
        }
        #expect(stop(type: 0x8863, [0x11, 9, 0, 0, 0, 0])?.cause == .unsupported(0x8863))
        #expect(stop([0x11, 0xa7, 0, 1, 0, 0] + inner)?.cause == .unsupported(0xa7))
        #expect(stop([0x21, 0, 0, 1, 0, 0] + inner)?.cause == .malformed(.wrongVersion))
    }

    @Test("cut at every byte of the header", arguments: [LinkType.ppp, .pppHDLC, .pppWithDirection, .pppEthernet])
    func cut(link: LinkType) {
        let header: [UInt8] =
            switch link {
            case .pppWithDirection: [1, 0xff, 3, 0, 0x21]
            case .pppEthernet: Array(PacketBuilder.pppoe([]))
            default: [0xff, 3, 0, 0x21]
            }
        for kept in 0..<header.count {
            let frame = FrameDecoder().decoded(
                Array(header[..<kept]), wireLength: header.count + inner.count, linkType: link)
            guard case .truncated = frame.stop?.cause else {
                Issue.record("\(link), \(kept) bytes: \(String(describing: frame.stop))")
                continue
            }
        }
    }
}
