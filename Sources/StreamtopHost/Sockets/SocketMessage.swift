import StreamtopBase
import StreamtopModel

/// One answer of NETLINK_SOCK_DIAG: `inet_diag_msg` and its attributes (linux/inet_diag.h).
package struct SocketMessage: Equatable, Sendable {
    package static let type: UInt16 = 20  // SOCK_DIAG_BY_FAMILY
    static let length = 72

    package var isIPv4: Bool
    package var state: UInt8
    package var local: Endpoint
    package var remote: Endpoint
    package var interface: UInt32
    package var cookie: UInt64
    /// Bytes not read; of a listening socket, connections that wait to be accepted.
    package var receiveQueue: UInt32
    /// Bytes not acknowledged; of a listening socket, how many connections may wait.
    package var sendQueue: UInt32
    package var user: UInt32
    package var inode: UInt32

    /// nil when the message is shorter than its fixed part.
    package init?(_ bytes: RawSpan) {
        guard let family = bytes.uint8(at: 0), let state = bytes.uint8(at: 1), bytes.byteCount >= Self.length else {
            return nil
        }
        // A socket that speaks both is of IPv6, with its IPv4 ends mapped (RFC 4291 section 2.5.5.2).
        guard let local = Self.endpoint(bytes, port: 4, address: 8, family: family),
            let remote = Self.endpoint(bytes, port: 6, address: 24, family: family)
        else { return nil }
        isIPv4 = family == 2
        self.state = state
        self.local = local
        self.remote = remote
        interface = bytes.uint32(at: 40) ?? 0
        cookie = UInt64(bytes.uint32(at: 44) ?? 0) | UInt64(bytes.uint32(at: 48) ?? 0) << 32
        receiveQueue = bytes.uint32(at: 56) ?? 0
        sendQueue = bytes.uint32(at: 60) ?? 0
        user = bytes.uint32(at: 64) ?? 0
        inode = bytes.uint32(at: 68) ?? 0
    }

    private static func endpoint(_ bytes: RawSpan, port: Int, address: Int, family: UInt8) -> Endpoint? {
        guard let number = bytes.uint16(at: port).map(UInt16.init(bigEndian:)) else { return nil }
        if family == 2 {
            return bytes.uint32(at: address).map {
                Endpoint(address: IPAddress(v4: UInt32(bigEndian: $0)), port: number)
            }
        }
        guard family == 10, let high = bytes.uint64(at: address).map(UInt64.init(bigEndian:)),
            let low = bytes.uint64(at: address + 8).map(UInt64.init(bigEndian:))
        else { return nil }
        if high == 0, low >> 32 == 0xffff {
            return Endpoint(address: IPAddress(v4: UInt32(truncatingIfNeeded: low)), port: number)
        }
        return Endpoint(address: IPAddress(high: high, low: low), port: number)
    }

    /// The socket with all that its attributes tell.
    package static func socket(_ bytes: RawSpan, at time: Timestamp) -> KernelSocket? {
        guard let message = SocketMessage(bytes), let state = KernelSocketState(rawValue: message.state) else {
            return nil
        }
        var socket = KernelSocket(time: time, local: message.local, remote: message.remote, state: state)
        socket.cookie = message.cookie
        socket.inode = message.inode
        socket.user = message.user
        socket.unread = Int(message.receiveQueue)
        socket.sendQueue = Int(message.sendQueue)
        guard let attributes = bytes.part(at: length, count: bytes.byteCount - length) else { return socket }
        Netlink.forEachAttribute(in: attributes) { type, value in SocketAttribute.apply(type, value, to: &socket) }
        return socket
    }

    /// What a UDP socket's memory says; nil without that attribute.
    package static func memory(_ bytes: RawSpan) -> SocketMemory? {
        guard let attributes = bytes.part(at: length, count: bytes.byteCount - length) else { return nil }
        var memory: SocketMemory?
        Netlink.forEachAttribute(in: attributes) { type, value in
            if type == SocketAttribute.memory { memory = SocketAttribute.memory(value) }
        }
        return memory
    }
}

/// Questions to NETLINK_SOCK_DIAG: `inet_diag_req_v2`.
enum SocketRequest {
    static let tcp: UInt8 = 6
    static let udp: UInt8 = 17
    /// Every extension that the eight bits can ask for; BBR and DCTCP answer to the bit of Vegas, and what has no bit comes
    /// unasked.
    static let allExtensions: UInt8 = 0xff
    /// Only the memory of the socket (INET_DIAG_SKMEMINFO, 7).
    static let memoryOnly: UInt8 = 1 << 6
    /// All states but TIME_WAIT (6) and NEW_SYN_RECV (12): they hold no bytes and may be many.
    static let livingStates: UInt32 = 0xfff & ~(1 << 6)
    private static let anyCookie: UInt64 = .max

    /// All sockets of one family and protocol.
    static func dump(isIPv4: Bool, transport: UInt8, extensions: UInt8) -> [UInt8] {
        [isIPv4 ? 2 : 10, transport, extensions, 0] + Netlink.native(livingStates) + Array(repeating: 0, count: 48)
    }

    /// The one socket with these ends.
    static func exact(local: Endpoint, remote: Endpoint, transport: UInt8, isMapped: Bool = false) -> [UInt8] {
        let isIPv4 = local.address.isIPv4 && !isMapped
        return [isIPv4 ? 2 : 10, transport, allExtensions, 0] + Netlink.native(livingStates) + port(local.port)
            + port(remote.port) + address(local.address, isIPv4: isIPv4) + address(remote.address, isIPv4: isIPv4)
            + Netlink.native(UInt32(0)) + Netlink.native(anyCookie)
    }

    private static func port(_ number: UInt16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    }

    private static func address(_ address: IPAddress, isIPv4: Bool) -> [UInt8] {
        if isIPv4 { return address.bytes + Array(repeating: 0, count: 12) }
        if address.isIPv4 { return Array(repeating: 0, count: 10) + [0xff, 0xff] + address.bytes }
        return address.bytes
    }
}
