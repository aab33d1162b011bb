extension Array where Element: Comparable {
    /// Puts the `number` smallest elements first, in order; the others follow in no order. A heap of those that are kept, so that most
    /// elements of a long array are compared once.
    package mutating func bringSmallestForward(_ number: Int) {
        guard number > 0, number < count else { return sort() }
        for root in stride(from: number / 2 - 1, through: 0, by: -1) { sink(root, in: number) }
        for position in number..<count where self[position] < self[0] {
            swapAt(position, 0)
            sink(0, in: number)
        }
        self[..<number].sort()
    }

    /// The largest of the first `size` elements comes first again, where only the one at `root` may be out of place.
    private mutating func sink(_ root: Int, in size: Int) {
        var position = root
        while 2 * position + 1 < size {  // downwards
            var larger = 2 * position + 1
            if larger + 1 < size, self[larger] < self[larger + 1] { larger += 1 }
            guard self[position] < self[larger] else { return }
            swapAt(position, larger)
            position = larger
        }
    }
}
