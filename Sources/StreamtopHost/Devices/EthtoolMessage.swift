/// Rings, pauses and standard counters of a device by generic netlink (linux/genetlink.h, linux/ethtool_netlink.h). No rights
/// are needed to ask.
package enum EthtoolMessage {
    static let ringsGet: UInt8 = 15
    static let pauseGet: UInt8 = 21
    static let statisticsGet: UInt8 = 32
    /// The family of families (GENL_ID_CTRL), asked for the number of ethtool's (CTRL_CMD_GETFAMILY).
    static let control: UInt16 = 16
    static let familyBody =
        [3, 1, 0, 0] as [UInt8] + Netlink.attribute(2, Array("ethtool".utf8) + [0])
    private static let headerLength = 4  // genlmsghdr
    private static let nested: UInt16 = 0x8000

    /// A question about one device. `wantsCounts`: counters of pauses, which are not told unasked (ETHTOOL_FLAG_STATS).
    static func body(_ command: UInt8, device: Int32, wantsCounts: Bool = false) -> [UInt8] {
        let header =
            Netlink.attribute(1, Netlink.native(UInt32(bitPattern: device)))
            + (wantsCounts ? Netlink.attribute(3, Netlink.native(UInt32(4))) : [])
        // Of statistics, the header is the second attribute, and the groups wanted the third: a set of bits without a mask.
        guard command == statisticsGet else { return [command, 1, 0, 0] + Netlink.attribute(1 | nested, header) }
        let macCounters = UInt32(1) << 1  // ETHTOOL_STATS_ETH_MAC
        let groups =
            Netlink.attribute(1, []) + Netlink.attribute(2, Netlink.native(UInt32(32)))
            + Netlink.attribute(4, Netlink.native(macCounters))
        return [command, 1, 0, 0] + Netlink.attribute(2 | nested, header) + Netlink.attribute(3 | nested, groups)
    }

    /// CTRL_ATTR_FAMILY_ID of an answer about a family.
    package static func family(_ bytes: RawSpan) -> UInt16? {
        var family: UInt16?
        forEachAttribute(in: bytes) { type, value in if type == 1 { family = value.uint16(at: 0) } }
        return family
    }

    /// nil where the driver tells of none.
    package static func rings(_ bytes: RawSpan) -> Ethtool.Rings? {
        var rings = Ethtool.Rings(receive: 0, receiveMaximum: 0, transmit: 0, transmitMaximum: 0)
        forEachAttribute(in: bytes) { type, value in
            switch type {
            case 2: rings.receiveMaximum = value.count(at: 0) ?? 0
            case 5: rings.transmitMaximum = value.count(at: 0) ?? 0
            case 6: rings.receive = value.count(at: 0) ?? 0
            case 9: rings.transmit = value.count(at: 0) ?? 0
            default: break
            }
        }
        return rings.receive == 0 && rings.transmit == 0 ? nil : rings
    }

    /// Pause frames that the device got and sent; nil where the driver counts none (ETHTOOL_STAT_NOT_SET is not told).
    package static func pauses(_ bytes: RawSpan) -> Ethtool.Pauses? {
        var pauses = Ethtool.Pauses()
        forEachAttribute(in: bytes) { type, value in
            guard type == 5 else { return }
            Netlink.forEachAttribute(in: value) { type, value in
                if type == 2 { pauses.sent = value.uint64(at: 0) }
                if type == 3 { pauses.received = value.uint64(at: 0) }
            }
        }
        return pauses.sent == nil && pauses.received == nil ? nil : pauses
    }

    /// Frames lost inside the device as it received (aFramesLostDueToIntMACRcvError, IEEE 802.3 clause 30.3.1.1.15); nil where
    /// the driver does not count them.
    package static func lost(_ bytes: RawSpan) -> UInt64? {
        var lost: UInt64?
        forEachAttribute(in: bytes) { type, value in
            guard type == 4 else { return }
            var group: UInt32?
            Netlink.forEachAttribute(in: value) { type, value in if type == 2 { group = value.uint32(at: 0) } }
            guard group == 1 else { return }
            Netlink.forEachAttribute(in: value) { type, value in
                guard type == 4 else { return }
                Netlink.forEachAttribute(in: value) { type, value in
                    if type == lostInside { lost = value.uint64(at: 0) }
                }
            }
        }
        return lost
    }

    private static let lostInside: UInt16 = 13  // ETHTOOL_A_STATS_ETH_MAC_15_RX_INT_ERR

    private static func forEachAttribute(in bytes: RawSpan, _ body: (UInt16, RawSpan) -> Void) {
        guard let attributes = bytes.part(at: headerLength, count: bytes.byteCount - headerLength) else { return }
        Netlink.forEachAttribute(in: attributes, body)
    }
}

/// Asks drivers by generic netlink; nil values where the kernel has no such family, or the driver does not tell.
package final class EthtoolSocket {
    private let socket: NetlinkSocket
    private let family: UInt16

    /// In the calling thread's namespace; nil before Linux 5.6.
    package init?() {
        guard let socket = NetlinkSocket(.generic) else { return nil }
        let answer = try? socket.ask(type: EthtoolMessage.control, isDump: false, EthtoolMessage.familyBody) {
            $0 == EthtoolMessage.control ? EthtoolMessage.family($1) : nil
        }
        guard let family = answer?.first else { return nil }
        self.socket = socket
        self.family = family
    }

    /// errno as `failure` where the driver has none, or may not be asked.
    package func rings(of device: Int32) -> (rings: Ethtool.Rings?, failure: Int32) {
        do throws(NetlinkAnswer.Failure) {
            let body = EthtoolMessage.body(EthtoolMessage.ringsGet, device: device)
            return (try socket.ask(type: family, isDump: false, body) { EthtoolMessage.rings($1) }.first, 95)
        } catch {
            guard case .refused(let number) = error else { return (nil, 5) }
            return (nil, number)
        }
    }

    package func pauses(of device: Int32) -> Ethtool.Pauses? {
        let body = EthtoolMessage.body(EthtoolMessage.pauseGet, device: device, wantsCounts: true)
        return (try? socket.ask(type: family, isDump: false, body) { EthtoolMessage.pauses($1) })?.first
    }

    package func lost(in device: Int32) -> UInt64? {
        let body = EthtoolMessage.body(EthtoolMessage.statisticsGet, device: device)
        return (try? socket.ask(type: family, isDump: false, body) { EthtoolMessage.lost($1) })?.first
    }
}
