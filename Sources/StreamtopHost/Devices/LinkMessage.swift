import StreamtopBase

/// A network device as rtnetlink answers (RTM_NEWLINK; linux/if_link.h).
package struct LinkMessage: Equatable, Sendable {
    package static let get: UInt16 = 18
    package static let type: UInt16 = 16

    package var index: Int32
    package var name = ""
    /// "veth", "bridge", "bond", "vlan", …; nil for what has hardware behind it, or no kind.
    package var kind: String?
    package var mtu: UInt32?
    package var isUp: Bool
    package var isLoopback: Bool
    /// The device this one stands on (vlan), or its peer (veth); which, `kind` tells.
    package var lower: Int32?
    /// Bridge or bond that this device belongs to.
    package var master: Int32?
    /// Of a bond in active-backup mode: the member that carries.
    package var activeMember: Int32?
    package var transmitQueueLength: UInt32?
    package var transmitQueues: UInt32?
    package var statistics: Statistics?

    /// rtnl_link_stats64.
    package struct Statistics: Equatable, Sendable {
        package var receivedBytes: UInt64
        package var sentBytes: UInt64
        package var receiveDropped: UInt64
        package var transmitDropped: UInt64
        package var fifoErrors: UInt64
        package var missedErrors: UInt64
    }

    package init?(_ bytes: RawSpan) {
        guard let index = bytes.int32(at: 4), let flags = bytes.uint32(at: 8),
            let attributes = bytes.part(at: 16, count: bytes.byteCount - 16)
        else { return nil }
        self.index = index
        isUp = flags & 1 != 0
        isLoopback = flags & 8 != 0
        var link = self
        Netlink.forEachAttribute(in: attributes) { type, value in
            switch type {
            case 3: link.name = value.text
            case 4: link.mtu = value.uint32(at: 0)
            case 5: link.lower = value.int32(at: 0)
            case 10: link.master = value.int32(at: 0)
            case 13: link.transmitQueueLength = value.uint32(at: 0)
            case 18:
                link.read(details: value)
            case 23: link.statistics = Self.statistics(value)
            case 31: link.transmitQueues = value.uint32(at: 0)
            default: break
            }
        }
        guard !link.name.isEmpty else { return nil }
        self = link
    }

    /// IFLA_LINKINFO: the kind, and of a bond its active member (IFLA_BOND_ACTIVE_SLAVE).
    private mutating func read(details: RawSpan) {
        Netlink.forEachAttribute(in: details) { type, value in if type == 1 { kind = value.text } }
        guard kind == "bond" else { return }
        Netlink.forEachAttribute(in: details) { type, value in
            guard type == 2 else { return }
            Netlink.forEachAttribute(in: value) { type, value in
                if type == 2, let index = value.int32(at: 0), index > 0 { activeMember = index }
            }
        }
    }

    private static func statistics(_ value: RawSpan) -> Statistics? {
        guard let receivedBytes = value.uint64(at: 16), let sentBytes = value.uint64(at: 24),
            let receiveDropped = value.uint64(at: 48), let transmitDropped = value.uint64(at: 56),
            let fifoErrors = value.uint64(at: 112), let missedErrors = value.uint64(at: 120)
        else { return nil }
        return Statistics(
            receivedBytes: receivedBytes, sentBytes: sentBytes, receiveDropped: receiveDropped,
            transmitDropped: transmitDropped, fifoErrors: fifoErrors, missedErrors: missedErrors)
    }

    /// Made of software, with neither ring nor queue of a device below it.
    package var isVirtual: Bool {
        isLoopback
            || ["veth", "bridge", "bond", "vlan", "dummy", "ifb", "tun", "macvlan", "ipvlan"].contains(kind ?? "")
    }

    /// A question for all devices.
    static let dumpBody = [UInt8](repeating: 0, count: 16)
}

/// The way to an address (RTM_GETROUTE).
package enum RouteMessage {
    static let get: UInt16 = 26
    static let type: UInt16 = 24

    static func body(to address: IPAddress) -> [UInt8] {
        let bytes = address.bytes
        return [address.isIPv4 ? 2 : 10, UInt8(bytes.count * 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            + Netlink.attribute(1, bytes)
    }

    package struct Route: Equatable, Sendable {
        /// Index of the device that a packet leaves by (RTA_OIF).
        package var device: Int32
        /// The next hop (RTA_GATEWAY); nil where the address is on the link itself.
        package var gateway: IPAddress?
    }

    /// nil where the answer names no device.
    package static func route(_ type: UInt16, _ bytes: RawSpan) -> Route? {
        guard type == Self.type, let attributes = bytes.part(at: 12, count: bytes.byteCount - 12) else { return nil }
        var route: Route?
        var gateway: IPAddress?
        Netlink.forEachAttribute(in: attributes) { type, value in
            if type == 4 { route = value.int32(at: 0).map { Route(device: $0) } }
            if type == 5 { gateway = IPAddress(netlink: value) }
        }
        route?.gateway = gateway
        return route
    }
}

/// A neighbour of a device, or what a bridge has learned of one (RTM_NEWNEIGH; linux/neighbour.h).
package struct NeighbourMessage: Equatable, Sendable {
    package static let get: UInt16 = 30
    package static let type: UInt16 = 28
    private static let permanent: UInt16 = 0x80

    package var interface: Int32
    package var address: IPAddress?
    /// Its link address, six bytes on Ethernet.
    package var hardware: [UInt8]?
    /// The bridge that learned it.
    package var bridge: Int32?
    /// The address of a port itself, and of nobody behind it.
    package var isOwn: Bool

    package init?(type: UInt16, _ bytes: RawSpan) {
        guard type == Self.type, let interface = bytes.int32(at: 4), let state = bytes.uint16(at: 8),
            let attributes = bytes.part(at: 12, count: bytes.byteCount - 12)
        else { return nil }
        self.interface = interface
        isOwn = state & Self.permanent != 0
        var message = self
        Netlink.forEachAttribute(in: attributes) { type, value in
            switch type {
            case 1: message.address = IPAddress(netlink: value)
            case 2 where value.byteCount <= 32:
                message.hardware = (0..<value.byteCount).compactMap { value.uint8(at: $0) }
            case 9: message.bridge = value.int32(at: 0)
            default: break
            }
        }
        self = message
    }

    /// A question for all neighbours of a family: AF_INET 2, AF_INET6 10, AF_BRIDGE 7.
    static func dumpBody(family: UInt8) -> [UInt8] { [family] + [UInt8](repeating: 0, count: 11) }
}

/// An address of a namespace (RTM_NEWADDR; linux/if_addr.h).
enum AddressMessage {
    static let get: UInt16 = 22
    static let type: UInt16 = 20
    static let dumpBody = [UInt8](repeating: 0, count: 8)

    static func address(_ type: UInt16, _ bytes: RawSpan) -> IPAddress? {
        guard type == Self.type, let attributes = bytes.part(at: 8, count: bytes.byteCount - 8) else { return nil }
        var local: IPAddress?
        var address: IPAddress?
        Netlink.forEachAttribute(in: attributes) { type, value in
            if type == 1 { address = IPAddress(netlink: value) }
            if type == 2 { local = IPAddress(netlink: value) }
        }
        return local ?? address
    }
}

extension IPAddress {
    /// In network order, 4 or 16 bytes; nil for any other count.
    init?(netlink value: RawSpan) {
        guard value.byteCount == 4 || value.byteCount == 16 else { return nil }
        self.init(bytes: (0..<value.byteCount).compactMap { value.uint8(at: $0) })
    }
}
