import Foundation

/// Conversations of small peers that talk when they are told to and print what they did, one JSON object a line.
enum WebConversations {
    private static let here = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let modules = here.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/peers/python").path()

    /// Whether a module of Python can be loaded.
    static func hasModule(_ name: String) -> Bool {
        guard
            let trial = try? PeerProcess(
                ["/usr/bin/python3", "-c", "import \(name); print('has it')"], environment: ["PYTHONPATH": modules])
        else { return false }
        return (try? trial.waitForEnd()) != nil && trial.output.hasPrefix("has it")
    }

    /// Makes a certificate of this name, its key, and an empty file for secrets at the three paths.
    static func makeCertificate(_ name: String, _ paths: [String]) throws {
        // Here before the capture, which lets go of root: what a peer makes may be for its owner's eyes alone.
        _ = FileManager.default.createFile(atPath: paths[2], contents: nil)
        let maker = try PeerProcess([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", paths[1], "-out",
            paths[0], "-days", "30", "-subj", "/CN=\(name)",
        ])
        try maker.waitForEnd()
    }

    /// Runs a script of `Peers`; what it prints, and the final flows under the capture.
    ///
    /// - Parameters:
    ///   - certificate: the name in the certificate that it is given, with its key and the file for secrets.
    ///   - more: arguments that it is given behind those.
    static func record(
        _ script: String, certificate: String? = nil, more: [String] = [], flows: Int, seconds: Double = 30
    ) throws -> (facts: [JSONValue], flows: [JSONValue]) {
        let folder = try TemporaryFolder()
        var arguments: [String] = []
        if let certificate {
            arguments = ["certificate.pem", "key.pem", "keys"].map(folder.path)
            try makeCertificate(certificate, arguments)
        }
        let peers = try PeerProcess(
            ["/usr/bin/python3", here.appending(path: "Peers/\(script)").path()] + arguments + more,
            environment: ["PYTHONPATH": modules])
        try peers.wait("ports") { $0.contains("]\n") }
        func lines(_ start: String) throws -> [JSONValue] {
            try peers.output.split(separator: "\n").filter { $0.hasPrefix(start) }.map {
                try JSONValue(text: String($0))
            }
        }
        let ports = try lines("[").first?.array.compactMap(\.int) ?? []
        let capture = try LiveCapture(ports: ports, keyLog: certificate == nil ? nil : folder.path("keys"))
        peers.type("go\n")
        try peers.waitForEnd(seconds: seconds)
        let facts = try lines("{")
        return (facts, try capture.finish(flows: flows))
    }
}
