import StreamtopBase
import StreamtopWire

/// The connection IDs that one end has chosen, in the order they were seen; few, capped.
struct QUICConnectionIDSet: Sendable {
    /// More than any end keeps active at once; beyond it the oldest but the first goes.
    static let capacity = 32

    private(set) var list: [QUICConnectionID] = []
    /// IDs of more than one length were seen.
    private(set) var hasSeveralLengths = false

    init() {}

    /// Adds an ID; false when it was known.
    mutating func insert(_ identifier: QUICConnectionID) -> Bool {
        guard !list.contains(identifier) else { return false }
        if list.count >= Self.capacity { list.remove(at: 1) }
        list.append(identifier)
        hasSeveralLengths = list.contains { $0.length != identifier.length }
        return true
    }

    func contains(_ identifier: QUICConnectionID) -> Bool { list.contains(identifier) }

    var isEmpty: Bool { list.isEmpty }
}
