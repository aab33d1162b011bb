import StreamtopBase
import StreamtopModel

/// Owners of sockets by inode, sought once a second at most, and only for sockets that are new.
struct OwnerCache {
    private var known: [UInt32: ProcessSnapshot] = [:]
    private var waiting: Set<UInt32> = []
    private var nextScan = Timestamp(nanoseconds: .min)
    private(set) var hidden = 0
    private static let capacity = 16_384

    subscript(inode: UInt32) -> ProcessSnapshot? { known[inode] }

    /// `users`: inodes of sockets with their users, `.max` where that is not known. Returns what is newly known.
    mutating func find(
        _ users: [UInt32: UInt32], names: UserNames, at time: Timestamp, scan: (Set<UInt32>) -> OwnerScan.Result
    ) -> [UInt32: ProcessSnapshot] {
        var news: [UInt32: ProcessSnapshot] = [:]
        if known.count > Self.capacity { known.removeAll() }
        for (inode, user) in users where known[inode] == nil {
            let process = ProcessSnapshot(user: user == .max ? nil : names.name(user))
            known[inode] = process
            news[inode] = process
            waiting.insert(inode)
        }
        guard !waiting.isEmpty, time >= nextScan else { return news }
        nextScan = time + .seconds(1)
        let result = scan(waiting)
        hidden = result.hidden
        waiting.removeAll()
        for (inode, owner) in result.owners {
            let process = ProcessSnapshot(
                pid: owner.pid, name: owner.name, user: names.name(owner.user), container: owner.container)
            known[inode] = process
            news[inode] = process
        }
        return news
    }
}
