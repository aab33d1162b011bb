import StreamtopBase
import StreamtopModel

/// What keeps a call from connecting, or ends it (rules 43 and 44).
enum CallRules {
    static let consent = Threshold("checks without answer, at least", 3, .count, source: "RFC 7675 section 5.1")
    static let expiry = Threshold("consent expires after", 30_000, .milliseconds, source: "RFC 7675 section 5.1")

    static let rules: [Rule] = [
        Rule(
            43, "consent_lost", .connection, symptom: "A call goes silent; after half a minute it ends.",
            thresholds: [consent, expiry],
            silentWhen: ["the call went on over another pair", "the other end only ever answers (ice-lite)"],
            hold: .atOnce,
            judge: .call(consentLost)),
        Rule(
            44, "direct_path_fails", .connection, symptom: "A call never connects.", thresholds: [],
            silentWhen: ["any pair answered", "fewer than two seconds of checks were captured"], hold: .atOnce,
            judge: .call(pathFails)),
    ]

    private static func consentLost(_ call: CallSnapshot) -> Finding? {
        guard call.failure == .consentLost, let consent = call.consent, let selected = call.selected else { return nil }
        let silence = consent.last ?? 0
        return Finding(
            severity: silence >= .seconds(30) ? .critical : .warning, subject: .path,
            summary:
                "\(call.pairs[selected].remote) has not answered the call's checks for \(FigureText.time(silence)): \(FigureText.count(consent.lost, "check", "checks")) without answer",
            evidence: [
                .init("silence_ms", silence.milliseconds), .init("consent_sent", Double(consent.sent)),
                .init("consent_answered", Double(consent.answered)),
            ],
            advice: "Restart ICE. Did the other end change its network, or a NAT on the way forget the mapping?",
            confidence: 0.9)
    }

    private static func pathFails(_ call: CallSnapshot) -> Finding? {
        guard call.failure == .checksUnanswered, !call.pairs.isEmpty else { return nil }
        let sent = call.pairs.reduce(0) { $0 + $1.requests }
        let received = call.pairs.reduce(0) { $0 + $1.requestsReceived }
        let isBothWays = sent > 0 && received > 0
        let whose = isBothWays ? "both ends'" : sent > 0 ? "the local end's" : "the remote end's"
        return Finding(
            severity: .critical, subject: .path,
            summary:
                "No direct path: \(FigureText.count(call.pairs.count, "pair was", "pairs were")) checked and none answered (\(whose) checks were seen)",
            evidence: [
                .init("pairs", Double(call.pairs.count)), .init("checks_sent", Double(sent)),
                .init("checks_received", Double(received)),
            ],
            advice: "Give both ends a TURN server, over UDP and over TCP or TLS on port 443.",
            confidence: isBothWays ? 0.95 : 0.8)
    }
}

/// Judges calls as a whole, as far as one flow alone cannot be judged.
package enum CallDiagnosis {
    /// The call with what is to be said of it. While the capture drops frames nothing is said.
    package static func judged(_ call: CallSnapshot, health: CaptureHealth) -> CallSnapshot {
        var call = call
        guard !HostDiagnosis.isBlind(health, at: call.end) else { return call }
        var found: [Verdict] = []
        for rule in RuleTable.rules {
            guard case .call(let judge) = rule.judge, let finding = judge(call) else { continue }
            found.append(FlowDiagnosis.verdict(finding, rule, since: call.end))
        }
        call.verdicts = found.sorted { $0.priority < $1.priority }
        return call
    }
}
