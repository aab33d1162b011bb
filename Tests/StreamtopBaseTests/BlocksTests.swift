import Testing

@testable import StreamtopBase

@Suite struct BlocksTests {
    /// Blocks of all sizes around the multiples of 16 and around the largest that comes from a list: none shares a byte with another,
    /// and each keeps what was written to it while others come and go.
    @Test func blocksKeepWhatIsWritten() {
        var held: [MarkedBlock] = []
        var mark: UInt32 = 0
        for turn in 0..<3 {
            for count in [1, 3, 4, 5, 8, 63, 64, 255, 256, 257, 258, 5_000] {
                for _ in 0..<40 {
                    mark += 1
                    held.append(MarkedBlock(count: count, mark: mark))
                }
            }
            let areRight = held.allSatisfy { $0.isAligned && $0.isKept }
            #expect(areRight)
            held = held.indices.filter { $0 % (turn + 2) != 0 }.map { held[$0] }
        }
        let areKept = held.allSatisfy { $0.isKept }
        #expect(areKept)
    }

    /// Taken in one thread and given back in another: the second may hand it out again.
    @Test func blocksChangeThreads() async {
        await withTaskGroup(of: Int.self) { group in
            for task in 1...8 {
                group.addTask {
                    var right = 0
                    for number in 0..<200 {
                        var histogram = LogHistogram()
                        for value in 0..<Int64(number) { histogram.record(value * Int64(task)) }
                        if histogram.count == number { right += 1 }
                        await Task.yield()
                    }
                    return right
                }
            }
            for await count in group { #expect(count == 200) }
        }
    }
}

/// A block full of one number.
@safe
private final class MarkedBlock {
    private let block: UnsafeMutablePointer<UInt32>
    private let count: Int
    private let mark: UInt32

    init(count: Int, mark: UInt32) {
        self.count = count
        self.mark = mark
        unsafe block = Blocks.take(UInt32.self, count)
        unsafe block.initialize(repeating: mark, count: count)
    }

    deinit { unsafe Blocks.give(block, count) }

    var isAligned: Bool { unsafe UInt(bitPattern: block).isMultiple(of: 16) }
    var isKept: Bool {
        for index in 0..<count {
            if unsafe block[index] != mark { return false }
        }
        return true
    }
}
