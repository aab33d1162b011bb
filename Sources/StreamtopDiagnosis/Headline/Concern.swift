import StreamtopBase
import StreamtopModel

/// A verdict as a candidate for the first line, with what decides whether another one comes before it.
struct Concern {
    var verdict: Verdict
    /// Who it is about, as people read it; empty where the summary says so.
    var position: String
    var flow: FlowIdentifier?
    /// How long ago the problem ended; nil while it lasts.
    var endedAgo: Nanoseconds?
    /// Traffic that nobody waits for: multicast, ICMP, what stays on the link.
    var isNoise: Bool
    /// All who tried meet it: nobody gets through.
    var isComplete = false
    var harm: Double

    /// A problem that ended longer ago than this is no news: it leaves the first line.
    static let memory: Nanoseconds = .seconds(60)
    /// A connection that failed a moment ago is as urgent as what lasts: a service that refuses has only connections that ended.
    private static let recentFailure: Nanoseconds = .seconds(10)
    /// Until then the sentence says nothing of an end: flow and capture ended together.
    static let together: Nanoseconds = .seconds(1)

    private var isPast: Bool {
        guard let endedAgo else { return false }
        return isFailure ? endedAgo > Self.recentFailure : endedAgo >= Self.together
    }
    private var isFailure: Bool { ConnectionRules.names.contains(verdict.rule) }

    /// Order of the first line: noise last, living before ended, severity, connections that fail, harm; then what the
    /// rule table and the flow's age say, so that the order never depends on chance.
    func comes(before other: Concern) -> Bool {
        if isNoise != other.isNoise { return other.isNoise }
        if isPast != other.isPast { return other.isPast }
        if verdict.severity != other.verdict.severity { return verdict.severity > other.verdict.severity }
        if isFailure != other.isFailure { return isFailure }
        if harm != other.harm { return harm > other.harm }
        if verdict.priority != other.verdict.priority { return verdict.priority < other.verdict.priority }
        return (flow?.number ?? 0) < (other.flow?.number ?? 0)
    }
}

extension FlowSnapshot {
    /// Traffic that no viewer waits for.
    var isNoise: Bool {
        transport == .icmp || server.endpoint.address.isMulticast || client.endpoint.address.isMulticast
            || (client.endpoint.address.isLinkLocal && server.endpoint.address.isLinkLocal)
    }

    /// How long before `time` the flow ended; nil while it is open.
    func endedAgo(at time: Timestamp) -> Nanoseconds? {
        switch state {
        case .closed, .reset, .expired: max(0, time - end)
        case .open, .halfOpen: nil
        }
    }
}
