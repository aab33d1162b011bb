import StreamtopBase
import StreamtopLayer
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct QUICStreamTableTests {
    /// A table with what it gave out, written down: bytes as text, gaps in brackets.
    private struct Log: ~Copyable {
        var table = QUICStreamTable()
        var queue = DeliveryQueue()
        var now = Timestamp(nanoseconds: 0)

        mutating func insert(_ text: String, at offset: UInt64, stream: UInt64 = 0, last: Bool = false) {
            insert(Array(text.utf8), at: offset, stream: stream, last: last)
        }

        mutating func insert(_ bytes: [UInt8], at offset: UInt64, stream: UInt64 = 0, last: Bool = false) {
            table.insert(
                unsafe bytes.span.bytes, offset: offset, isLast: last, like: model(stream), into: &queue)
        }

        mutating func flush() { table.flush(like: model(0), into: &queue) }

        mutating func reset(_ stream: UInt64) {
            table.reset(code: 7, like: model(stream), into: &queue)
        }

        private func model(_ stream: UInt64) -> Delivery {
            Delivery(stream: stream, direction: .fromClient, time: now, content: .end)
        }

        var deliveries: [Delivery] { (0..<queue.count).map { queue[$0] } }

        func text(_ stream: UInt64 = 0) -> String {
            deliveries.filter { $0.stream == stream }.map { delivery in
                switch delivery.content {
                case .bytes(let range):
                    String(decoding: queue.bytes[range.start..<(range.start + range.count)], as: UTF8.self)
                case .gap(let count): "[\(count)]"
                case .end: "."
                case .reset(let code): "!\(code)"
                case .datagram, .stopSending, .restart: "?"
                }
            }.joined()
        }
    }

    @Test func inOrderItPassesAtOnce() {
        var log = Log()
        log.insert("ab", at: 0)
        #expect(log.text() == "ab")
        log.insert("cd", at: 2, last: true)
        #expect(log.text() == "abcd.")
        log.insert("ab", at: 0)
        log.insert("", at: 4, last: true)
        #expect(log.text() == "abcd.", "what comes again opens nothing")
    }

    @Test func holesAreWaitedFor() {
        var log = Log()
        log.insert("ef", at: 4, last: true)
        log.insert("cd", at: 2)
        log.insert("cd", at: 2)
        #expect(log.text() == "")
        log.insert("abc", at: 0)
        #expect(log.text() == "abcdef.")
        #expect(log.table.gaps == 0)
    }

    @Test func anEndMayComeAloneAndFirst() {
        var log = Log()
        log.insert("", at: 3, last: true)
        #expect(log.text() == "")
        log.insert("abc", at: 0)
        #expect(log.text() == "abc.")
        log.insert("", at: 0, stream: 4, last: true)
        #expect(log.text(4) == ".", "an empty stream")
    }

    @Test func anyOrderGivesTheStream() {
        let whole = (0..<600).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for seed in UInt64(1)...200 {
            var random = SeededRandom(seed: seed)
            var log = Log()
            var ranges: [Range<Int>] = []
            var start = 0
            while start < whole.count {
                let end = min(whole.count, start + Int.random(in: 1...80, using: &random))
                ranges.append(max(0, start - Int.random(in: 0...30, using: &random))..<end)
                start = end
            }
            ranges += ranges.prefix(4)
            ranges.shuffle(using: &random)
            for range in ranges {
                log.insert(Array(whole[range]), at: UInt64(range.lowerBound), last: range.upperBound == whole.count)
            }
            #expect(log.queue.bytes == whole, "seed \(seed)")
            #expect(log.deliveries.last?.content == .end, "seed \(seed)")
        }
    }

    @Test func anOldHoleIsGivenUp() {
        var log = Log()
        log.insert("ab", at: 0)
        log.insert("ef", at: 4)
        log.now = log.now + .seconds(4)
        log.insert("gh", at: 6)
        #expect(log.text() == "ab")
        log.now = log.now + .seconds(2)
        log.insert("ij", at: 8)
        #expect(log.text() == "ab[2]efghij")
        log.insert("cd", at: 2)
        #expect(log.text() == "ab[2]efghij", "too late")
        #expect(log.table.gaps == 1 && log.table.gapBytes == 2)
    }

    @Test func whatIsHeldIsBounded() {
        var log = Log()
        let block = [UInt8](repeating: 1, count: 1_000)
        for number in UInt64(1)...1_500 { log.insert(block, at: number * 1_000) }
        #expect(log.table.gaps == 1)
        #expect(log.queue.bytes.count == 1_500_000)
        // A flood of tiny stretches costs more than its bytes.
        var tiny = Log()
        for number in UInt64(1)...40_000 { tiny.insert([1], at: number * 2, stream: 4 * (number % 8)) }
        #expect(tiny.table.gaps > 10_000)
    }

    @Test func theEndOfTheConnectionOpensWhatIsHeld() {
        var log = Log()
        log.insert("cd", at: 2)
        log.insert("gh", at: 6, last: true)
        log.insert("x", at: 0, stream: 4)
        log.insert("", at: 3, stream: 8, last: true)
        log.flush()
        #expect(log.text(0) == "[2]cd[2]gh.")
        #expect(log.text(4) == "x")
        #expect(log.text(8) == "[3].")
    }

    @Test func aResetEndsAStream() {
        var log = Log()
        log.insert("ab", at: 0)
        log.insert("ef", at: 4)
        log.reset(0)
        log.reset(0)
        log.insert("cd", at: 2)
        #expect(log.text() == "ab!7")
    }

    @Test func tooManyStreamsForgetTheOneThatRested() {
        var log = Log()
        for number in 0...UInt64(QUICStreamTable.capacity) {
            log.now = log.now + .milliseconds(1)
            log.insert("a", at: 0, stream: number * 4)
        }
        #expect(log.table.forgotten == 1)
        log.insert("b", at: 1, stream: 0)
        #expect(log.text(0) == "a", "forgotten is over")
        log.insert("b", at: 1, stream: 4)
        #expect(log.text(4) == "ab")
    }

    @Test func streamsThatAreOverStayOver() {
        var over = QUICStreamsOver()
        // Every third stream never ends; the others are more than are remembered one by one.
        for number in UInt64(0)..<2_000 where number % 3 != 0 { over.insert(number << 2 | 3) }
        #expect(over.contains(1_999 << 2 | 3) && over.contains(1 << 2 | 3))
        #expect(!over.contains(2_000 << 2 | 3))
        #expect(!over.contains(1_998 << 2 | 3))
        #expect(!over.contains(0 << 2 | 2), "another type")
        over.insert(UInt64.max >> 2)
        #expect(over.contains(UInt64.max >> 2))
    }
}
