import StreamtopBase
import StreamtopModel

/// Puts the flows of each peer connection together, and works out what became of it. Eats facts of flows, never bytes.
package enum CallAssembly {
    /// Calls among `flows`, which come in the order of their numbers, as they stand at `time`.
    package static func calls(among flows: [FlowSnapshot], at time: Timestamp) -> [CallSnapshot] {
        let groups = group(flows.filter { $0.ice?.isCheck == true })
        var calls: [CallSnapshot] = []
        for checks in groups {
            let reflected = reflections(flows, of: checks)
            calls.append(call(number: calls.count + 1, checks, reflected, at: time))
        }
        for asked in gatherings(flows, besides: groups) {
            calls.append(gathering(number: calls.count + 1, asked))
        }
        return calls
    }

    // MARK: Which flows belong together

    /// By what a flow is known to belong to others.
    private enum Sign: Hashable {
        case userName(ICEUserName)
        case flow(UInt64)
    }

    /// Flows that share a user name, directly or over others: both ends of a pair use the same two fragments. After a restart
    /// of ICE, with new fragments and perhaps new ports, the media that moved says that it is the same call.
    private static func group(_ flows: [FlowSnapshot]) -> [[FlowSnapshot]] {
        var owner: [Sign: Int] = [:]
        var groups: [[Int]] = []
        for index in flows.indices {
            var names = (flows[index].ice?.userNames ?? []).map { Sign.userName($0) }
            if let ordinal = flows[index].ice?.ordinal { names.append(.flow(ordinal)) }
            names += flows[index].rtp.flatMap { $0.movedFrom.map { Sign.flow($0) } }
            let known = Set(names.compactMap { owner[$0] }).sorted()
            let place = known.first ?? groups.count
            if known.isEmpty { groups.append([]) }
            groups[place].append(index)
            for other in known.dropFirst() {
                groups[place] += groups[other]
                for name in owner.keys where owner[name] == other { owner[name] = place }
                groups[other] = []
            }
            for name in names { owner[name] = place }
        }
        return groups.filter { !$0.isEmpty }.map { $0.sorted().map { flows[$0] } }
    }

    /// A socket that asked a server or a peer where it is seen.
    struct Reflection {
        var local: Endpoint
        var reflector: Endpoint
        var mapped: Endpoint
        var flow: FlowIdentifier
    }

    /// What servers and peers said of the sockets of a call.
    private static func reflections(_ flows: [FlowSnapshot], of checks: [FlowSnapshot]) -> [Reflection] {
        let locals = Set(checks.map { isLocalClient($0) ? $0.client.endpoint : $0.server.endpoint })
        var found = flows.filter { $0.ice?.isCheck != true && locals.contains($0.client.endpoint) }.flatMap {
            reflection($0)
        }
        for flow in checks {
            guard let ice = flow.ice else { continue }
            let isClient = isLocalClient(flow)
            guard let mapped = isClient ? ice.client.mapped : ice.server.mapped else { continue }
            found.append(
                Reflection(
                    local: isClient ? flow.client.endpoint : flow.server.endpoint,
                    reflector: isClient ? flow.server.endpoint : flow.client.endpoint, mapped: mapped,
                    flow: flow.identifier))
        }
        return found
    }

    private static func reflection(_ flow: FlowSnapshot) -> [Reflection] {
        (flow.ice?.reflected ?? []).map {
            Reflection(
                local: flow.client.endpoint, reflector: flow.server.endpoint, mapped: $0, flow: flow.identifier)
        }
    }

    /// Sockets that asked several servers and belong to no call.
    private static func gatherings(_ flows: [FlowSnapshot], besides groups: [[FlowSnapshot]]) -> [[FlowSnapshot]] {
        let taken = Set(groups.joined().flatMap { [$0.client.endpoint, $0.server.endpoint] })
        var order: [Endpoint] = []
        var sockets: [Endpoint: [FlowSnapshot]] = [:]
        for flow in flows
        where flow.ice?.isCheck == false && !(flow.ice?.reflected.isEmpty ?? true)
            && !taken.contains(flow.client.endpoint)
        {
            if sockets[flow.client.endpoint] == nil { order.append(flow.client.endpoint) }
            sockets[flow.client.endpoint, default: []].append(flow)
        }
        return order.compactMap { sockets[$0] }.filter { $0.count > 1 }
    }

    private static func gathering(number: Int, _ flows: [FlowSnapshot]) -> CallSnapshot {
        var call = CallSnapshot(number: number, start: flows[0].start, end: flows.map(\.end).max() ?? flows[0].end)
        call.flows = flows.map(\.identifier)
        call.stage = .gathering
        fillMapping(&call, flows.flatMap { reflection($0) })
        return call
    }

    // MARK: What became of it

    /// The tap is at the end whose answers cost no time; where neither is, the flow's client counts as local.
    static func isLocalClient(_ flow: FlowSnapshot) -> Bool {
        guard let ice = flow.ice, let out = ice.client.roundTrip?.minimum, let back = ice.server.roundTrip?.minimum
        else {
            return true
        }
        // Handbook 0.1: near is below 1 ms, or a twentieth of the loop.
        return !(out < max(.milliseconds(1), (out + back) / 20) && out < back)
    }

    private static func call(
        number: Int, _ flows: [FlowSnapshot], _ reflected: [Reflection], at time: Timestamp
    ) -> CallSnapshot {
        var call = CallSnapshot(number: number, start: flows[0].start, end: flows.map(\.end).max() ?? flows[0].end)
        let others = reflected.map(\.flow)
        call.flows = Array(Set(flows.map(\.identifier) + others)).sorted()
        fillPairs(&call, flows, at: time)
        fillMapping(&call, reflected)
        call.dtls = flows.first { $0.dtls?.tls.version != nil }?.dtls ?? flows.first { $0.dtls != nil }?.dtls
        var seen: Set<UInt32> = []
        call.streams = flows.flatMap { $0.rtp.map(\.source) }.filter { seen.insert($0).inserted }
        fillSetUp(&call, flows)
        judge(&call, flows, at: time)
        return call
    }

    private static func fillPairs(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], at time: Timestamp) {
        var names: Set<ICEUserName> = []
        for flow in flows {
            guard let ice = flow.ice else { continue }
            names.formUnion(ice.userNames)
            call.roleConflicts += ice.client.roleConflicts + ice.server.roleConflicts
            let isClient = isLocalClient(flow)
            let local = isClient ? ice.client : ice.server
            let remote = isClient ? ice.server : ice.client
            var pair = CallSnapshot.Pair(
                flow: flow.identifier, local: (isClient ? flow.client : flow.server).endpoint,
                remote: (isClient ? flow.server : flow.client).endpoint, state: state(ice, flow, at: time),
                isNominated: ice.nominated != nil, requests: local.requests, responses: local.responses,
                requestsReceived: remote.requests, responsesSent: remote.responses)
            pair.roundTrip = local.roundTrip ?? remote.roundTrip
            fillTypes(&pair, local, isNear: isNear(flow))
            call.pairs.append(pair)
            if let role = local.role ?? remote.role.map({ $0 == .controlling ? .controlled : .controlling }) {
                call.controlling = role == .controlling ? .local : .remote
            }
            // RFC 8445 section 2.5: an implementation that only answers.
            if local.responses >= 10, remote.requests == 0 { call.lite = .remote }
            if remote.responses >= 10, local.requests == 0 { call.lite = .local }
        }
        call.restarts = max(0, names.count - 1)
        call.selected = selected(call.pairs, flows)
        if let selected = call.selected, let ice = flows[selected].ice {
            let local = isLocalClient(flows[selected]) ? ice.client : ice.server
            if local.firstAnswer != nil {
                call.consent = CallSnapshot.Consent(
                    sent: local.consentSent, answered: local.consentAnswered,
                    lost: max(0, local.consentSent - local.consentAnswered),
                    last: local.lastAnswer.map { max(0, time - $0) })
            }
        }
    }

    private static func state(_ ice: ICESnapshot, _ flow: FlowSnapshot, at time: Timestamp) -> CallSnapshot.PairState {
        if ice.hasSucceeded { return .succeeded }
        guard let first = ice.firstCheck else { return .waiting }
        // RFC 8489 section 6.2.1: a transaction ends unanswered after 39.5 s; agents give a pair up far sooner.
        return flow.isFinal || time - first > .milliseconds(39_500) ? .failed : .inProgress
    }

    /// One of the ends is at the tap.
    private static func isNear(_ flow: FlowSnapshot) -> Bool {
        guard let ice = flow.ice, let out = ice.client.roundTrip?.minimum, let back = ice.server.roundTrip?.minimum
        else {
            return false
        }
        return min(out, back) < max(.milliseconds(1), (out + back) / 20)
    }

    /// By addresses alone (a check's PRIORITY names a candidate yet to be learnt): an address that the other end sees as it is
    /// has no NAT before it, and the near end's is its own interface's.
    private static func fillTypes(_ pair: inout CallSnapshot.Pair, _ local: ICESnapshot.End, isNear: Bool) {
        guard isNear else { return }
        pair.localType = .host
        if let mapped = local.mapped, mapped == pair.local, pair.local.address.isLikeNeighbour(of: pair.remote.address)
        {
            pair.remoteType = .host
        }
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

    /// What two or more reflections of one socket say (RFC 4787 section 4.1, RFC 5780 section 4.3).
    static func fillMapping(_ call: inout CallSnapshot, _ reflections: [Reflection]) {
        for one in reflections where !call.mapped.contains(one.mapped) { call.mapped.append(one.mapped) }
        call.reflectors = Set(reflections.map(\.reflector)).count
        guard !reflections.isEmpty else { return }
        if reflections.allSatisfy({ $0.mapped == $0.local }) {
            call.mapping = .none
            return
        }
        var kinds: Set<CallSnapshot.Mapping> = []
        for (_, list) in Dictionary(grouping: reflections, by: \.local) {
            let servers = Set(list.map(\.reflector.address))
            // The same server's two ports tell whether the port counts too.
            let byServer = Dictionary(grouping: list, by: \.reflector.address)
            let portCounts = byServer.values.contains { list in
                Set(list.map(\.reflector)).count > 1 && Set(list.map(\.mapped)).count > 1
            }
            if portCounts {
                kinds.insert(.addressAndPortDependent)
            } else if servers.count > 1 {
                let isOne = Set(list.map(\.mapped)).count == 1
                let knowsPorts = byServer.values.contains { Set($0.map(\.reflector)).count > 1 }
                kinds.insert(isOne ? .endpointIndependent : knowsPorts ? .addressDependent : .addressAndPortDependent)
            }
        }
        if kinds.count == 1, let kind = kinds.first { call.mapping = kind }
    }

    private static func fillSetUp(_ call: inout CallSnapshot, _ flows: [FlowSnapshot]) {
        let first = flows.compactMap { $0.ice?.firstCheck }.min()
        let nominated = flows.compactMap { $0.ice?.client.nominated } + flows.compactMap { $0.ice?.server.nominated }
        if let first, let done = nominated.min() { call.iceSetup = done - first }
        let media = flows.flatMap { $0.rtp.map(\.start) }.min()
        if let first, let media, media >= first { call.firstMedia = media - first }
        let steps = call.dtls?.tls.handshake.timeline ?? []
        let hello = steps.first { $0.step == .clientHello }?.time
        let finished = Direction.allCases.compactMap { direction in
            steps.first { $0.step == .finished && $0.from == direction }?.time
        }
        if let hello, finished.count == 2, let last = finished.max() { call.dtlsSetup = last - hello }
    }

    private static func judge(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], at time: Timestamp) {
        let isFinal = flows.allSatisfy(\.isFinal)
        call.stage = .checks
        if call.pairs.contains(where: \.isNominated) { call.stage = .nominated }
        if call.dtls != nil { call.stage = .dtls }
        if !call.streams.isEmpty || flows.contains(where: { $0.sctp != nil }) { call.stage = .media }
        if call.stage == .checks, !call.pairs.contains(where: { $0.state == .succeeded }) {
            // Own: agents check for ten seconds and more before they give up.
            let first = flows.compactMap { $0.ice?.firstCheck }.min()
            let last = flows.compactMap { flow in
                [flow.ice?.client.lastRequest, flow.ice?.server.lastRequest].compactMap { $0 }.max()
            }.max()
            if let first, let last, last - first > .seconds(5) || (isFinal && last - first > .seconds(2)) {
                call.failure = .checksUnanswered
                call.unanswered = call.pairs.first { $0.requests > 0 }?.remote
            }
            return
        }
        guard let selected = call.selected, let ice = flows[selected].ice else {
            if isFinal, call.stage == .checks, call.pairs.contains(where: { $0.state == .succeeded }) {
                call.failure = .noNomination
            }
            return
        }
        let local = isLocalClient(flows[selected]) ? ice.client : ice.server
        if local.unanswered >= consentMisses, let last = local.lastAnswer, let asked = local.lastRequest,
            asked - last >= consentSilence
        {
            call.failure = .consentLost
            call.unanswered = call.pairs[selected].remote
        }
    }

    /// Three checks without an answer (RFC 7675 section 5.1 asks every five seconds or so, some agents more often), and own: six
    /// seconds at least.
    private static let consentMisses = 3
    private static let consentSilence: Nanoseconds = .seconds(6)
}

extension IPAddress {
    /// Both are of one family and share their network part, 24 or 64 bits: neighbours, as a rule without a NAT between.
    fileprivate func isLikeNeighbour(of other: IPAddress) -> Bool {
        guard isIPv4 == other.isIPv4 else { return false }
        return isIPv4 ? low >> 8 == other.low >> 8 : high == other.high
    }
}
