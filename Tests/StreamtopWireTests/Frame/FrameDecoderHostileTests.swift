import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

/// Frames of every kind, cut and damaged: nothing may trap, and what comes out must fit the frame.
@Suite("Frame decoder against hostile frames")
struct FrameDecoderHostileTests {
    private static let samples: [(name: String, link: LinkType, bytes: [UInt8])] = {
        let tcp = PacketBuilder.tcp(
            from: 40000, to: 443, flags: 2,
            options: [
                .maximumSegmentSize(1460), .sackPermitted, .timestamps(1, 2), .windowScale(7),
                .sack([(1, 2)]), .fastOpen([1, 2, 3, 4]), .raw(kind: 30, body: [0, 1]),
            ], [1, 2, 3])
        let inner = PacketBuilder.ip(from: "192.168.0.1", to: "192.168.0.2", protocol: 6, tcp)
        let inner6 = PacketBuilder.ip(from: "2001:db8::1", to: "2001:db8::2", protocol: 6, tcp)
        let frame = PacketBuilder.ethernet(vlans: [7], inner)
        func outer(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
            PacketBuilder.ethernet(PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: number, payload))
        }
        func outerUDP(_ port: UInt16, _ payload: [UInt8]) -> [UInt8] {
            outer(17, PacketBuilder.udp(from: port, to: port, payload))
        }
        let extended = PacketBuilder.ipv6Options(
            nextHeader: 43,
            PacketBuilder.ipv6Options(
                nextHeader: 60,
                PacketBuilder.ipv6Options(
                    nextHeader: 44,
                    PacketBuilder.ipv6Fragment(
                        nextHeader: 6, identification: 5, offset: 0, moreFragments: true, tcp))))
        let wireless: [UInt8] =
            [0x88, 1] + [UInt8](repeating: 0, count: 24) + [0xaa, 0xaa, 3, 0, 0, 0, 8, 0] + inner
        return [
            ("tcp", .ethernet, PacketBuilder.ethernet(inner)),
            (
                "ipv4 options", .ethernet,
                PacketBuilder.ethernet(
                    PacketBuilder.ipv4(
                        from: "10.0.0.1", to: "10.0.0.2", protocol: 6, options: [7, 7, 4, 0, 0, 0, 0], tcp))
            ),
            ("vlans", .ethernet, PacketBuilder.ethernet(vlans: [1, 2], inner)),
            ("snap", .ethernet, PacketBuilder.ethernetSNAP(type: 0x0800, inner)),
            ("ipv6", .ethernet, PacketBuilder.ethernet(isIPv6: true, inner6)),
            (
                "ipv6 extensions", .ethernet,
                PacketBuilder.ethernet(
                    isIPv6: true,
                    PacketBuilder.ipv6(from: "2001:db8::1", to: "2001:db8::2", nextHeader: 0, extended))
            ),
            ("mpls", .ethernet, PacketBuilder.ethernet(type: 0x8847, PacketBuilder.mpls(labels: [9, 10], inner))),
            (
                "pseudowire", .ethernet,
                PacketBuilder.ethernet(type: 0x8847, PacketBuilder.mpls(labels: [9], [0, 0, 0, 0] + frame))
            ),
            ("pppoe", .ethernet, PacketBuilder.ethernet(type: 0x8864, PacketBuilder.pppoe(inner))),
            (
                "gre", .ethernet,
                outer(47, PacketBuilder.gre(checksum: true, key: 1, sequence: 2, inner))
            ),
            (
                "erspan", .ethernet,
                outer(47, PacketBuilder.gre(type: 0x88be, sequence: 2, [0x10, 1, 0, 5, 0, 0, 0, 0] + frame))
            ),
            ("6in4", .ethernet, outer(41, inner6)),
            ("ipip", .ethernet, outer(4, inner)),
            ("vxlan", .ethernet, outerUDP(4789, PacketBuilder.vxlan(identifier: 5, frame))),
            (
                "geneve", .ethernet,
                outerUDP(6081, PacketBuilder.geneve(identifier: 5, options: [1, 2, 3, 4], frame))
            ),
            (
                "gtp", .ethernet,
                outerUDP(
                    2152,
                    PacketBuilder.gtpUser(tunnel: 5, sequence: 1, extensions: [(0x85, [1, 2])], inner))
            ),
            (
                "teredo", .ethernet,
                outerUDP(3544, [0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6] + inner6)
            ),
            ("l2tp", .ethernet, outerUDP(1701, [0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21] + inner)),
            ("capwap", .ethernet, outerUDP(5247, [0, 0x10, 3, 0, 0, 0, 0, 0] + wireless)),
            ("icmp", .ethernet, outer(1, PacketBuilder.icmp(type: 3, code: 4, rest: 1400, inner))),
            (
                "icmp6", .ethernet,
                PacketBuilder.ethernet(
                    isIPv6: true,
                    PacketBuilder.ip(
                        from: "2001:db8::1", to: "2001:db8::2", protocol: 58,
                        PacketBuilder.icmp(type: 2, rest: 1280, inner6)))
            ),
            ("sctp", .ethernet, outer(132, PacketBuilder.sctp(from: 1, to: 2, [0, 0, 0, 4]))),
            ("cooked", .linuxCooked, PacketBuilder.linuxCooked(inner)),
            ("cooked 2", .linuxCooked2, PacketBuilder.linuxCooked2(inner)),
            ("raw", .rawIP, inner6),
            ("null", .null, [2, 0, 0, 0] + inner),
            ("ppp", .ppp, [0xff, 3, 0, 0x21] + inner),
            ("chdlc", .cHDLC, [0x0f, 0, 8, 0] + inner),
            ("radiotap", .radiotap, [0, 0, 9, 0, 2, 0, 0, 0, 0x10] + wireless),
            ("ppi", .perPacketInformation, [0, 0, 8, 0, 105, 0, 0, 0] + wireless),
            (
                "token ring", .tokenRing,
                [0x10, 0x40] + [UInt8](repeating: 0, count: 6) + [
                    0x80, 0, 0, 0, 0, 0, 2, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0,
                ]
                    + inner
            ),
            ("infiniband", .infiniBand, [UInt8](repeating: 0, count: 40) + [8, 0, 0, 0] + inner),
        ]
    }()

    private func check(_ frame: borrowing DecodedFrame, _ count: Int, _ note: @autoclosure () -> String) {
        guard frame.hasNetwork else { return }
        let fits =
            frame.payloadOffset >= 0 && frame.payloadCaptured >= 0 && frame.payloadCaptured <= frame.payloadLength
            && (frame.payloadCaptured == 0 || frame.payloadOffset + frame.payloadCaptured <= count)
        if !fits { Issue.record("payload does not fit: \(note())") }
        if let part = frame.fragment, part.dataCaptured > part.dataLength || part.dataOffset + part.dataCaptured > count
        {
            Issue.record("fragment does not fit: \(note())")
        }
    }

    @Test("every kind of frame reaches its innermost TCP segment", arguments: samples.map(\.name))
    func intact(name: String) throws {
        let sample = try #require(Self.samples.first { $0.name == name })
        let frame = FrameDecoder().decoded(sample.bytes, linkType: sample.link)
        switch name {
        case "icmp", "icmp6": #expect(frame.transport == .icmp && frame.icmp.quoted?.high.port == 443)
        case "sctp": #expect(frame.transport == .sctp)
        default:
            #expect(frame.transport == .tcp, "\(String(describing: frame.stop))")
            #expect(frame.destinationPort == 443)
            #expect(frame.tcp.options.fastOpenCookieLength == 4)
            #expect(frame.tcp.options.multipath == true)
            #expect(frame.payloadLength == 3)
            #expect(frame.stop == nil)
        }
    }

    @Test("cut at every byte, by the capture and on the wire")
    func cut() {
        let decoder = FrameDecoder()
        for sample in Self.samples {
            for count in 0...sample.bytes.count {
                let part = Array(sample.bytes.prefix(count))
                check(
                    decoder.decoded(part, wireLength: sample.bytes.count, linkType: sample.link), count,
                    "\(sample.name) snapped to \(count)")
                check(decoder.decoded(part, linkType: sample.link), count, "\(sample.name) cut to \(count)")
            }
        }
    }

    @Test("a hundred thousand damaged frames")
    func damaged() {
        var random = SeededRandom(seed: 0x5eed_0001)
        let decoder = FrameDecoder()
        let links = Self.samples.map(\.link)
        for turn in 0..<100_000 {
            let sample = Self.samples[turn % Self.samples.count]
            let bytes = random.damaged(sample.bytes)
            let link = turn % 16 == 0 ? links.randomElement(using: &random) ?? .ethernet : sample.link
            let wire = turn % 3 == 0 ? bytes.count + Int.random(in: 0..<2000, using: &random) : bytes.count
            check(
                decoder.decoded(bytes, wireLength: wire, linkType: link), bytes.count,
                "seed \(random.seed) turn \(turn) \(sample.name): \(bytes)")
        }
    }
}
