import StreamtopBase
import StreamtopModel

/// The handshake of a flow, and handshakes of all flows.
extension Words {
    static let noHandshake = "No handshake of TLS, DTLS or QUIC was seen in this flow."
    static let handshakeLegend = "{…} encrypted   ~ concluded from order and sizes, not read"
    static let gapHeader = "gap"
    static let millisecondsHeader = "ms"
    static let taxTitle = "Handshake"
    static let untilClientMaySend = " until the client may send"
    static let handshakeUnfinished = "did not come to its end in this capture"
    static let serverTook = "server took"
    static let bestHere = "best here "
    static let securityGroup = "Security"
    static let certificateGroup = "Certificate"
    static let quicGroup = "QUIC"
    static let version = "version"
    static let cipher = "cipher"
    static let keyGroup = "group"
    static let serverName = "server name"
    static let applicationProtocol = "alpn"
    static let resumption = "resumption"
    static let ticket = "ticket given"
    static let clientCertificate = "client's own"
    static let earlyDataLabel = "early data"
    static let secretsLabel = "secrets"
    static let alertLabel = "alert"
    static let fingerprint = "ja4"
    static let srtp = "srtp"
    static let subjectLabel = "of"
    static let issuer = "by"
    static let validUntil = "valid until"
    static let keyLabel = "key"
    static let namesLabel = "names"
    static let chainLabel = "chain"
    static let offered = "offered"
    static let retryLabel = "retry"
    static let amplification = "amplification"
    static let migrations = "moves"
    static let endedLabel = "ended"

    static func parametersGroup(_ direction: Direction) -> String {
        direction == .fromClient ? "Client's transport parameters" : "Server's transport parameters"
    }

    static func roundNumber(_ number: Int) -> String { "round \(number)" }
    static func roundTrips(_ count: Int) -> String { count == 1 ? "1 round trip" : "\(count) round trips" }
    static func yesNo(_ value: Bool?) -> String? { value.map { $0 ? yes : no } }

    /// A step of the contract as the specifications write it.
    static func step(_ step: HandshakeStepName) -> String {
        switch step {
        case .tcpSyn: "SYN"
        case .tcpSynAck: "SYN-ACK"
        case .tcpAck: "ACK"
        case .handshakeDone: "HANDSHAKE_DONE"
        case .firstApplicationData: "data"
        default: step.rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        }
    }

    /// What an arrow carries: `ServerHello {EncryptedExtensions ~Certificate}  1.2KB`.
    static func arrow(_ arrow: HandshakeArrow, of security: TLSSnapshot, isFirstHello: Bool) -> String {
        var parts: [String] = []
        var isInside = false
        for item in arrow.steps {
            var word = (item.inferred ? "~" : "") + step(item.step)
            if item.step == .clientHello, isFirstHello, !security.keySharesOffered.isEmpty {
                word += " " + security.keySharesOffered.joined(separator: ",")
            }
            if item.step == .helloRetryRequest, let group = security.group { word += " " + group }
            if item.encrypted, !isInside { word = "{" + word }
            if !item.encrypted, isInside, !parts.isEmpty { parts[parts.count - 1] += "}" }
            isInside = item.encrypted
            parts.append(word)
        }
        if isInside, !parts.isEmpty { parts[parts.count - 1] += "}" }
        var text = parts.joined(separator: " ")
        if let bytes = arrow.bytes { text += "  " + (bytes.isLeast ? "≥" : "") + ByteText.short(bytes.count) + "B" }
        return text
    }

    /// Where the round trips went: `TCP 1 + TLS 2 (hello retry)`.
    static func tripParts(_ cost: HandshakeCost, _ kind: HandshakeSnapshot.Kind) -> String {
        let name =
            switch cost.carrier {
            case .tcp: "TLS"
            case .quic: "QUIC"
            case .dtls: "DTLS"
            }
        var parts: [String] = []
        if cost.carrier == .tcp { parts.append("TCP \(cost.transportTrips.map(String.init) ?? unknown)") }
        if cost.detourTrips > 0 { parts.append("Retry \(cost.detourTrips)") }
        parts.append("\(name) \(cost.securityTrips.map(String.init) ?? unknown)")
        return parts.joined(separator: " + ") + " (\(handshakeKind(kind)))"
    }

