import StreamtopBase
import StreamtopModel

/// The candidate pairs of a call: one for each flow with checks.
enum CallPairs {
    /// The tap is at the end whose answers cost no time; where neither is, the flow's client counts as local. What a relay carries is
    /// seen at its client, or on the way there: the relayed end is the local one.
    static func isLocalClient(_ flow: FlowSnapshot, _ relays: [FlowSnapshot]) -> Bool {
        if let relayed = relayedEnd(flow, relays) { return relayed == flow.client.endpoint }
        guard let ice = flow.ice else { return true }
        // Handbook 0.1: near is below 1 ms, or a twentieth of the loop.
        let near: Nanoseconds = .milliseconds(1)
        switch (ice.client.roundTrip?.minimum, ice.server.roundTrip?.minimum) {
        case (let out?, let back?): return !(out < max(near, (out + back) / 20) && out < back)
        case (let out?, nil): return out >= near
        case (nil, let back?): return back < near
        case (nil, nil): break
        }
        // Nobody answered. The end whose packets passed no router is nearer than one whose packets did.
        let isFirstHop = [ice.client.hopLimit, ice.server.hopLimit].map { $0.map { firstHopLimits.contains($0) } }
        if isFirstHop[1] == true, isFirstHop[0] == false { return false }
        return true
    }

    /// Of a relayed flow the end that the relay gave to its client.
    private static func relayedEnd(_ flow: FlowSnapshot, _ relays: [FlowSnapshot]) -> Endpoint? {
        guard let parent = flow.parent, let relay = relays.first(where: { $0.identifier == parent }) else { return nil }
        return relay.turn?.allocation?.relayed ?? relay.client.endpoint
    }

    static func fill(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot], at time: Timestamp)
    {
        var names: Set<ICEUserName> = []
        let relayHosts = Set(relays.compactMap { $0.turn?.allocation?.relayed.address })
        for flow in flows {
            guard let ice = flow.ice else { continue }
            names.formUnion(ice.userNames)
            call.roleConflicts += ice.client.roleConflicts + ice.server.roleConflicts
            let isClient = isLocalClient(flow, relays)
            let local = isClient ? ice.client : ice.server
            let remote = isClient ? ice.server : ice.client
            var pair = CallSnapshot.Pair(
                flow: flow.identifier, local: (isClient ? flow.client : flow.server).endpoint,
                remote: (isClient ? flow.server : flow.client).endpoint, state: state(ice, flow, at: time),
                isNominated: ice.nominated != nil, requests: local.requests, responses: local.responses,
                requestsReceived: remote.requests, responsesSent: remote.responses)
            pair.roundTrip = local.roundTrip ?? remote.roundTrip
            if let first = local.firstAnswer, let last = local.lastAnswer { pair.answeredFor = last - first }
            pair.isRelayed = relayedEnd(flow, relays) != nil
            pair.localType = pair.isRelayed ? .relay : type(of: pair.local, local, relayHosts)
            pair.remoteType = type(of: pair.remote, remote, relayHosts)
            call.pairs.append(pair)
            // RFC 8445 section 2.5: an implementation that only answers.
            if local.responses >= 10, remote.requests == 0 { call.lite = .remote }
            if remote.responses >= 10, local.requests == 0 { call.lite = .local }
        }
        call.restarts = max(0, Set(names.map(\.first) + names.map(\.second)).count / 2 - 1)
        call.selected = selected(call.pairs, flows)
        fillRole(&call, flows, relays)
        fillConsent(&call, flows, relays, at: time)
    }

    /// The role of the pair in use; without one, that of the newest check.
    private static func fillRole(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot]) {
        let newest = flows.indices.max { lastRequest(flows[$0]) < lastRequest(flows[$1]) }
        guard let position = call.selected ?? newest, let ice = flows[position].ice else { return }
        let isClient = isLocalClient(flows[position], relays)
        let local = isClient ? ice.client : ice.server
        let remote = isClient ? ice.server : ice.client
        guard let role = local.role ?? remote.role.map({ $0 == .controlling ? .controlled : .controlling }) else {
            return
        }
        // Both claim it, or neither: what the newer check says holds.
        if local.role == remote.role, let mine = local.lastRequest, let other = remote.lastRequest, other > mine {
            call.controlling = remote.role == .controlling ? .remote : .local
        } else {
            call.controlling = role == .controlling ? .local : .remote
        }
    }

    private static func lastRequest(_ flow: FlowSnapshot) -> Timestamp {
        [flow.ice?.client.lastRequest, flow.ice?.server.lastRequest].compactMap { $0 }.max()
            ?? Timestamp(nanoseconds: .min)
    }

    private static func fillConsent(
        _ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ relays: [FlowSnapshot], at time: Timestamp
    ) {
        guard let selected = call.selected, let ice = flows[selected].ice else { return }
        let local = isLocalClient(flows[selected], relays) ? ice.client : ice.server
        guard local.firstAnswer != nil else { return }
        call.consent = CallSnapshot.Consent(
            sent: local.consentSent, answered: local.consentAnswered,
            lost: max(0, local.consentSent - local.consentAnswered), last: local.lastAnswer.map { max(0, time - $0) })
    }

    private static func state(_ ice: ICESnapshot, _ flow: FlowSnapshot, at time: Timestamp) -> CallSnapshot.PairState {
        if ice.hasSucceeded { return .succeeded }
        guard let first = ice.firstCheck else { return .waiting }
        // RFC 8489 section 6.2.1: a transaction ends unanswered after 39.5 s; agents give a pair up far sooner.
        return flow.isFinal || time - first > .milliseconds(39_500) ? .failed : .inProgress
    }

    /// What packets start out with (Linux and macOS, Windows, network gear); who translates an address takes one off.
    private static let firstHopLimits: Set<UInt8> = [64, 128, 255]

    /// By addresses and packets alone (a check's PRIORITY names a candidate yet to be learnt): an address whose packets passed no
    /// router before the tap is its owner's own; one on a relay's host is a relay's. nil where neither shows.
    private static func type(
        of address: Endpoint, _ end: ICESnapshot.End, _ relayHosts: Set<IPAddress>
    ) -> CallSnapshot.CandidateType? {
        if relayHosts.contains(address.address) { return .relay }
        return end.hopLimit.map { firstHopLimits.contains($0) } ?? false ? .host : nil
    }

    /// The nominated pair that carries the newest media; without media the one nominated last.
    private static func selected(_ pairs: [CallSnapshot.Pair], _ flows: [FlowSnapshot]) -> Int? {
        func key(_ index: Int) -> (Timestamp, Timestamp) {
            let never = Timestamp(nanoseconds: .min)
            let media = flows[index].rtp.map(\.end).max() ?? (flows[index].dtls != nil ? flows[index].end : never)
            let ice = flows[index].ice
            let nominated = [ice?.client.lastNominated, ice?.server.lastNominated].compactMap { $0 }.max() ?? never
            return (media, nominated)
        }
        let nominated = pairs.indices.filter { pairs[$0].isNominated }
        return nominated.max { key($0) < key($1) }
    }
}
