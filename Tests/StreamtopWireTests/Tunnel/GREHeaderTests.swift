import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// GRE in all its forms (RFC 1701, 2637, 2784, 2890), what it carries, and how it fails.
@Suite("GRE header")
struct GREHeaderTests {
    private let inner = PacketBuilder.ip(
        from: "192.168.0.1", to: "192.168.0.2", protocol: 17, PacketBuilder.udp(from: 5004, to: 5006, [1, 2, 3]))

    /// A frame with IP protocol 47 around `gre`.
    private func decode(_ gre: [UInt8], wireLength: Int? = nil) -> DecodedFrame {
        FrameDecoder().decoded(
            PacketBuilder.ethernet(PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: 47, gre)),
            wireLength: wireLength)
    }

    private func expectInner(_ frame: borrowing DecodedFrame, _ kind: TunnelKind, identifier: UInt32) {
        #expect(frame.stop == nil)
        #expect(frame.transport == .udp)
        #expect(frame.sourcePort == 5004)
        #expect(frame.source == "192.168.0.1")
        #expect(frame.payloadLength == 3)
        #expect(frame.tunnel == kind)
        #expect(frame.tunnelIdentifier == identifier)
    }

    /// Each of the optional fields shifts those after it.
    @Test("optional fields", arguments: [false, true], [nil, 0x0102_0304] as [UInt32?])
    func optionalFields(checksum: Bool, key: UInt32?) {
        for sequence in [nil, 7] as [UInt32?] {
            let frame = decode(PacketBuilder.gre(checksum: checksum, key: key, sequence: sequence, inner))
            expectInner(frame, .gre, identifier: key ?? 0)
        }
    }

    @Test("source routes of RFC 1701 are stepped over")
    func sourceRoutes() {
        let route: [UInt8] = [8, 0, 0, 4, 10, 0, 0, 9]
        let header: [UInt8] = [0x40, 0, 8, 0] + [0, 0, 0, 0]
        expectInner(decode(header + route + route + [0, 0, 0, 0] + inner), .gre, identifier: 0)
        // An entry of another family may be empty; a list without its end is cut.
        expectInner(decode(header + [8, 0, 0, 0, 0, 0, 0, 0] + inner), .gre, identifier: 0)
        #expect(decode(header + route).stop?.layer == .gre)
    }

    @Test("what it carries")
    func payloads() {
        let ethernet = PacketBuilder.ethernet(inner)
        let tagged = PacketBuilder.ethernet(vlans: [42], inner)
        expectInner(decode(PacketBuilder.gre(type: 0x6558, ethernet)), .gre, identifier: 0)
        #expect(decode(PacketBuilder.gre(type: 0x6558, tagged)).vlan == 42)
        // A label inside a tunnel does not make another one of it.
        expectInner(
            decode(PacketBuilder.gre(type: 0x8847, PacketBuilder.mpls(labels: [99], inner))), .gre, identifier: 0)
        // WCCP, version 1 and version 2 with its redirect header.
        expectInner(decode(PacketBuilder.gre(type: 0x883e, inner)), .gre, identifier: 0)
        expectInner(decode(PacketBuilder.gre(type: 0x883e, [0x01, 2, 3, 4] + inner)), .gre, identifier: 0)
        // A keep-alive on its way back has no payload.
        let keepAlive = decode(PacketBuilder.gre(type: 0, []))
        #expect(keepAlive.stop == nil)
        #expect(keepAlive.transport == .other)
    }

    @Test("ERSPAN of three kinds")
    func mirrored() {
        let ethernet = PacketBuilder.ethernet(inner)
        expectInner(decode(PacketBuilder.gre(type: 0x88be, ethernet)), .erspan, identifier: 0)
        // Version 1, VLAN 5, session 0x123.
        let second: [UInt8] = [0x10, 5, 0x01, 0x23, 0, 0, 0, 0]
        expectInner(decode(PacketBuilder.gre(type: 0x88be, sequence: 1, second + ethernet)), .erspan, identifier: 0x123)
        // Version 2 with Ethernet, with eight bytes more, with IP.
        let third: [UInt8] = [0x20, 5, 0x01, 0x23, 0, 0, 0, 1, 0, 0]
        expectInner(decode(PacketBuilder.gre(type: 0x22eb, third + [0, 0] + ethernet)), .erspan, identifier: 0x123)
        expectInner(
            decode(PacketBuilder.gre(type: 0x22eb, third + [0, 1] + [UInt8](repeating: 9, count: 8) + ethernet)),
            .erspan, identifier: 0x123)
        expectInner(decode(PacketBuilder.gre(type: 0x22eb, third + [0x08, 0] + inner)), .erspan, identifier: 0x123)
        // A frame type without a meaning, a version that is not that of the type.
        #expect(decode(PacketBuilder.gre(type: 0x22eb, third + [0x0c, 0] + inner)).stop?.cause == .unsupported(3))
        #expect(
            decode(PacketBuilder.gre(type: 0x88be, sequence: 1, [0x20] + second.dropFirst() + ethernet)).stop?.cause
                == .unsupported(2))
    }

    @Test("PPTP carries PPP, and acknowledgments alone")
    func pptp() {
        let ppp: [UInt8] = [0xff, 3, 0, 0x21] + inner
        let length = bytes16(UInt16(ppp.count))
        let data: [UInt8] = [0x30, 0x01, 0x88, 0x0b] + length + [0, 77] + bytes32(1) + ppp
        expectInner(decode(data), .l2tp, identifier: 77)
        let acknowledged: [UInt8] = [0x30, 0x81, 0x88, 0x0b] + length + [0, 77] + bytes32(1) + bytes32(9) + ppp
        expectInner(decode(acknowledged), .l2tp, identifier: 77)
        let alone = decode([0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 77] + bytes32(9))
        #expect(alone.stop == nil)
        #expect(alone.transport == .other)
    }

    @Test("EoIP carries Ethernet; its number is little-endian")
    func ethernetOverIP() {
        let ethernet = PacketBuilder.ethernet(inner)
        let header: [UInt8] = [0x20, 0x01, 0x64, 0x00] + bytes16(UInt16(ethernet.count)) + [0x34, 0x12]
        expectInner(decode(header + ethernet), .gre, identifier: 0x1234)
        #expect(decode([0x20, 0x01, 0x64, 0x00, 0, 0, 0x34, 0x12]).stop == nil)
    }

    @Test("unknown versions and types are unsupported, not malformed")
    func unknown() {
        #expect(decode([0, 2, 8, 0] + inner).stop?.cause == .unsupported(2))
        #expect(decode([0, 1, 8, 0, 0, 0, 0, 0] + inner).stop?.cause == .unsupported(0x0800))
        #expect(decode(PacketBuilder.gre(type: 0x1234, inner)).stop?.cause == .unsupported(0x1234))
    }

    /// Cut inside the header: truncated where the capture cut it. Each cut is told, none is read past.
    @Test("cut at every byte of the longest header")
    func cut() {
        let gre = PacketBuilder.gre(checksum: true, key: 5, sequence: 6, inner)
        let whole = PacketBuilder.ethernet(PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: 47, gre))
        for kept in 34..<(34 + 16) {
            let frame = FrameDecoder().decoded(Array(whole[..<kept]), wireLength: whole.count)
            #expect(frame.transport != .udp)
            guard case .truncated = frame.stop?.cause else {
                Issue.record("cut at \(kept): \(String(describing: frame.stop))")
                continue
            }
        }
    }
}
