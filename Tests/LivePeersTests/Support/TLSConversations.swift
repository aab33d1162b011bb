import Foundation

/// The connections that `openssl` makes for `TLSPeersTests`, all under one capture.
enum TLSConversations {
    static let names = [
        "full", "resumed", "early", "retry", "client-certificate", "tls12", "tls12-resumed", "tls12-cbc", "refused",
        "key-update", "dtls12",
    ]
    static let earlyRequest = "POST /order HTTP/1.1\r\n\r\n"
    /// What each comes to; round trips before the client may send.
    static let expectations: [String: (kind: String, roundTrips: Int)] = [
        "full": ("full", 1), "resumed": ("psk", 1), "early": ("0rtt", 0), "retry": ("hello_retry", 2),
        "client-certificate": ("full", 1), "tls12": ("full", 2), "tls12-resumed": ("resumed", 1),
        "tls12-cbc": ("full", 2), "key-update": ("full", 1), "dtls12": ("full", 3),
    ]

    /// OpenSSL's names of cipher suites to those of IANA, as `openssl ciphers` tells them.
    static let standardNames: [String: String] = {
        guard let list = try? PeerProcess(["openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL"]) else { return [:] }
        try? list.waitForEnd()
        var names: [String: String] = [:]
        for line in list.output.split(separator: "\n") {
            // TLS_AES_256_GCM_SHA384 - TLS_AES_256_GCM_SHA384 TLSv1.3 …
            let words = line.split(separator: " ")
            if words.count > 2 { names[String(words[2])] = String(words[0]) }
        }
        return names
    }()

    static func record() throws -> [String: (peer: OpenSSLTranscript, flow: JSONValue)] {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"))
        let maker = try PeerProcess([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days",
            "30", "-subj", "/CN=peer.example",
        ])
        try maker.waitForEnd()
        try Data(earlyRequest.utf8).write(to: URL(fileURLWithPath: folder.path("early")))

        func serve(_ options: [String]) throws -> Server {
            try Server(["-cert", certificate, "-key", key] + options)
        }
        let usual = try serve(["-early_data", "-alpn", "http/1.1"])
        let narrow = try serve(["-tls1_3", "-groups", "P-256"])
        let checking = try serve(["-Verify", "1"])
        let datagram = try serve(["-dtls1_2", "-listen", "-use_srtp", "SRTP_AES128_CM_SHA1_80"])
        let keyLog = folder.path("keys")
        let capture = try LiveCapture(
            ports: [usual, narrow, checking, datagram].map(\.port), keyLog: keyLog)

        var peers: [OpenSSLTranscript] = []
        func connect(_ server: Server, _ options: [String], tickets: Int = 0, updatesKeys: Bool = false) throws {
            peers.append(
                try converse(
                    server, ["-keylogfile", keyLog] + options, tickets: tickets, updatesKeys: updatesKeys,
                    number: peers.count))
        }
        let name = ["-servername", "peer.example"]
        let plain = name + ["-alpn", "http/1.1"]
        let (first, second, old) = (folder.path("first"), folder.path("second"), folder.path("old"))
        try connect(usual, plain + ["-sess_out", first], tickets: 2)
        try connect(usual, plain + ["-sess_in", first, "-sess_out", second], tickets: 1)
        try connect(usual, plain + ["-sess_in", second, "-early_data", folder.path("early")], tickets: 1)
        try connect(narrow, name + ["-groups", "X25519:P-256"], tickets: 2)
        try connect(checking, name + ["-cert", certificate, "-key", key], tickets: 2)
        try connect(usual, name + ["-tls1_2", "-sess_out", old])
        try connect(usual, name + ["-tls1_2", "-sess_in", old])
        try connect(usual, name + ["-tls1_2", "-cipher", "AES128-SHA256"])
        try connect(narrow, name + ["-tls1_2"])
        try connect(usual, plain, tickets: 2, updatesKeys: true)
        try connect(datagram, ["-dtls1_2", "-use_srtp", "SRTP_AES128_CM_SHA1_80"])

        let flows = try capture.finish(flows: names.count - 1)
        guard flows.count == names.count else {
            throw PeerProcess.TookTooLong(description: "\(flows.count) flows of \(names.count) connections")
        }
        return Dictionary(uniqueKeysWithValues: zip(names, zip(peers, flows).map { ($0, $1) }))
    }

    /// One connection from hello to close_notify, each step taken when the one before shows.
    private static func converse(
        _ server: Server, _ options: [String], tickets: Int, updatesKeys: Bool, number: Int
    ) throws -> OpenSSLTranscript {
        let client = try PeerProcess(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(server.port)", "-msg"] + options)
        let marker = "marker-\(number)"
        do {
            try client.wait("session", seconds: 8) {
                $0.contains("Verify return code")
                    && $0.components(separatedBy: "New Session Ticket arrived").count > tickets
            }
            // Updates the client's keys and asks the server to do the same, which it does with what it sends after.
            if updatesKeys {
                client.type("K\n")
                try client.wait("key update", seconds: 5) { $0.contains("KEYUPDATE") }
            }
            client.type(marker + "\n")
            try server.wait(for: marker)
            if updatesKeys {
                server.process.type("answer under new keys\n")
                try client.wait("answer", seconds: 5) { $0.contains("answer under new keys") }
            }
            client.type("Q\n")
            try client.waitForEnd()
        } catch {
            // A refused connection ends by itself; anything else shows when the transcript is compared.
            guard client.output.contains("alert") else { throw error }
        }
        return OpenSSLTranscript(client.output)
    }

    /// `openssl s_server` on a port that the system chose.
    private struct Server {
        let process: PeerProcess
        let port: Int

        init(_ options: [String]) throws {
            process = try PeerProcess(["openssl", "s_server", "-accept", "127.0.0.1:0"] + options)
            try process.wait("port") { Self.port(in: $0) != nil }
            port = Self.port(in: process.output) ?? 0
        }

        /// "ACCEPT 127.0.0.1:40123"
        private static func port(in output: String) -> Int? {
            guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT ") && $0.contains(":") })
            else { return nil }
            return line.split(separator: ":").last.flatMap { Int($0) }
        }

        func wait(for text: String) throws { try process.wait(text) { $0.contains(text) } }
    }
}
