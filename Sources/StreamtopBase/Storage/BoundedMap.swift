/// Values by key, at most `capacity` of them: a new key beyond that takes the place of the oldest, which is counted.
///
/// Age is that of the key's first insertion; a new value for a known key makes it no younger unless asked to.
/// Finding, inserting and removing take constant time. Memory grows with what is stored, not with the capacity.
package struct BoundedMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var key: Key
        var value: Value
        /// Neighbours by age.
        var newer: Int32
        var older: Int32
    }

    private static var none: Int32 { -1 }

    package let capacity: Int
    /// Entries that made room for others.
    package private(set) var evicted: UInt64 = 0
    private var positions: [Key: Int32] = [:]
    /// nil where a removed entry was.
    private var entries: [Entry?] = []
    private var free: [Int32] = []
    private var newest = BoundedMap.none
    private var oldest = BoundedMap.none

    /// - Parameter capacity: at least 1 and at most 2^31 - 1 count.
    package init(capacity: Int) {
        self.capacity = min(max(1, capacity), Int(Int32.max))
    }

    package var count: Int { positions.count }
    package var isEmpty: Bool { positions.isEmpty }

    package subscript(key: Key) -> Value? { positions[key].flatMap { entries[Int($0)]?.value } }

    /// The entry that goes first.
    package var first: (key: Key, value: Value)? {
        guard oldest != Self.none, let entry = entries[Int(oldest)] else { return nil }
        return (entry.key, entry.value)
    }

    /// Sets the value of `key`. Where that is new and the map is full, the oldest entry goes.
    ///
    /// - Parameter renews: a known key becomes the newest.
    /// - Returns: the key was new.
    @discardableResult
    package mutating func insert(_ value: Value, for key: Key, renews: Bool = false) -> Bool {
        if let position = positions[key] {
            entries[Int(position)]?.value = value
            if renews {
                unlink(position)
                link(position)
            }
            return false
        }
        if count >= capacity, removeFirst() != nil { evicted &+= 1 }  // 2^64 entries do not come
        let entry = Entry(key: key, value: value, newer: Self.none, older: Self.none)
        let position: Int32
        if let reused = free.popLast() {
            position = reused
            entries[Int(position)] = entry
        } else {
            position = Int32(entries.count)  // below `capacity`
            entries.append(entry)
        }
        positions[key] = position
        link(position)
        return true
    }

    /// Changes the value of `key` where it is; one that is not there begins as `initial`.
    package mutating func update(_ key: Key, initial: @autoclosure () -> Value, _ body: (inout Value) -> Void) {
        if positions[key] == nil { insert(initial(), for: key) }
        change(key, body)
    }

    /// Changes the value of `key` where it is; does nothing when there is none.
    package mutating func change(_ key: Key, _ body: (inout Value) -> Void) {
        guard let position = positions[key], var entry = entries[Int(position)] else { return }
        // Out and back, so that a value which owns storage is changed in it, not in a copy.
        entries[Int(position)] = nil
        body(&entry.value)
        entries[Int(position)] = entry
    }

    @discardableResult
    package mutating func removeValue(for key: Key) -> Value? {
        guard let position = positions.removeValue(forKey: key) else { return nil }
        unlink(position)
        let value = entries[Int(position)]?.value
        entries[Int(position)] = nil
        free.append(position)
        return value
    }

    /// Takes the oldest entry out.
    @discardableResult
    package mutating func removeFirst() -> (key: Key, value: Value)? {
        guard let first else { return nil }
        removeValue(for: first.key)
        return first
    }

    private mutating func link(_ position: Int32) {
        entries[Int(position)]?.older = newest
        entries[Int(position)]?.newer = Self.none
        if newest == Self.none { oldest = position } else { entries[Int(newest)]?.newer = position }
        newest = position
    }

    private mutating func unlink(_ position: Int32) {
        guard let entry = entries[Int(position)] else { return }
        if entry.newer == Self.none { newest = entry.older } else { entries[Int(entry.newer)]?.older = entry.older }
        if entry.older == Self.none { oldest = entry.newer } else { entries[Int(entry.older)]?.newer = entry.newer }
    }
}
