/// The consumers that look only at flows with packets since they last looked. Each has its own list; a flow knows in which
/// of them it stands.
struct ActivityLists: OptionSet, Sendable {
    let rawValue: UInt8

    /// Samples at the interval that the user asked for.
    static let interval = ActivityLists(rawValue: 1)
    /// Series for charts.
    static let series = ActivityLists(rawValue: 2)
    static let judgement = ActivityLists(rawValue: 4)
    /// Sockets to ask the host's kernel about.
    static let host = ActivityLists(rawValue: 8)
    static let all: ActivityLists = [.interval, .series, .judgement, .host]
}

/// The flows of one list, in order of their first packet since it was emptied.
struct ActiveFlows {
    private let list: ActivityLists
    private(set) var positions: [UInt32] = []

    private struct Position {
        var ordinal: UInt64
        var position: UInt32
    }

    init(_ list: ActivityLists) { self.list = list }

    mutating func append(_ position: UInt32) { positions.append(position) }

    /// Empties the list and hands its flows out, in order of first packet.
    mutating func take(from flows: inout FlowTable) -> [UInt32] {
        // Flows that left the table are still listed, and their place may have been given to another: each flow that is
        // there counts once.
        positions.removeAll { !flows.contains($0) || !flows[$0].lists.contains(list) }
        // Ordinals are fetched before sorting, so that comparing two flows does not take a look at each.
        var indices = positions.map { Position(ordinal: flows[$0].ordinal, position: $0) }
        indices.sort { $0.ordinal < $1.ordinal }
        var taken: [UInt32] = []
        taken.reserveCapacity(indices.count)
        for index in indices where flows[index.position].lists.remove(list) != nil { taken.append(index.position) }
        positions.removeAll(keepingCapacity: true)
        return taken
    }
}