    static func handshakeKind(_ kind: HandshakeSnapshot.Kind) -> String {
        switch kind {
        case .full: "full"
        case .resumed: "resumed"
        case .psk: "resumed"
        case .helloRetry: "hello retry"
        case .zeroRTT: "0-RTT"
        case .incomplete: "not complete"
        }
    }

    static func secrets(_ security: TLSSnapshot) -> (text: String, role: StyleRole) {
        if security.isDecrypted { return ("given, and they open it", .fine) }
        if security.hasSecrets { return ("given, but nothing was opened", .watch) }
        return ("none: what is hidden stays hidden (--keylog)", .muted)
    }

    static func earlyData(_ data: EarlyDataSnapshot) -> String {
        let fate = data.accepted.map { $0 ? "accepted" : "refused" } ?? "offered, answer hidden"
        let risk = data.isReplayed ? "replayed" : "replay risk \(data.replayRisk.rawValue)"
        return "\(fate)  \(ByteText.short(data.bytes))B  \(risk)"
    }

    static func alert(_ alert: TLSAlertSnapshot) -> String {
        let what = alert.description.map { spaced($0) } ?? "encrypted"
        return
            "\(alert.from == .fromClient ? client : server): \([alert.level, what].compactMap { $0 }.joined(separator: " "))"
    }

    static func parameter(_ value: QUICParameter.Value) -> String {
        switch value {
        case .number(let number): NumberText.grouped(number)
        case .text(let text): text
        case .flag: yes
        case .list(let items): items.joined(separator: " ")
        }
    }

    static func close(_ close: QUICClose) -> String {
        let code = (close.isApplication ? "application " : "") + "code \(close.code)"
        let reason = close.reason.isEmpty ? "" : "  \(close.reason)"
        return "by \(close.by == .fromClient ? client : server), \(code)\(reason)"
    }

    static func daysLeft(_ left: Nanoseconds) -> String {
        let days = Int(clamping: left / .seconds(86_400))
        return left < 0 ? "expired" : days == 1 ? "1 day left" : "\(days) days left"
    }
}

/// All handshakes together.
extension Words {
    static let handshakesHeader = "from the first packet until the client may send application data, in ms"
    static let handshakesColumns = ["handshakes", "rounds", "p50 ms", "p95 ms"]
    static let noHandshakes = "No handshake of TLS, DTLS or QUIC has been seen yet."
    static let failuresTitle = "Failures"
    static let noFailures = "✓ No handshake failed."

    static func underWay(_ count: Int) -> String { "\(count) under way" }

    static func surveyKind(_ kind: HandshakeSurvey.Kind) -> String {
        switch kind {
        case .zeroRTT: "0-RTT"
        case .resumed: "resumed"
        case .oneRTT: "1-RTT"
        case .twoRTT: "2-RTT"
        case .retry: "retry, cookie"
        case .helloRetry: "hello retry"
        }
    }

    static func rounds(_ range: ClosedRange<Int>?) -> String {
        guard let range else { return unknown }
        return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }

    /// Why a handshake did not come to its end.
    static func handshakeFailure(_ failure: HandshakeFailure) -> String {
        switch failure {
        case .alert(let alert):
            "alert \(spaced(alert.description ?? "encrypted")) from the \(alert.from == .fromClient ? client : server)"
        case .close(let close): "QUIC closed \(self.close(close))"
        case .reset: "connection reset"
        case .closed: "connection closed"
        case .refused: "connection refused"
        case .unanswered: "the server never answered"
        case .silent: "fell silent"
        }
    }
}
