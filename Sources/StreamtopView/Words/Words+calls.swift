import StreamtopBase
import StreamtopModel

/// Calls: their set-up, their path, what is known of the NAT.
extension Words {
    static let setUp = "Set-up"
    static let notSeen = "not seen in this capture"
    static let path = "Path"
    static let pairs = "Pairs"
    static let natTitle = "NAT"
    static let relayTitle = "Relay"
    static let consentTitle = "consent"
    static let iceTitle = "ICE"
    static let legsTitle = "Legs"
    static let callFlows = "Flows"
    static let noCalls = [
        "No call yet.", "Checks of ICE (STUN between two peers) make one; so do their relays and media.",
    ]
    static let noCallPasses = "No call has a flow that passes the filter."
    static let relayWord = "relay"

    static func callSubject(_ call: CallSnapshot) -> String {
        guard let pair = call.selected.map({ call.pairs[$0] }) ?? call.pairs.first else {
            return call.mapped.first.map { EndpointText.text($0) } ?? "call \(call.number)"
        }
        return "\(EndpointText.text(pair.local)) ↔ \(EndpointText.text(pair.remote))"
    }

    /// The same where there is little room: the hosts tell more than half of their ports.
    static func callSubject(_ call: CallSnapshot, width: Int) -> String {
        let whole = callSubject(call)
        guard TextWidth.columns(of: whole) > width, let pair = call.selected.map({ call.pairs[$0] }) ?? call.pairs.first
        else { return whole }
        let hosts = [pair.local, pair.remote].map(\.address.description)
        for separator in [" ↔ ", "↔"] {
            let joined = hosts.joined(separator: separator)
            if TextWidth.columns(of: joined) <= width { return joined }
        }
        return hosts.map { EndpointText.middleCut($0, width: (width - 3) / 2) }.joined(separator: " ↔ ")
    }

    /// A number in four columns.
    static func count(_ number: Int) -> String {
        number < 10_000 ? "\(number)" : number < 1_000_000 ? "\(number / 1_000)k" : "\(number / 1_000_000)M"
    }

    static func pathToRelay(_ part: Reading<Nanoseconds>, of whole: Nanoseconds) -> String {
        "\(part.bound.prefix)\(DurationText.milliseconds(part.value)) of the \(DurationText.withUnit(whole)) are the way to the relay."
    }

    static func stage(_ stage: CallSnapshot.Stage) -> String {
        switch stage {
        case .signalling: "signalling"
        case .gathering: "gathering"
        case .checks: "checks"
        case .nominated: "nominated"
        case .dtls: "keys"
        case .media: "media"
        }
    }

    /// What made a call fail, as a sentence.
    static func failure(_ failure: CallSnapshot.Failure, _ call: CallSnapshot) -> String {
        let whom = call.unanswered.map { " by \(EndpointText.text($0))" } ?? ""
        return switch failure {
        case .noRelay: "no relay could be had, and no direct path answered"
        case .checksUnanswered: "connectivity checks stay unanswered\(whom)"
        case .noNomination: "a path answers, but neither end chose it"
        case .dtlsUnanswered: "the DTLS handshake stays unanswered\(whom)"
        case .dtlsTooBig: "the DTLS handshake has a flight too large for the path"
        case .noMedia: "the path and its keys stand, but no media came"
        case .oneWayMedia: "media comes one way only"
        case .noKeyFrame: "video comes, but no key frame"
        case .consentLost: "the peer stopped answering checks of consent\(whom)"
        case .relayLapsed: "the relay's allocation, permission or channel ran out"
        }
    }

    /// How a call stands, where nothing is wrong with it.
    static func callState(_ call: CallSnapshot, isRelayed: Bool?, directions: Int) -> String {
        let path = isRelayed == true ? ", through a relay" : isRelayed == false ? ", directly" : ""
        switch call.stage {
        case .signalling: return "The call is being agreed on."
        case .gathering:
            return call.reflectors > 0
                ? "Addresses were asked for; no check has been sent." : "Addresses are being asked for."
        case .checks:
            let answered = call.pairs.count { $0.state == .succeeded }
            return "Checks: \(answered) of \(call.pairs.count) pairs answered, none chosen yet."
        case .nominated: return "A path is chosen\(path); keys and media have not come yet."
        case .dtls: return "A path is chosen\(path), and keys are agreed on; no media yet."
        case .media:
            switch directions {
            case 0: return "Data flows\(path); no stream of media is known."
            case 1: return "Media flows one way\(path)."
            default: return "Media flows both ways\(path)."
            }
        }
    }

