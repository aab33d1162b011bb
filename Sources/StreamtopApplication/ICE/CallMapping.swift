import StreamtopBase
import StreamtopModel

/// How a NAT gives out addresses, by what servers and peers said of the sockets of a call (RFC 4787 section 4.1, RFC 5780 section
/// 4.3).
package enum CallMapping {
    /// A socket that asked a server or a peer where it is seen.
    package struct Reflection: Equatable, Sendable {
        var local: Endpoint
        var reflector: Endpoint
        package var mapped: Endpoint
        var flow: FlowIdentifier
        /// Its packets passed a router before the tap: a NAT may be there, unseen.
        var isBehindRouter: Bool

        package init(
            local: Endpoint, reflector: Endpoint, mapped: Endpoint, flow: FlowIdentifier, isBehindRouter: Bool
        ) {
            self.local = local
            self.reflector = reflector
            self.mapped = mapped
            self.flow = flow
            self.isBehindRouter = isBehindRouter
        }
    }

    /// What servers and peers said of the sockets of a call.
    static func reflections(_ flows: [FlowSnapshot], of checks: [FlowSnapshot]) -> [Reflection] {
        // What goes through a relay shows the relay's address, whatever NAT its client is behind.
        let direct = checks.filter { $0.parent == nil }
        let locals = Set(direct.map { CallPairs.isLocalClient($0, []) ? $0.client.endpoint : $0.server.endpoint })
        var found = flows.filter {
            $0.ice?.isCheck != true && $0.parent == nil && locals.contains($0.client.endpoint)
        }.flatMap { reflection($0) }
        for flow in direct {
            guard let ice = flow.ice else { continue }
            let isClient = CallPairs.isLocalClient(flow, [])
            guard let mapped = isClient ? ice.client.mapped : ice.server.mapped else { continue }
            found.append(
                Reflection(
                    local: isClient ? flow.client.endpoint : flow.server.endpoint,
                    reflector: isClient ? flow.server.endpoint : flow.client.endpoint, mapped: mapped,
                    flow: flow.identifier, isBehindRouter: isBehindRouter(isClient ? ice.client : ice.server)))
        }
        return found
    }

    /// By answers to requests for an address, and to those for an allocation.
    static func reflection(_ flow: FlowSnapshot) -> [Reflection] {
        var mapped = flow.ice?.reflected ?? []
        if flow.turn != nil { for one in flow.stun?.mapped ?? [] where !mapped.contains(one) { mapped.append(one) } }
        return mapped.map {
            Reflection(
                local: flow.client.endpoint, reflector: flow.server.endpoint, mapped: $0, flow: flow.identifier,
                isBehindRouter: flow.ice.map { isBehindRouter($0.client) } ?? false)
        }
    }

    static func isBehindRouter(_ end: ICESnapshot.End) -> Bool {
        end.hopLimit.map { $0 > 0 && !CallPairs.firstHopLimits.contains($0) } ?? false
    }

    /// What two or more reflections of one socket say.
    static func fill(_ call: inout CallSnapshot, _ reflections: [Reflection]) {
        for one in reflections where !call.mapped.contains(one.mapped) { call.mapped.append(one.mapped) }
        call.reflectors = Set(reflections.map(\.reflector)).count
        call.mapping = mapping(by: reflections)
        let ends = call.pairs.flatMap { [$0.local, $0.remote] }
        call.isCarrierGrade = (call.mapped + ends).contains { $0.address.isShared }
        // Of a pair that is still being checked nothing is known yet.
        let outer = Set(reflections.filter { $0.mapped != $0.local }.map(\.mapped.address))
        let own = call.pairs.filter {
            !$0.isRelayed && outer.contains($0.remote.address) && $0.requests > 0
                && ($0.state == .succeeded || $0.state == .failed)
        }
        if !own.isEmpty { call.hairpins = own.contains { $0.state == .succeeded } }
    }

    /// What two or more reflections of one socket say, or of several behind the same NAT.
    package static func mapping(by reflections: [Reflection]) -> CallSnapshot.Mapping {
        guard !reflections.isEmpty else { return .unknown }
        if reflections.allSatisfy({ $0.mapped == $0.local }) {
            return reflections.contains(where: \.isBehindRouter) ? .unknown : .none
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
        return kinds.count == 1 ? kinds.first ?? .unknown : .unknown
    }
}
