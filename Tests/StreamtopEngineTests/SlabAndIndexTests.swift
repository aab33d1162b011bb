import StreamtopEngine
import StreamtopTestSupport
import Testing

@Suite struct KeyIndexTests {
    /// A model run against a plain dictionary: same finds after any order of inserts and removals.
    @Test func agreesWithADictionary() {
        var random = SeededRandom(seed: 42)
        var index = KeyIndex(minimumCapacity: 16)
        var keys: [UInt32: UInt32] = [:]  // position: hash
        for step in 0..<20_000 {
            if keys.count < 300 || (random.next() & 1 == 0 && keys.count < 3_000) {
                // Few distinct hashes, so that probes run long and wrap around.
                let hash = UInt32(truncatingIfNeeded: random.next() % 512 | (random.next() % 4) << 16)
                let position = UInt32(step)
                index.insert(hash, index: position)
                keys[position] = hash
            } else if let victim = keys.keys.min(by: { ($0 &* 2_654_435_761) < ($1 &* 2_654_435_761) }) {
                index.remove(keys[victim]!, index: victim)
                keys[victim] = nil
            }
        }
        #expect(index.count == keys.count)
        for (position, hash) in keys {
            #expect(index.find(hash) { $0 == position } == position)
        }
        #expect(index.find(0xdead_0000) { _ in true } == nil)
    }
}

@Suite struct SlabTests {
    @Test func reusesPlacesAndKeepsOthers() {
        var slab = Slab<[Int]>()
        let positions = (0..<200).map { slab.insert([$0]) }
        slab.remove(positions[7])
        let count = slab.count
        #expect(count == 199)
        let isThere = slab.contains(positions[7])
        #expect(!isThere)
        slab[positions[8]].append(80)
        let again = slab.insert([700])
        #expect(again == positions[7])
        let value0 = slab[again]
        #expect(value0 == [700])
        let value1 = slab[positions[8]]
        #expect(value1 == [8, 80])
        let value2 = slab[positions[199]]
        #expect(value2 == [199])
    }

    @Test func knowsWhichPlacesAreInUse() {
        var slab = Slab<Int>()
        let isThere = slab.contains(0)
        #expect(!isThere)
        for number in 0..<130 { _ = slab.insert(number) }
        for position in [0, 63, 64, 129] as [UInt32] { slab.remove(position) }
        let positions = slab.indices
        #expect(positions == (0..<130).filter { ![0, 63, 64, 129].contains($0) })
        let answers = [63, 65, 128, 129, 130, 4_000_000_000, .max].map { slab.contains($0) }
        #expect(answers == [false, true, true, false, false, false, false])
        for position in [129, 64, 63, 0] as [UInt32] {
            let again = slab.insert(-1)
            #expect(again == position)
        }
        let next = slab.insert(130)
        #expect(next == 130)
    }

    /// Elements are destroyed with the slab: nothing leaks, nothing is freed twice.
    @Test func destroysWhatItHolds() {
        final class Witness: Sendable {}
        weak var kept: Witness?
        weak var removed: Witness?
        do {
            var slab = Slab<Witness>()
            let first = Witness()
            let second = Witness()
            kept = first
            removed = second
            _ = slab.insert(first)
            slab.remove(slab.insert(second))
            #expect(kept != nil)
        }
        #expect(kept == nil)
        #expect(removed == nil)
    }
}
