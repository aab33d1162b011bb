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
    var all: [HostCounter] { counters(of: nil) }

    /// The same, as counters of that namespace.
    func counters(of namespace: String?) -> [HostCounter] {
        Self.names.compactMap { name in
            guard let value = last[name], rise(name) > 0 else { return nil }
            var counter = HostCounter(name: name, value: value, rise: rise(name), perSecond: perSecond(name) ?? 0)
            counter.namespace = namespace
            return counter
        }
    }
}
