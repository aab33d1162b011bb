import StreamtopBase
import StreamtopModel

/// Puts the flows of each peer connection together, and works out what became of it. Eats facts of flows, never bytes.
package enum CallAssembly {
    /// Calls among `flows`, which come in the order of their numbers, as they stand at `time`.
    package static func calls(among flows: [FlowSnapshot], at time: Timestamp) -> [CallSnapshot] {
        let groups = group(flows.filter { $0.ice?.isCheck == true })
        var calls: [CallSnapshot] = []
        for checks in groups {
            let reflected = CallMapping.reflections(flows, of: checks)
            let relays = CallRelays.relays(flows, of: checks)
            var one = call(number: calls.count + 1, checks, reflected, relays, at: time)
            CallLegs.fill(&one, checks, flows)
            CallSignals.fill(&one, checks, flows)
            calls.append(one)
        }
        for asked in gatherings(flows, besides: groups) {
            calls.append(gathering(number: calls.count + 1, asked))
        }
        let taken = Set(groups.joined().map(\.identifier))
        return calls + SIPCalls.calls(among: flows, besides: taken, from: calls.count + 1, at: time)
    }

    /// The flow may be part of a call, or tells of one.
    package static func isPart(_ flow: FlowSnapshot) -> Bool {
        flow.ice != nil || flow.turn != nil || flow.sip != nil || !flow.rtp.isEmpty || CallSignals.isSignalling(flow)
    }

    // MARK: Which flows belong together

    /// By what a flow is known to belong to others.
    private enum Sign: Hashable {
        case userName(ICEUserName)
        /// One end's fragment at a socket that talks with a host: a restart changes the two ends' fragments one after the other (RFC
        /// 8445 section 9), and checks between both starts share this much. A server's socket and fragment alone are many calls'.
        case fragment(String, at: Endpoint, with: IPAddress)
        case flow(UInt64)
    }

    private static func signs(of flow: FlowSnapshot) -> [Sign] {
        guard let ice = flow.ice else { return [] }
        var signs = [Sign.flow(ice.ordinal)]
        let ends = [(flow.client.endpoint, flow.server.endpoint), (flow.server.endpoint, flow.client.endpoint)]
        for name in ice.userNames {
            signs.append(.userName(name))
            for (end, other) in ends {
                signs.append(.fragment(name.first, at: end, with: other.address))
                signs.append(.fragment(name.second, at: end, with: other.address))
            }
        }
        return signs + flow.rtp.flatMap { $0.movedFrom.map { Sign.flow($0) } }
    }

    /// Flows that share a sign, directly or over others.
    private static func group(_ flows: [FlowSnapshot]) -> [[FlowSnapshot]] {
        var owner: [Sign: Int] = [:]
        var groups: [[Int]] = []
        for index in flows.indices {
            let signs = signs(of: flows[index])
            let known = Set(signs.compactMap { owner[$0] }).sorted()
            let position = known.first ?? groups.count
            if known.isEmpty { groups.append([]) }
            groups[position].append(index)
            for other in known.dropFirst() {
                groups[position] += groups[other]
                for sign in owner.keys where owner[sign] == other { owner[sign] = position }
                groups[other] = []
            }
            for sign in signs { owner[sign] = position }
        }
        return groups.filter { !$0.isEmpty }.map { $0.sorted().map { flows[$0] } }
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
        CallMapping.fill(&call, flows.flatMap { CallMapping.reflection($0) })
        return call
    }

    private static func call(
        number: Int, _ flows: [FlowSnapshot], _ reflected: [CallMapping.Reflection], _ relays: [FlowSnapshot],
        at time: Timestamp
    ) -> CallSnapshot {
        var call = CallSnapshot(number: number, start: flows[0].start, end: flows.map(\.end).max() ?? flows[0].end)
        let others = reflected.map(\.flow) + relays.map(\.identifier)
        call.flows = Array(Set(flows.map(\.identifier) + others)).sorted()
        CallPairs.fill(&call, flows, relays, at: time)
        CallMapping.fill(&call, reflected)
        CallRelays.fill(&call, relays)
        call.dtls = flows.first { $0.dtls?.tls.version != nil }?.dtls ?? flows.first { $0.dtls != nil }?.dtls
        var seen: Set<UInt32> = []
        call.streams = flows.flatMap { $0.rtp.map(\.source) }.filter { seen.insert($0).inserted }
        CallProgress.fill(&call, flows, relays, at: time)
        return call
    }
}
