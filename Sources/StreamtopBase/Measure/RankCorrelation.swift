/// Spearman's rank correlation of two series that are sampled together, in bounded memory.
///
/// Keeps every pair until 64 are there, then every second, every fourth, and so on, so that what is kept spans the whole
/// life evenly. Ranks rather than values: a queue that answers to flight does so in its order, whatever the curve.
package struct RankCorrelation: Equatable, Sendable {
    private static let capacity = 64
    /// Fewer pairs than this say nothing.
    package static let leastPairs = 20

    private var first: [Int32] = []
    private var second: [Int32] = []
    /// One of so many pairs is kept; doubles whenever the store is full.
    private var stride: UInt32 = 1
    private var skipped: UInt32 = 0

    package init() {}

    package mutating func record(_ left: Int, _ right: Int) {
        skipped += 1
        guard skipped >= stride else { return }
        skipped = 0
        if first.count == Self.capacity { thin() }
        first.append(Int32(clamping: left))
        second.append(Int32(clamping: right))
    }

    private mutating func thin() {
        for index in 0..<(Self.capacity / 2) {
            first[index] = first[2 * index + 1]
            second[index] = second[2 * index + 1]
        }
        first.removeLast(Self.capacity / 2)
        second.removeLast(Self.capacity / 2)
        if stride < 1 << 30 { stride *= 2 }
    }

    /// From -1 to 1; nil with too few pairs, or when one of the series never moved.
    package var value: Double? {
        guard first.count >= Self.leastPairs else { return nil }
        let left = Self.ranks(first)
        let right = Self.ranks(second)
        let middle = Double(first.count + 1) / 2
        var both = 0.0
        var leftSquares = 0.0
        var rightSquares = 0.0
        for (one, other) in zip(left, right) {
            both += (one - middle) * (other - middle)
            leftSquares += (one - middle) * (one - middle)
            rightSquares += (other - middle) * (other - middle)
        }
        guard leftSquares > 0, rightSquares > 0 else { return nil }
        return both / (leftSquares * rightSquares).squareRoot()
    }

    /// Ranks from 1; equal values share the mean of theirs.
    private static func ranks(_ values: [Int32]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {  // `end` is past `start` each pass
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for index in start..<end { ranks[order[index]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }
}
