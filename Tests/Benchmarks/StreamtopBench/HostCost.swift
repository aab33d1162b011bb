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
        // The hard limit stays: once lowered, not everybody may raise it for the next count.
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count + 256))
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

    /// What single questions cost, in CPU milliseconds each: name and figure.
    static func parts() -> [(name: String, milliseconds: Double)] {
        func cost(_ name: String, _ work: () -> Void) -> (name: String, milliseconds: Double) {
            var best = Double.infinity
            for _ in 0..<10 {
                let began = clock()
                work()
                best = min(best, Double(clock() - began) / Double(CLOCKS_PER_SEC) * 1_000)
            }
            return (name, best)
        }
        var parts = [cost("scan of all processes for an owner") { _ = OwnerScan.scan([.max]) }]
        if let route = NetlinkSocket(.route) {
            parts.append(
                cost("queueing disciplines of all devices") {
                    let body = [UInt8](repeating: 0, count: 20)
                    _ = try? route.ask(type: QdiscMessage.getQdisc, isDump: true, body) { QdiscMessage(type: $0, $1) }
                })
        }
        if let drivers = EthtoolSocket() {
            parts.append(
                cost("rings, pauses and counters of a driver") {
                    _ = (drivers.rings(of: 2), drivers.pauses(of: 2), drivers.lost(in: 2))
                })
        }
        let text = Self.connections(10_000)
        let wanted = FlowKey(
            source: Endpoint(address: IPAddress(v4: 0x0a5b_0002), port: 443),
            destination: Endpoint(address: IPAddress(v4: 0x0a5b_0001), port: 5_000), transport: 6)
        parts.append(
            cost("search of 10,000 tracked connections") { _ = ConntrackText.translations(text, of: [wanted]) })
        return parts
    }

    /// Lines as in /proc/net/nf_conntrack.
    private static func connections(_ count: Int) -> [UInt8] {
        var text = ""
        for number in 0..<count {
            let port = 1_024 + number
            text +=
                "ipv4     2 tcp      6 300 ESTABLISHED src=172.31.7.2 dst=10.91.0.2 sport=\(port) dport=443 src=10.91.0.2 dst=10.91.0.1 sport=443 dport=\(port) [ASSURED] mark=0 zone=0 use=2\n"
        }
        return Array(text.utf8)
    }
}
