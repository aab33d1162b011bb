import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct TransportStreamReaderTests {
    private typealias Reader = TransportStreamReader

    private func feed(_ bytes: [UInt8], cutInto size: Int = .max) -> (Reader, [Reader.Fact]) {
        var reader = Reader()
        var facts: [Reader.Fact] = []
        var position = 0
        while position < bytes.count {
            let end = size < bytes.count - position ? position + size : bytes.count
            let part = Array(bytes[position..<end])
            reader.feed(unsafe part.span.bytes, at: Timestamp(nanoseconds: 0), into: &facts)
            position = end
        }
        return (reader, facts)
    }

    private func packet(_ pid: UInt16, _ counter: UInt8, discontinuity: Bool = false, payload: Bool = true) -> [UInt8] {
        TransportPackets.packet(
            pid: pid, counter: counter, payload: payload ? [UInt8](repeating: 1, count: 150) : nil,
            discontinuity: discontinuity)
    }

    private let program =
        TransportPackets.packet(pid: 0, counter: 0, begins: true, payload: TransportPackets.association(map: 0x1000))
        + TransportPackets.packet(
            pid: 0x1000, counter: 0, begins: true,
            payload: TransportPackets.map(clock: 0x100, streams: [(0x1b, 0x100), (0x0f, 0x101)]))
        + TransportPackets.packet(
            pid: 0x100, counter: 0, begins: true,
            payload: TransportPackets.unit(presentation: 0x1_ffff_fff0, decode: 0x1_ffff_f000),
            clock: 300 * ((1 << 33) - 100) + 299, randomAccess: true)
        + TransportPackets.packet(
            pid: 0x100, counter: 1, begins: true, payload: TransportPackets.unit(presentation: 3_590, decode: 10),
            clock: 299)

    @Test func tablesUnitsAndClocks() {
        let (reader, facts) = feed(program)
        #expect(reader.packets == 4 && reader.clockPID == 0x100 && reader.continuityErrors == 0)
        #expect(reader.kind(of: 0x100) == "h264" && reader.kind(of: 0x101) == "aac" && reader.kind(of: 0x1000) == "pmt")
        #expect(reader.isVideo(0x100) && reader.isAudio(0x101))
        // Both clocks wrap between the two units and go on.
        var units: [[Int64?]] = []
        var clocks: [Int64] = []
        for fact in facts {
            if case .unit(_, let presentation, let decode, let isRandomAccess, _) = fact {
                units.append([presentation, decode, isRandomAccess ? 1 : 0])
            }
            if case .clock(_, let value, _, _) = fact { clocks.append(value) }
        }
        let wrap: Int64 = 1 << 33
        let expected: [[Int64?]] = [[wrap - 16, wrap - 4_096, 1], [wrap + 3_590, wrap + 10, 0]]
        #expect(units == expected)
        let references: [Int64] = [300 * (wrap - 100) + 299, 300 * wrap + 299]
        #expect(clocks == references)
    }

    @Test func anyCutSaysTheSame() {
        let whole = feed(program).1
        for size in [1, 2, 3, 4, 5, 187, 188, 189, 400] { #expect(feed(program, cutInto: size).1 == whole) }
    }

    /// Counters of one PID, what they are, and the errors and repeats they show.
    @Test(
        arguments: [
            ([0, 1, 2, 3], 0, 0), ([14, 15, 0, 1], 0, 0), ([0, 2, 3], 1, 0), ([0, 1, 1, 2], 0, 1),
            ([0, 1, 1, 1, 2], 1, 1),
            ([3, 2], 1, 0), ([5, 5, 6, 6, 7], 0, 2),
        ] as [([UInt8], UInt64, UInt64)])
    func continuity(_ counters: [UInt8], _ errors: UInt64, _ repeats: UInt64) {
        let (reader, _) = feed(counters.flatMap { packet(0x50, $0) })
        #expect(reader.continuityErrors == errors && reader.duplicates == repeats)
    }

    @Test func countersMayStandOrJump() {
        // Without payload the counter stands; a flagged discontinuity may jump; null packets count nothing.
        let (reader, _) = feed(
            packet(0x50, 4) + packet(0x50, 4, payload: false) + packet(0x50, 5) + packet(0x50, 11, discontinuity: true)
                + packet(0x50, 12) + packet(0x1fff, 3) + packet(0x1fff, 9))
        #expect(reader.continuityErrors == 0 && reader.duplicates == 0 && reader.flagged == 1)
        #expect(reader.streams[0x50]?.packets == 5 && reader.streams[0x1fff]?.packets == 2)
    }

    @Test func missingPacketsModuloSixteen() {
        let (_, facts) = feed(packet(7, 3) + packet(7, 6))
        #expect(facts == [.continuityError(pid: 7, missing: 2, isAfterLoss: false, time: Timestamp(nanoseconds: 0))])
    }

    @Test func syncIsFoundAgain() {
        let stream = packet(7, 0) + packet(7, 1) + [0x47, 1, 2, 3, 0x47] + packet(7, 2) + packet(7, 3)
        for size in [1, 50, 188, 1_000] {
            let (reader, _) = feed(stream, cutInto: size)
            // Where a piece ends before the next packet, junk that begins like one may take one with it.
            #expect((reader.streams[7]?.packets ?? 0) >= 3, "in pieces of \(size)")
            #expect(reader.syncLosses <= 2)
        }
        let (reader, _) = feed(stream)
        #expect(reader.streams[7]?.packets == 4 && reader.continuityErrors == 0)
    }

    @Test func aGapIsNoContinuityError() {
        var reader = Reader()
        var facts: [Reader.Fact] = []
        let first = packet(7, 0)
        let second = Array(packet(7, 9).dropFirst(100)) + packet(7, 10)
        reader.feed(unsafe first.span.bytes, at: Timestamp(nanoseconds: 0), into: &facts)
        reader.gap()
        reader.feed(unsafe second.span.bytes, at: Timestamp(nanoseconds: 0), into: &facts)
        #expect(reader.continuityErrors == 0 && reader.packets == 2)
    }

    @Test func datagramsThatTheCaptureCut() {
        var reader = Reader()
        var facts: [Reader.Fact] = []
        for counter in [0, 7] as [UInt8] {
            let cut = packet(7, counter).prefix(150)
            let bytes = Array(cut)
            reader.observeDatagram(
                unsafe bytes.span.bytes, wireLength: 7 * 188, at: Timestamp(nanoseconds: 0), into: &facts)
        }
        #expect(reader.packets == 14 && reader.continuityErrors == 0)
    }

    @Test func damagedBytesNeverTrap() {
        var random = SeededRandom(seed: 9)
        for _ in 0..<3_000 { _ = feed(random.damaged(program), cutInto: Int.random(in: 1...300, using: &random)) }
        // Every PID there is.
        let (reader, _) = feed((0..<2_000).flatMap { packet(UInt16($0), 0) })
        #expect(reader.streams.count == Reader.pidCapacity && reader.unfollowed == 2_000 - 256)
    }
}
