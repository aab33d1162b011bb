import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct TCPByteStreamTests {
    private let time = Timestamp(nanoseconds: 0)

    /// Offers a segment and collects what comes out: bytes, and gaps as runs of nil.
    private func push(
        _ assembler: inout TCPByteStream, _ payload: [UInt8], at sequence: UInt32, length: Int? = nil,
        into output: inout [UInt8?]
    ) {
        unsafe assembler.offer(payload.span.bytes, sequence: sequence, length: length ?? payload.count, at: time)
        drain(&assembler, payload, into: &output)
    }

    private func drain(_ assembler: inout TCPByteStream, _ payload: [UInt8], into output: inout [UInt8?]) {
        while let piece = assembler.next(time) {
            switch piece {
            case .offered(let range): output += payload[range].map(Optional.init)
            case .held(let bytes): output += bytes.map(Optional.init)
            case .gap(let count): output += Array(repeating: nil, count: Int(count))
            case .end: break
            }
        }
    }

    @Test("In order, doubled, overlapping: each byte once")
    func overlaps() {
        var assembler = TCPByteStream(start: 100)
        var output: [UInt8?] = []
        push(&assembler, [1, 2, 3], at: 100, into: &output)
        push(&assembler, [1, 2, 3], at: 100, into: &output)
        push(&assembler, [3, 4, 5], at: 102, into: &output)
        push(&assembler, [2], at: 101, into: &output)
        #expect(output == [1, 2, 3, 4, 5])
        #expect(assembler.expected == 105)
    }

    @Test("Ahead of a hole segments wait; the hole filled, all comes")
    func reordered() {
        var assembler = TCPByteStream(start: .max - 1)
        var output: [UInt8?] = []
        push(&assembler, [5, 6], at: 2, into: &output)
        push(&assembler, [3, 4], at: 0, into: &output)
        #expect(output.isEmpty)
        push(&assembler, [1, 2], at: .max - 1, into: &output)
        #expect(output == [1, 2, 3, 4, 5, 6])
        #expect(assembler.gaps == 0)
    }

    @Test("A hole that the receiver acknowledged is a gap; one that nobody did is waited for")
    func lostToTheCapture() {
        var assembler = TCPByteStream(start: 0)
        var output: [UInt8?] = []
        push(&assembler, [1], at: 0, into: &output)
        push(&assembler, [4], at: 3, into: &output)
        assembler.acknowledge(1)
        drain(&assembler, [], into: &output)
        #expect(output == [1])
        assembler.acknowledge(4)
        drain(&assembler, [], into: &output)
        #expect(output == [1, nil, nil, 4])
    }

    @Test("Bytes behind the snapshot length are a gap of their size")
    func snapLength() {
        var assembler = TCPByteStream()
        var output: [UInt8?] = []
        push(&assembler, [1, 2], at: 10, length: 4, into: &output)
        push(&assembler, [5], at: 14, into: &output)
        #expect(output == [1, 2, nil, nil, 5])
    }

    @Test("A hole is given up when too much waits behind it")
    func cap() {
        var assembler = TCPByteStream(start: 0)
        var output: [UInt8?] = []
        let segment = [UInt8](repeating: 7, count: 1000)
        for index in 0..<400 { push(&assembler, segment, at: UInt32(1 + index * 1000), into: &output) }
        #expect(output.first == .some(nil))
        #expect(output.count == 400_001)
        #expect(assembler.gaps == 1)
    }

    @Test("Segments from elsewhere in the number space are ignored")
    func foreign() {
        var assembler = TCPByteStream(start: 1000)
        var output: [UInt8?] = []
        push(&assembler, [9], at: 1000 &+ (1 << 31), into: &output)
        push(&assembler, [9], at: 1000 &- 5000, into: &output)
        push(&assembler, [1], at: 1000, into: &output)
        #expect(output == [1])
    }

    @Test("What was sent before the stream was picked up is no part of it")
    func before() {
        var assembler = TCPByteStream()
        var output: [UInt8?] = []
        push(&assembler, [5, 6], at: 5, into: &output)
        push(&assembler, [1, 2, 3, 4, 5, 6, 7], at: 1, into: &output)
        push(&assembler, [1], at: 1, into: &output)
        #expect(output == [5, 6, 7])
    }

    @Test("Bytes given up for want of memory are a gap; what is held is what came, not what was claimed")
    func released() {
        var assembler = TCPByteStream(start: 0)
        var output: [UInt8?] = []
        let empty = assembler.footprint
        push(&assembler, [2, 3], at: 1_000_000, length: 60_000, into: &output)
        #expect(assembler.isWaiting)
        #expect(assembler.footprint < empty + 1000)
        assembler.release()
        push(&assembler, [4], at: 1_060_000, into: &output)
        assembler.acknowledge(1_060_001)
        drain(&assembler, [], into: &output)
        #expect(output.count == 1_060_001)
        #expect(output.last == 4)
        #expect(output.dropLast().allSatisfy { $0 == nil })
        #expect(!assembler.isWaiting)
    }

    @Test("Any order, any cut: the stream comes out as it went in", arguments: 0..<40 as Range<UInt64>)
    func shuffled(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let stream = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var segments: [(offset: Int, count: Int)] = []
        var position = 0
        while position < stream.count {
            let count = min(stream.count - position, Int.random(in: 1...200, using: &random))
            segments.append((position, count))
            // Now and then the same bytes again, cut differently.
            if Bool.random(using: &random) { segments.append((max(0, position - 50), min(count, 120))) }
            position += count
        }
        segments.shuffle(using: &random)
        var assembler = TCPByteStream(start: 4_294_966_500)
        var output: [UInt8?] = []
        for segment in segments {
            push(
                &assembler, Array(stream[segment.offset..<min(stream.count, segment.offset + segment.count)]),
                at: 4_294_966_500 &+ UInt32(segment.offset), into: &output)
        }
        #expect(output == stream.map(Optional.init), "seed \(seed)")
    }
}
