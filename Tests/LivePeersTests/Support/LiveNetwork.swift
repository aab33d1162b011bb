import Foundation

/// A network with three addresses and nothing in it but one conversation; what passes between them passes its loopback. Needs root; gone with
/// the value.
final class LiveNetwork: Sendable {
    static let addresses = ["10.98.0.1", "10.98.0.2", "10.98.0.3"]
    private static let ip = "/usr/sbin/ip"

    /// Whether this machine lets us make one; asked once.
    static let isAvailable: Bool = {
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: ip) && LiveNetwork() != nil
    }()

    private let name = "streamtop-\(UUID().uuidString.prefix(8))"

    init?() {
        guard Self.run(["netns", "add", name]) else { return nil }
        // An interface that is no loopback: peers of calls pass over those.
        var steps = [["link", "set", "lo", "up"], ["link", "add", "host", "type", "veth", "peer", "name", "other"]]
        steps += Self.addresses.map { ["address", "add", $0 + "/24", "dev", "host"] }
        steps += ["host", "other"].map { ["link", "set", $0, "up"] }
        guard steps.allSatisfy({ Self.run(["-n", name] + $0) }) else { return nil }
    }

    deinit { _ = Self.run(["netns", "delete", name]) }

    /// What to put before a command so that it runs inside.
    var wrapper: [String] { [Self.ip, "netns", "exec", name] }

    private static func run(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ip)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
