import Glibc
import StreamtopModel

/// Looks through /proc for the processes that have sockets open.
package enum OwnerScan {
    package struct Result: Sendable {
        package var owners: [UInt32: Owner] = [:]
        /// Processes whose files we may not see.
        package var hidden = 0
    }

    package struct Owner: Equatable, Sendable {
        package var pid: Int
        package var name: String
        package var user: UInt32
        package var container: String?
    }

    /// Owners of the `wanted` inodes, as far as they are found. A process that ends meanwhile is not found. The first of
    /// several that share a socket counts.
    package static func scan(_ wanted: Set<UInt32>) -> Result {
        var result = Result()
        var left = wanted
        for name in KernelFile.names(in: "/proc") ?? [] {
            guard !left.isEmpty else { break }
            guard let pid = Int(name) else { continue }
            guard let files = KernelFile.names(in: "/proc/\(pid)/fd") else {
                if errno == EACCES || errno == EPERM { result.hidden += 1 }
                continue
            }
            var found: [UInt32] = []
            for file in files {
                guard let link = KernelFile.link(at: "/proc/\(pid)/fd/\(file)"),
                    let inode = ProcText.socketInode(Substring(link)), left.contains(inode)
                else { continue }
                found.append(inode)
                left.remove(inode)
            }
            guard !found.isEmpty, let owner = owner(pid) else { continue }
            for inode in found { result.owners[inode] = owner }
        }
        return result
    }

    private static func owner(_ pid: Int) -> Owner? {
        guard let name = KernelFile.text(at: "/proc/\(pid)/comm") else { return nil }
        var facts = stat()
        guard unsafe stat("/proc/\(pid)", &facts) == 0 else { return nil }
        let container = KernelFile.text(at: "/proc/\(pid)/cgroup").flatMap(ProcText.container)
        return Owner(
            pid: pid, name: String(name.prefix { $0 != "\n" }), user: facts.st_uid, container: container)
    }
}

/// Names of users by number, as /etc/passwd has them; a number that has no name is its own.
struct UserNames {
    private var names: [UInt32: String] = [:]

    init() {
        for line in (KernelFile.text(at: "/etc/passwd") ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, let number = UInt32(fields[2]), names[number] == nil {
                names[number] = String(fields[0])
            }
        }
    }

    func name(_ user: UInt32) -> String { names[user] ?? "\(user)" }
}
