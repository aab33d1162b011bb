import StreamtopBase
import StreamtopModel

/// A verdict and the flow it is about; nil for the host and the capture.
struct VerdictRow {
    var verdict: Verdict
    var flow: FlowSnapshot?

    /// All verdicts there are, worst first.
    static func all(of snapshot: Snapshot, _ filter: Filter) -> [VerdictRow] {
        var rows = snapshot.verdicts.map { VerdictRow(verdict: $0, flow: nil) }
        for flow in snapshot.flows where !flow.verdicts.isEmpty && (filter == .all || filter.matches(flow)) {
            rows += flow.verdicts.map { VerdictRow(verdict: $0, flow: flow) }
        }
        // Equal ones keep the order of flows: sorting in Swift is stable in practice, yet only promised with a tie-break.
        return rows.enumerated().sorted { left, right in
            if left.element.verdict.isDisplayedBefore(right.element.verdict) { return true }
            if right.element.verdict.isDisplayedBefore(left.element.verdict) { return false }
            return left.offset < right.offset
        }.map(\.element)
    }
}
