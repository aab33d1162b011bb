import Foundation

/// The call that aiortc makes for `CallPeersTests`.
enum CallConversation {
    private static let here = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let modules = here.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/peers/python").path()

    private static func python(_ arguments: [String]) throws -> PeerProcess {
        try PeerProcess(["/usr/bin/python3"] + arguments, environment: ["PYTHONPATH": modules])
    }

    /// Whether aiortc can be loaded; asked once.
    static let isInstalled: Bool = {
        guard let trial = try? python(["-c", "import aiortc; print('aiortc', aiortc.__version__)"]) else {
            return false
        }
        return (try? trial.waitForEnd()) != nil && trial.output.hasPrefix("aiortc ")
    }()

    /// What the peers say, the flows that the program prints, and its session.
    static func record() throws -> (peer: JSONValue, flows: [JSONValue], session: JSONValue) {
        let folder = try TemporaryFolder()
        let keyLog = folder.path("keys")
        let peers = try python([here.appending(path: "Peers/call_peers.py").path(), keyLog])
        try peers.wait("readiness", seconds: 30) { $0.contains("ready\n") }
        let capture = try LiveCapture(filter: "udp and not \(MediaConversations.ports)", keyLog: keyLog)
        peers.type("go\n")
        try peers.waitForEnd(seconds: 60)
        guard let line = peers.output.split(separator: "\n").first(where: { $0.hasPrefix("{") }) else {
            throw PeerProcess.TookTooLong(description: "no facts: \(peers.output.suffix(400))")
        }
        let records = try capture.finishRecords(flows: 0)
        let sessions = records.filter { $0["type"].string == "session" && $0["kind"].string == "webrtc" }
        // The newest of it is final; those before told how it went.
        guard let session = sessions.last else {
            throw PeerProcess.TookTooLong(description: "no session of a call")
        }
        let flows = records.filter { $0["type"].string == "flow" && $0["final"].bool == true }
        return (try JSONValue(text: String(line)), flows, session)
    }
}
