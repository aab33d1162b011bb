import Testing

@testable import StreamtopBase

@Suite struct OffsetRangesTests {
    private func ranges(_ parts: [Range<UInt64>]) -> OffsetRanges {
        var ranges = OffsetRanges()
        for part in parts { ranges.insert(part) }
        return ranges
    }

    @Test("What overlaps or touches is one; what is empty is nothing")
    func inserting() {
        #expect(ranges([10..<20, 30..<40]).ranges == [10..<20, 30..<40])
        #expect(ranges([30..<40, 10..<20]).ranges == [10..<20, 30..<40])
        #expect(ranges([10..<20, 20..<30]).ranges == [10..<30])
        #expect(ranges([20..<30, 10..<20]).ranges == [10..<30])
        #expect(ranges([10..<12, 14..<16, 18..<20, 11..<19]).ranges == [10..<20])
        #expect(ranges([10..<40, 20..<30]).ranges == [10..<40])
        #expect(ranges([10..<10]).isEmpty)
        #expect(ranges([0..<UInt64.max, 5..<6]).ranges == [0..<UInt64.max])
    }

    @Test func removing() {
        var some = ranges([10..<20, 30..<40])
        some.remove(below: 10)
        #expect(some.ranges == [10..<20, 30..<40])
        some.remove(below: 15)
        #expect(some.ranges == [15..<20, 30..<40])
        some.remove(below: 20)
        #expect(some.ranges == [30..<40])
        some.remove(below: .max)
        #expect(some.isEmpty)
    }

    @Test func missing() {
        let some = ranges([10..<20, 30..<40])
        #expect(some.missing(in: 0..<50) == 30)
        #expect(some.missing(in: 12..<18) == 0)
        #expect(some.missing(in: 15..<35) == 10)
        #expect(some.missing(in: 0..<UInt64.max) == UInt64.max - 20)
        #expect(OffsetRanges().missing(in: 3..<3) == 0)
    }

    @Test("As a set of numbers", arguments: 0..<30 as Range<UInt64>)
    func model(_ seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func random(_ bound: UInt64) -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state % bound
        }
        var some = OffsetRanges()
        var model = Set<UInt64>()
        for _ in 0..<60 {
            let start = random(60)
            if random(4) == 0 {
                some.remove(below: start / 4)
                model = model.filter { $0 >= start / 4 }
            } else {
                let end = start + random(8)
                some.insert(start..<end)
                model.formUnion(start..<end)
            }
            #expect(Set(some.ranges.flatMap { Array($0) }) == model)
            #expect(some.missing(in: 5..<50) == UInt64((5..<50).filter { !model.contains(UInt64($0)) }.count))
            #expect(zip(some.ranges, some.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        }
    }
}
