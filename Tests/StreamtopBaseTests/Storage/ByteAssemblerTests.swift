import StreamtopTestSupport
import Testing

@testable import StreamtopBase

@Suite("Bytes put in order")
struct ByteAssemblerTests {
    let now = Timestamp(nanoseconds: 1_000)

    /// Everything that is in order, as bytes and gaps.
    private func drain(_ assembler: inout ByteAssembler, _ data: [UInt8], at time: Timestamp) -> [String] {
        var pieces: [String] = []
        while let piece = assembler.next(time) {
            switch piece {
            case .offered(let range): pieces.append(text(data[range]))
            case .held(let bytes): pieces.append("(\(text(bytes[...])))")
            case .gap(let count): pieces.append("-\(count)")
            }
        }
        return pieces
    }

    private func bytes(_ span: RawSpan) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(span)
        return bytes
    }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private func offer(
        _ assembler: inout ByteAssembler, _ data: String, at offset: UInt64, length: Int? = nil, time: Int64 = 1_000
    ) -> [String] {
        let bytes = Array(data.utf8)
        let time = Timestamp(nanoseconds: time)
        assembler.offer(bytes.rawSpan, at: offset, length: length, time: time)
        return drain(&assembler, bytes, at: time)
    }

    @discardableResult
    private func insert(
        _ text: String, at offset: UInt64, length: Int? = nil, into assembler: inout ByteAssembler
    ) -> ByteAssembler.Insertion {
        let bytes = Array(text.utf8)
        return assembler.insert(bytes.rawSpan, at: offset, length: length, time: now)
    }

    @Test("In order: handed on without being held")
    func inOrder() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(offer(&assembler, "abc", at: 0) == ["abc"])
        #expect(offer(&assembler, "de", at: 3) == ["de"])
        #expect(assembler.next == 5 && assembler.held == 0 && assembler.isEmpty)
    }

    @Test("What comes again is handed on once, by its first bytes")
    func overlaps() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(offer(&assembler, "abc", at: 0) == ["abc"])
        #expect(offer(&assembler, "XYZ", at: 0) == [])
        #expect(offer(&assembler, "BCd", at: 1) == ["d"])
        #expect(offer(&assembler, "gh", at: 6) == [])
        #expect(offer(&assembler, "efGHi", at: 4) == ["ef", "(gh)", "i"])
        #expect(assembler.next == 9)
    }

    @Test("Behind a hole: held, and joined when the hole fills")
    func hole() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(offer(&assembler, "cd", at: 2) == [])
        #expect(offer(&assembler, "ef", at: 4) == [])
        #expect(offer(&assembler, "h", at: 7) == [])
        #expect(assembler.held == 5 + 2 * ByteAssembler.stretchCost && assembler.hasHole)
        #expect(offer(&assembler, "ab", at: 0) == ["ab", "(cdef)"])
        #expect(offer(&assembler, "g", at: 6) == ["g", "(h)"])
        #expect(assembler.isEmpty && assembler.footprint == 0)
    }

    @Test("Differing bytes of what is held are noticed, and the first stay")
    func differs() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(insert("cdef", at: 2, into: &assembler) == ByteAssembler.Insertion(added: 4))
        #expect(insert("cdef", at: 2, into: &assembler) == ByteAssembler.Insertion(overlaps: true))
        #expect(insert("XX", at: 3, into: &assembler) == ByteAssembler.Insertion(overlaps: true, differs: true))
        #expect(
            insert("abcdYfgh", at: 0, into: &assembler)
                == ByteAssembler.Insertion(added: 4, overlaps: true, differs: true))
        #expect(text(bytes(assembler.inOrder)[...]) == "abcdefgh")
    }

    @Test("Bytes that were not captured are a gap when their turn comes, unless they come again")
    func notCaptured() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(offer(&assembler, "ab", at: 0, length: 5) == ["ab", "-3"])
        #expect(offer(&assembler, "hi", at: 7, length: 4) == [])
        #expect(offer(&assembler, "jK", at: 9, length: 2) == [])
        #expect(offer(&assembler, "fg", at: 5) == ["fg", "(hijK)"])
        #expect(offer(&assembler, "", at: 11, length: 3) == ["-3"])
        #expect(offer(&assembler, "qr", at: 16, length: 8) == [])
        #expect(offer(&assembler, "op", at: 14) == ["op", "(qr)", "-6"])
        #expect(assembler.gaps == 3 && assembler.next == 24 && assembler.isEmpty)
    }

    @Test("A hole ends when its receiver acknowledges bytes behind it, not before")
    func acknowledged() {
        var assembler = ByteAssembler(.untilAcknowledged(bytes: 1_000))
        #expect(offer(&assembler, "de", at: 3) == [])
        assembler.acknowledge(3)
        #expect(drain(&assembler, [], at: now) == [])
        assembler.acknowledge(5)
        #expect(drain(&assembler, [], at: now) == ["-3", "(de)"])
        var patient = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(offer(&patient, "de", at: 3) == [])
        patient.acknowledge(5)
        #expect(drain(&patient, [], at: now) == [])
    }

    @Test("A hole ends when it is old, and a new one is as young as it is")
    func age() {
        var assembler = ByteAssembler(.until(age: 100, bytes: 1_000))
        #expect(offer(&assembler, "c", at: 2, time: 1_000) == [])
        #expect(offer(&assembler, "e", at: 4, time: 1_100) == [])
        #expect(offer(&assembler, "f", at: 5, time: 1_101) == ["-2", "(c)"])
        #expect(assembler.holeSince == Timestamp(nanoseconds: 1_101))
        #expect(offer(&assembler, "g", at: 6, time: 1_201) == [])
        #expect(offer(&assembler, "h", at: 7, time: 1_202) == ["-1", "(efgh)"])
    }

    @Test("A hole ends when too much waits behind it, by bytes or by stretches")
    func full() {
        var assembler = ByteAssembler(.until(bytes: 2 * 64 + 4, full: .giveUpHole))
        #expect(offer(&assembler, "b", at: 1) == [])
        #expect(offer(&assembler, "d", at: 3) == [])
        #expect(offer(&assembler, "f", at: 5) == ["-1", "(b)"])
        var policy = HolePolicy.until(bytes: 100_000, full: .giveUpHole)
        policy.stretches = 3
        var tiny = ByteAssembler(policy)
        for offset in [1, 3, 5] as [UInt64] { #expect(offer(&tiny, "x", at: offset) == []) }
        #expect(offer(&tiny, "x", at: 7) == ["-1", "(x)"])
    }

    @Test("Where it refuses, what is held stays, and refusals are counted")
    func refuses() {
        var policy = HolePolicy.until(bytes: 200, full: .refuse)
        policy.stretches = 2
        policy.reach = 1_000
        var assembler = ByteAssembler(policy)
        func insert(_ count: Int, _ offset: UInt64) -> Bool {
            let bytes = [UInt8](repeating: 7, count: count)
            return !assembler.insert(bytes.rawSpan, at: offset, time: now).isRefused
        }
        #expect(insert(1, 999) && !insert(1, 1_000) && !insert(2, .max) && !insert(2, .max - 1))
        #expect(insert(1, 10) && !insert(1, 20) && insert(1, 11))
        #expect(!insert(200, 0) && assembler.refused == 5)
        #expect(assembler.held == 3 + 2 * 64)
    }

    @Test("In order and kept: looked at, taken in parts")
    func kept() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .refuse))
        insert("cde", at: 2, into: &assembler)
        #expect(assembler.available == 0 && assembler.inOrder.byteCount == 0)
        insert("ab", at: 0, into: &assembler)
        #expect(text(bytes(assembler.inOrder)[...]) == "abcde")
        assembler.take(1, time: now)
        #expect(text(bytes(assembler.inOrder)[...]) == "bcde")
        insert("f", at: 5, into: &assembler)
        assembler.take(3, time: now)
        #expect(text(bytes(assembler.inOrder)[...]) == "ef" && assembler.next == 4)
        assembler.take(9, time: now)
        #expect(assembler.isEmpty && assembler.footprint == 0 && assembler.next == 6)
    }

    @Test("Released: one gap where bytes were held, memory is free")
    func released() {
        var assembler = ByteAssembler(.untilAcknowledged(bytes: 1_000))
        #expect(offer(&assembler, "cd", at: 2) == [])
        #expect(offer(&assembler, "g", at: 6) == [])
        #expect(assembler.release() == 3)
        #expect(assembler.footprint == 0)
        #expect(offer(&assembler, "ab", at: 0) == ["ab", "-5"])
        #expect(offer(&assembler, "hi", at: 7) == ["hi"])
        var kept = ByteAssembler(.until(bytes: 1_000, full: .refuse))
        insert("abc", at: 0, into: &kept)
        kept.take(1, time: now)
        #expect(kept.release() == 2 && kept.available == 0)
        #expect(kept.takeGap(now) == 2 && kept.next == 3)
    }

    @Test("Given up by hand: only a hole")
    func givenUp() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        #expect(assembler.giveUpHole(now) == nil)
        #expect(offer(&assembler, "cd", at: 2) == [])
        #expect(assembler.giveUpHole(now) == 2)
        #expect(drain(&assembler, [], at: now) == ["(cd)"])
    }

    @Test("Coverage counts what is held and what is known not to come")
    func covers() {
        var assembler = ByteAssembler(.until(bytes: 1_000, full: .refuse))
        insert("ab", at: 0, length: 8, into: &assembler)
        insert("xy", at: 16, length: 8, into: &assembler)
        #expect(assembler.covers(0..<8) && assembler.covers(17..<24) && !assembler.covers(0..<24))
        #expect(assembler.missing(in: 7..<9) == 1 && assembler.missing(in: 0..<26) == 10)
        #expect(assembler.knownEnd == 24)
    }

    @Test("Far offsets and lengths cost nothing and trap nowhere")
    func hostile() {
        var assembler = ByteAssembler(.untilAcknowledged(bytes: 1_000), start: .max - 10)
        let two: [UInt8] = [1, 2]
        let offsets: [UInt64] = [0, 1, .max - 11, .max - 10, .max - 9, .max - 1, .max]
        for offset in offsets {
            for length in [0, 1, 12, Int(UInt32.max), .max] {
                assembler.offer(two.rawSpan, at: offset, length: length, time: now)
                while assembler.next(now) != nil {}
                assembler.acknowledge(offset)
                #expect(assembler.footprint < 1_000)
            }
        }
        var wide = ByteAssembler(.until(bytes: 1_000, full: .giveUpHole))
        wide.insert(two.rawSpan, at: 1 << 62, length: .max, time: Timestamp(nanoseconds: .min))
        #expect(wide.footprint < 200 && wide.giveUpHole(Timestamp(nanoseconds: .max)) == 1 << 62)
    }
}
