import StreamtopBase
import StreamtopModel

/// Judges the buffers of this host, about once a second: a rule speaks after its figures stood for its enter time and goes
/// silent after they were gone for its leave time.
struct BufferDiagnosis: Sendable {
    private struct Standing: Sendable {
        var since: Timestamp
        var lastTrue: Timestamp
        var verdict: Verdict
        var isSpoken: Bool
    }

    private var standing: [Int: Standing] = [:]
    /// Older values say nothing of now.
    private static let freshness: Nanoseconds = .seconds(5)

    mutating func evaluate(_ host: HostSnapshot?, at time: Timestamp) -> [Verdict] {
        guard let host, time - host.time < Self.freshness else {
            standing.removeAll()
            return []
        }
        for rule in RuleTable.rules {
            guard case .host(let judge) = rule.judge else { continue }
            guard let finding = judge(host) else {
                if let known = standing[rule.number], !known.isSpoken || time - known.lastTrue >= rule.hold.leave {
                    standing[rule.number] = nil
                }
                continue
            }
            let known = standing[rule.number]
            let since = known?.since ?? time
            standing[rule.number] = Standing(
                since: since, lastTrue: time, verdict: FlowDiagnosis.verdict(finding, rule, since: since),
                isSpoken: known?.isSpoken == true || time - since >= rule.hold.enter)
        }
        return standing.values.filter(\.isSpoken).map(\.verdict).sorted {
            ($0.priority, $0.ruleNumber) < ($1.priority, $1.ruleNumber)
        }
    }
}
