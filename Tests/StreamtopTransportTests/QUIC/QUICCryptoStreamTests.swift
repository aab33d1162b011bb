import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct QUICCryptoStreamTests {
    /// A handshake message of `count` body bytes that tell their place.
    private func message(_ count: Int, type: UInt8 = 1) -> [UInt8] {
        [type, 0, UInt8(count >> 8), UInt8(count & 255)] + (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }

    private func insert(_ bytes: ArraySlice<UInt8>, _ stream: inout QUICCryptoStream, at offset: Int) {
        let copy = Array(bytes)
        stream.insert(unsafe copy.span.bytes, at: UInt64(offset))
    }

    private func take(_ stream: inout QUICCryptoStream) -> [UInt8]? {
        var output: [UInt8] = []
        return stream.takeMessage(into: &output) ? output : nil
    }

    @Test func piecesInReverse() {
        let whole = message(1800)
        var stream = QUICCryptoStream()
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
        var stream = QUICCryptoStream()
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
        var stream = QUICCryptoStream()
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
        var stream = QUICCryptoStream()
        insert([1], &stream, at: QUICCryptoStream.capacity)
        #expect(stream.refused == 1)
        stream.insert(unsafe [UInt8(1)].span.bytes, at: .max)
        #expect(stream.refused == 2)
        for index in 0..<200 { insert([1], &stream, at: 10 + index * 2) }
        #expect(stream.refused == 2 + 200 - QUICCryptoStream.maximumStretches)
        // A message that claims to be larger than the stream can be ends it.
        var other = QUICCryptoStream()
        insert([1, 0xff, 0xff, 0xff], &other, at: 0)
        #expect(take(&other) == nil)
    }

    @Test func randomOrderAlwaysGivesTheMessage() {
        for seed in UInt64(1)...200 {
            var random = SeededRandom(seed: seed)
            let whole = message(Int.random(in: 0...600, using: &random))
            var stream = QUICCryptoStream()
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
