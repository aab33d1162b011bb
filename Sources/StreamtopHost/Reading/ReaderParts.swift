import Glibc
import StreamtopBase
import StreamtopModel

/// Counters of the network stack since this program began to read; those that never moved are not told.
struct CounterCourse {
    private var first: [String: UInt64] = [:]
    private var last: [String: UInt64] = [:]
    /// Readings of the last second, oldest first: rates are over them.
    private var recent: [(time: Timestamp, values: [String: UInt64])] = []

    /// What tells of bytes or connections that this host threw away, or of memory that ran short.
    static let names = [
        "TcpExt.TCPRcvQDrop", "TcpExt.TCPBacklogDrop", "TcpExt.PruneCalled", "TcpExt.RcvPruned", "TcpExt.OfoPruned",
        "TcpExt.TCPRcvCollapsed", "TcpExt.TCPZeroWindowDrop", "TcpExt.ListenOverflows", "TcpExt.ListenDrops",
        "TcpExt.TCPReqQFullDrop", "TcpExt.TCPReqQFullDoCookies", "TcpExt.SyncookiesSent", "TcpExt.TCPMemoryPressures",
        "TcpExt.TCPAbortOnMemory", "TcpExt.TCPOFODrop", "Udp.RcvbufErrors", "Udp.SndbufErrors", "Udp.InErrors",
        "Udp.MemErrors", "Tcp.RetransSegs", "Ip.OutDiscards", "Ip.InDiscards",
    ]

    mutating func observe(_ values: [String: UInt64], at now: Timestamp) {
        for name in Self.names {
            guard let value = values[name] else { continue }
            if first[name] == nil || value < last[name] ?? 0 {
                // Begun anew: what was counted before is kept by the rise.
                first[name] = value &- rise(name)
                recent.removeAll()
            }
            last[name] = value
        }
        recent.append((now, last))
        while recent.count > 2, recent.count > 16 || recent[1].time <= now - .seconds(1) { recent.removeFirst() }
    }

    func rise(_ name: String) -> UInt64 { (last[name] ?? 0) &- (first[name] ?? 0) }

    /// Over the last second; nil before two readings.
    func perSecond(_ name: String) -> Double? {
        guard let start = recent.first, let end = recent.last, end.time > start.time,
            let before = start.values[name], let after = end.values[name], after >= before
        else { return nil }
        return Double(after - before) / (end.time - start.time).seconds
    }

    /// Those that rose.
    var all: [HostCounter] {
        Self.names.compactMap { name in
            guard let value = last[name], rise(name) > 0 else { return nil }
            return HostCounter(name: name, value: value, rise: rise(name), perSecond: perSecond(name) ?? 0)
        }
    }
}

/// Rings and drops of drivers. A driver may take long to answer, so each is asked every five seconds, and a slow one once a
/// minute; what it said last stands meanwhile.
struct DriverFacts {
    private struct Entry {
        var rings: Ethtool.Rings?
        var reason: String?
        var drops: UInt64?
        var next: Timestamp
        var asked: Timestamp
    }

    private var entries: [Int32: Entry] = [:]
    private static let every: Nanoseconds = .seconds(5)

    mutating func refresh(_ links: [LinkMessage], _ descriptor: Int32, at time: Timestamp) {
        let known = Set(links.map(\.index))
        entries = entries.filter { known.contains($0.key) }
        guard descriptor >= 0 else { return }
        for link in links where entries[link.index].map({ time >= $0.next }) ?? true {
            let began = ContinuousClock.now
            let (rings, failure) = Ethtool.rings(of: link.name, descriptor)
            let drops = link.isVirtual ? nil : Ethtool.drops(of: link.name, descriptor)
            let isSlow = ContinuousClock.now - began > .milliseconds(50)
            entries[link.index] = Entry(
                rings: rings, reason: rings == nil ? Self.reason(failure, link) : nil, drops: drops,
                next: time + (isSlow ? 12 * Self.every : Self.every), asked: time)
        }
    }

    private static func reason(_ failure: Int32, _ link: LinkMessage) -> String {
        if failure == EPERM || failure == EACCES { return "no permission to ask the driver" }
        let device = link.isLoopback ? "the loopback device" : link.kind.map { "a \($0) device" } ?? "the driver"
        return "\(device) has no rings"
    }

    /// The device's receive ring: its size and what it dropped. How full it is no kernel tells.
    func fill(
        _ layers: inout [HostLayer], _ unread: inout [UnreadLayer], _ link: LinkMessage,
        _ courses: inout LayerCourses, at time: Timestamp
    ) {
        guard let entry = entries[link.index], let rings = entry.rings else {
            unread.append(
                UnreadLayer(.nic, name: link.name, reason: entries[link.index]?.reason ?? "the driver was not asked"))
            return
        }
        var layer = HostLayer(
            .nic, name: link.name, direction: .inward, unit: .descriptors, capacity: rings.receive)
        layer.drops = entry.drops ?? link.statistics.map { $0.missedErrors &+ $0.fifoErrors }
        courses.observe(&layer, key: "nic \(link.index)", left: nil, at: time)
        if time - entry.asked > .seconds(15) { layer.confidence = 0.3 }
        layers.append(layer)
    }
}

/// Settings below /proc/sys that advice depends on.
enum SettingsReader {
    static func read() -> HostSettings {
        var settings = HostSettings()
        settings.congestionControl = word("ipv4/tcp_congestion_control")
        settings.defaultDiscipline = word("core/default_qdisc")
        settings.tcpReceiveMaximum = numbers("ipv4/tcp_rmem").dropFirst(2).first
        settings.tcpSendMaximum = numbers("ipv4/tcp_wmem").dropFirst(2).first
        settings.receiveMaximum = numbers("core/rmem_max").first
        settings.maximumBacklog = numbers("core/netdev_max_backlog").first
        settings.listenBacklog = numbers("core/somaxconn").first
        settings.synBacklog = numbers("ipv4/tcp_max_syn_backlog").first
        settings.slowStartAfterIdle = numbers("ipv4/tcp_slow_start_after_idle").first.map { $0 != 0 }
        settings.mtuProbing = numbers("ipv4/tcp_mtu_probing").first
        settings.ecn = numbers("ipv4/tcp_ecn").first
        return settings
    }

    private static func word(_ name: String) -> String? {
        KernelFile.text(at: "/proc/sys/net/\(name)").map { String($0.prefix { $0 != "\n" }) }
    }

    private static func numbers(_ name: String) -> [Int] {
        ProcText.numbers(KernelFile.text(at: "/proc/sys/net/\(name)") ?? "")
    }
}

/// Owners of sockets by inode, sought once a second at most, and only for sockets that are new.
struct OwnerCache {
    private var known: [UInt32: ProcessSnapshot] = [:]
    private var waiting: Set<UInt32> = []
    private var nextScan = Timestamp(nanoseconds: .min)
    private(set) var hidden = 0
    private static let most = 16_384

    subscript(inode: UInt32) -> ProcessSnapshot? { known[inode] }

    /// `users`: inodes of sockets with their users, `.max` where that is not known. Returns what is newly known.
    mutating func find(
        _ users: [UInt32: UInt32], names: UserNames, at time: Timestamp, scan: (Set<UInt32>) -> OwnerScan.Result
    ) -> [UInt32: ProcessSnapshot] {
        var news: [UInt32: ProcessSnapshot] = [:]
        if known.count > Self.most { known.removeAll() }
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
