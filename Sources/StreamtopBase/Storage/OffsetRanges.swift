/// Ranges of offsets: ascending, none empty, and no two that overlap or touch. Meant for few: what changes them looks at them one
/// by one, from the back.
package struct OffsetRanges: Equatable, Sendable {
    package private(set) var ranges: [Range<UInt64>] = []

    package init() {}

    package var isEmpty: Bool { ranges.isEmpty }
    package var first: Range<UInt64>? { ranges.first }
    package var last: Range<UInt64>? { ranges.last }

    package mutating func insert(_ range: Range<UInt64>) {
        guard !range.isEmpty else { return }
        var (low, high) = (range.lowerBound, range.upperBound)
        var end = ranges.count
        while end > 0, ranges[end - 1].lowerBound > high { end -= 1 }
        var start = end
        while start > 0, ranges[start - 1].upperBound >= low {
            start -= 1
            low = min(low, ranges[start].lowerBound)
            high = max(high, ranges[start].upperBound)
        }
        ranges.replaceSubrange(start..<end, with: CollectionOfOne(low..<high))
    }

    /// Takes everything below `offset` out.
    package mutating func remove(below offset: UInt64) {
        guard let first = ranges.first, first.lowerBound < offset else { return }
        ranges.removeAll { $0.upperBound <= offset }
        if let first = ranges.first, first.lowerBound < offset { ranges[0] = offset..<first.upperBound }
    }

    /// How many offsets of `range` are in none of the ranges.
    package func missing(in range: Range<UInt64>) -> UInt64 {
        var missing = range.upperBound - range.lowerBound
        for known in ranges where known.overlaps(range) {
            let part = known.clamped(to: range)
            missing -= part.upperBound - part.lowerBound
        }
        return missing
    }
}
