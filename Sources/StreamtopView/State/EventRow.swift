import StreamtopBase
import StreamtopModel

/// A line of the list of events: one event, or several of one kind that came one after another in a flow.
struct EventRow: Equatable {
    /// The newest of them.
    var event: FlowEvent
    var count = 1

    /// Newest first. Repetitions of what happens to single segments are folded: a line for each would push everything else
    /// off the screen.
    static func all(of snapshot: Snapshot, _ filter: Filter = .all, flow: FlowIdentifier? = nil) -> [EventRow] {
        var rows: [EventRow] = []
        for event in snapshot.events.reversed() {
            if let flow, event.flow != flow { continue }
            if filter != .all {
                guard let index = snapshot.flowIndex(event.flow), filter.matches(snapshot.flows[index]) else {
                    continue
                }
            }
            if let last = rows.last, last.event.flow == event.flow, folds(last.event.kind, event.kind) {
                rows[rows.count - 1].count += 1
            } else {
                rows.append(EventRow(event: event))
            }
        }
        return rows
    }

    private static func folds(_ later: FlowEvent.Kind, _ earlier: FlowEvent.Kind) -> Bool {
        let (one, other) = (Words.event(later), Words.event(earlier))
        return isFoldable(later) && one.name == other.name
    }

    private static func isFoldable(_ kind: FlowEvent.Kind) -> Bool {
        switch kind {
        case .retransmission, .loss: true
        default: false
        }
    }
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
