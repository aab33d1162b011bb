import StreamtopBase

/// A queue in one buffer that grows in powers of two: added to at the end, taken from the front, reached by index.
///
/// Head, count and mask lie in the struct rather than be read from the buffer, so that asking for the memory of the next
/// element (`prefetch`) touches nothing that is not at hand. Callers keep it below 32,768 elements.
struct Ring<Element: Sendable>: Sendable {
    private var storage: [Element] = []
    private var head: UInt16 = 0
    private var used: UInt16 = 0
    /// Places less one; all ones while there is no buffer.
    private var mask: UInt16 = .max

    init() {}

    var count: Int { Int(used) }
    var isEmpty: Bool { used == 0 }

    /// Index is 0 for the oldest element; callers stay below `count`.
    subscript(index: Int) -> Element {
        _read { yield storage[place(index)] }
        _modify { yield &storage[place(index)] }
    }

    private func place(_ index: Int) -> Int { (Int(head) &+ index) & Int(mask) }

    /// The end of the queue will be needed soon.
    func prefetch() { storage.prefetch(place(Int(used))) }

    mutating func append(_ element: Element) {
        if Int(used) == storage.count { grow(filling: element) }
        storage[place(Int(used))] = element
        used &+= 1
    }

    /// Puts `element` in front of the one at `index`, which may be the end.
    mutating func insert(_ element: Element, at index: Int) {
        append(element)
        var place = count - 1
        while place > index {  // towards `index`
            self[place] = self[place - 1]
            place -= 1
        }
        self[index] = element
    }

    mutating func removeFirst(_ number: Int = 1) {
        let number = UInt16(truncatingIfNeeded: Swift.min(number, count))
        head = (head &+ number) & mask
        used &-= number
    }

    /// Forgets the elements, and keeps the buffer.
    mutating func removeAll() {
        head = 0
        used = 0
    }

    @inline(never)
    private mutating func grow(filling element: Element) {
        let size = Swift.max(2, storage.count * 2)
        var bigger: [Element] = []
        bigger.reserveCapacity(size)
        for index in 0..<count { bigger.append(self[index]) }
        while bigger.count < size { bigger.append(element) }
        storage = bigger
        head = 0
        mask = UInt16(truncatingIfNeeded: size - 1)
    }
}
