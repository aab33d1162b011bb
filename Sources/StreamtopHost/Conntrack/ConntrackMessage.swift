import StreamtopBase

/// One tracked connection as ctnetlink answers (linux/netfilter/nfnetlink_conntrack.h).
package enum ConntrackMessage {
    /// NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_GET, and with IPCTNL_MSG_CT_NEW.
    package static let get: UInt16 = 0x0101
    package static let type: UInt16 = 0x0100
    private static let headerLength = 4  // nfgenmsg
    private static let nested: UInt16 = 0x8000
    private static let originalTuple: UInt16 = 1
    private static let replyTuple: UInt16 = 2
    private static let zone: UInt16 = 18

    /// nil for what lacks one of its directions, and for a connection of a zone of its own: its ends may be there twice.
    package static func translation(_ bytes: RawSpan) -> Translation? {
        guard let attributes = bytes.part(at: headerLength, count: bytes.byteCount - headerLength) else { return nil }
        var original: (ends: Translation.Ends, transport: UInt8)?
        var reply: (ends: Translation.Ends, transport: UInt8)?
        var isZoned = false
        Netlink.forEachAttribute(in: attributes) { type, value in
            switch type {
            case originalTuple: original = tuple(value)
            case replyTuple: reply = tuple(value)
            case zone: isZoned = value.uint16(at: 0) != 0
            default: break
            }
        }
        guard !isZoned, let original, let reply, original.transport == reply.transport else { return nil }
        return Translation(transport: original.transport, original: original.ends, reply: reply.ends)
    }

    private static func tuple(_ bytes: RawSpan) -> (ends: Translation.Ends, transport: UInt8)? {
        var source: IPAddress?
        var destination: IPAddress?
        var transport: UInt8?
        var sourcePort: UInt16?
        var destinationPort: UInt16?
        Netlink.forEachAttribute(in: bytes) { type, value in
            switch type {
            case 1:  // CTA_TUPLE_IP
                Netlink.forEachAttribute(in: value) { type, value in
                    if type == 1 || type == 3 { source = IPAddress(netlink: value) }
                    if type == 2 || type == 4 { destination = IPAddress(netlink: value) }
                }
            case 2:  // CTA_TUPLE_PROTO
                Netlink.forEachAttribute(in: value) { type, value in
                    switch type {
                    case 1: transport = value.uint8(at: 0)
                    case 2: sourcePort = value.uint16(at: 0).map(UInt16.init(bigEndian:))
                    case 3: destinationPort = value.uint16(at: 0).map(UInt16.init(bigEndian:))
                    default: break
                    }
                }
            default: break
            }
        }
        guard let source, let destination, let transport, let sourcePort, let destinationPort else { return nil }
        return (
            Translation.Ends(
                source: Endpoint(address: source, port: sourcePort),
                destination: Endpoint(address: destination, port: destinationPort)), transport
        )
    }

    /// A question for the connection whose packets have these ends, in either direction of it.
    static func body(_ ends: Translation.Ends, transport: UInt8) -> [UInt8] {
        let isIPv4 = ends.source.address.isIPv4
        let addresses =
            Netlink.attribute(isIPv4 ? 1 : 3, ends.source.address.bytes)
            + Netlink.attribute(isIPv4 ? 2 : 4, ends.destination.address.bytes)
        let transportPart =
            Netlink.attribute(1, [transport]) + Netlink.attribute(2, port(ends.source.port))
            + Netlink.attribute(3, port(ends.destination.port))
        let tuple = Netlink.attribute(1 | nested, addresses) + Netlink.attribute(2 | nested, transportPart)
        return [isIPv4 ? 2 : 10, 0, 0, 0] + Netlink.attribute(originalTuple | nested, tuple)
    }

    private static func port(_ number: UInt16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    }
}
