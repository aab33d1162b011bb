import StreamtopBase
import StreamtopModel

/// What NETLINK_SOCK_DIAG tells of Multipath TCP: of a subflow in the attributes of its TCP socket, of the connection in an answer
/// of its own (linux/mptcp.h).
package enum MultipathMessage {
    /// IPPROTO_MPTCP, too large for the eight bits of the request.
    private static let transport: UInt32 = 262
    /// INET_DIAG_REQ_PROTOCOL.
    private static let protocolAttribute: UInt16 = 3
    /// MPTCP_SUBFLOW_FLAG_BKUP_REM and _BKUP_LOC.
    private static let backup: UInt32 = 1 << 4 | 1 << 5

    /// The attributes of a subflow (MPTCP_SUBFLOW_ATTR_*).
    static func subflow(_ attributes: RawSpan) -> MultipathState {
        var state = MultipathState()
        Netlink.forEachAttribute(in: attributes) { type, value in
            switch type {
            case 1: state.peerToken = token(value)
            case 2: state.token = token(value)
            case 8: state.isBackup = (value.uint32(at: 0) ?? 0) & backup != 0
            case 9: state.peerAddressIdentifier = value.uint8(at: 0)
            case 10: state.addressIdentifier = value.uint8(at: 0)
            default: break  // sequence numbers, and what newer kernels add
            }
        }
        return state
    }

    /// 0 stands for none.
    private static func token(_ value: RawSpan) -> UInt32? { value.uint32(at: 0).flatMap { $0 == 0 ? nil : $0 } }

    /// The one connection with that token: the kernel looks it up by what is the cookie's place otherwise.
    static func request(token: UInt32) -> [UInt8] {
        [2, 0, SocketRequest.allExtensions, 0] + Netlink.native(SocketRequest.livingStates)
            + Array(repeating: 0, count: 40) + Netlink.native(token) + Netlink.native(UInt32(0))
            + Netlink.attribute(protocolAttribute, Netlink.native(transport))
    }

    /// An answer of the connection's socket; nil when it is shorter than its fixed part, or of another connection.
    package static func connection(_ bytes: RawSpan, token: UInt32) -> MultipathConnection? {
        guard let message = SocketMessage(bytes),
            let attributes = bytes.part(at: SocketMessage.length, count: bytes.byteCount - SocketMessage.length)
        else { return nil }
        var connection: MultipathConnection?
        Netlink.forEachAttribute(in: attributes) { type, info in
            guard type == SocketAttribute.information, info.uint32(at: 12) == token else { return }
            connection = MultipathConnection(unreadMemory: Int(message.receiveQueue))
            connection?.subflows = info.uint8(at: 80).map(Int.init)
            connection?.retransmissions = info.count(at: 44)
            connection?.acknowledgedBytes = info.uint64(at: 72)
            connection?.notSent = notSent(info)
        }
        return connection
    }

    /// What was written less what was sent first: the counts begin with the connection, the sequence numbers anywhere.
    private static func notSent(_ info: RawSpan) -> Int? {
        guard let written = info.uint64(at: 16), let acknowledged = info.uint64(at: 24), let sent = info.uint64(at: 56),
            let acknowledgedBytes = info.uint64(at: 72)
        else { return nil }
        let whole = (written &- acknowledged).addingReportingOverflow(acknowledgedBytes)
        guard !whole.overflow, whole.partialValue >= sent else { return nil }
        // More than any buffer holds: the numbers are not of one moment.
        let waiting = whole.partialValue - sent
        return waiting < 1 << 32 ? Int(waiting) : nil
    }
}

extension KernelSocket {
    /// The connection's own socket holds what its subflows do not: bytes that no subflow was given, and bytes that are not read.
    mutating func take(_ connection: MultipathConnection?) {
        multipath?.connection = connection
        notSent = connection?.notSent.flatMap { waiting in
            notSent.map { $0.addingReportingOverflow(waiting).partialValue }
        }
        // Memory is no count of bytes: only nothing is nothing.
        if connection?.unreadMemory != 0 { unread = nil }
        acknowledgedBytes = connection?.acknowledgedBytes
    }
}
