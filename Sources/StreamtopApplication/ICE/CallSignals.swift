import StreamtopBase
import StreamtopModel

/// Signalling of calls as exchanges of HTTP and messages of WebSocket tell it: descriptions that are posted and answered (WHIP, RFC 9725;
/// WHEP), sent in JSON or in any other form.
///
/// A description belongs to the call whose checks name its username fragment (RFC 8445 section 7.2.2). Where the content could not be
/// read, host and time have to do.
enum CallSignals {
    /// Own: from the offer to the first check, candidates and credentials are waited for.
    private static let before: Nanoseconds = .seconds(10)
    private static let signalCapacity = 32

    /// A flow with session descriptions, exchanges whose answer is one, and what is asked of the same resource later.
    static func isSignalling(_ flow: borrowing FlowSnapshot) -> Bool {
        if flow.$webSocket?.value.descriptions.isEmpty == false { return true }
        return flow.$http?.value.exchanges.contains { isSignalling($0) } ?? false
    }

    private static func isSignalling(_ exchange: HTTPExchangeSnapshot) -> Bool {
        if !exchange.descriptions.isEmpty { return true }
        guard let type = exchange.contentType else { return false }
        return type.hasPrefix("application/sdp") || type.hasPrefix("application/trickle-ice-sdpfrag")
    }

    /// `all`: flows of which some may be the signalling of the call whose checks are in `flows`.
    static func fill(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ all: [FlowSnapshot]) {
        guard let first = flows.compactMap({ $0.ice?.firstCheck }).min() else { return }
        let names = flows.flatMap { $0.ice?.userNames ?? [] }
        let fragments = Set(names.map(\.first) + names.map(\.second))
        let hosts = Set(flows.flatMap { [$0.client.endpoint.address, $0.server.endpoint.address] })
        for flow in all where isSignalling(flow) {
            var found = exchanges(of: flow) { exchange, others in
                let named = exchange.descriptions.flatMap(\.userFragments)
                if !named.isEmpty { return named.contains { fragments.contains($0) } }
                if !exchange.descriptions.isEmpty || isLater(exchange) { return !others.isEmpty }
                guard isSignalling(exchange), let time = exchange.requestTime else { return false }
                return hosts.contains(flow.client.endpoint.address) && first - time < before && time < call.end
            }
            found += messages(of: flow) { one in one.userFragments.contains { fragments.contains($0) } }
            add(found, of: flow, to: &call)
        }
        begin(&call)
        call.signallingTime = call.signalling.first.map { max(0, first - $0.time) }
    }

    /// Calls that were agreed on and of which nothing else was seen: their checks took another path. `known`: fragments of the others.
    static func calls(among all: [FlowSnapshot], besides known: Set<String>, from number: Int) -> [CallSnapshot] {
        var calls: [CallSnapshot] = []
        for flow in all where isSignalling(flow) {
            let found = exchanges(of: flow) { exchange, _ in isAgreement(exchange.descriptions, known) }
            for one in found { add([one], of: flow, asCallOf: one, number + calls.count, &calls) }
            let descriptions = flow.webSocket?.descriptions ?? []
            if isAgreement(descriptions, known) {
                let messages = messages(of: flow) { !$0.userFragments.contains { known.contains($0) } }
                if let first = messages.first { add(messages, of: flow, asCallOf: first, number + calls.count, &calls) }
            }
        }
        return calls
    }

    private static func add(
        _ signals: [CallSignalling], of flow: FlowSnapshot, asCallOf first: CallSignalling, _ number: Int,
        _ calls: inout [CallSnapshot]
    ) {
        var call = CallSnapshot(number: number, start: first.time, end: flow.end)
        add(signals, of: flow, to: &call)
        begin(&call)
        calls.append(call)
    }

    /// Both ends said who they are, and none of them is known.
    private static func isAgreement(_ descriptions: [CallDescription], _ known: Set<String>) -> Bool {
        let named = descriptions.filter { $0.role != .candidates && !$0.userFragments.isEmpty }
        return Set(named.map(\.from)).count == 2
            && !named.contains { $0.userFragments.contains { known.contains($0) } }
    }

    private static func add(_ found: [CallSignalling], of flow: FlowSnapshot, to call: inout CallSnapshot) {
        guard !found.isEmpty else { return }
        call.signalling += found.prefix(signalCapacity - min(signalCapacity, call.signalling.count))
        call.flows = Array(Set(call.flows + [flow.identifier])).sorted()
    }

    private static func begin(_ call: inout CallSnapshot) {
        call.signalling.sort { $0.time < $1.time }
        guard let began = call.signalling.first?.time else { return }
        call.milestones.insert(CallMilestone(.signalling, at: began), at: 0)
        call.milestones.sort { $0.time < $1.time }
    }

    // MARK: Exchanges and messages

    /// Those that `belongs` takes, which is given what was taken before.
    private static func exchanges(
        of flow: FlowSnapshot, where belongs: (HTTPExchangeSnapshot, [CallSignalling]) -> Bool
    ) -> [CallSignalling] {
        var found: [CallSignalling] = []
        for exchange in flow.http?.exchanges ?? [] {
            guard let time = exchange.requestTime, belongs(exchange, found) else { continue }
            var signal = CallSignalling(
                time: time, kind: kind(of: exchange), method: exchange.method, from: .fromClient)
            signal.status = exchange.status
            signal.duration = exchange.duration
            signal.descriptions = exchange.descriptions
            found.append(signal)
        }
        return found
    }

    /// A candidate that names nobody belongs to whom the messages before it named.
    private static func messages(
        of flow: FlowSnapshot, where belongs: (CallDescription) -> Bool
    ) -> [CallSignalling] {
        var found: [CallSignalling] = []
        var isNamed = false
        for one in flow.webSocket?.descriptions ?? [] {
            if !one.userFragments.isEmpty { isNamed = belongs(one) }
            guard isNamed else { continue }
            var signal = CallSignalling(time: one.time, kind: .webSocket, method: nil, from: one.from)
            signal.descriptions = [one]
            found.append(signal)
        }
        return found
    }

    /// Candidates that come later, and the end of the call.
    private static func isLater(_ exchange: HTTPExchangeSnapshot) -> Bool {
        exchange.method == "PATCH" || exchange.method == "DELETE"
    }

    /// Both protocols post an offer alike; only their names for it tell them apart.
    private static func kind(of exchange: HTTPExchangeSnapshot) -> CallSignalling.Kind {
        let url = exchange.url?.lowercased() ?? ""
        if url.contains("whep") { return .whep }
        return url.contains("whip") ? .whip : .http
    }
}
