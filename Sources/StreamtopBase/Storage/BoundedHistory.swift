/// The newest of many values, at most `capacity` of them: the oldest make room. Its owner counts them all.
package struct BoundedHistory<Element: Sendable>: Sendable {
    /// Oldest first until it is full, then a ring.
    private var storage: [Element] = []
    private let limit: UInt32
    private var oldest: UInt32 = 0

    /// - Parameter capacity: at least 1 counts.
    package init(capacity: Int) {
        limit = UInt32(clamping: max(1, capacity))
    }

    package var count: Int { storage.count }
    package var isEmpty: Bool { storage.isEmpty }

    package mutating func append(_ element: Element) {
        guard storage.count >= Int(limit) else { return storage.append(element) }
        storage[Int(oldest)] = element
        oldest = oldest + 1 == limit ? 0 : oldest + 1
    }

    /// The value `age` steps before the newest, which is 0; callers stay below `count`.
    package subscript(age age: Int) -> Element {
        get { storage[position(age)] }
        set { storage[position(age)] = newValue }
    }

    /// All values, oldest first.
    package var elements: [Element] { Array(storage[Int(oldest)...] + storage[..<Int(oldest)]) }

    private func position(_ age: Int) -> Int {
        let position = Int(oldest) + storage.count - 1 - age
        return position < storage.count ? position : position - storage.count
    }
}
