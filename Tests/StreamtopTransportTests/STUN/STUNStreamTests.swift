import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct STUNStreamTests {
    private typealias Bytes = STUNBytes

    /// Feeds `stream` in pieces of `size` bytes and tells what came out: lengths, channel data below zero.
    private func pieces(_ stream: [UInt8], size: Int, gapAfter: Int = .max) -> (lengths: [Int], isBroken: Bool) {
        var reader = STUNStream()
        var lengths: [Int] = []
        var sent = 0
        for start in stride(from: 0, to: stream.count, by: size) {
            let part = Array(stream[start..<min(stream.count, start + size)])
            if sent == gapAfter {
                reader.noteGap(.fromClient)
            } else {
                reader.append(unsafe part.span.bytes, .fromClient)
            }
            sent += 1
            while let piece = reader.next(.fromClient) {
                switch piece {
                case .message(let range), .packet(let range): lengths.append(range.count)
                case .channelData(let range): lengths.append(-range.count)
                }
            }
        }
        return (lengths, reader.isBroken)
    }

    private var stream: [UInt8] {
        Bytes.message(0x0003, 1, Bytes.seconds(9)) + [0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0] + Bytes.message(0x0001, 2)
            + [0x40, 1, 0, 4, 1, 2, 3, 4]
    }

    /// Channel data is padded to four bytes in a stream (RFC 8656 section 12.5); the padding belongs to nobody.
    @Test(arguments: 1...40) func messagesAreCutOutWhereverSegmentsEnd(size: Int) {
        let (lengths, isBroken) = pieces(stream, size: size)
        #expect(lengths == [28, -9, 20, -8] && !isBroken)
    }

    @Test(arguments: [1, 3, 7, 100]) func framedPackets(size: Int) {
        let check = Bytes.message(0x0001, 1)
        let packets = [0, UInt8(check.count)] + check + [0, 3, 22, 1, 2] + [0, 0] + [0, 1, 0x80]
        // The first piece must hold the first check for the framing to be told.
        let (lengths, _) = pieces(packets, size: max(size, 22))
        #expect(lengths == [20, 3, 0, 1])
    }

    @Test func whatIsNeither() {
        let (lengths, isBroken) = pieces([0x80, 1, 2, 3, 4, 5, 6, 7, 8], size: 9)
        #expect(lengths.isEmpty && isBroken)
        let wrongCookie = pieces(Array(Bytes.message(0x0001, 1).prefix(4)) + Array(repeating: 9, count: 40), size: 44)
        #expect(wrongCookie.lengths.isEmpty && wrongCookie.isBroken)
    }

    /// After a gap a message is found again where a segment begins with one.
    @Test func goesOnAfterAGap() {
        let one = Bytes.message(0x0001, 1)
        let (lengths, isBroken) = pieces(one + one + one + one, size: 20, gapAfter: 1)
        #expect(lengths == [20, 20, 20] && !isBroken)
        let cut = pieces(one + one + one, size: 12, gapAfter: 1)
        #expect(cut.lengths.count <= 1, "in the middle of a message nothing begins")
    }

    /// A length is a claim: nothing is set aside for it.
    @Test func memoryFollowsWhatCame() {
        var reader = STUNStream()
        reader.append(unsafe ([0x40, 1, 0xff, 0xff] as [UInt8]).span.bytes, .fromClient)
        let piece = reader.next(.fromClient)
        #expect(piece == nil && reader.heldBytes < 64)
    }

    @Test func anyBytes() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0..<300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = pieces(bytes, size: Int.random(in: 1...50, using: &random))
        }
    }
}
