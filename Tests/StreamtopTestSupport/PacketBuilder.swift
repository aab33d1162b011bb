import StreamtopBase

/// Builds frames for tests, layer by layer: each function puts its header in front of `payload` and returns the bytes.
///
///     PacketBuilder.ethernet(
///         PacketBuilder.ip(from: "10.0.0.1", to: "10.0.0.2", protocol: 6,
///             PacketBuilder.tcp(from: 40000, to: 80, sequence: 1, flags: 0x18, options: [.timestamps(5, 4)], hello)))
///
/// `tcpFrame` and `udpFrame` do all of that in one call. Lengths are right unless a parameter overrides them;
/// the IPv4 header checksum is right, transport checksums are left 0 (decoders do not verify them).
package enum PacketBuilder {}

// MARK: Numbers

package func bytes16(_ value: UInt16) -> [UInt8] {
    [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
}

package func bytes24(_ value: UInt32) -> [UInt8] {
    [UInt8(truncatingIfNeeded: value >> 16)] + bytes16(UInt16(truncatingIfNeeded: value))
}

package func bytes32(_ value: UInt32) -> [UInt8] {
    bytes16(UInt16(value >> 16)) + bytes16(UInt16(truncatingIfNeeded: value))
}

package func bytes64(_ value: UInt64) -> [UInt8] {
    bytes32(UInt32(value >> 32)) + bytes32(UInt32(truncatingIfNeeded: value))
}

// MARK: Whole frames

extension PacketBuilder {
    /// Ethernet, IP and TCP in one call. `flags` as on the wire: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 64 ECE, 128 CWR.
    package static func tcpFrame(
        from source: Endpoint, to destination: Endpoint, sequence: UInt32 = 0, acknowledgment: UInt32 = 0,
        flags: UInt16 = 0x10, window: UInt16 = 65535, options: [TCPOption] = [], payload: [UInt8] = [],
        vlans: [UInt16] = [], identification: UInt16 = 0, ecn: UInt8 = 0, hopLimit: UInt8 = 64
    ) -> [UInt8] {
        let segment = tcp(
            from: source.port, to: destination.port, sequence: sequence, acknowledgment: acknowledgment, flags: flags,
            window: window, options: options, payload)
        return ethernet(
            vlans: vlans, isIPv6: !source.address.isIPv4,
            ip(
                from: source.address, to: destination.address, protocol: 6, hopLimit: hopLimit, ecn: ecn,
                identification: identification, segment))
    }

    /// Ethernet, IP and UDP in one call.
    package static func udpFrame(
        from source: Endpoint, to destination: Endpoint, payload: [UInt8] = [], vlans: [UInt16] = [],
        identification: UInt16 = 0, ecn: UInt8 = 0, hopLimit: UInt8 = 64
    ) -> [UInt8] {
        ethernet(
            vlans: vlans, isIPv6: !source.address.isIPv4,
            ip(
                from: source.address, to: destination.address, protocol: 17, hopLimit: hopLimit, ecn: ecn,
                identification: identification, udp(from: source.port, to: destination.port, payload)))
    }
}

// MARK: Links

extension PacketBuilder {
    /// Ethernet II around an IP packet, with any number of 802.1Q tags, outermost first.
    package static func ethernet(vlans: [UInt16] = [], isIPv6: Bool = false, _ payload: [UInt8]) -> [UInt8] {
        ethernet(vlans: vlans, type: isIPv6 ? 0x86dd : 0x0800, payload)
    }

    package static func ethernet(
        vlans: [UInt16] = [], tagType: UInt16 = 0x8100, type: UInt16, _ payload: [UInt8]
    ) -> [UInt8] {
        let tags = vlans.flatMap { bytes16(tagType) + bytes16($0) }
        return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + tags + bytes16(type) + payload
    }

    /// IEEE 802.3 with LLC and SNAP (RFC 1042).
    package static func ethernetSNAP(type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let body: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0] + bytes16(type) + payload
        return [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + bytes16(UInt16(body.count)) + body
    }

    /// Linux cooked capture, version 1.
    package static func linuxCooked(type: UInt16 = 0x0800, _ payload: [UInt8]) -> [UInt8] {
        bytes16(0) + bytes16(1) + bytes16(6) + [2, 0, 0, 0, 0, 1, 0, 0] + bytes16(type) + payload
    }

    /// Linux cooked capture, version 2.
    package static func linuxCooked2(type: UInt16 = 0x0800, _ payload: [UInt8]) -> [UInt8] {
        bytes16(type) + bytes16(0) + bytes32(2) + bytes16(1) + [0, 6] + [2, 0, 0, 0, 0, 1, 0, 0] + payload
    }

    /// PPPoE session (RFC 2516) with a PPP header.
    package static func pppoe(session: UInt16 = 1, pppProtocol: UInt16 = 0x0021, _ payload: [UInt8]) -> [UInt8] {
        [0x11, 0] + bytes16(session) + bytes16(UInt16(payload.count + 2)) + bytes16(pppProtocol) + payload
    }

    /// An MPLS label stack (RFC 3032), outermost label first; the last one carries the bottom-of-stack bit.
    package static func mpls(labels: [UInt32], _ payload: [UInt8]) -> [UInt8] {
        labels.enumerated().flatMap { index, label in
            bytes32(label << 12 | (index == labels.count - 1 ? 0x100 : 0) | 64)
        } + payload
    }
}

// MARK: IP

extension PacketBuilder {
    /// IPv4 or IPv6, whichever the addresses are.
    package static func ip(
        from source: IPAddress, to destination: IPAddress, protocol number: UInt8, hopLimit: UInt8 = 64,
        ecn: UInt8 = 0, identification: UInt16 = 0, _ payload: [UInt8]
    ) -> [UInt8] {
        source.isIPv4
            ? ipv4(
                from: source, to: destination, protocol: number, hopLimit: hopLimit, ecn: ecn,
                identification: identification, payload)
            : ipv6(from: source, to: destination, nextHeader: number, hopLimit: hopLimit, ecn: ecn, payload)
    }

    /// IPv4 (RFC 791). `fragment` is the offset in bytes; `options` are padded to four bytes; `totalLength` overrides
    /// the length field, for lies and for segmentation offload.
    package static func ipv4(
        from source: IPAddress, to destination: IPAddress, protocol number: UInt8, hopLimit: UInt8 = 64,
        ecn: UInt8 = 0, dscp: UInt8 = 0, identification: UInt16 = 0, dontFragment: Bool = false, fragment: Int = 0,
        moreFragments: Bool = false, options: [UInt8] = [], totalLength: UInt16? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
        let headerLength = 20 + padded.count
        let flags = UInt16(fragment / 8) | (moreFragments ? 0x2000 : 0) | (dontFragment ? 0x4000 : 0)
        var header: [UInt8] = [0x40 | UInt8(headerLength / 4), dscp << 2 | ecn]
        header += bytes16(totalLength ?? UInt16(truncatingIfNeeded: headerLength + payload.count))
        header += bytes16(identification) + bytes16(flags) + [hopLimit, number, 0, 0]
        header += source.bytes + destination.bytes + padded
        let sum = stride(from: 0, to: header.count, by: 2).reduce(UInt32(0)) {
            $0 + UInt32(header[$1]) << 8 + UInt32(header[$1 + 1])
        }
        let folded = ~UInt16(truncatingIfNeeded: (sum & 0xffff) + (sum >> 16))
        header[10] = UInt8(folded >> 8)
        header[11] = UInt8(truncatingIfNeeded: folded)
        return header + payload
    }

    /// IPv6 (RFC 8200). Put extension headers into `payload` with `ipv6Options` and `ipv6Fragment`.
    package static func ipv6(
        from source: IPAddress, to destination: IPAddress, nextHeader: UInt8, hopLimit: UInt8 = 64, ecn: UInt8 = 0,
        dscp: UInt8 = 0, payloadLength: UInt16? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        bytes32(0x6000_0000 | UInt32(dscp << 2 | ecn) << 20)
            + bytes16(payloadLength ?? UInt16(truncatingIfNeeded: payload.count)) + [nextHeader, hopLimit]
            + source.bytes + destination.bytes + payload
    }

    /// A hop-by-hop (0), destination options (60) or routing (43) header; all have the same outer form.
    package static func ipv6Options(nextHeader: UInt8, options: [UInt8] = [1, 4, 0, 0, 0, 0], _ payload: [UInt8])
        -> [UInt8]
    {
        let padded = options + [UInt8](repeating: 0, count: (14 - options.count % 8) % 8)
        return [nextHeader, UInt8((padded.count + 2) / 8 - 1)] + padded + payload
    }

    /// IPv6 fragment header (RFC 8200 section 4.5).
    package static func ipv6Fragment(
        nextHeader: UInt8, identification: UInt32, offset: Int, moreFragments: Bool, _ payload: [UInt8]
    ) -> [UInt8] {
        [nextHeader, 0] + bytes16(UInt16(offset) | (moreFragments ? 1 : 0)) + bytes32(identification) + payload
    }
}

// MARK: Transport

/// A TCP option by name; `raw` for everything else.
package enum TCPOption: Sendable {
    case maximumSegmentSize(UInt16)
    case windowScale(UInt8)
    case sackPermitted
    case sack([(UInt32, UInt32)])
    case timestamps(UInt32, UInt32)
    case fastOpen([UInt8])
    case noOperation
    case raw(kind: UInt8, body: [UInt8])

    package var bytes: [UInt8] {
        switch self {
        case .maximumSegmentSize(let size): [2, 4] + bytes16(size)
        case .windowScale(let shift): [3, 3, shift]
        case .sackPermitted: [4, 2]
        case .sack(let blocks):
            [5, UInt8(2 + 8 * blocks.count)] + blocks.flatMap { bytes32($0.0) + bytes32($0.1) }
        case .timestamps(let value, let echo): [8, 10] + bytes32(value) + bytes32(echo)
        case .fastOpen(let cookie): [34, UInt8(2 + cookie.count)] + cookie
        case .noOperation: [1]
        case .raw(let kind, let body): [kind, UInt8(2 + body.count)] + body
        }
    }
}

extension PacketBuilder {
    /// TCP (RFC 9293). Options are padded with no-operations in front, as Linux does for timestamps alone.
    package static func tcp(
        from source: UInt16, to destination: UInt16, sequence: UInt32 = 0, acknowledgment: UInt32 = 0,
        flags: UInt16 = 0x10, window: UInt16 = 65535, options: [TCPOption] = [], headerLength: Int? = nil,
        _ payload: [UInt8] = []
    ) -> [UInt8] {
        let list = options.flatMap(\.bytes)
        let padded = [UInt8](repeating: 1, count: (4 - list.count % 4) % 4) + list
        let length = headerLength ?? 20 + padded.count
        return bytes16(source) + bytes16(destination) + bytes32(sequence) + bytes32(acknowledgment)
            + bytes16(UInt16(length / 4) << 12 | flags) + bytes16(window) + [0, 0, 0, 0] + padded + payload
    }

    package static func udp(
        from source: UInt16, to destination: UInt16, length: UInt16? = nil, _ payload: [UInt8] = []
    ) -> [UInt8] {
        bytes16(source) + bytes16(destination)
            + bytes16(length ?? UInt16(truncatingIfNeeded: payload.count + 8)) + [0, 0] + payload
    }

    /// SCTP common header (RFC 9260 section 3.1) in front of ready-made chunks.
    package static func sctp(from source: UInt16, to destination: UInt16, tag: UInt32 = 1, _ chunks: [UInt8] = [])
        -> [UInt8]
    {
        bytes16(source) + bytes16(destination) + bytes32(tag) + bytes32(0) + chunks
    }

    /// ICMP or ICMPv6: type, code, checksum 0, the four bytes that depend on the type, and what follows.
    package static func icmp(type: UInt8, code: UInt8 = 0, rest: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [type, code, 0, 0] + bytes32(rest) + payload
    }
}

// MARK: Tunnels

extension PacketBuilder {
    /// GRE (RFC 2784, RFC 2890), version 0.
    package static func gre(
        type: UInt16 = 0x0800, checksum: Bool = false, key: UInt32? = nil, sequence: UInt32? = nil, _ payload: [UInt8]
    ) -> [UInt8] {
        let flags: UInt16 = (checksum ? 0x8000 : 0) | (key == nil ? 0 : 0x2000) | (sequence == nil ? 0 : 0x1000)
        return bytes16(flags) + bytes16(type) + (checksum ? [0, 0, 0, 0] : []) + (key.map(bytes32) ?? [])
            + (sequence.map(bytes32) ?? []) + payload
    }

    /// VXLAN (RFC 7348) around an Ethernet frame; goes into UDP port 4789.
    package static func vxlan(identifier: UInt32, _ payload: [UInt8]) -> [UInt8] {
        [8, 0, 0, 0] + bytes24(identifier) + [0] + payload
    }

    /// Geneve (RFC 8926) with `options` of a multiple of four bytes; goes into UDP port 6081.
    package static func geneve(
        identifier: UInt32, type: UInt16 = 0x6558, options: [UInt8] = [], _ payload: [UInt8]
    ) -> [UInt8] {
        [UInt8(options.count / 4), 0] + bytes16(type) + bytes24(identifier) + [0] + options + payload
    }

    /// GTP-U user data (3GPP TS 29.281); goes into UDP port 2152. `extensions`: type and content of each header.
    package static func gtpUser(
        tunnel: UInt32, sequence: UInt16? = nil, extensions: [(type: UInt8, content: [UInt8])] = [], _ payload: [UInt8]
    ) -> [UInt8] {
        let flags: UInt8 = 0x30 | (extensions.isEmpty ? 0 : 4) | (sequence == nil ? 0 : 2)
        var optional: [UInt8] = []
        if flags & 7 != 0 { optional = bytes16(sequence ?? 0) + [0, extensions.first?.type ?? 0] }
        for (index, header) in extensions.enumerated() {
            let next = index + 1 < extensions.count ? extensions[index + 1].type : 0
            optional += [UInt8((header.content.count + 2) / 4)] + header.content + [next]
        }
        return [flags, 0xff] + bytes16(UInt16(optional.count + payload.count)) + bytes32(tunnel) + optional + payload
    }
}
