import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

@Suite struct RTPSequenceTests {
    private func sequence(_ numbers: [UInt16]) -> RTPSequence {
        var sequence = RTPSequence()
        for number in numbers { _ = sequence.observe(number) }
        return sequence
    }

    @Test("A wrap is no loss")
    func wrap() {
        let found = sequence([65_534, 65_535, 0, 1])
        #expect(found.lost == 0 && found.expected == 4 && found.reordered == 0)
    }

    @Test("A late packet fills its hole, a repeated one fills none: RFC 3550's formula would say 0 lost")
    func lateAndRepeated() {
        let late = sequence([1, 2, 4, 3])
        #expect(late.lost == 0 && late.reordered == 1 && late.duplicates == 0)
        let repeated = sequence([1, 2, 2, 4])
        #expect(repeated.lost == 1 && repeated.duplicates == 1 && repeated.expected == 4)
    }

    @Test("A packet before the first one seen belongs to the stream")
    func beforeTheFirst() {
        let found = sequence([11, 10, 12])
        #expect(found.expected == 3 && found.lost == 0 && found.reordered == 1)
    }

    @Test("Bursts by their lengths, also those still in the window")
    func bursts() {
        let found = sequence([1, 2, 4, 8, 9, 11]).burstCounts
        #expect(found.longest == 3)
        #expect(found.lengths.map(\.length) == [1, 3] && found.lengths.map(\.count) == [2, 1])
    }

    @Test("One stray number changes nothing; two in a row begin anew and are no loss")
    func restart() {
        var found = sequence([100, 101, 102])
        #expect(found.observe(40_000) == .suspended)
        #expect(found.observe(103) == .next && found.lost == 0)
        #expect(found.observe(20_000) == .suspended && found.observe(20_001) == .restart)
        #expect(found.observe(20_003) == .gap(1))
        #expect(found.lost == 1 && found.restarts == 1 && found.expected == 8)
    }

    @Test("Over wraps, losses, repeats and disorder the counts are those of a set", arguments: 0..<12)
    func againstASet(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var found = RTPSequence()
        var seen: Set<Int> = []
        var (repeats, packets) = (0, 0)
        let start = Int.random(in: 0...65_535, using: &random)
        var queue: [Int] = []
        for number in start..<(start + 80_000) {
            if Int.random(in: 0..<50, using: &random) == 0, number > start { continue }
            queue.append(number)
            if queue.count > 8 || number == start + 79_999 {
                let position = seen.isEmpty ? 0 : Int.random(in: 0..<min(3, queue.count), using: &random)
                let next = queue.remove(at: position)
                for _ in 0..<(Int.random(in: 0..<100, using: &random) == 0 ? 2 : 1) {
                    _ = found.observe(UInt16(truncatingIfNeeded: next))
                    if !seen.insert(next).inserted { repeats += 1 }
                    packets += 1
                }
            }
        }
        let expected = seen.max()! - seen.min()! + 1
        #expect(found.expected == UInt64(expected) && found.lost == UInt64(expected - seen.count))
        #expect(found.duplicates == UInt64(repeats) && found.packets == UInt64(packets))
        var (run, longest) = (0, 0)
        for number in seen.min()!...seen.max()! {
            run = seen.contains(number) ? 0 : run + 1
            longest = max(longest, run)
        }
        #expect(found.burstCounts.longest == longest)
        let missing = found.burstCounts.lengths.reduce(0) { $0 + $1.length * $1.count }
        #expect(longest > RTPSequence.burstLengths || missing == Int(found.lost))
    }
}
