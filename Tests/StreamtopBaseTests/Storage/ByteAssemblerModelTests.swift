import StreamtopTestSupport
import Testing

@testable import StreamtopBase

/// The plainest thing that says what an assembler should hand on: a byte or nothing at every offset.
private struct NaiveStream {
    var first: [UInt64: UInt8] = [:]
    var unseen: Set<UInt64> = []
    var next: UInt64 = 0
    /// A byte, or nil where one will not come.
    var output: [UInt8?] = []

    mutating func take(_ data: [UInt8], at offset: UInt64, length: Int) {
        for index in 0..<max(length, data.count) {
            let position = offset + UInt64(index)
            guard position >= next else { continue }
            if index >= data.count {
                unseen.insert(position)
            } else if first[position] == nil {
                first[position] = data[index]
            }
        }
        moveOn()
    }

    mutating func moveOn() {
        while first[next] != nil || unseen.contains(next) {
            output.append(first[next])
            next += 1
        }
    }

    /// Gives up the hole at `next`; false when nothing lies behind it.
    mutating func giveUpHole() -> Bool {
        guard let known = (Array(first.keys) + Array(unseen)).filter({ $0 > next }).min() else { return false }
        while next < known {
            output.append(nil)
            next += 1
        }
        moveOn()
        return true
    }
}

@Suite("Bytes put in order: the same as the plainest model, for any order")
struct ByteAssemblerModelTests {
    private func copy(_ span: RawSpan) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(span)
        return bytes
    }

    private func randomPiece(_ random: inout SeededRandom, near next: UInt64) -> (bytes: [UInt8], UInt64, length: Int) {
        let back = UInt64.random(in: 0...12, using: &random)
        let offset = max(next, back) - back + UInt64.random(in: 0...24, using: &random)
        let bytes = (0..<Int.random(in: 0...10, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let missing = Int.random(in: 0..<8, using: &random) == 0 ? Int.random(in: 1...6, using: &random) : 0
        return (bytes, offset, bytes.count + missing)
    }

    @Test("Offered", arguments: UInt64(1)...300)
    func offered(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var model = NaiveStream()
        var assembler = ByteAssembler(.until(bytes: 1 << 20, full: .giveUpHole))
        var output: [UInt8?] = []
        var fed = 0
        for step in 0..<80 {
            let time = Timestamp(nanoseconds: Int64(step))
            var data: [UInt8] = []
            if Int.random(in: 0..<12, using: &random) == 0 {
                let size = assembler.giveUpHole(time)
                if let size { output += [UInt8?](repeating: nil, count: Int(size)) }
                #expect(model.giveUpHole() == (size != nil), "seed \(seed)")
            } else {
                let (bytes, offset, length) = randomPiece(&random, near: model.next)
                data = bytes
                fed += 1
                model.take(bytes, at: offset, length: length)
                assembler.offer(data.rawSpan, at: offset, length: length, time: time)
            }
            while let piece = assembler.next(time) {
                switch piece {
                case .offered(let range): output += data[range].map { $0 }
                case .held(let bytes): output += bytes.map { $0 }
                case .gap(let count): output += [UInt8?](repeating: nil, count: Int(count))
                }
            }
            let isSame = output == model.output && assembler.next == model.next
            #expect(isSame, "seed \(seed) step \(step)")
            // At most 32 bytes of storage for a piece of up to 10, its header, and its entry.
            #expect(assembler.footprint <= fed * (32 + ByteAssembler.stretchCost), "seed \(seed)")
        }
    }

    @Test("Inserted and taken", arguments: UInt64(1)...300)
    func inserted(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var model = NaiveStream()
        var assembler = ByteAssembler(.until(bytes: 1 << 20, full: .refuse))
        var output: [UInt8?] = []
        for step in 0..<80 {
            let time = Timestamp(nanoseconds: Int64(step))
            let (bytes, offset, _) = randomPiece(&random, near: assembler.next)
            model.take(bytes, at: offset, length: bytes.count)
            assembler.insert(bytes.rawSpan, at: offset, time: time)
            let ready = copy(assembler.inOrder)
            let isSame = output + ready.map { $0 } == model.output
            #expect(isSame, "seed \(seed) step \(step)")
            let count = Int.random(in: 0...20, using: &random)
            output += ready.prefix(count).map { $0 }
            assembler.take(count, time: time)
            // A hole is seen only when all before it was taken.
            guard assembler.available == 0, Int.random(in: 0..<12, using: &random) == 0 else { continue }
            let size = assembler.giveUpHole(time)
            if let size { output += [UInt8?](repeating: nil, count: Int(size)) }
            let isGivenUp = model.giveUpHole() == (size != nil)
            #expect(isGivenUp, "seed \(seed) step \(step)")
        }
    }

    @Test("Bounded, whatever comes", arguments: UInt64(1)...100)
    func bounded(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var assembler = ByteAssembler(.untilAcknowledged(bytes: 4_096))
        for step in 0..<400 {
            let time = Timestamp(nanoseconds: Int64(step))
            let offset = UInt64.random(in: 0...UInt64.max, using: &random) >> UInt64.random(in: 0...60, using: &random)
            let data = [UInt8](repeating: 1, count: Int.random(in: 0...1_500, using: &random))
            assembler.offer(data.rawSpan, at: offset, time: time)
            while assembler.next(time) != nil {}
            #expect(assembler.held <= 4_096 + 1_500 + 64, "seed \(seed)")
            if Int.random(in: 0..<50, using: &random) == 0 { assembler.release() }
        }
    }
}
