import StreamtopBase

/// The flows whose trackers hold memory of the budget, in the order in which they give it up: those of which least is
/// known first, and among equals the one that has rested longest.
struct FlowHolders {
    /// For each standing, positions of flows; the value is the number of the flow, for a position may be given to another.
    private var lists: [BoundedMap<UInt32, UInt64>]

    /// - Parameter capacity: flows in the table.
    init(capacity: Int) {
        lists = FlowEntry.Standing.allCases.map { _ in BoundedMap(capacity: capacity) }
    }

    /// The flow holds something, and has just been busy.
    mutating func note(_ position: UInt32, number: UInt64, standing: FlowEntry.Standing) {
        lists[Int(standing.rawValue)].insert(number, for: position, renews: true)
    }

    mutating func remove(_ position: UInt32) {
        for index in lists.indices { lists[index].removeValue(for: position) }
    }

    /// Of those that were of this standing when they were last busy, the one that has rested longest.
    func first(_ standing: FlowEntry.Standing) -> (position: UInt32, number: UInt64)? {
        lists[Int(standing.rawValue)].first.map { ($0.key, $0.value) }
    }

    mutating func removeFirst(_ standing: FlowEntry.Standing) { lists[Int(standing.rawValue)].removeFirst() }
}

/// The budget of an engine, and the flows that draw on it.
struct FlowMemory {
    var budget: MemoryBudget
    var holders: FlowHolders
    /// Bytes of fragments under way, which draw on the same budget.
    var heldByIntake = 0

    /// - Parameters:
    ///   - capacity: bytes.
    ///   - flows: in the table at most.
    init(capacity: Int, flows: Int) {
        budget = MemoryBudget(capacity: capacity)
        holders = FlowHolders(capacity: flows)
    }

    var isSpent: Bool { budget.used + heldByIntake > budget.capacity }
}
