import CHost
import Glibc

/// Open handles into one network namespace. They go on answering after the rights to open them are gone.
final class NamespaceHandle {
    /// nil for the namespace of the capture.
    let name: String?
    let inode: UInt64
    let sockets: NetlinkSocket
    let route: NetlinkSocket?
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
        counters = ["netstat", "snmp"].compactMap { KernelFile("/proc/thread-self/net/\($0)") }
        socketStatistics = KernelFile("/proc/thread-self/net/sockstat")
        plain = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    deinit { if plain >= 0 { close(plain) } }
}

/// The network namespaces of this machine: those with a name, and those of processes.
struct NamespaceList {
    struct Entry: Equatable {
        var path: String
        var name: String
        var inode: UInt64
    }

    static let most = 64

    /// Inode of the calling thread's own.
    static var own: UInt64 { inode("/proc/thread-self/ns/net") ?? 0 }

    /// All but our own, each once, those with a name first. Processes of others are seen only with rights over them.
    static func entries() -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<UInt64> = [own]
        func add(_ path: String, _ name: String) {
            guard entries.count < most, let inode = inode(path), seen.insert(inode).inserted else { return }
            entries.append(Entry(path: path, name: name, inode: inode))
        }
        for name in (KernelFile.names(in: "/run/netns", most: 4_096) ?? []).sorted() { add("/run/netns/\(name)", name) }
        let pids = (KernelFile.names(in: "/proc") ?? []).compactMap { Int($0) }.sorted()
        for pid in pids { add("/proc/\(pid)/ns/net", "pid \(pid)") }
        return entries
    }

    private static func inode(_ path: String) -> UInt64? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        return UInt64(facts.st_ino)
    }

    /// Handles into another namespace: the thread goes there and comes back. nil, with a reason, where it may not.
    /// `isLost`: the thread could not come back, and must not go on.
    static func open(_ entry: Entry) -> (handle: NamespaceHandle?, reason: String, isLost: Bool) {
        let home = unsafe Glibc.open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let target = unsafe Glibc.open(entry.path, O_RDONLY | O_CLOEXEC)
        defer {
            if home >= 0 { close(home) }
            if target >= 0 { close(target) }
        }
        guard home >= 0, target >= 0, streamtop_enter_network(target) == 0 else {
            return (nil, reason(errno), false)
        }
        let handle = NamespaceHandle(name: entry.name, inode: entry.inode)
        guard streamtop_enter_network(home) == 0 else { return (nil, "", true) }
        return (handle, handle == nil ? "the kernel gives no socket there" : "", false)
    }

    private static func reason(_ number: Int32) -> String {
        switch number {
        case EPERM, EACCES: "no permission to enter it: needs root"
        case ENOENT: "it has gone"
        default: "cannot enter it: \(unsafe String(cString: strerror(number)))"
        }
    }
}
