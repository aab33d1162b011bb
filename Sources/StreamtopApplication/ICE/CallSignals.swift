import StreamtopBase
import StreamtopModel

/// Signalling of calls over HTTP, as exchanges tell it: descriptions that are posted and answered (WHIP, RFC 9725; WHEP).
enum CallSignals {
    /// Own: from the offer to the first check, candidates and credentials are waited for.
    private static let before: Nanoseconds = .seconds(10)
    private static let mostSignals = 32

    /// Exchanges whose answer is a session description, and what is asked of the same resource later.
    static func isSignalling(_ flow: borrowing FlowSnapshot) -> Bool {
        flow.$http?.value.exchanges.contains { isDescription($0) } ?? false
    }

    private static func isDescription(_ exchange: HTTPExchangeSnapshot) -> Bool {
        guard let type = exchange.contentType else { return false }
        return type.hasPrefix("application/sdp") || type.hasPrefix("application/trickle-ice-sdpfrag")
    }

    /// `all`: flows of which some may be the signalling of the call whose checks are in `flows`.
    static func fill(_ call: inout CallSnapshot, _ flows: [FlowSnapshot], _ all: [FlowSnapshot]) {
        guard let first = flows.compactMap({ $0.ice?.firstCheck }).min() else { return }
        let hosts = Set(flows.flatMap { [$0.client.endpoint.address, $0.server.endpoint.address] })
        for flow in all where isSignalling(flow) && hosts.contains(flow.client.endpoint.address) {
            var found: [CallSignalling] = []
            for exchange in flow.http?.exchanges ?? [] {
                guard let time = exchange.requestTime, isDescription(exchange) || !found.isEmpty && isLater(exchange),
                    first - time < before, time < call.end
                else { continue }
                var signal = CallSignalling(
                    time: time, kind: kind(of: exchange), method: exchange.method, from: .fromClient)
                signal.status = exchange.status
                signal.duration = exchange.duration
                found.append(signal)
            }
            guard !found.isEmpty else { continue }
            call.signalling += found.prefix(mostSignals - min(mostSignals, call.signalling.count))
            call.flows = Array(Set(call.flows + [flow.identifier])).sorted()
        }
        if let began = call.signalling.map(\.time).min() {
            call.milestones.insert(CallMilestone(.signalling, at: began), at: 0)
            call.milestones.sort { $0.time < $1.time }
        }
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
