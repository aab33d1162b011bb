import StreamtopBase
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// What a stream sends twice, told from its payloads alone (RFC 5109, RFC 2198).
@Suite struct RTPRedundancyTests {
    private func observe(_ redundancy: inout RTPRedundancy, _ packet: RTPPacketBuilder) -> RTPRedundancy.Repair? {
        let bytes = packet.bytes
        var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
        guard let header = try? RTPHeader(decoding: &reader) else { return nil }
        return redundancy.observe(
            unsafe bytes.span.bytes.extracting(header.length..<bytes.count), header)
    }

    /// RFC 5109 section 7.3: a FEC header over the four packets before, with a mask of 16 bits.
    private static func fec(base: UInt16) -> [UInt8] {
        [0, 96] + RTPPacketBuilder.bytes(UInt32(base), 2) + [0, 0, 0, 0, 0, 0] + [0, 100, 0xf0, 0]
            + [UInt8](repeating: 0x5a, count: 100)
    }

    /// Four packets of media and one of FEC, again and again.
    private func parity(_ redundancy: inout RTPRedundancy, fecType: UInt8, asBlocks: Bool) -> [ULPFECHeader] {
        var found: [ULPFECHeader] = []
        for number in UInt16(0)..<50 {
            var packet = RTPPacketBuilder()
            packet.sequence = number
            packet.timestamp = UInt32(number) * 3_000
            let isFEC = number % 5 == 4
            packet.payloadType = asBlocks || !isFEC ? 96 : fecType
            packet.payload = isFEC ? Self.fec(base: number - 4) : [UInt8](repeating: UInt8(number), count: 300)
            if asBlocks { packet.payload.insert(isFEC ? fecType : 100, at: 0) }
            if case .packets(let header)? = observe(&redundancy, packet) { found.append(header) }
        }
        return found
    }

    @Test(arguments: [true, false]) func parityOfEarlierPackets(asBlocks: Bool) throws {
        var redundancy = RTPRedundancy()
        let found = parity(&redundancy, fecType: 97, asBlocks: asBlocks)
        #expect(found.count == 8, "the first two are not believed yet")
        #expect(found.last?.sequenceBase == 45 && found.last?.protected == 4)
        let facts = try #require(redundancy.parity)
        #expect(facts.packets == 10 && redundancy.repetition == nil)
        #expect(redundancy.isParity(97) == !asBlocks && !redundancy.isParity(96))
    }

    /// RFC 2198: the payload before beside each payload.
    @Test func earlierPayloads() {
        var redundancy = RTPRedundancy()
        var told: [UInt32] = []
        for number in 0..<40 {
            var packet = RTPPacketBuilder()
            packet.sequence = UInt16(number)
            packet.timestamp = UInt32(number) * 960
            packet.payloadType = 100
            // Two earlier payloads of 70 bytes, 1,920 and 960 before.
            let blocks: [UInt32] = [1_920, 960].map { 0x8000_0000 | 111 << 24 | $0 << 10 | 70 }
            packet.payload =
                blocks.flatMap { RTPPacketBuilder.bytes($0, 4) } + [111]
                + [UInt8](repeating: UInt8(number), count: 210)
            if case .timestamps(let times)? = observe(&redundancy, packet) { told += times }
        }
        #expect(redundancy.repetition?.packets == 40 && redundancy.repetition?.bytes == 40 * 140)
        #expect(Set(told).count == told.count, "each payload is told once, though it comes twice")
        #expect(told.last == 38 * 960 && redundancy.parity == nil)
    }

    /// Near misses: payloads that repeat nothing, or whose beginnings only look like it.
    @Test func whatRepeatsNothing() {
        var random = SeededRandom(seed: 3)
        let kinds: [(String, (Int) -> (UInt8, [UInt8]))] = [
            ("noise", { _ in (96, (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }) }),
            ("sound with tones", { ($0 % 9 == 8 ? 101 : 0, [UInt8](repeating: 0xd5, count: $0 % 9 == 8 ? 4 : 160)) }),
            ("two codecs in turn", { ($0 % 2 == 0 ? 96 : 97, [UInt8](repeating: UInt8($0 & 0xff), count: 120)) }),
            ("opus", { _ in (111, [0xfc] + (0..<90).map { _ in UInt8.random(in: 0...255, using: &random) }) }),
            ("a header alone", { _ in (100, [0xef, 0x0f, 0x00, 0x46]) }),
        ]
        for (name, make) in kinds {
            var redundancy = RTPRedundancy()
            for number in 0..<600 {
                var packet = RTPPacketBuilder()
                packet.sequence = UInt16(number)
                packet.timestamp = UInt32(number) * 960
                (packet.payloadType, packet.payload) = make(number)
                #expect(observe(&redundancy, packet) == nil, "\(name)")
            }
            #expect(redundancy.parity == nil && redundancy.repetition == nil, "\(name)")
        }
    }

    /// A burst of two, of which the packet after brings one back: the other stays lost.
    @Test func holesAreFilledAtTheirOwnTimes() {
        var holes = RTPHoles()
        let time = Timestamp(nanoseconds: 1_000_000_000)
        holes.open(2, before: 4, between: 960, and: 3_840, at: time)
        let outside = [3_840, 960].map { holes.repair(between: $0, at: time) != nil }
        let inside = holes.repair(between: 2_880, at: time) != nil
        #expect(outside == [false, false] && inside && holes.repaired == 1)
    }
}
