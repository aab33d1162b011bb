import StreamtopBase
import StreamtopModel

/// What a handshake costs and what it puts at risk (rules 24 to 27, 76 and 77).
///
/// That QUIC fails and the client falls back to TCP (rule 26) takes two flows to see: the engine puts them together and
/// leaves the fact with the QUIC flow.
enum HandshakeRules {
    static let trips = Threshold(
        "round trips before the client may send", 3, .count, source: "TCP and TLS 1.3 take 2; RFC 8446 section 2")
    static let waste = Threshold("time above the best case, act", 50, .milliseconds, source: "own")
    static let amplification = Threshold(
        "server bytes per client byte before the address is proven", 2.7, .ratio,
        source: "RFC 9000 section 8.1: 3, less a packet")
    static let initials = Threshold(
        "first packets of the client without an answer", 2, .count, source: "RFC 9002 section 6.2: sent again once")
    static let patience = Threshold(
        "time without an answer, unless the first packet was repeated", 1_000, .milliseconds,
        source: "RFC 9002 section 6.2.2: the first timer")
    static let chain = Threshold(
        "certificate list that fits, at most", 3600, .bytes, source: "RFC 9000 section 8.1: 3 times 1200")
    static let soon = Threshold("days left, watch", 14, .count, source: "own")
    static let version = Threshold("TLS or DTLS version, below", 1.2, .count, source: "RFC 8996")

    static let rules: [Rule] = [
        Rule(
            24, "slow_handshake", .endpoint, symptom: "Starting takes three round trips or more.",
            thresholds: [trips, waste], silentWhen: ["the beginning was not captured"], hold: .atOnce,
            needs: .security, judge: .flow(slow)),
        Rule(
            25, "amplification_stall", .endpoint,
            symptom: "A QUIC server falls silent in the middle of its handshake.",
            thresholds: [amplification, chain], hold: .atOnce, needs: .quic, judge: .flow(amplificationStall)),
        Rule(
            26, "quic_blocked", .path, symptom: "QUIC does not come about, and the client goes on with TCP.",
            thresholds: [initials, patience],
            silentWhen: [
                "the server said why it refuses", "the client asked by QUIC and TCP at once and took the first",
            ], hold: .atOnce,
            needs: .quic, judge: .flow(blocked)),
        Rule(
            27, "early_data_replay", .endpoint, symptom: "A request in early data can be played again.",
            thresholds: [], silentWhen: ["the server refused the early data", "the request may be repeated"],
            hold: .atOnce, needs: .security, judge: .flow(replay)),
        Rule(
            76, "certificate_expiry", .endpoint, symptom: "Clients will refuse, or already refuse, the certificate.",
            thresholds: [soon],
            silentWhen: ["another certificate of the chain expires: clients may know a newer path"],
            hold: .atOnce, needs: .security, judge: .flow(expiry)),
        Rule(
            77, "weak_security", .endpoint, symptom: "The connection is protected by broken or retired means.",
            thresholds: [version], silentWhen: ["the server has not chosen yet"], hold: .atOnce, needs: .security,
            judge: .flow(weak)),
    ]

    // MARK: Cost

    private static func slow(_ flow: FlowSnapshot) -> Finding? {
        if let finding = asked(flow) { return finding }
        guard let cost = flow.handshakeCost, let total = cost.trips, total >= Int(trips.value),
            let security = flow.security
        else { return nil }
        var causes: [String] = []
        var advice: [String] = []
        if security.handshake.kind == .helloRetry {
            let group = security.group.map { " (it wants \($0))" } ?? ""
            causes.append("the server refused the client's key share\(group)")
            advice.append(retryAdvice(security))
        }
        if flow.quic?.hasRetry == true {
            causes.append("the server asked the client to prove its address (Retry)")
            advice.append("keep Retry for times of attack, and give out address tokens (NEW_TOKEN)")
        }
        if flow.quic?.hasVersionNegotiation == true {
            causes.append("the first QUIC version was refused")
            advice.append("let client and server agree on QUIC version 1 from the start")
        }
        if flow.dtls?.cookie == true {
            causes.append("the server asked for a cookie")
            advice.append("cookies protect open servers; where ICE has proven the address, do without")
        }
        if isBefore13(security.version) {
            causes.append("\(name(flow)) \(security.version ?? "") takes one more than 1.3")
            advice.append("enable \(name(flow)) 1.3 at both ends")
        }
        guard !causes.isEmpty else { return nil }
        let best = cost.bestTrips.full
        var evidence: [Verdict.Evidence] = [
            .init("round_trips", Double(total)), .init("best_round_trips", Double(best)),
        ]
        var price = ""
        var isCostly = false
        if let lost = cost.time(ofTrips: total - best) {
            // Below a millisecond nobody can tell the difference.
            if lost.milliseconds < 1 { return nil }
            evidence.append(.init("lost_ms", lost.milliseconds))
            price = ", \(FigureText.time(lost)) more than needed"
            isCostly = lost.milliseconds >= waste.value
        }
        return Finding(
            severity: isCostly ? .warning : .info, subject: .server,
            summary: "The handshake took \(total) round trips\(price): \(causes.joined(separator: "; "))",
            evidence: evidence, advice: sentence(advice), confidence: 0.95)
    }

