import Foundation

/// What `openssl s_client -msg` printed of one connection: every handshake message with its length, and what was agreed.
struct OpenSSLTranscript: Sendable {
    struct Message: Equatable, Sendable {
        var fromClient: Bool
        /// The name in JSON, e.g. "client_hello".
        var step: String
        var bytes: Int
    }

    var messages: [Message] = []
    /// "TLSv1.3"
    var version: String?
    /// OpenSSL's own name of the suite.
    var cipher: String?
    var isResumed = false
    /// "accepted", "rejected", "not sent"
    var earlyData: String?
    var alpn: String?
    /// "X25519", "P-256", as the server's key is named; nil where there is none.
    var group: String?
    /// Alerts, e.g. "fatal protocol_version", with who sent them.
    var alerts: [(fromClient: Bool, text: String)] = []
    var srtpProfile: String?

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case ">>>", "<<<": take(line, fromClient: words[0] == ">>>")
            case "New,", "Reused,":
                guard words.count >= 5, words[1] != "(NONE),", version == nil else { continue }
                isResumed = words[0] == "Reused,"
                version = String(words[1].dropLast())
                cipher = words[4]
            case "Early": earlyData = words.dropFirst(3).joined(separator: " ")
            case "ALPN": alpn = words.count == 3 ? words[2] : nil
            case "Server":
                // Server Temp Key: X25519, 253 bits; Server Temp Key: ECDH, prime256v1, 256 bits
                guard line.hasPrefix("Server Temp Key: ") else { continue }
                let parts = line.dropFirst("Server Temp Key: ".count).components(separatedBy: ", ")
                group = parts.count == 3 ? parts[1] : parts[0]
            case "SRTP": srtpProfile = words.last.map { String($0.dropFirst("profile=".count)) }
            default: break
            }
        }
    }

    private mutating func take(_ line: Substring, fromClient: Bool) {
        guard let open = line.range(of: "[length "), let close = line.range(of: "]"),
            let bytes = Int(line[open.upperBound..<close.lowerBound], radix: 16)
        else { return }
        let name = line[close.upperBound...].drop { $0 == "," || $0 == " " }
        if line.contains("Alert") {
            alerts.append((fromClient, String(name)))
        } else if line.contains("version=65277, content_type=22") {
            // DTLS: s_client prints the length alone.
            messages.append(Message(fromClient: fromClient, step: "", bytes: bytes))
        } else if line.contains("Handshake"), !name.isEmpty {
            messages.append(Message(fromClient: fromClient, step: Self.snakeCase(String(name)), bytes: bytes))
        }
    }

    /// "EndOfEarlyData" is "end_of_early_data".
    private static func snakeCase(_ name: String) -> String {
        var text = ""
        for letter in name {
            if letter.isUppercase, !text.isEmpty { text += "_" }
            text += letter.lowercased()
        }
        return text
    }

    /// Handshake messages of one end, in the order sent.
    func steps(fromClient: Bool) -> [Message] { messages.filter { $0.fromClient == fromClient } }

    var keyUpdates: Int { messages.count { $0.step == "key_update" } }
}

/// The same out of a flow's JSON: handshake messages of one end, in the order they passed. Change cipher specs are none.
func steps(of record: JSONValue, fromClient: Bool) -> [OpenSSLTranscript.Message] {
    let section = record["tls"].isPresent ? "tls" : "dtls"
    let other = [
        "tcp_syn", "tcp_syn_ack", "tcp_ack", "change_cipher_spec", "early_data", "first_application_data",
    ]
    return record[section, "handshake", "timeline"].array.compactMap { entry in
        guard let step = entry["step"].string, !other.contains(step), let from = entry["from"].string,
            (from == "client") == fromClient
        else { return nil }
        // OpenSSL prints a HelloRetryRequest as what it is on the wire, a ServerHello.
        let name = section == "dtls" ? "" : step == "hello_retry_request" ? "server_hello" : step
        return OpenSSLTranscript.Message(fromClient: fromClient, step: name, bytes: entry["bytes"].int ?? -1)
    }
}