    static func pairState(_ pair: CallSnapshot.Pair, isSelected: Bool) -> String {
        if isSelected { return "in use" }
        if pair.isNominated { return "nominated" }
        return switch pair.state {
        case .frozen: "frozen"
        case .waiting: "waiting"
        case .inProgress: "asking"
        case .succeeded: "answers"
        case .failed: "no answer"
        }
    }

    static func candidate(_ type: CallSnapshot.CandidateType?) -> String? {
        switch type {
        case .host: "host"
        case .srflx: "srflx"
        case .prflx: "prflx"
        case .relay: "relay"
        case nil: nil
        }
    }

    /// What is known of the NAT, and what it means for a direct path. What a NAT lets in cannot be seen, only concluded
    /// from checks that failed in both directions.
    static func nat(_ call: CallSnapshot, allFailed: Bool) -> String {
        let seen = call.mapped.prefix(3).map { EndpointText.text($0) }.joined(separator: ", ")
        let reflectors = call.reflectors == 1 ? "one server or peer" : "\(call.reflectors) servers or peers"
        var outcome = allFailed ? " Direct checks stayed unanswered." : ""
        if call.isCarrierGrade { outcome += " An address of a provider's NAT (100.64.0.0/10) is among them." }
        if call.hairpins == false { outcome += " Checks to the NAT's own outer address stayed unanswered." }
        switch call.mapping {
        case .none: return "none seen: \(reflectors) saw the address as it is.\(outcome)"
        case .endpointIndependent:
            return
                "keeps one mapping whoever is asked (\(reflectors) saw \(seen)): a direct path is possible.\(outcome)"
        case .addressDependent:
            return
                "gives each address a mapping of its own (\(reflectors) saw \(seen)): a relay is likely needed.\(outcome)"
        case .addressAndPortDependent:
            return
                "gives each address and port a mapping of its own (\(reflectors) saw \(seen)): a relay is likely needed.\(outcome)"
        case .unknown:
            guard !call.mapped.isEmpty else { return "nothing known: no server told an address.\(outcome)" }
            if call.mapped.allSatisfy({ mapped in call.pairs.contains { $0.local == mapped || $0.remote == mapped } }) {
                return
                    "none behind this point: \(reflectors) saw the address as it is here. One may be before it.\(outcome)"
            }
            return "one is there, of which kind is not known: \(reflectors) saw \(seen).\(outcome)"
        }
    }

    static func consent(_ consent: CallSnapshot.Consent) -> String {
        let last = consent.last.map { ", last answer \(DurationText.age($0)) ago" } ?? ""
        return "\(NumberText.grouped(consent.sent)) asked, \(NumberText.grouped(consent.answered)) answered\(last)"
    }

    /// `allocation 408 of 600 s`.
    static func lifetime(_ name: String, _ left: Nanoseconds, of whole: UInt32? = nil) -> String {
        guard left >= 0 else { return "\(name) ran out \(DurationText.age(-left)) ago" }
        let rest = NumberText.fixed(left.seconds, decimals: 0)
        return whole.map { "\(name) \(rest) of \($0) s" } ?? "\(name) \(rest) s"
    }

    static func agent(_ agent: CallSnapshot.Agent) -> String { agent == .local ? "near end" : "far end" }

    static func signalling(_ messages: [CallSignalling]) -> String {
        messages.prefix(3).map { one in
            let status = one.status.map { " \($0)" } ?? ""
            return "\(one.kind.rawValue) \(one.method ?? "")\(status)".trimmedEnd
        }.joined(separator: ", ") + (messages.count > 3 ? ", …" : "")
    }

    static func legJoin(_ leg: CallLeg) -> String {
        switch leg.join {
        case .payloadHash: "joined by payload"
        case .pattern: "joined by size and time, \(confidence(leg.confidence))"
        }
    }
}

extension String {
    var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
