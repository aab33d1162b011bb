import StreamtopBase
import StreamtopTestSupport
import StreamtopTransport
import StreamtopWire
import Testing

@Suite("Fragment assembler")
struct FragmentAssemblerTests {
    private let data = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    private static let start = Timestamp(nanoseconds: 1_000_000_000_000)

    /// Fragments of `data` over IPv4 or IPv6, each `size` bytes (a multiple of eight).
    private func fragments(
        of data: [UInt8], size: Int, isIPv6: Bool = false, identification: UInt16 = 7, vlans: [UInt16] = []
    ) -> [[UInt8]] {
        stride(from: 0, to: data.count, by: size).map { offset in
            let part = Array(data[offset..<min(data.count, offset + size)])
            return fragment(
                part, offset: offset, more: offset + size < data.count, isIPv6: isIPv6, identification: identification,
                vlans: vlans)
        }
    }

    private func fragment(
        _ part: [UInt8], offset: Int, more: Bool, isIPv6: Bool = false, identification: UInt16 = 7,
        vlans: [UInt16] = []
    ) -> [UInt8] {
        let packet =
            isIPv6
            ? PacketBuilder.ipv6(
                from: "2001:db8::1", to: "2001:db8::2", nextHeader: 44,
                PacketBuilder.ipv6Fragment(
                    nextHeader: 17, identification: UInt32(identification), offset: offset, moreFragments: more, part))
            : PacketBuilder.ipv4(
                from: "10.0.0.1", to: "10.0.0.2", protocol: 17, identification: identification, fragment: offset,
                moreFragments: more, part)
        return PacketBuilder.ethernet(vlans: vlans, isIPv6: isIPv6, packet)
    }

    private func observe(
        _ assembler: inout FragmentAssembler, _ bytes: [UInt8], wireLength: Int? = nil, after: Nanoseconds = 0
    ) -> FragmentOutcome {
        let frame = FrameDecoder().decoded(bytes, wireLength: wireLength)
        return unsafe assembler.observe(frame, bytes: bytes.span.bytes, at: Self.start + after)
    }

    private func losses(_ assembler: inout FragmentAssembler, at time: Timestamp) -> [FragmentLoss] {
        var found: [FragmentLoss] = []
        assembler.advance(to: time) { found.append($0) }
        return found
    }

    @Test("puts fragments together in any order", arguments: [false, true])
    func anyOrder(isIPv6: Bool) {
        var random = SeededRandom(seed: 11)
        for turn in 0..<20 {
            var assembler = FragmentAssembler()
            let parts = fragments(of: data, size: 200, isIPv6: isIPv6).shuffled(using: &random)
            for part in parts.dropLast() {
                #expect(observe(&assembler, part) == .pending, "turn \(turn)")
            }
            let last = observe(&assembler, parts[parts.count - 1])
            #expect(last == .complete(bytes: data, wholeLength: 3000, parts: 15), "turn \(turn)")
            #expect(assembler.count == 0)
            #expect(losses(&assembler, at: Timestamp(nanoseconds: .max)).isEmpty)
        }
    }

    @Test("keeps datagrams of different VLANs and identifications apart")
    func scopes() {
        var assembler = FragmentAssembler()
        let plain = fragments(of: data, size: 1504)
        let tagged = fragments(of: data, size: 1504, vlans: [5])
        let other = fragments(of: data, size: 1504, identification: 8)
        #expect(observe(&assembler, plain[0]) == .pending)
        #expect(observe(&assembler, tagged[1]) == .pending)
        #expect(observe(&assembler, other[1]) == .pending)
        #expect(observe(&assembler, plain[1]) == .complete(bytes: data, wholeLength: 3000, parts: 2))
        #expect(assembler.count == 2)
    }

    @Test("a late copy of the first fragment is no lost datagram")
    func lateFirstFragment() throws {
        var assembler = FragmentAssembler()
        let parts = fragments(of: data, size: 1480)
        for part in parts.reversed() { _ = observe(&assembler, part) }
        #expect(assembler.counters.completed == 1)
        #expect(observe(&assembler, parts[0], after: .milliseconds(5)) == .pending)
        #expect(losses(&assembler, at: Self.start + .seconds(100)).isEmpty)
        #expect(assembler.counters.duplicates == 1)
        #expect(assembler.counters.expired == 0)
    }

