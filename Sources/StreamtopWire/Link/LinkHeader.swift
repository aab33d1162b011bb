import StreamtopBase

/// From a capture's link type (https://www.tcpdump.org/linktypes.html) to the first header.
extension FrameCursor {
    /// The layers below IP, the frequent ones aside, which the frame decoder calls by itself.
    @_lifetime(self: copy self)
    mutating func decodeLink(_ layer: NextLayer, into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        switch layer {
        case .link(let type): return try decodeLinkType(type)
        case .etherType(let type): return try decodeEtherType(type, into: &frame)
        case .logicalLink: return try decodeLogicalLink()
        case .wireless: return try decodeWireless()
        case .ppp: return try decodePPP()
        case .mpls: return try decodeMPLS(into: &frame)
        case .ip: return try decodeIPVersion()
        default: return .complete
        }
    }

    @_lifetime(self: copy self)
    private mutating func decodeLinkType(_ type: LinkType) throws(DecodeError) -> NextLayer {
        switch type {
        case .ethernet: return .ethernet
        case .linuxCooked: return try decodeLinuxCooked()
        case .linuxCooked2: return try decodeLinuxCooked2()
        // 12 and 14 are DLT_RAW of different systems, seen in files written without translation.
        case .rawIP, LinkType(rawValue: 12), LinkType(rawValue: 14): return .ip
        case .ipv4: return .ipv4
        case .ipv6: return .ipv6
        case .null, .loop: return try decodeAddressFamily()
        case .ppp: return .ppp
        case .pppHDLC, .cHDLC: return try decodeHDLC()
        case .pppEthernet: return .tunnel(.pppoe)
        case .pppWithDirection, .pppDaemon:
            try require(1, in: .ppp)
            reader.skip(1)
            return .ppp
        case .slip:
            // A direction byte and room for a compressed header come first.
            try require(16, in: .link)
            reader.skip(16)
            return .ip
        case .wireless: return .wireless
        case .radiotap: return try decodeRadiotap()
        case .perPacketInformation: return try decodePerPacketInformation()
        case .tokenRing: return try decodeTokenRing()
        case .fddi:
            try require(13, in: .link)
            reader.skip(13)
            return .logicalLink
        case .netfilterLog: return try decodeNetfilterLog()
        case .infiniBand:
            // IP over InfiniBand (RFC 4391): 40 bytes of routing header, then a type and two reserved bytes.
            try require(44, in: .link)
            reader.skip(40)
            let type = reader.uint16()
            reader.skip(2)
            return .etherType(type)
        default: throw reader.unsupported(.link, type.rawValue)
        }
    }

    /// BSD null and loop: an address family in the capturing host's byte order or in network order. Families are small
    /// numbers, so the order shows.
    @_lifetime(self: copy self)
    private mutating func decodeAddressFamily() throws(DecodeError) -> NextLayer {
        try require(4, in: .link)
        let value = reader.uint32()
        let family = value > 0xffff ? value.byteSwapped : value
        switch family {
        case 2: return .ipv4
        // AF_INET6 differs: Linux 10, Windows 23, NetBSD and OpenBSD 24, FreeBSD 28, Darwin 30.
        case 10, 23, 24, 28, 30: return .ipv6
        default: break
        }
        // Some writers put an EtherType here, in either order, or four bytes that end in one, as HDLC has them.
        switch family == 0x0800 || family == 0x86dd ? family : value & 0xffff {
        case 0x0800: return .ipv4
        case 0x86dd: return .ipv6
        default: throw reader.unsupported(.link, family)
        }
    }

    /// IPv4 or IPv6 by its version field.
    private func decodeIPVersion() throws(DecodeError) -> NextLayer {
        try require(1, in: .link)
        switch (reader.peekUInt8() ?? 0) >> 4 {
        case 4: return .ipv4
        case 6: return .ipv6
        case let version: throw reader.unsupported(.link, UInt32(version))
        }
    }

    /// Token Ring (IEEE 802.5): access and frame control, addresses, a source route when the source says so, 802.2.
    @_lifetime(self: copy self)
    private mutating func decodeTokenRing() throws(DecodeError) -> NextLayer {
        try require(14, in: .link)
        reader.skip(8)
        let hasRoute = reader.uint8() & 0x80 != 0
        reader.skip(5)
        if hasRoute {
            try require(2, in: .link)
            let length = Int((reader.peekUInt8() ?? 0) & 0x1f)
            guard length >= 2 else { throw reader.malformed(.link, .lengthBelowHeader) }
            try require(length, in: .link)
            reader.skip(length)
        }
        return .logicalLink
    }
}

/// NFLOG, what iptables and nftables log (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): family (1), version (1),
/// resource (2), then attributes of length (2), type (2) and value, each padded to four bytes, in the byte order of the host
/// that logged; the packet is attribute 9.
extension FrameCursor {
    @_lifetime(self: copy self)
    fileprivate mutating func decodeNetfilterLog() throws(DecodeError) -> NextLayer {
        try require(4, in: .link)
        reader.skip(1)
        let version = reader.uint8()
        reader.skip(2)
        guard version == 0 else { throw reader.unsupported(.link, UInt32(version)) }
        while true {  // each pass takes four bytes at least
            try require(4, in: .link)
            let (length, type) = Self.hostOrder(reader.uint16(), reader.uint16())
            guard length >= 4 else { throw reader.malformed(.link, .lengthBelowHeader) }
            let value = Int(length) - 4
            if type == 9 {
                guard value <= wireRemaining else { throw reader.malformed(.link, .lengthBeyondEnclosure) }
                enclose(value)
                return .ip
            }
            let padded = (value + 3) & ~3
            try require(padded, in: .link)
            reader.skip(padded)
        }
    }

    /// Types are below 256: what has its low byte at the end was written in network order.
    private static func hostOrder(_ length: UInt16, _ type: UInt16) -> (length: UInt16, type: UInt16) {
        type & 0x7fff < 256 && type != 0 ? (length, type & 0x7fff) : (length.byteSwapped, type.byteSwapped & 0x7fff)
    }
}
