import Foundation
import StreamtopBase
import StreamtopHost
import StreamtopModel

/// What asking this host's kernel costs, with many sockets open.
struct HostCost {
    /// CPU milliseconds of a reading that dumps all sockets, and of one that does not.
    var full: Double
    var short: Double
    var sockets: Int

    /// Of one core, with a full reading once a second and a short one twenty times.
    var percent: Double { (full + 19 * short) / 10 }

    /// `count` sockets of this process, listening on loopback, beside those there are.
    static func measure(count: Int, readings: Int) -> HostCost? {
        var limit = rlimit()
        limit.rlim_cur = rlim_t(count + 256)
        limit.rlim_max = rlim_t(count + 256)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0, listen(descriptor, 1) == 0 else { break }
            descriptors.append(descriptor)
        }
        guard let reader = HostReader(devices: ["any"], entersNamespaces: false, helper: nil) else { return nil }
        var time = Timestamp(seconds: 1, nanoseconds: 0)
        func cost(_ step: Nanoseconds) -> Double {
            var best = Double.infinity
            for _ in 0..<readings {
                time = time + step
                let began = clock()
                _ = reader.read(HostRequests(), at: time)
                best = min(best, Double(clock() - began) / Double(CLOCKS_PER_SEC) * 1_000)
            }
            return best
        }
        let full = cost(.seconds(2))
        let short = cost(.milliseconds(1))
        return HostCost(full: full, short: short, sockets: descriptors.count)
    }
}
