import StreamtopBase
import StreamtopModel

/// What a relay's client let run out (rules 46 and 74).
enum RelayRules {
    static let nearlyOver = Threshold(
        "share of the lifetime gone without renewal", 95, .percent,
        source: "own: agents renew at 80 to 90 % (libwebrtc a minute before 600 s, aiortc at five sixths)")
    static let lapsedUse = Threshold("sent after it ran out, for", 2_000, .milliseconds, source: "own")

    static let rules: [Rule] = [
        Rule(
            46, "relay_expiring", .connection, symptom: "A relayed call is about to go silent.",
            thresholds: [nearlyOver],
            silentWhen: [
                "nothing went through the relay in the last ten seconds", "the client gave the allocation back",
                "the relay worked on after a lifetime had ended: a renewal was not captured",
            ], yieldsTo: [74], hold: .atOnce, needs: .relay, judge: .flow(expiring)),
        Rule(
            74, "refresh_lapsed", .connection, symptom: "A relayed call goes silent after five or ten minutes.",
            thresholds: [lapsedUse],
            silentWhen: [
                "the relay worked on after a lifetime had ended: a renewal was not captured",
                "the client gave the allocation back",
            ], hold: .atOnce, needs: .relay, judge: .flow(lapsed)),
    ]

    private static func lapsed(_ flow: FlowSnapshot) -> Finding? {
        guard let allocation = flow.$turn?.value.allocation, let kind = allocation.lapsed, !allocation.missedRenewal,
            let at = allocation.lapsedAt, let last = allocation.lastLapsedUse,
            (last - at).milliseconds >= lapsedUse.value
        else { return nil }
        let (what, how) = words(kind)
        return Finding(
            severity: .critical, subject: .client,
            summary:
                "The client's \(what) at the relay \(flow.server.endpoint) ran out and was not renewed; it went on sending for \(FigureText.time(last - at))",
            evidence: [
                .init("sent_after_ms", (last - at).milliseconds), .init("lifetime_s", lifetime(kind, allocation)),
            ],
            advice: "At the client: renew it in time (\(how)). Is its timer stopped while the application sleeps?",
            confidence: 0.9)
    }

    private static func words(_ kind: TURNAllocationSnapshot.Lapse) -> (what: String, how: String) {
        switch kind {
        case .allocation: ("allocation", "Refresh")
        case .permission: ("permission for its peer", "CreatePermission within five minutes")
        case .channel: ("channel", "ChannelBind within ten minutes")
        }
    }

    private static func lifetime(
        _ kind: TURNAllocationSnapshot.Lapse, _ allocation: TURNAllocationSnapshot
    ) -> Double {
        switch kind {
        case .allocation: Double(allocation.lifetime)
        case .permission: 300
        case .channel: 600
        }
    }

    private static func expiring(_ flow: FlowSnapshot) -> Finding? {
        guard let turn = flow.$turn?.value, let allocation = turn.allocation, !allocation.isGone,
            !allocation.missedRenewal, allocation.lapsed == nil, turn.channelDataPackets + turn.indications > 0,
            let used = flow.client.lastPacket, flow.time - used < .seconds(10)
        else { return nil }
        let left = 1 - nearlyOver.value / 100
        var found: (what: String, left: Nanoseconds, life: Double)?
        let candidates: [(String, Nanoseconds?, Double)] = [
            ("allocation", allocation.expiresIn, Double(allocation.lifetime)),
            ("permission", allocation.permissionExpiresIn, 300), ("channel", allocation.channelExpiresIn, 600),
        ]
        for (what, rest, life) in candidates {
            guard let rest, rest > 0, rest.seconds < life * left, found.map({ rest < $0.left }) ?? true else {
                continue
            }
            found = (what, rest, life)
        }
        guard let found else { return nil }
        return Finding(
            severity: .warning, subject: .client,
            summary:
                "The client's \(found.what) at the relay \(flow.server.endpoint) runs out in \(FigureText.time(found.left)) and was not renewed",
            evidence: [.init("expires_in_s", found.left.seconds), .init("lifetime_s", found.life)],
            advice: "At the client: renew it in time.", confidence: 0.7)
    }
}
