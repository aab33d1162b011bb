import CHost
import Glibc

/// The network namespaces of this machine: those with a name, and those of processes.
struct NamespaceList {
    struct Entry: Equatable {
        var path: String
        var name: String
        var inode: UInt64
    }

    static let capacity = 64

    /// Inode of the calling thread's own.
    static var own: UInt64 { inode("/proc/thread-self/ns/net") ?? 0 }

    /// Where namespaces have names: those of ip(8), and those of containers.
    private static let folders = ["/run/netns", "/run/docker/netns"]

    /// All but our own, each once, those with a name first. Processes of others are seen only with rights over them.
    /// `ofProcesses`: also those that only processes have, which needs a look at each.
    static func entries(ofProcesses: Bool = true) -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<UInt64> = [own]
        func add(_ path: String, _ name: String) {
            guard entries.count < capacity, let inode = inode(path), seen.insert(inode).inserted else { return }
            entries.append(Entry(path: path, name: name, inode: inode))
        }
        for folder in folders {
            for name in (KernelFile.names(in: folder, limit: 4_096) ?? []).sorted() {
                add("\(folder)/\(name)", name)
            }
        }
        guard ofProcesses else { return entries }
        let pids = (KernelFile.names(in: "/proc") ?? []).compactMap { Int($0) }.sorted()
        for pid in pids { add("/proc/\(pid)/ns/net", "pid \(pid)") }
        return entries
    }

    /// The entry still is what it was, or may no longer be looked at.
    static func isThere(_ entry: Entry) -> Bool {
        guard let inode = inode(entry.path) else { return errno != ENOENT }
        return inode == entry.inode
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

    static let noPermission = "no permission to enter it: needs root"
    static let hasGone = "it has gone"

    private static func reason(_ number: Int32) -> String {
        switch number {
        case EPERM, EACCES: noPermission
        case ENOENT: hasGone
        // A file without a namespace behind it: what is mounted there is so for other processes alone, or no longer.
        case EINVAL: "its file below /run/netns is no network namespace here"
        default: "cannot enter it: \(unsafe String(cString: strerror(number)))"
        }
    }
}
