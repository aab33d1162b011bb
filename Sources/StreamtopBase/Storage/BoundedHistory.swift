/// The newest of many values, at most `capacity` of them: the oldest make room and are counted.
package struct BoundedHistory<Element: Sendable>: Sendable {
    package let capacity: Int
    /// Values that made room for others.
    package private(set) var evicted: UInt64 = 0
    /// Oldest first until it is full, then a ring.
    private var storage: [Element] = []
    private var oldest = 0

    /// - Parameter capacity: at least 1 counts.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    package var count: Int { storage.count }
    package var isEmpty: Bool { storage.isEmpty }

    package mutating func append(_ element: Element) {
        guard storage.count >= capacity else { return storage.append(element) }
        storage[oldest] = element
        oldest = oldest + 1 == capacity ? 0 : oldest + 1
        evicted &+= 1  // 2^64 values do not come
    }

    /// The value `age` steps before the newest, which is 0; callers stay below `count`.
    package subscript(age age: Int) -> Element {
        get { storage[place(age)] }
        set { storage[place(age)] = newValue }
    }

    /// All values, oldest first.
    package var elements: [Element] { Array(storage[oldest...] + storage[..<oldest]) }

    private func place(_ age: Int) -> Int {
        let place = oldest + storage.count - 1 - age
        return place < storage.count ? place : place - storage.count
    }
}
