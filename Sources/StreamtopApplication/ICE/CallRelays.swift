import StreamtopBase
import StreamtopModel

/// The relays that a call used or asked for.
enum CallRelays {
    /// Flows to relays that carry one of `checks`, or whose client shares a socket, or fails, with them.
    static func relays(_ flows: [FlowSnapshot], of checks: [FlowSnapshot]) -> [FlowSnapshot] {
        let parents = Set(checks.compactMap(\.parent))
        let sockets = Set(checks.filter { $0.parent == nil }.flatMap { [$0.client.endpoint, $0.server.endpoint] })
        let hosts = Set(sockets.map(\.address))
        let ends = Set(checks.flatMap { [$0.client.endpoint, $0.server.endpoint] })
        guard let start = checks.map(\.start).min(), let end = checks.map(\.end).max() else { return [] }
        return flows.filter { flow in
            guard let turn = flow.turn else { return false }
            if parents.contains(flow.identifier) || sockets.contains(flow.client.endpoint) { return true }
            if let relayed = turn.allocation?.relayed, ends.contains(relayed) { return true }
            // Asked for by the same host while candidates were gathered; own: ten seconds before the first check.
            return hosts.contains(flow.client.endpoint.address) && flow.start <= end
                && start - flow.start < .seconds(10)
        }
    }

    static func fill(_ call: inout CallSnapshot, _ relays: [FlowSnapshot]) {
        for relay in relays {
            guard let allocation = relay.turn?.allocation else { continue }
            call.allocations.append(
                CallAllocation(
                    flow: relay.identifier, client: relay.client.endpoint, server: relay.server.endpoint,
                    allocation: allocation))
        }
    }
}
