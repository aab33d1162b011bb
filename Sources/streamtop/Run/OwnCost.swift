import Glibc
import StreamtopBase
import StreamtopModel

/// What this process costs: share of a core and resident memory, measured once a second.
struct OwnCost {
    private var measured: Nanoseconds
    private var cpuTime: Nanoseconds
    private(set) var cpu: Double?
    private(set) var memory: UInt64?

    init(at time: Nanoseconds) {
        measured = time
        cpuTime = OwnCost.cpuTime
        memory = OwnCost.residentBytes
    }

    /// Measures anew when a second has passed.
    mutating func advance(to time: Nanoseconds) {
        let passed = time - measured
        guard passed >= .seconds(1) else { return }
        let used = OwnCost.cpuTime
        cpu = Double(used - cpuTime) / Double(passed)
        memory = OwnCost.residentBytes
        cpuTime = used
        measured = time
    }

    func fill(_ health: inout CaptureHealth) {
        health.ownCPU = cpu
        health.ownMemoryBytes = memory
    }

    private static var cpuTime: Nanoseconds {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        let seconds = Int64(usage.ru_utime.tv_sec) + Int64(usage.ru_stime.tv_sec)
        let micros = Int64(usage.ru_utime.tv_usec) + Int64(usage.ru_stime.tv_usec)
        return seconds * 1_000_000_000 + micros * 1_000
    }

    private static var residentBytes: UInt64? {
        guard let text = FileText.read("/proc/self/statm") else { return nil }
        let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = UInt64(fields[1]) else { return nil }
        return pages &* UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1))
    }
}