    @Test("a sender may give every datagram the same identification", arguments: [false, true])
    func reusedIdentification(isIPv6: Bool) throws {
        var assembler = FragmentAssembler()
        for turn in 0..<5 {
            var data = data
            // They may even begin with the same bytes.
            data[2000] = UInt8(turn)
            data[2999] = UInt8(turn)
            var parts = fragments(of: data, size: 1480, isIPv6: isIPv6, identification: 0)
            // The last fragment may also come first.
            if turn == 3 { parts.reverse() }
            for part in parts.dropLast() {
                #expect(observe(&assembler, part, after: .milliseconds(Int64(turn))) == .pending)
            }
            let last = try #require(parts.last)
            guard case .complete(let bytes, 3000, 3) = observe(&assembler, last, after: .milliseconds(Int64(turn)))
            else {
                Issue.record("datagram \(turn) is not whole")
                continue
            }
            #expect(bytes == data)
            #expect(observe(&assembler, parts[1], after: .milliseconds(Int64(turn))) == .duplicate)
        }
        #expect(assembler.counters.completed == 5)
        #expect(assembler.counters.duplicates == 5)
    }

    @Test("duplicates change nothing, during and just after")
    func duplicates() {
        var assembler = FragmentAssembler()
        let parts = fragments(of: data, size: 1000)
        #expect(observe(&assembler, parts[0]) == .pending)
        #expect(observe(&assembler, parts[0]) == .duplicate)
        #expect(observe(&assembler, parts[1]) == .pending)
        #expect(observe(&assembler, parts[2]) == .complete(bytes: data, wholeLength: 3000, parts: 3))
        #expect(observe(&assembler, parts[2]) == .duplicate)
        #expect(assembler.counters.duplicates == 2)
        // Much later the identification has come round again.
        #expect(observe(&assembler, parts[0], after: .seconds(5)) == .pending)
    }

    @Test("the first bytes win where IPv4 fragments overlap, and a contradiction is told")
    func overlap() {
        var assembler = FragmentAssembler()
        #expect(observe(&assembler, fragment(Array(data[0..<80]), offset: 0, more: true)) == .pending)
        let lie = [UInt8](repeating: 0xee, count: 80)
        #expect(observe(&assembler, fragment(lie, offset: 40, more: true)) == .pending)
        #expect(assembler.lastOverlapDiffered)
        let end = observe(&assembler, fragment([1, 2, 3], offset: 120, more: false))
        #expect(!assembler.lastOverlapDiffered)
        let expected = Array(data[0..<80]) + [UInt8](repeating: 0xee, count: 40) + [1, 2, 3]
        #expect(end == .complete(bytes: expected, wholeLength: 123, parts: 3))
        #expect(assembler.counters.differingOverlaps == 1)
    }

