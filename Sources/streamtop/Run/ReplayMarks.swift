import StreamtopBase
import StreamtopModel
import StreamtopView

/// Moments of a capture worth a mark on the seek bar: where verdicts were reached. They stay when the replay goes back.
struct ReplayMarks {
    /// By tenths of a second: the worst of each.
    private var severities: [Nanoseconds: Verdict.Severity] = [:]
    private static let capacity = 1_024

    mutating func record(_ event: FlowEvent, first: Timestamp) {
        guard case .verdict(_, let severity, _) = event.kind, severity > .info else { return }
        let slot = (event.time - first) / .milliseconds(100)
        if let known = severities[slot] {
            severities[slot] = max(known, severity)
        } else if severities.count < ReplayMarks.capacity {
            severities[slot] = severity
        }
    }

    var sorted: [ReplayMark] {
        severities.map { ReplayMark(offset: $0.key * .milliseconds(100), severity: $0.value) }
            .sorted { $0.offset < $1.offset }
    }
}
