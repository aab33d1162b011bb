import Foundation
import Testing

/// A network of its own, with nothing in it but what the test does; gone with the value that holds it. Needs root.
final class NetworkNamespace {
    struct Failure: Error { var message: String }

    let name = "streamtop-\(UUID().uuidString.prefix(8))"

    /// Whether this machine lets us make one; asked once.
    static let isAvailable: Bool = {
        guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: ip) else { return false }
        guard let namespace = try? NetworkNamespace() else { return false }
        return (try? namespace.addPair("probe0", "probe1")) != nil
    }()

    /// Why tests that need one are left out.
    static let reason: Comment = "needs root and network namespaces"

    private static let ip = "/usr/sbin/ip"

    init() throws {
        try Self.run([Self.ip, "netns", "add", name])
        try inside([Self.ip, "link", "set", "lo", "up"])
    }

    deinit {
        try? Self.run([Self.ip, "netns", "delete", name])
    }

    /// What to put before a command so that it runs inside; it becomes the command, the process stays the same.
    var wrapper: [String] { [Self.ip, "netns", "exec", name] }

    /// Adds two interfaces joined by a wire, both up, with addresses 10.99.0.1 and 10.99.0.2.
    func addPair(_ one: String, _ other: String) throws {
        try inside([Self.ip, "link", "add", one, "type", "veth", "peer", "name", other])
        try inside([Self.ip, "address", "add", "10.99.0.1/24", "dev", one])
        try inside([Self.ip, "address", "add", "10.99.0.2/24", "dev", other])
        for name in [one, other] { try inside([Self.ip, "link", "set", name, "up"]) }
    }

    /// Removes an interface, and with it its peer.
    func remove(_ interface: String) throws {
        try inside([Self.ip, "link", "delete", interface])
    }

    /// Sends datagrams that leave by the interface of the sender's network, though nobody listens.
    func sendDatagrams(_ count: Int, to address: String, port: Int) throws {
        try bash("for ((i = 0; i < \(count); i++)); do echo streamtop > /dev/udp/\(address)/\(port); done; true")
    }

    /// Runs a script of bash inside.
    func bash(_ script: String) throws {
        try inside(["/bin/bash", "-c", script])
    }

    private func inside(_ command: [String]) throws {
        try Self.run(wrapper + command)
    }

    private static func run(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(message: "\(command.joined(separator: " ")): status \(process.terminationStatus)")
        }
    }
}