    @Test("an overlap ends an IPv6 datagram")
    func overlap6() {
        var assembler = FragmentAssembler()
        #expect(observe(&assembler, fragment(Array(data[0..<80]), offset: 0, more: true, isIPv6: true)) == .pending)
        #expect(
            observe(&assembler, fragment(Array(data[40..<120]), offset: 40, more: true, isIPv6: true))
                == .dropped(.overlap))
        let lost = losses(&assembler, at: Self.start)
        #expect(lost.map(\.reason) == [.overlap])
        #expect(lost.first?.dataBytes == 80)
        #expect(assembler.count == 0)
    }

    @Test("what never becomes whole is reported with its ports and bytes", arguments: [(false, 30), (true, 60)])
    func expiry(isIPv6: Bool, seconds: Int64) {
        var assembler = FragmentAssembler()
        let whole = PacketBuilder.udp(from: 5000, to: 6000, data)
        let parts = fragments(of: whole, size: 1000, isIPv6: isIPv6)
        #expect(observe(&assembler, parts[0]) == .pending)
        #expect(observe(&assembler, parts[2]) == .pending)
        #expect(losses(&assembler, at: Self.start + .seconds(seconds)).isEmpty)
        let lost = losses(&assembler, at: Self.start + .seconds(seconds) + 1)
        #expect(lost.count == 1)
        #expect(lost.first?.reason == .expired)
        #expect(lost.first?.source.port == 5000)
        #expect(lost.first?.destination.port == 6000)
        #expect(lost.first?.protocolNumber == 17)
        #expect(lost.first?.parts == 2)
        #expect(lost.first?.dataBytes == 2000)
        #expect(assembler.counters.expired == 1)
    }

    @Test("the oldest makes room, and is reported")
    func eviction() {
        var limits = FragmentAssembler.Limits()
        limits.datagrams = 10
        var assembler = FragmentAssembler(limits: limits)
        for number in 0..<100 {
            let part = fragment(Array(data[0..<80]), offset: 0, more: true, identification: UInt16(number))
            #expect(observe(&assembler, part) == .pending)
            #expect(assembler.count <= 10)
        }
        #expect(assembler.counters.evicted == 90)
        // Reports are capped as well: at most as many as datagrams between two calls.
        #expect(losses(&assembler, at: Self.start).count == 10)
    }

    @Test("bytes are capped")
    func byteCap() {
        var limits = FragmentAssembler.Limits()
        limits.bytes = 10_000
        var assembler = FragmentAssembler(limits: limits)
        for number in 0..<100 {
            _ = observe(
                &assembler,
                fragment(Array(data[0..<1400]), offset: 0, more: true, identification: UInt16(number)))
            #expect(assembler.count <= 8)
        }
    }

    @Test("impossible fragments are dropped")
    func impossible() {
        var assembler = FragmentAssembler()
        #expect(observe(&assembler, fragment([1, 2, 3], offset: 0, more: true)) == .dropped(.malformed))
        #expect(observe(&assembler, fragment([], offset: 8, more: true)) == .dropped(.malformed))
        #expect(
            observe(&assembler, fragment([UInt8](repeating: 0, count: 800), offset: 65528, more: false))
                == .dropped(.malformed))
        #expect(observe(&assembler, fragment(Array(data[0..<8]), offset: 8, more: false)) == .pending)
        #expect(
            observe(&assembler, fragment(Array(data[0..<8]), offset: 24, more: true)) == .dropped(.inconsistent))
        #expect(observe(&assembler, fragment(Array(data[0..<8]), offset: 16, more: false)) == .dropped(.inconsistent))
        #expect(assembler.count == 1)
    }

    @Test("fragments cut by the capture still tell the datagram's length")
    func snapped() {
        var assembler = FragmentAssembler()
        let parts = fragments(of: data, size: 1000)
        #expect(observe(&assembler, parts[0]) == .pending)
        #expect(observe(&assembler, Array(parts[1].prefix(134)), wireLength: parts[1].count) == .pending)
        let end = observe(&assembler, Array(parts[2].prefix(134)), wireLength: parts[2].count)
        #expect(end == .complete(bytes: Array(data[0..<1100]), wholeLength: 3000, parts: 3))
    }

    @Test("random fragments stay within the caps")
    func storm() {
        var random = SeededRandom(seed: 0x5eed_0002)
        var limits = FragmentAssembler.Limits()
        limits.datagrams = 32
        limits.bytes = 20_000
        limits.pieces = 16
        var assembler = FragmentAssembler(limits: limits)
        for turn in 0..<20_000 {
            let length = Int.random(in: 0...64, using: &random) * 8
            let bytes = fragment(
                [UInt8](repeating: UInt8(turn & 0xff), count: length),
                offset: Int.random(in: 0..<64, using: &random) * 8, more: Bool.random(using: &random),
                isIPv6: Bool.random(using: &random), identification: UInt16.random(in: 0..<100, using: &random))
            let outcome = observe(&assembler, bytes, after: Nanoseconds(turn) * 1_000_000)
            if case .complete(let data, let whole, _) = outcome, data.count != whole {
                Issue.record("seed \(random.seed) turn \(turn): \(data.count) of \(whole)")
            }
            #expect(assembler.count <= 32)
            if turn % 100 == 0 { assembler.advance(to: Self.start + Nanoseconds(turn) * 1_000_000) { _ in } }
        }
    }
}
