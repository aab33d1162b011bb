import StreamtopBase
import StreamtopModel

/// Data channels over SCTP (rule 55).
enum DataChannelRules {
    static let silence = Threshold(
        "silence before a repeat, at least", 200, .milliseconds, source: "own; dcSCTP rto_min")
    static let trips = Threshold("or so many round trips", 3, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            55, "data_channel_timer", .application, symptom: "A message hangs for a second now and then.",
            thresholds: [silence, trips],
            silentWhen: ["three gap reports repaired it at once", "there was nothing to send"], hold: .atOnce,
            needs: .sctp, judge: .flow(timer))
    ]

    private static func timer(_ flow: FlowSnapshot) -> Finding? {
        guard let sctp = flow.$sctp?.value else { return nil }
        let (end, name) =
            sctp.client.timeouts >= sctp.server.timeouts ? (sctp.client, "client") : (sctp.server, "server")
        guard end.timeouts > 0, let longest = end.longestTimeout else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "The \(name)'s messages waited up to \(FigureText.time(longest)) for SCTP's timer, \(FigureText.count(Int(clamping: end.timeouts), "time", "times"))",
            evidence: [.init("timeouts", Double(end.timeouts)), .init("longest_ms", longest.milliseconds)],
            advice:
                "Partial reliability for what may be lost; a lower RTO.Min where the stack has one; more data in flight, so that gap reports repair.",
            confidence: 0.8)
    }
}
