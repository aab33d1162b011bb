/// What makes two packets belong to one flow: transport protocol, both endpoints in canonical order, and the
/// encapsulation they travel in (equal addresses in two VLANs or two tunnels are two flows).
package struct FlowKey: Hashable, Sendable {
    package var low: Endpoint
    package var high: Endpoint
    /// IP protocol number (IANA): 6 TCP, 17 UDP, 132 SCTP, 1 and 58 ICMP.
    package var transport: UInt8
    /// Innermost VLAN identifier, `noVLAN` when untagged.
    package var vlan: UInt16
    /// Tunnel kind and identifier folded into one number, 0 outside any tunnel.
    package var tunnel: UInt32

    @inlinable
    package static var noVLAN: UInt16 { .max }

    @inlinable
    @inline(__always)
    package init(low: Endpoint, high: Endpoint, transport: UInt8, vlan: UInt16, tunnel: UInt32) {
        self.low = low
        self.high = high
        self.transport = transport
        self.vlan = vlan
        self.tunnel = tunnel
    }

    @inlinable
    @inline(__always)
    package static func == (left: FlowKey, right: FlowKey) -> Bool {
        left.low == right.low && left.high == right.high && left.transport == right.transport
            && left.vlan == right.vlan && left.tunnel == right.tunnel
    }

    @inlinable
    @inline(__always)
    package static func != (left: FlowKey, right: FlowKey) -> Bool { !(left == right) }

    /// The key of a packet, whichever way it travels.
    @inlinable
    @inline(__always)
    package init(
        source: Endpoint, destination: Endpoint, transport: UInt8, vlan: UInt16 = FlowKey.noVLAN, tunnel: UInt32 = 0
    ) {
        let ordered =
            source.address != destination.address
            ? source.address < destination.address : source.port <= destination.port
        low = ordered ? source : destination
        high = ordered ? destination : source
        self.transport = transport
        self.vlan = vlan
        self.tunnel = tunnel
    }

    /// The same conversation whatever it travels in.
    package var withoutEncapsulation: FlowKey {
        FlowKey(low: low, high: high, transport: transport, vlan: Self.noVLAN, tunnel: 0)
    }

    /// A well-mixed hash. Seeded per engine so that nobody on the wire can choose colliding keys cheaply.
    @inlinable
    package func mixed(seed: UInt64) -> UInt64 {
        // Wrapping arithmetic throughout: a hash has no range to leave.
        var state = seed ^ (low.address.low &* 0x9e37_79b9_7f4a_7c15)
        state = (state ^ (state >> 32)) &+ (high.address.low &* 0xc2b2_ae3d_27d4_eb4f)
        state = (state ^ (state >> 29)) &* 0x9fb2_1c65_1e98_df25
        state ^= (low.address.high &* 0xd6e8_feb8_6659_fd93) ^ (high.address.high &* 0xa076_1d64_78bd_642f)
        state = (state ^ (state >> 32)) &* 0xe703_7ed1_a0b4_28db
        let rest =
            UInt64(low.port) | UInt64(high.port) << 16 | UInt64(transport) << 32 | UInt64(vlan) << 40
            | UInt64(low.address.isIPv4 ? 1 : 0) << 63
        state ^= rest &* 0x8ebc_6af0_9c88_c6e3
        state ^= UInt64(tunnel) &* 0x5895_58cd_ab76_d97b
        state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        state = (state ^ (state >> 27)) &* 0x94d0_49bb_1331_11eb
        return state ^ (state >> 31)
    }
}
