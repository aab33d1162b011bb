import StreamtopModel

/// Events as lists show them: newest first.
enum EventRow {
    static func all(of snapshot: Snapshot) -> [FlowEvent] { snapshot.events.reversed() }
}

extension VerdictRow {
    static func count(of snapshot: Snapshot, _ filter: Filter) -> Int {
        var count = snapshot.verdicts.count
        for flow in snapshot.flows where !flow.verdicts.isEmpty && (filter == .all || filter.matches(flow)) {
            count += flow.verdicts.count
        }
        return count
    }
}
