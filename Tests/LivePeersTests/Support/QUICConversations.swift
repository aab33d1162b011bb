import Foundation

/// The connections that aioquic makes for `QUICPeersTests`, all under one capture.
enum QUICConversations {
    static let names = ["full", "retry", "early", "download"]

    private static let here = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let modules = here.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/peers/python").path()

    private static func python(_ arguments: [String]) throws -> PeerProcess {
        try PeerProcess(["/usr/bin/python3"] + arguments, environment: ["PYTHONPATH": modules])
    }

    /// Whether aioquic can be loaded; asked once.
    static let isInstalled: Bool = {
        guard let trial = try? python(["-c", "import aioquic; print('aioquic', aioquic.__version__)"]) else {
            return false
        }
        return (try? trial.waitForEnd()) != nil && trial.output.hasPrefix("aioquic ")
    }()

    /// What the peers say and what the program prints of each connection, by name.
    static func record() throws -> [String: (peer: JSONValue, flow: JSONValue)] {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"))
        let maker = try PeerProcess([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days",
            "30", "-subj", "/CN=quic.example",
        ])
        try maker.waitForEnd()
        let keyLog = folder.path("keys")
        let peers = try python([here.appending(path: "Peers/quic_peers.py").path(), certificate, key, keyLog])
        try peers.wait("ports") { $0.contains("]\n") }
        // Warnings of Python's may stand between the lines.
        func lines(_ start: String) throws -> [JSONValue] {
            try peers.output.split(separator: "\n").filter { $0.hasPrefix(start) }.map {
                try JSONValue(text: String($0))
            }
        }
        let ports = try lines("[").first?.array.compactMap(\.int) ?? []
        let capture = try LiveCapture(ports: ports, keyLog: keyLog)
        peers.type("go\n")
        try peers.waitForEnd(seconds: 30)
        let facts = try lines("{")
        let flows = try capture.finish(flows: names.count)
        var found: [String: (peer: JSONValue, flow: JSONValue)] = [:]
        // By first packet, as the connections were made: the system may give a port twice.
        var rest = flows.filter { ($0["quic", "packets", "initial"].int ?? 0) > 0 }[...]
        for fact in facts {
            guard let name = fact["name"].string,
                let position = rest.firstIndex(where: { $0["client", "port"].int == fact["client_port"].int })
            else { throw PeerProcess.TookTooLong(description: "no flow for \(fact)") }
            found[name] = (fact, rest[position])
            rest = rest[(position + 1)...]
        }
        return found
    }
}
