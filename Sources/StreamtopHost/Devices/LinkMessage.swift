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
                Netlink.forEachAttribute(in: value) { type, value in if type == 1 { link.kind = value.text } }
            case 23: link.statistics = Self.statistics(value)
            case 31: link.transmitQueues = value.uint32(at: 0)
            default: break
            }
        }
        guard !link.name.isEmpty else { return nil }
        self = link
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
enum RouteMessage {
    static let get: UInt16 = 26
    static let type: UInt16 = 24

    static func body(to address: IPAddress) -> [UInt8] {
        let bytes = address.bytes
        return [address.isIPv4 ? 2 : 10, UInt8(bytes.count * 8), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            + Netlink.attribute(1, bytes)
    }

    /// Index of the device that a packet leaves by (RTA_OIF); nil without one.
    static func device(_ type: UInt16, _ bytes: RawSpan) -> Int32? {
        guard type == Self.type, let attributes = bytes.part(at: 12, count: bytes.byteCount - 12) else { return nil }
        var index: Int32?
        Netlink.forEachAttribute(in: attributes) { type, value in if type == 4 { index = value.int32(at: 0) } }
        return index
    }
}
