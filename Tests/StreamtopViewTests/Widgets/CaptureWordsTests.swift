import StreamtopBase
import Testing

@testable import StreamtopView

/// How the Capture screen words caps and the memory that is held.
@Suite struct CaptureWordsTests {
    @Test func memoryIsSaidWithWhatWasGivenUp() {
        var memory = MemoryBudget(capacity: 256 << 20)
        memory.change(from: 0, to: 12_000_000)
        #expect(!Words.held(memory).contains("given up"))
        memory.countRelease(of: 3_000_000)
        #expect(Words.held(memory).contains("given up") && Words.held(memory).contains("268M"))
    }

    @Test func capsAreSaidWithUnitAndScope() {
        let bytes = Limit("b", 2_048, .bytes, per: .direction, policy: "more is counted")
        #expect(Words.limit(bytes).hasSuffix(" a direction: more is counted"))
        let items = Limit("n", 131_072, per: .engine, policy: "the oldest goes")
        #expect(Words.limit(items) == "131,072: the oldest goes")
        let time = Limit("t", 5_000_000_000, .nanoseconds, per: .stream, policy: "a gap")
        #expect(Words.limit(time).hasPrefix("5") && Words.limit(time).contains("a stream"))
    }
}
