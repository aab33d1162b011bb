/// What makes two packets belong to one flow: transport protocol, both endpoints in canonical order, and the
/// encapsulation they travel in (equal addresses in two VLANs or two tunnels are two flows).
///
/// Kept as words, because keys are made, hashed and compared for every packet.
package struct FlowKey: Hashable, Sendable {
    // The halves of the two addresses.
    @usableFromInline let lowPrefix: UInt64
    @usableFromInline let lowSuffix: UInt64
    @usableFromInline let highPrefix: UInt64
    @usableFromInline let highSuffix: UInt64
    /// From the lowest bit: port of the low endpoint (16) and whether its address is one of IPv4 (1), the same of the high
    /// one (17), VLAN (16), transport (8).
    @usableFromInline let details: UInt64
    /// Tunnel kind and identifier folded into one number, 0 outside any tunnel.
    package let tunnel: UInt32

    @inlinable
    package static var noVLAN: UInt16 { .max }

    @inlinable
    @inline(__always)
    package init(low: Endpoint, high: Endpoint, transport: UInt8, vlan: UInt16, tunnel: UInt32) {
        self.init(low, high, isOrdered: true, transport: transport, vlan: vlan, tunnel: tunnel)
    }

    /// The key of a packet, whichever way it travels.
    @inlinable
    @inline(__always)
    package init(
        source: Endpoint, destination: Endpoint, transport: UInt8, vlan: UInt16 = FlowKey.noVLAN, tunnel: UInt32 = 0
    ) {
        self.init(
            source, destination, isOrdered: Self.isOrdered(source, destination), transport: transport, vlan: vlan,
            tunnel: tunnel)
    }

    /// Whether `one` is the low endpoint of a key of both.
    @inlinable
    @inline(__always)
    package static func isOrdered(_ one: Endpoint, _ other: Endpoint) -> Bool {
        one.address == other.address ? one.port <= other.port : one.address < other.address
    }

    /// Packets of both directions alternate, so that no branch can be predicted: the ends are exchanged by arithmetic, not by
    /// a branch.
    @inlinable
    @inline(__always)
    package init(_ one: Endpoint, _ other: Endpoint, isOrdered: Bool, transport: UInt8, vlan: UInt16, tunnel: UInt32) {
        let mask: UInt64 = isOrdered ? 0 : .max
        let prefixes = (one.address.high ^ other.address.high) & mask
        lowPrefix = one.address.high ^ prefixes
        highPrefix = other.address.high ^ prefixes
        let suffixes = (one.address.low ^ other.address.low) & mask
        lowSuffix = one.address.low ^ suffixes
        highSuffix = other.address.low ^ suffixes
        let changes = (Self.details(of: one) ^ Self.details(of: other)) & mask
        details =
            (Self.details(of: one) ^ changes) | (Self.details(of: other) ^ changes) << 17 | UInt64(vlan) << 34
            | UInt64(transport) << 50
        self.tunnel = tunnel
    }

    @inlinable
    @inline(__always)
    static func details(of end: Endpoint) -> UInt64 { UInt64(end.port) | UInt64(end.address.isIPv4 ? 1 : 0) << 16 }

    @inlinable
    package var low: Endpoint { Self.end(lowPrefix, lowSuffix, details: details) }

    /// `end` is the low endpoint; without a branch for each word, as in a packet it is as often as not.
    @inlinable
    @inline(__always)
    package func isLow(_ end: Endpoint) -> Bool {
        (lowPrefix ^ end.address.high) | (lowSuffix ^ end.address.low)
            | (details & 0x1_ffff ^ Self.details(of: end)) == 0
    }

    @inlinable
    package var high: Endpoint { Self.end(highPrefix, highSuffix, details: details >> 17) }

    @inlinable
    @inline(__always)
    static func end(_ prefix: UInt64, _ suffix: UInt64, details: UInt64) -> Endpoint {
        Endpoint(
            address: IPAddress(high: prefix, low: suffix, isIPv4: details & 0x1_0000 != 0),
            port: UInt16(truncatingIfNeeded: details))
    }

    /// Innermost VLAN identifier, `noVLAN` when untagged.
    @inlinable
    package var vlan: UInt16 { UInt16(truncatingIfNeeded: details >> 34) }

    /// IP protocol number (IANA): 6 TCP, 17 UDP, 132 SCTP, 1 and 58 ICMP.
    @inlinable
    package var transport: UInt8 { UInt8(truncatingIfNeeded: details >> 50) }

    /// It travels in no VLAN and no tunnel.
    @inlinable
    @inline(__always)
    package var isBare: Bool { tunnel == 0 && vlan == Self.noVLAN }

    /// The same conversation whatever it travels in.
    package var withoutEncapsulation: FlowKey {
        FlowKey(low: low, high: high, transport: transport, vlan: Self.noVLAN, tunnel: 0)
    }

    @inlinable
    @inline(__always)
    package static func == (left: FlowKey, right: FlowKey) -> Bool {
        // Without a branch for each word: keys that are compared are nearly always equal.
        let addresses =
            (left.lowPrefix ^ right.lowPrefix) | (left.lowSuffix ^ right.lowSuffix)
            | (left.highPrefix ^ right.highPrefix) | (left.highSuffix ^ right.highSuffix)
        return addresses | (left.details ^ right.details) | UInt64(left.tunnel ^ right.tunnel) == 0
    }

    @inlinable
    @inline(__always)
    package static func != (left: FlowKey, right: FlowKey) -> Bool { !(left == right) }
}
