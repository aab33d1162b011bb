import StreamtopTestSupport
import Testing

@testable import StreamtopBase

@Suite("Capped maps and histories")
struct BoundedMapTests {
    @Test("The oldest goes first; a known key stays as old as it was, unless renewed")
    func oldestFirst() {
        var map = BoundedMap<String, Int>(capacity: 3)
        for (index, key) in ["a", "b", "c"].enumerated() {
            let isNew = map.insert(index, for: key)
            #expect(isNew)
        }
        #expect(!map.insert(10, for: "a") && map["a"] == 10)
        map.insert(3, for: "d")
        #expect(map["a"] == nil && map.count == 3 && map.evicted == 1)
        map.insert(11, for: "b", renews: true)
        map.insert(4, for: "e")
        #expect(map["b"] == 11 && map["c"] == nil && map.evicted == 2)
        #expect(map.first?.key == "d")
    }

    @Test("Removal makes room and keeps the order")
    func removal() {
        var map = BoundedMap<Int, Int>(capacity: 3)
        for key in 1...3 { map.insert(key, for: key) }
        #expect(map.removeValue(for: 2) == 2 && map.removeValue(for: 2) == nil)
        map.insert(4, for: 4)
        #expect(map.evicted == 0 && map.removeFirst()?.key == 1 && map.removeFirst()?.key == 3)
        #expect(map.removeFirst()?.key == 4 && map.removeFirst() == nil && map.isEmpty)
    }

    @Test("Values are changed where they are")
    func changes() {
        var map = BoundedMap<Int, [Int]>(capacity: 2)
        map.update(1, initial: []) { $0.append(7) }
        map.update(1, initial: []) { $0.append(8) }
        map.change(2) { $0.append(9) }
        #expect(map[1] == [7, 8] && map[2] == nil)
    }

    @Test("The same as the plainest model", arguments: UInt64(1)...100)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let capacity = Int.random(in: 1...8, using: &random)
        var map = BoundedMap<UInt8, Int>(capacity: capacity)
        var order: [(key: UInt8, value: Int)] = []
        var evicted: UInt64 = 0
        for step in 0..<300 {
            let key = UInt8.random(in: 0..<12, using: &random)
            let known = order.firstIndex { $0.key == key }
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                #expect(map.removeValue(for: key) == known.map { order.remove(at: $0).value }, "seed \(seed)")
            case 1:
                #expect(map.removeFirst()?.key == (order.isEmpty ? nil : order.removeFirst().key), "seed \(seed)")
            case let action:
                let renews = action == 2
                map.insert(step, for: key, renews: renews)
                if let known, renews { order.append((order.remove(at: known).key, step)) }
                if let known, !renews { order[known].value = step }
                guard known == nil else { break }
                if order.count == capacity {
                    order.removeFirst()
                    evicted += 1
                }
                order.append((key, step))
            }
            #expect(map.count == order.count && map.evicted == evicted, "seed \(seed)")
            #expect(map.first?.key == order.first?.key, "seed \(seed)")
            for entry in order { #expect(map[entry.key] == entry.value, "seed \(seed)") }
        }
    }

    @Test("A history keeps the newest")
    func history() {
        var history = BoundedHistory<Int>(capacity: 3)
        #expect(history.isEmpty && history.elements == [])
        for value in 1...5 {
            history.append(value)
            #expect(history[age: 0] == value)
        }
        #expect(history.elements == [3, 4, 5] && history[age: 2] == 3)
        history[age: 1] = 40
        #expect(history.elements == [3, 40, 5])
    }

    @Test("A budget counts what is held and what was given up")
    func budget() {
        var budget = MemoryBudget(capacity: 100)
        budget.change(from: 0, to: 90)
        #expect(!budget.isSpent)
        budget.change(from: 20, to: 40)
        #expect(budget.isSpent && budget.used == 110)
        budget.countRelease(of: 60)
        budget.change(from: 60, to: 0)
        #expect(budget.used == 50 && budget.peak == 110 && budget.releases == 1 && budget.releasedBytes == 60)
    }
}
