import Foundation

/// What ffmpeg, an origin, nginx and viewers say to each other for `MediaPeersTests`, all under one capture.
enum MediaConversation {
    private static let here = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// Why it cannot be held here; nil when it can.
    static let hindrance: String? = {
        for program in ["/usr/bin/ffmpeg", "/usr/sbin/nginx", "/usr/bin/python3"]
        where !FileManager.default.isExecutableFile(atPath: program) {
            return "\(program) is not installed"
        }
        return nil
    }()

    /// Ports of the origin and of nginx that passes on, buffers and caches.
    struct Ports: Sendable {
        var origin: Int
        var direct: [Int]
    }

    /// What each viewer saw, by its name, and the sessions that the program told of, by the address of their client.
    static func record() throws -> (viewers: [String: JSONValue], sessions: [String: JSONValue], flows: [JSONValue]) {
        let folder = try TemporaryFolder()
        let peers = try PeerProcess([
            "/usr/bin/python3", here.appending(path: "Peers/media_peers.py").path(), folder.url.path(),
        ])
        try peers.wait("ports") { $0.contains("]\n") }
        func lines(_ start: String) throws -> [JSONValue] {
            try peers.output.split(separator: "\n").filter { $0.hasPrefix(start) }.map {
                try JSONValue(text: String($0))
            }
        }
        let ports = try lines("[").first?.array.compactMap(\.int) ?? []
        let capture = try LiveCapture(ports: ports)
        peers.type("go\n")
        try peers.waitForEnd(seconds: 40)
        let facts = try lines("{")
        let records = try capture.finishRecords(flows: 0)
        let sessions = records.filter { $0["type"].string == "session" && $0["kind"].string == "dash" }
        let flows = records.filter { $0["type"].string == "flow" && $0["final"].bool == true }
        return (
            Dictionary(facts.map { ($0["name"].string ?? "", $0) }) { $1 },
            // Live, a session may be printed as it stood before; the last is final.
            Dictionary(sessions.map { ($0["client"].string ?? "", $0) }) { $1 }, flows
        )
    }
}
