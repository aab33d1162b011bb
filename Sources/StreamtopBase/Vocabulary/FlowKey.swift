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
    /// From the lowest bit: port of the low endpoint (16), of the high one (16), VLAN (16), transport (8), whether the
    /// low address is one of IPv4 (1), whether the high one is (1).
    @usableFromInline let details: UInt64
    /// Tunnel kind and identifier folded into one number, 0 outside any tunnel.
    package let tunnel: UInt32

    @inlinable
    package static var noVLAN: UInt16 { .max }

    @inlinable
    @inline(__always)
    package init(low: Endpoint, high: Endpoint, transport: UInt8, vlan: UInt16, tunnel: UInt32) {
        lowPrefix = low.address.high
        lowSuffix = low.address.low
        highPrefix = high.address.high
        highSuffix = high.address.low
        let families = UInt64(low.address.isIPv4 ? 1 : 0) | UInt64(high.address.isIPv4 ? 2 : 0)
        details =
            UInt64(low.port) | UInt64(high.port) << 16 | UInt64(vlan) << 32 | UInt64(transport) << 48 | families << 56
        self.tunnel = tunnel
    }

    /// The key of a packet, whichever way it travels.
    @inlinable
    @inline(__always)
    package init(
        source: Endpoint, destination: Endpoint, transport: UInt8, vlan: UInt16 = FlowKey.noVLAN, tunnel: UInt32 = 0
    ) {
        let ordered =
            source.address != destination.address
            ? source.address < destination.address : source.port <= destination.port
        self.init(
            low: ordered ? source : destination, high: ordered ? destination : source, transport: transport,
            vlan: vlan, tunnel: tunnel)
    }

    @inlinable
    package var low: Endpoint {
        Endpoint(
            address: IPAddress(high: lowPrefix, low: lowSuffix, isIPv4: details & 1 << 56 != 0),
            port: UInt16(truncatingIfNeeded: details))
    }

    @inlinable
    package var high: Endpoint {
        Endpoint(
            address: IPAddress(high: highPrefix, low: highSuffix, isIPv4: details & 2 << 56 != 0),
            port: UInt16(truncatingIfNeeded: details >> 16))
    }

    /// Innermost VLAN identifier, `noVLAN` when untagged.
    @inlinable
    package var vlan: UInt16 { UInt16(truncatingIfNeeded: details >> 32) }

    /// IP protocol number (IANA): 6 TCP, 17 UDP, 132 SCTP, 1 and 58 ICMP.
    @inlinable
    package var transport: UInt8 { UInt8(truncatingIfNeeded: details >> 48) }

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
