import StreamtopBase
import StreamtopModel

/// What keeps a call from connecting, or ends it (rules 43 to 45, 86 to 89).
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
        Rule(
            45, "needless_relay", .application, symptom: "A call is slower than it has to be.", thresholds: [directFor],
            silentWhen: ["no direct pair answered", "the direct pair answered for a moment only"], hold: .atOnce,
            judge: .call(needlessRelay)),
        Rule(
            86, "call_handshake_fails", .connection, symptom: "A call connects and stays without picture and sound.",
            thresholds: [], silentWhen: ["the handshake was answered", "it was captured in part"], hold: .atOnce,
            judge: .call(handshakeFails)),
        Rule(
            87, "call_without_media", .connection, symptom: "A call connects and stays without picture and sound.",
            thresholds: [], silentWhen: ["media or data flowed either way", "the handshake was not seen to its end"],
            hold: .atOnce, judge: .call(withoutMedia)),
        Rule(
            88, "one_way_media", .connection, symptom: "One of the two hears or sees nothing.", thresholds: [oneWayFor],
            silentWhen: ["signalling was not readable", "it asks for one direction", "the call was short or on hold"],
            hold: .atOnce, judge: .call(oneWay)),
        Rule(
            89, "no_key_frame", .application, symptom: "The picture stays black although packets come.",
            thresholds: [], silentWhen: ["key frames cannot be told", "the stream's beginning was not captured"],
            hold: .atOnce, judge: .call(noKeyFrame)),
    ]

    static let directFor = Threshold("a direct pair answered for", 5_000, .milliseconds, source: "own")
    static let oneWayFor = Threshold("media of one end alone, for", 5_000, .milliseconds, source: "own")

    private static func needlessRelay(_ call: CallSnapshot) -> Finding? {
        guard let selected = call.selected, call.pairs.indices.contains(selected), call.pairs[selected].isRelayed,
            call.failure == nil,
            let direct = call.pairs.filter({ !$0.isRelayed && $0.state == .succeeded && $0.responses >= 3 })
                .min(by: { ($0.roundTrip?.p50 ?? .max) < ($1.roundTrip?.p50 ?? .max) }),
            let lasted = direct.answeredFor, lasted.milliseconds >= directFor.value
        else { return nil }
        var evidence = [Verdict.Evidence("direct_answers", Double(direct.responses))]
        var detour = ""
        if let here = call.pairs[selected].roundTrip?.p50, let there = direct.roundTrip?.p50 {
            evidence += [.init("relayed_rtt_ms", here.milliseconds), .init("direct_rtt_ms", there.milliseconds)]
            if here > there {
                detour = ": \(FigureText.time(here)) there and back instead of \(FigureText.time(there))"
            }
        }
        return Finding(
            severity: .warning, subject: .client,
            summary: "The call goes through a relay although \(direct.remote) answers directly\(detour)",
            evidence: evidence,
            advice: "Is iceTransportPolicy set to relay? Else a nearer relay.", confidence: 0.8)
    }

    private static func handshakeFails(_ call: CallSnapshot) -> Finding? {
        guard call.failure == .dtlsUnanswered || call.failure == .dtlsTooBig, let dtls = call.$dtls?.value else {
            return nil
        }
        let isBig = call.failure == .dtlsTooBig
        let end = call.unanswered.map(\.description) ?? "the other end"
        return Finding(
            severity: .critical, subject: isBig ? .path : .server,
            summary: isBig
                ? "The call's DTLS handshake does not get through: a flight of large datagrams was sent again and again"
                : "\(end) answers the call's checks and not its DTLS handshake",
            evidence: [.init("retransmitted_flights", Double(dtls.retransmittedFlights))],
            advice: isBig
                ? "A smaller certificate (ECDSA), DTLS fragments of 1,200 bytes; on the path: let fragments and large datagrams pass."
                : "Are the roles agreed on (a=setup)? Is the process behind the port alive?", confidence: 0.8)
    }

    private static func withoutMedia(_ call: CallSnapshot) -> Finding? {
        guard call.failure == .noMedia else { return nil }
        let lasted = call.end - call.start
        return Finding(
            severity: .warning, subject: .client,
            summary: "The call was set up, and nothing was sent in \(FigureText.time(lasted))",
            evidence: [.init("seconds", lasted.seconds)],
            advice: "Were tracks added before the offer? Does the application wait for permission to capture?",
            confidence: 0.75)
    }

    private static func oneWay(_ call: CallSnapshot) -> Finding? {
        guard call.failure == .oneWayMedia else { return nil }
        let end = call.unanswered.map(\.description) ?? "one end"
        return Finding(
            severity: .critical, subject: .path,
            summary: "Both ends agreed to send, and no media came from \(end)",
            evidence: [.init("seconds", (call.end - call.start).seconds)],
            advice:
                "Does a NAT or firewall before \(end) let its media out? Is the address in its SDP the one it sends from?",
            confidence: 0.85, restsOnSilence: true)
    }

    private static func noKeyFrame(_ call: CallSnapshot) -> Finding? {
        guard call.failure == .noKeyFrame else { return nil }
        return Finding(
            severity: .critical, subject: .server,
            summary: "A video stream began without a key frame, and none came although it was asked for",
            evidence: [.init("seconds", (call.end - call.start).seconds)],
            advice: "At the sender or SFU: answer PLI and FIR; send a key frame to whoever joins.", confidence: 0.8)
    }

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
        guard call.failure == .checksUnanswered || call.failure == .noRelay, !call.pairs.isEmpty else { return nil }
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
            advice: call.failure == .noRelay
                ? "The relay \(call.unanswered.map(\.description) ?? "") gave no allocation: check its credentials and quota, and that it is reached over UDP, TCP and TLS."
                : "Give both ends a TURN server, over UDP and over TCP or TLS on port 443.",
            confidence: isBothWays ? 0.95 : 0.8, restsOnSilence: !isBothWays)
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
            guard case .call(let judge) = rule.judge,
                let finding = FlowDiagnosis.doubted(judge(call), health: health)
            else { continue }
            found.append(FlowDiagnosis.verdict(finding, rule, since: call.end))
        }
        call.verdicts = found.sorted { $0.priority < $1.priority }
        return call
    }
}
