import StreamtopBase
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport

/// Facts that may concern flows of other engines, and what came of them.
extension FlowEngine {
    mutating func note(_ kind: JoinFact.Kind, of position: UInt32, at time: Timestamp) {
        facts.append(
            JoinFact(
                ordinal: frameAtHand.ordinal, time: time, flow: flows[position].reference(at: position), kind: kind))
    }

    /// Does what the joiner found out, at a tick and before judging.
    mutating func apply(_ joins: [Join]) {
        for join in joins {
            let flow = join.flow
            guard flows.contains(flow.position), flows[flow.position].ordinal == flow.ordinal else { continue }
            let layers = flows[flow.position].layers
            let quic = trackers.index(of: .quic, in: layers)
            switch join {
            case .fellBack(_, let time):
                guard let quic, trackers.quic[quic].fallback == nil, !trackers.quic[quic].connection.hasHandshake else {
                    continue
                }
                trackers.quic[quic].fallback = time
                judgeSoon(flow.position)
            case .mapped(_, let mapping, let mapped, let time):
                emit(.natMapping(mapping, mapped: mapped), of: flow.position, at: time)
            case .replayed:
                if let quic { trackers.quic[quic].handshake.noteReplay() }
                if let tls = trackers.index(of: .tls, in: layers) { trackers.tls[tls].noteReplay() }
            }
        }
    }

    private mutating func judgeSoon(_ position: UInt32) {
        guard !flows[position].needsDiagnosis else { return }
        flows[position].needsDiagnosis = true
        judgement.waiting.append(position)
    }
}