    /// QUIC: the first packet or its answer was lost, and a timer had to send it again.
    private static func asked(_ flow: FlowSnapshot) -> Finding? {
        guard let quic = flow.quic, let first = quic.handshake.firstInitial, let again = quic.handshake.repeatedRequest,
            quic.handshake.firstClientData != nil
        else { return nil }
        let lost = again - first
        guard lost.milliseconds >= waste.value else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "The client had to send its first packet again: it or its answer was lost, and starting took at least \(FigureText.time(lost)) longer",
            evidence: [.init("lost_ms", lost.milliseconds), .init("client_initials", Double(quic.clientInitials))],
            advice:
                "One loss may be chance; many mean a path or firewall that drops the first UDP datagrams, or a server that is late to read.",
            confidence: 0.85)
    }

    private static func blocked(_ flow: FlowSnapshot) -> Finding? {
        guard let quic = flow.quic, let fallback = quic.fallback, let asked = quic.handshake.firstInitial,
            quic.handshake.firstClientData == nil, quic.close == nil, quic.packets.initial >= Int(initials.value),
            // Browsers ask by QUIC and TCP at once, and drop the later one: that is no fault of the path.
            quic.handshake.repeatedRequest != nil || (fallback - asked).milliseconds >= patience.value
        else { return nil }
        let port = flow.server.endpoint.port
        let evidence: [Verdict.Evidence] = [
            .init("initial_packets", Double(quic.packets.initial)),
            .init("server_packets", Double(flow.server.packets)),
            .init("fallback_after_ms", (fallback - asked).milliseconds),
        ]
        let advice =
            "On the path: let UDP \(port) through both ways. At the server: check that QUIC listens where Alt-Svc or the HTTPS record says (RFC 9308 section 2)."
        guard flow.server.packets == 0 else {
            return Finding(
                severity: .warning, subject: .path,
                summary:
                    "QUIC to port \(port) was answered but did not finish; the client went on with TCP after \(FigureText.time(fallback - asked))",
                evidence: evidence,
                advice: advice + " Large datagrams may be what is lost: check that the path carries 1200 bytes.",
                confidence: 0.6)
        }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "UDP \(port) got no answer; the client went on with TCP after \(FigureText.time(fallback - asked))",
            evidence: evidence, advice: advice, confidence: 0.85)
    }

    private static func amplificationStall(_ flow: FlowSnapshot) -> Finding? {
        guard let quic = flow.quic, let blocked = quic.amplificationBlocked, blocked > 0,
            let ratio = quic.amplificationRatio, ratio >= amplification.value
        else { return nil }
        var evidence: [Verdict.Evidence] = [
            .init("amplification_ratio", ratio), .init("blocked_ms", blocked.milliseconds),
        ]
        var reason = "its first flight is too large for that"
        var confidence = 0.7
        if let bytes = flow.tls?.certificateBytes {
            evidence.append(.init("certificate_bytes", Double(bytes)))
            if Double(bytes) > chain.value {
                reason = "its certificates take \(FigureText.bytes(bytes))"
                confidence = 0.95
            }
        }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "The server may send only three times what the client sent, and stood at that limit until the client spoke again: \(reason)",
            evidence: evidence,
            advice:
                "At the server: ECDSA certificates, a chain without the root and below 3.6 kB, certificate compression (RFC 8879).",
            confidence: confidence)
    }

    // MARK: Risk

    private static func replay(_ flow: FlowSnapshot) -> Finding? {
        guard let early = flow.security?.earlyData else { return nil }
        let evidence: [Verdict.Evidence] = [
            .init("early_data_bytes", Double(early.bytes)), .init("replayed", early.isReplayed ? 1 : 0),
        ]
        if early.isReplayed {
            return Finding(
                severity: .critical, subject: .server,
                summary:
                    "The same early data was sent in another connection before: somebody plays it again, or the client sent it twice",
                evidence: evidence,
                advice:
                    "At the server: accept each ClientHello once (RFC 8446 section 8), and answer 425 to what must not be repeated.",
                confidence: 0.9)
        }
        guard early.accepted != false, early.bytes > 0 || early.accepted == true else { return nil }
        let advice =
            "At the server: take only requests that may be repeated as early data, and answer 425 to others (RFC 8470)."
        switch early.replayRisk {
        case .none, .idempotent: return nil
        case .unsafe:
            let reason = early.reason.isEmpty ? "" : " (\(early.reason))"
            return Finding(
                severity: .warning, subject: .client,
                summary: "The early data holds a request that must not be repeated\(reason): a copy would count twice",
                evidence: evidence, advice: advice, confidence: 0.9)
        case .unknown:
            return Finding(
                severity: .info, subject: .client,
                summary:
                    "\(FigureText.bytes(Int(clamping: early.bytes))) of early data can be played again by anyone who saw it; what it asks for is encrypted",
                evidence: evidence, advice: advice + " With secrets (--keylog) the request is judged.",
                confidence: 0.6)
        }
    }

    private static func expiry(_ flow: FlowSnapshot) -> Finding? {
        guard let certificate = flow.security?.certificates.first else { return nil }
        let day: Nanoseconds = .seconds(86_400)
        if let begin = certificate.notBefore, begin > flow.end {
            return Finding(
                severity: .critical, subject: .server,
                summary:
                    "The certificate of \(subject(certificate)) is not valid yet: a clock is wrong, or it came too early",
                evidence: [.init("days_until_valid", Double((begin - flow.end) / day))],
                advice: "At the server: check the clock, and install the certificate that is valid now.",
                confidence: 0.9)
        }
        guard let end = certificate.notAfter else { return nil }
        let left = end - flow.end
        let evidence: [Verdict.Evidence] = [.init("days_left", (left.seconds / 86_400).rounded(.down))]
        if left < 0 {
            let days = Int(clamping: -(left / day))
            return Finding(
                severity: .critical, subject: .server,
                summary:
                    "The certificate of \(subject(certificate)) expired \(days == 0 ? "today" : FigureText.count(days, "day ago", "days ago"))",
                evidence: evidence, advice: "At the server: renew the certificate and load it; renew by machine.",
                confidence: 0.95)
        }
        guard left.seconds < soon.value * 86_400 else { return nil }
        return Finding(
            severity: .warning, subject: .server,
            summary:
                "The certificate of \(subject(certificate)) expires in \(FigureText.count(Int(clamping: left / day), "day", "days"))",
            evidence: evidence, advice: "At the server: renew the certificate now; renew by machine.",
            confidence: 0.95)
    }

    private static func weak(_ flow: FlowSnapshot) -> Finding? {
        guard let security = flow.security else { return nil }
        var faults: [String] = []
        var evidence: [Verdict.Evidence] = []
        if let version = security.version, isRetired(version) {
            faults.append("\(name(flow)) \(version) is retired")
            evidence.append(.init("retired_version", 1))
        }
        if let suite = security.cipherSuite, let fault = fault(of: suite) {
            faults.append("\(suite) uses \(fault)")
            evidence.append(.init("weak_cipher", 1))
        }
        guard !faults.isEmpty else { return nil }
        return Finding(
            severity: .warning, subject: .server,
            summary: "This connection is weakly protected: \(faults.joined(separator: "; "))",
            evidence: evidence,
            advice: "At the server: \(name(flow)) 1.2 or 1.3 only, with AES-GCM or ChaCha20-Poly1305 (RFC 9325).",
            confidence: 0.95)
    }

    // MARK: Words and lists

    private static func name(_ flow: FlowSnapshot) -> String { flow.tls == nil ? "DTLS" : "TLS" }

    private static func isBefore13(_ version: String?) -> Bool {
        version.map { isRetired($0) || $0 == "1.2" } ?? false
    }

    /// RFC 8996, RFC 7568.
    private static func isRetired(_ version: String) -> Bool {
        version == "1.1" || version == "1.0" || version.hasPrefix("SSL")
    }

    /// What is broken in a cipher suite, by the words of its name, the worst first.
    private static func fault(of suite: String) -> String? {
        let parts = Set(suite.split(separator: "_"))
        if parts.contains("EXPORT") || parts.contains("EXPORT1024") { return "keys made short for export" }
        if parts.contains("NULL") { return "no encryption" }
        if parts.contains("anon") { return "no authentication" }
        if parts.contains("RC4") { return "RC4 (RFC 7465)" }
        if parts.contains("3DES") { return "3DES (64-bit blocks)" }
        if parts.contains("DES") || parts.contains("DES40") { return "DES" }
        return nil
    }

    /// Who should change what after a HelloRetryRequest. Only groups that TLS 1.3 has are named (RFC 8446 section
    /// 4.2.7; RFC 8734; the hybrids of draft-ietf-tls-ecdhe-mlkem): no end can be told to enable another.
    private static func retryAdvice(_ security: TLSSnapshot) -> String {
        let shares = security.keySharesOffered.filter(isGroupOf13)
        guard !shares.isEmpty else {
            let wanted = security.group.flatMap { isGroupOf13($0) ? $0 : nil } ?? "x25519"
            return "at the client, send a key share that TLS 1.3 knows: \(wanted) or x25519"
        }
        return "at the server, enable the groups clients send shares for: \(shares.joined(separator: ", "))"
    }

    static func isGroupOf13(_ name: String) -> Bool {
        [
            "secp256r1", "secp384r1", "secp521r1", "x25519", "x448", "X25519MLKEM768", "SecP256r1MLKEM768",
            "SecP384r1MLKEM1024",
        ].contains(name) || name.hasPrefix("ffdhe") || name.hasPrefix("brainpool") && name.hasSuffix("tls13")
    }

    private static func subject(_ certificate: CertificateSnapshot) -> String {
        certificate.names.first ?? certificate.subject
    }

    private static func sentence(_ parts: [String]) -> String {
        let text = parts.joined(separator: "; ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }
}
