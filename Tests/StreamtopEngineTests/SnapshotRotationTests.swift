import Testing

@testable import StreamtopEngine

@Suite struct SnapshotRotationTests {
    @Test func fewFlowsAreAlwaysDue() {
        var turns = SnapshotRotation()
        for _ in 0..<3 {
            turns.begin(limit: 256)
            #expect((0..<256).allSatisfy { turns.isDue($0) })
            turns.changed = 256
        }
    }

    @Test func manyFlowsTakeTurnsAndNoneIsLeftOut() {
        var turns = SnapshotRotation()
        turns.changed = 1000
        var looks = [UInt32: Int]()
        for _ in 0..<4 {
            turns.begin(limit: 256)
            let due = (UInt32(0)..<1000).filter { turns.isDue($0) }
            #expect(due.count == 250)
            for position in due { looks[position, default: 0] += 1 }
            turns.changed = 1000
        }
        #expect(looks.count == 1000 && looks.values.allSatisfy { $0 == 1 })
    }
}
