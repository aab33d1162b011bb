import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

@Suite struct TLSHandshakeStreamTests {
    private static let now = Timestamp(nanoseconds: 5)

    /// A handshake message of `count` body bytes that tell their place.
    private func message(_ count: Int, type: UInt8 = 1) -> [UInt8] {
        [type, 0, UInt8(count >> 8), UInt8(count & 255)] + (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    private func insert(_ bytes: ArraySlice<UInt8>, _ stream: inout TLSHandshakeStream, at offset: Int) {
        let copy = Array(bytes)
        stream.insert(copy.rawSpan, at: UInt64(offset), time: Self.now)
    }

    private func take(_ stream: inout TLSHandshakeStream) -> [UInt8]? {
        var output: [UInt8] = []
        return stream.takeMessage(into: &output, time: Self.now) == nil ? nil : output
    }

    @Test func piecesInReverse() {
        let whole = message(1800)
        var stream = TLSHandshakeStream()
        for start in stride(from: whole.count - whole.count % 100, through: 0, by: -100) {
            #expect(take(&stream) == nil)
            insert(whole[start..<min(whole.count, start + 100)], &stream, at: start)
        }
        #expect(take(&stream) == whole)
        #expect(take(&stream) == nil)
        #expect(!stream.isWaiting)
    }

    @Test func overlapsAndDuplicatesKeepWhatCameFirst() {
        let whole = message(300)
        var stream = TLSHandshakeStream()
        insert(whole[100..<200], &stream, at: 100)
        insert(whole[100..<200], &stream, at: 100)
        // A contradicting copy of the same stretch and beyond.
        insert([UInt8](repeating: 0xff, count: 120)[...], &stream, at: 90)
        insert(whole[0..<95], &stream, at: 0)
        insert(whole[150..<whole.count], &stream, at: 150)
        var expected = whole
        for index in 95..<100 { expected[index] = 0xff }
        for index in 90..<95 { expected[index] = 0xff }
        for index in 200..<210 { expected[index] = 0xff }
        #expect(take(&stream) == expected)
    }

    @Test func severalMessagesInOneStretch() {
        var stream = TLSHandshakeStream()
        let both = message(10) + message(20, type: 2) + [8, 0]
        insert(both[...], &stream, at: 0)
        #expect(take(&stream) == message(10))
        #expect(take(&stream) == message(20, type: 2))
        #expect(take(&stream) == nil)
        #expect(stream.isWaiting)
        insert([0, 1, 5], &stream, at: both.count)
        #expect(take(&stream) == [8, 0, 0, 1, 5])
    }

    @Test func capsHold() {
        var stream = TLSHandshakeStream(longest: 1_000)
        let far: [UInt8] = [1]
        for offset in [1_000 + 64 * 1024, UInt64.max >> 1, .max] {
            stream.insert(far.rawSpan, at: offset, time: Self.now)
        }
        #expect(stream.refused == 3 && stream.heldBytes == 0)
        for index in 0..<200 { insert([1], &stream, at: 10 + index * 2) }
        #expect(stream.refused == 3 + 200 - 64)
        #expect(stream.heldBytes < 64 * 128)
    }

    @Test func messagesTooLongToKeepArePassedOver() {
        var stream = TLSHandshakeStream(longest: 1_000)
        var bytes: [UInt8] = [11, 0, 4, 0] + [UInt8](repeating: 9, count: 1_024)
        bytes += message(10)
        for byte in bytes {
            let one = [byte]
            stream.append(one.rawSpan, time: Self.now)
        }
        #expect(take(&stream) == message(10))
        // One that claims 16 MB holds nothing of what follows.
        insert([1, 0xff, 0xff, 0xff], &stream, at: bytes.count)
        for index in 0..<100 {
            insert([UInt8](repeating: 1, count: 1_000)[...], &stream, at: bytes.count + 4 + index * 1_000)
        }
        #expect(take(&stream) == nil && stream.heldBytes == 0)
    }

    @Test func timesAreThoseOfTheFirstByte() {
        var stream = TLSHandshakeStream()
        let both = message(4) + message(6)
        func append(_ range: Range<Int>, _ time: Int64) {
            let part = Array(both[range])
            stream.append(part.rawSpan, time: Timestamp(nanoseconds: time))
        }
        func next(_ time: Int64) -> Int64? {
            var output: [UInt8] = []
            return stream.takeMessage(into: &output, time: Timestamp(nanoseconds: time))?.nanoseconds
        }
        append(0..<3, 1)
        #expect(next(1) == nil)
        append(3..<10, 2)
        #expect(next(2) == 1 && next(2) == nil)
        append(10..<18, 3)
        #expect(next(3) == 2)
    }

    @Test func releasedItWaitsForNewKeys() {
        var stream = TLSHandshakeStream()
        insert(message(100)[..<50], &stream, at: 0)
        #expect(stream.release() > 50 && stream.heldBytes == 0)
        insert(message(100)[...], &stream, at: 0)
        #expect(take(&stream) == nil)
        stream.reset()
        insert(message(100)[...], &stream, at: 0)
        #expect(take(&stream) == message(100))
    }

    @Test func randomOrderAlwaysGivesTheMessage() {
        for seed in UInt64(1)...200 {
            var random = SeededRandom(seed: seed)
            let whole = message(Int.random(in: 0...600, using: &random))
            var stream = TLSHandshakeStream()
            var pieces: [Range<Int>] = []
            var start = 0
            while start < whole.count {
                let end = min(whole.count, start + Int.random(in: 1...80, using: &random))
                pieces.append(max(0, start - Int.random(in: 0...9, using: &random))..<end)
                start = end
            }
            pieces += pieces.prefix(3)
            pieces.shuffle(using: &random)
            for piece in pieces { insert(whole[piece], &stream, at: piece.lowerBound) }
            #expect(take(&stream) == whole, "seed \(seed)")
        }
    }
}
