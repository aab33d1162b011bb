import Glibc

/// Open handles into one network namespace. They go on answering after the rights to open them are gone.
final class NamespaceHandle {
    /// nil for the namespace of the capture.
    let name: String?
    let inode: UInt64
    let sockets: NetlinkSocket
    let route: NetlinkSocket?
    /// To its drivers; nil before Linux 5.6.
    let drivers: EthtoolSocket?
    let counters: [KernelFile]
    let socketStatistics: KernelFile?
    /// Any socket; ioctl(2) asks drivers through it.
    let plain: Int32

    /// Of the calling thread's namespace.
    init?(name: String?, inode: UInt64) {
        guard let sockets = NetlinkSocket(.socketDiagnosis) else { return nil }
        self.name = name
        self.inode = inode
        self.sockets = sockets
        route = NetlinkSocket(.route)
        drivers = EthtoolSocket()
        counters = ["netstat", "snmp"].compactMap { KernelFile("/proc/thread-self/net/\($0)") }
        socketStatistics = KernelFile("/proc/thread-self/net/sockstat")
        plain = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    /// Somebody there has a TCP or UDP socket.
    var hasSockets: Bool {
        for transport in [SocketRequest.tcp, SocketRequest.udp] {
            for isIPv4 in [true, false] {
                let body = SocketRequest.dump(isIPv4: isIPv4, transport: transport, extensions: 0)
                let found = try? sockets.ask(type: SocketMessage.type, isDump: true, body) { type, _ in
                    type == SocketMessage.type ? true : nil
                }
                if found?.isEmpty == false { return true }
            }
        }
        return false
    }

    deinit { if plain >= 0 { close(plain) } }
}
