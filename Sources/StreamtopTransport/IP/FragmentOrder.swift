import StreamtopBase

/// Keys of datagrams in the order in which they began; those of datagrams that are gone stay until they come to the front.
struct FragmentOrder: Sendable {
    struct Entry: Sendable {
        var key: FragmentKey
        var serial: UInt64
        var begun: Timestamp
    }

    private var entries: [Entry] = []
    private var head = 0

    var first: Entry? { head < entries.count ? entries[head] : nil }

    var count: Int { entries.count - head }

    /// Drops the entries of which `isWanted` says no.
    mutating func keep(_ isWanted: (Entry) -> Bool) {
        entries = entries[head...].filter(isWanted)
        head = 0
    }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
    }

    @discardableResult
    mutating func removeFirst() -> Entry? {
        guard let entry = first else { return nil }
        head += 1
        // Moves what is left only after at least as much has been taken: constant cost on average.
        if head * 2 >= entries.count {
            entries.removeFirst(head)
            head = 0
        }
        return entry
    }
}
