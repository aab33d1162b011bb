/// Link-layer header types of capture files (https://www.tcpdump.org/linktypes.html), as they appear in files.
package struct LinkType: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable
    package static func ~= (pattern: LinkType, value: LinkType) -> Bool { pattern.rawValue == value.rawValue }

    @inlinable package static var null: LinkType { LinkType(rawValue: 0) }
    @inlinable package static var ethernet: LinkType { LinkType(rawValue: 1) }
    @inlinable package static var tokenRing: LinkType { LinkType(rawValue: 6) }
    @inlinable package static var slip: LinkType { LinkType(rawValue: 8) }
    @inlinable package static var ppp: LinkType { LinkType(rawValue: 9) }
    @inlinable package static var fddi: LinkType { LinkType(rawValue: 10) }
    @inlinable package static var pppHDLC: LinkType { LinkType(rawValue: 50) }
    @inlinable package static var pppEthernet: LinkType { LinkType(rawValue: 51) }
    @inlinable package static var rawIP: LinkType { LinkType(rawValue: 101) }
    @inlinable package static var cHDLC: LinkType { LinkType(rawValue: 104) }
    @inlinable package static var wireless: LinkType { LinkType(rawValue: 105) }
    @inlinable package static var loop: LinkType { LinkType(rawValue: 108) }
    @inlinable package static var linuxCooked: LinkType { LinkType(rawValue: 113) }
    @inlinable package static var radiotap: LinkType { LinkType(rawValue: 127) }
    @inlinable package static var pppDaemon: LinkType { LinkType(rawValue: 166) }
    @inlinable package static var perPacketInformation: LinkType { LinkType(rawValue: 192) }
    @inlinable package static var pppWithDirection: LinkType { LinkType(rawValue: 204) }
    @inlinable package static var ipv4: LinkType { LinkType(rawValue: 228) }
    @inlinable package static var ipv6: LinkType { LinkType(rawValue: 229) }
    @inlinable package static var netfilterLog: LinkType { LinkType(rawValue: 239) }
    @inlinable package static var infiniBand: LinkType { LinkType(rawValue: 242) }
    @inlinable package static var linuxCooked2: LinkType { LinkType(rawValue: 276) }
}
