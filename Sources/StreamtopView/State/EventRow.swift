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
            if let position = row(in: rows, before: event) {
                rows[position].count += 1
            } else {
                rows.append(EventRow(event: event))
            }
        }
        return rows
    }

    /// The row that an event is folded into: of its kind and flow, with nothing but such rows behind it.
    private static func row(in rows: [EventRow], before event: FlowEvent) -> Int? {
        guard let kind = repeated(event.kind) else { return nil }
        for position in rows.indices.reversed().prefix(reach) {
            guard let other = repeated(rows[position].event.kind) else { return nil }
            if other == kind, rows[position].event.flow == event.flow { return position }
        }
        return nil
    }

    /// Rows that are looked back at; losses of more flows than this side by side are not folded.
    private static let reach = 16

    /// What happens to single segments, and so again and again.
    private static func repeated(_ kind: FlowEvent.Kind) -> Int? {
        switch kind {
        case .retransmission: 0
        case .loss: 1
        case .spurious: 2
        case .ecnCE: 3
        default: nil
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
