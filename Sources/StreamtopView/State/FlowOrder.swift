import StreamtopBase
import StreamtopModel

/// Puts the flows of a picture in the order of the table.
enum FlowOrder {
    /// All rows that pass the filter, sorted. Unknown values come last whichever way the sort goes; equal ones stand in
    /// order of first packet, so that rows do not dance.
    static func rows(
        of snapshot: Snapshot, _ filter: Filter, _ sort: FlowSort, hidesEnded: Bool = false
    ) -> [FlowRow] {
        let matching = snapshot.flows.indices.filter { index in
            !(hidesEnded && isOver(snapshot.flows[index], at: snapshot.time))
                && (filter == .all || filter.matches(snapshot.flows[index]))
        }
        switch MetricTable.row(sort.column)?.value {
        case .number(let key):
            let keyed = matching.map { (index: $0, key: key(snapshot.flows[$0])) }
            return sorted(keyed, descending: sort.descending).map { row(snapshot, $0) }
        case .text(let key):
            let keyed = matching.map { (index: $0, key: key(snapshot.flows[$0])) }
            return sorted(keyed, descending: sort.descending).map { row(snapshot, $0) }
        case nil: return matching.map { row(snapshot, $0) }
        }
    }

    /// The rows as they were, without the flows that are gone; new ones follow at the end.
    static func kept(
        _ rows: [FlowRow], _ snapshot: Snapshot, _ filter: Filter, hidesEnded: Bool = false
    ) -> [FlowRow] {
        var kept: [FlowRow] = []
        var present = Set<FlowIdentifier>(minimumCapacity: rows.count)
        for row in rows {
            guard let index = snapshot.flowIndex(row.flow, hint: row.hint) else { continue }
            kept.append(FlowRow(flow: row.flow, hint: index))
            present.insert(row.flow)
        }
        for index in snapshot.flows.indices where !present.contains(snapshot.flows[index].identifier) {
            guard filter == .all || filter.matches(snapshot.flows[index]) else { continue }
            if hidesEnded, isOver(snapshot.flows[index], at: snapshot.time) { continue }
            kept.append(row(snapshot, index))
        }
        return kept
    }

    /// It has ended, and no problem of the last minute asks for showing it.
    static func isOver(_ flow: FlowSnapshot, at time: Timestamp) -> Bool {
        guard flow.state != .open, flow.state != .halfOpen else { return false }
        let isTroubled = (flow.worstVerdict?.severity ?? .info) > .info
        return !isTroubled || time - flow.end > problemStays
    }

    /// Own: as long as the first line names a problem that has ended.
    private static let problemStays: Nanoseconds = .seconds(60)

    private static func row(_ snapshot: Snapshot, _ index: Int) -> FlowRow {
        FlowRow(flow: snapshot.flows[index].identifier, hint: index)
    }

    private static func sorted<Key: Comparable>(_ keyed: [(index: Int, key: Key?)], descending: Bool) -> [Int] {
        keyed.sorted { left, right in
            switch (left.key, right.key) {
            case (let a?, let b?): a == b ? left.index < right.index : descending ? a > b : a < b
            case (nil, nil): left.index < right.index
            case (.some, nil): true
            case (nil, .some): false
            }
        }.map(\.index)
    }

    /// Severity first, then the rule table's priority, then traffic: what hurts, and whom it hurts most.
    @Sendable
    static func verdictKey(_ flow: FlowSnapshot) -> Double? {
        let rate = min(flow.client.rate + flow.server.rate, 9e11)
        guard let worst = flow.worstVerdict else { return rate / 1e12 }
        let rank = worst.severity == .critical ? 3.0 : worst.severity == .warning ? 2 : 1
        return rank * 1_000_000 - Double(min(max(worst.priority, 0), 999_999)) + rate / 1e12
    }
}
