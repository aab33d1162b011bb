/// Encapsulations that carry IP or Ethernet inside IP, or between Ethernet and IP (PPPoE, MPLS).
package enum TunnelKind: UInt8, Sendable, CaseIterable {
    case none, gre, vxlan, geneve, gtp, ipip, teredo, erspan, l2tp, pppoe, ipv6InIPv4, mpls, capwap, etherIP, gue

    /// Equal addresses inside and outside such a tunnel are two flows. Not so for MPLS: a label is often there in one
    /// direction only (RFC 3031 section 3.16, penultimate hop popping).
    @inlinable
    package var separatesFlows: Bool { self != .none && self != .mpls }

    /// Both directions carry the same identifier. TEIDs (TS 29.281 section 5.1), PPTP call numbers and L2TP session
    /// numbers are chosen by each receiver and differ.
    @inlinable
    package var identifierIsShared: Bool {
        switch self {
        case .gre, .vxlan, .geneve, .erspan, .pppoe: true
        default: false
        }
    }
}
