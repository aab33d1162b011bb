import Foundation

/// Conversations of peers that carry media, each captured by the program. All run at once, on ports of their own: together they take no
/// longer than the longest of them.
enum MediaConversations {
    /// Ports of all of them, which the kernel gives to nobody who asks for any; what else is captured on loopback leaves these out.
    static let ports = "portrange 23400-25499"

    struct Conversation: Sendable {
        var name: String
        /// A program that says "ready", waits for a line, and prints one line of facts.
        var command: [String]
        var environment: [String: String] = [:]
        var filter: String
        var needs: [String]
        var needsPython = false
        /// Held in a network of its own.
        var isApart = false
    }

    struct Outcome: Sendable {
        var peer: JSONValue
        var records: [JSONValue]

        var flows: [JSONValue] { records.filter { $0["type"].string == "flow" && $0["final"].bool == true } }
        /// As they were at the end.
        var sessions: [JSONValue] {
            records.filter { $0["type"].string == "session" && $0["final"].bool != false }
        }
        var streams: [JSONValue] { flows.flatMap { $0["rtp"].array } }
    }

    private static let peers = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Peers")
    private static let built = peers.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/peers")
    private static let folder = Result { try TemporaryFolder() }

    private static func script(_ name: String, _ arguments: [String]) -> [String] {
        ["/usr/bin/python3", peers.appending(path: name).path()] + arguments
    }

    private static func position(_ name: String) -> String {
        let path = (try? folder.get().path(name)) ?? ""
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    static let list: [Conversation] = peersOfPrograms + peersOfBrowsers

    /// Held only where asked for: a browser takes half a gigabyte and a minute to install.
    private static let peersOfBrowsers: [Conversation] = [
        browser("chromium-simulcast", "chromium", "codec=VP8&layers=3&seconds=6"),
        browser("chromium-av1", "chromium", "codec=AV1&layers=1&seconds=6"),
        browser("chromium-flexfec", "chromium", "codec=VP8&seconds=8&fec&clear&relay=25480", filter: "udp port 25481"),
        browser("chromium-flexfec-sealed", "chromium", "codec=VP8&seconds=8&fec&relay=25490", filter: "udp port 25491"),
        browser("firefox", "firefox", "codec=VP8&layers=1&seconds=6", program: "/usr/bin/firefox-esr"),
    ]

    private static func browser(
        _ name: String, _ kind: String, _ query: String, program: String = "/usr/bin/chromium", filter: String? = nil
    ) -> Conversation {
        let isWanted = ProcessInfo.processInfo.environment["STREAMTOP_BROWSER"] != nil
        return Conversation(
            name: name, command: script("browser_peers.py", [kind, position(name), query]),
            filter: filter ?? "udp and not \(ports)",
            needs: isWanted ? [program] : ["/nowhere"])
    }

    private static let peersOfPrograms: [Conversation] = [
        Conversation(
            name: "relay", command: script("relay_peers.py", [position("relay"), "23478"]),
            environment: ["PYTHONPATH": built.appending(path: "python").path()],
            filter: "portrange 23478-23480", needs: ["/usr/bin/turnserver", "/usr/bin/openssl"], needsPython: true),
        Conversation(
            name: "sfu", command: script("sfu_peers.py", [position("sfu"), "23600"] + LiveNetwork.addresses),
            environment: ["PYTHONPATH": built.appending(path: "python").path()],
            filter: "portrange 23600-23660", needs: ["/usr/bin/janus"], needsPython: true, isApart: true),
        Conversation(
            name: "sipp", command: script("program_peers.py", ["sipp", position("sipp"), "25060"]),
            filter: "udp portrange 25060-25089", needs: ["/usr/bin/sipp", "/usr/share/sip-tester/g711a.pcap"]),
        Conversation(
            name: "baresip", command: script("program_peers.py", ["baresip", position("baresip"), "25100"]),
            filter: "udp portrange 25100-25159", needs: ["/usr/bin/baresip"]),
        Conversation(
            name: "usrsctp", command: script("program_peers.py", ["usrsctp", position("usrsctp"), "25300"]),
            filter: "udp portrange 25300-25301", needs: ["/usr/lib/usrsctp/tsctp"]),
        Conversation(
            name: "gstreamer", command: script("stream_peers.py", ["25200"]),
            filter: "udp port 25200 or udp port 25202",
            needs: ["/usr/bin/gst-launch-1.0", "/usr/lib/python3/dist-packages/gi"]),
        Conversation(
            name: "pion", command: [built.appending(path: "feedback").path(), "25400"],
            filter: "udp port 25400 or udp port 25401", needs: [built.appending(path: "feedback").path()]),
    ]

    /// Whether a conversation can be held here.
    static func isInstalled(_ name: String) -> Bool {
        guard let one = list.first(where: { $0.name == name }) else { return false }
        return one.needs.allSatisfy { FileManager.default.fileExists(atPath: $0) }
            && (!one.needsPython || CallConversation.isInstalled) && (!one.isApart || LiveNetwork.isAvailable)
    }

    static func outcome(_ name: String) throws -> Outcome {
        guard let found = outcomes[name] else { throw PeerProcess.TookTooLong(description: "\(name) was not held") }
        return try found.get()
    }

    private static let outcomes: [String: Result<Outcome, any Error>] = {
        var running: [(String, Result<Running, any Error>)] = []
        for one in list where isInstalled(one.name) { running.append((one.name, Result { try start(one) })) }
        for (_, one) in running { if case .success(let one) = one { one.peer.type("go\n") } }
        var found: [String: Result<Outcome, any Error>] = [:]
        for (name, one) in running {
            found[name] = Result {
                let one = try one.get()
                return try finish(one.peer, one.capture)
            }
        }
        return found
    }()

    private struct Running {
        var peer: PeerProcess
        var capture: LiveCapture
        /// Gone once it is over.
        var network: LiveNetwork?
    }

    private static func start(_ one: Conversation) throws -> Running {
        let keys = position(one.name) + "/keys"
        _ = FileManager.default.createFile(atPath: keys, contents: nil)
        let network = one.isApart ? LiveNetwork() : nil
        let wrapper = network?.wrapper ?? []
        let peer = try PeerProcess(wrapper + one.command, environment: one.environment)
        let capture = try LiveCapture(filter: one.filter, keyLog: keys, wrapper: wrapper)
        try peer.wait("readiness", seconds: 30) { $0.contains("ready\n") }
        return Running(peer: peer, capture: capture, network: network)
    }

    private static func finish(_ peer: PeerProcess, _ capture: LiveCapture) throws -> Outcome {
        try peer.waitForEnd(seconds: 90)
        guard let line = peer.output.split(separator: "\n").first(where: { $0.hasPrefix("{") }) else {
            throw PeerProcess.TookTooLong(description: "no facts: \(peer.output.suffix(400))")
        }
        return Outcome(peer: try JSONValue(text: String(line)), records: try capture.finishRecords(flows: 0))
    }
}
