import StreamtopBase
import StreamtopModel

/// STUN, ICE and TURN of a flow.
extension FlowFacts {
    static func stun(_ flow: FlowSnapshot) -> [FactGroup] {
        var groups: [FactGroup] = []
        if let stun = flow.stun { groups.append(transactions(stun)) }
        if let turn = flow.turn { groups.append(relay(turn)) }
        return groups
    }

    private static func transactions(_ stun: STUNSnapshot) -> FactGroup {
        var group = FactGroup(stun.isClassic ? "STUN (RFC 3489)" : "STUN")
        group.add(
            "transactions",
            [
                TextSpan(NumberText.grouped(stun.requests), .value), TextSpan(" asked  ", .label),
                TextSpan(NumberText.grouped(stun.responses), .value), TextSpan(" answered  ", .label),
                TextSpan(
                    "\(NumberText.grouped(stun.unanswered)) unanswered  ", stun.unanswered > 0 ? .watch : .muted),
                TextSpan("\(NumberText.grouped(stun.retransmissions)) repeated", .text),
            ])
        for (label, trip) in [(Words.toServer, stun.serverRoundTrip), (Words.toClient, stun.clientRoundTrip)] {
            guard let trip else { continue }
            group.add(
                label,
                "\(DurationText.milliseconds(trip.smoothed)) ms  min \(DurationText.milliseconds(trip.minimum))  \(NumberText.grouped(trip.samples))×",
                .text)
        }
        for mapped in stun.mapped.prefix(4) { group.add("seen as", EndpointText.text(mapped)) }
        for error in stun.errorCodes.prefix(6) {
            // 401 asks for credentials, once and by design (RFC 8489 section 9.2).
            group.add(
                "error \(error.code)", Words.stunError(error.code) + "  \(error.count)×",
                error.code == 401 ? .text : .watch)
        }
        if let software = stun.clientSoftware { group.add("client is", software, .muted) }
        if let software = stun.serverSoftware { group.add("server is", software, .muted) }
        if stun.wrongFingerprints > 0 { group.add("fingerprints", "\(stun.wrongFingerprints) do not match", .watch) }
        return group
    }

    private static func relay(_ turn: TURNSnapshot) -> FactGroup {
        var group = FactGroup("TURN relay")
        guard let allocation = turn.allocation else {
            group.add("allocation", nil)
            return group
        }
        group.add("relayed address", EndpointText.text(allocation.relayed))
        group.add("client speaks", allocation.transport, .text)
        group.add(
            "lifetime", Words.lifetime("", allocation.expiresIn, of: allocation.lifetime).trimmedStart,
            allocation.expiresIn < 0 && !allocation.isGone ? .act : .text)
        if let lapse = allocation.lapsed {
            group.addSentence("lapsed", "the \(lapse.rawValue) ran out while the client went on sending", .act)
        }
        group.add("permissions", "\(allocation.permissions)  channels \(allocation.channels)", .text)
        group.add(
            "relayed",
            "\(ByteText.short(allocation.bytes))  in channels \(NumberText.grouped(turn.channelDataPackets))  indications \(NumberText.grouped(turn.indications))",
            .text)
        return group
    }
}

extension Words {
    /// What an error answer means (RFC 8489 section 14.8, RFC 8656 section 19, RFC 8445 section 7.2.5.1).
    static func stunError(_ code: Int) -> String {
        switch code {
        case 300: "try another server"
        case 400: "bad request"
        case 401: "asks for credentials"
        case 403: "forbidden"
        case 420: "unknown attribute"
        case 437: "no such allocation, or one too many"
        case 438: "stale nonce"
        case 440: "address family not supported"
        case 441: "wrong credentials"
        case 442: "transport not supported"
        case 443: "peer's address family differs"
        case 446: "connection exists already"
        case 447: "peer did not answer"
        case 486: "quota used up"
        case 487: "both ends have the same role"
        case 500: "server error"
        case 508: "no room on the relay"
        default: "error"
        }
    }
}

extension String {
    var trimmedStart: String { String(drop { $0 == " " }) }
}
