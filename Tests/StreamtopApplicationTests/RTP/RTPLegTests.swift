import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// A stream that comes in and goes out again as another is found again, and nothing else is.
@Suite struct RTPLegTests {
    private static let publisher: Endpoint = "203.0.113.1:5000"
    private static let box: Endpoint = "198.51.100.9:7000"
    private static let viewer: Endpoint = "203.0.113.2:5000"

    /// A flow whose client is `from`.
    private func tracker(_ number: UInt64, _ from: Endpoint, _ to: Endpoint) -> RTPFlowTracker {
        let key = FlowKey(source: from, destination: to, transport: 17)
        var tracker = RTPFlowTracker(number, between: HostPair(key), ends: BothDirections(client: from, server: to))
        tracker.isExpected = true
        return tracker
    }

    /// What a box does with packets of its publisher.
    private struct Box {
        var sizes: (Int) -> Int = { 200 + $0 * $0 * 7_919 % 900 }
        /// Of the packet's payload; the same in and out where it is forwarded in clear.
        var isEncryptedAnew = true
        var delay: Nanoseconds = 300_000
        var isLostBefore: (Int) -> Bool = { _ in false }
        var isDropped: (Int) -> Bool = { _ in false }
        var closesGaps = false
        var forwards = true
        /// How uneven packets arrive; what goes out follows.
        var wobble: (Int) -> Nanoseconds = { _ in 0 }
        var random = SeededRandom(seed: 3)
    }

    private func run(_ box: Box, packets: Int = 600, viewers: Int = 1) -> [RTPStreamSnapshot?] {
        var box = box
        var tables = MediaTables(capacity: 64)
        var incoming = tracker(1, Self.publisher, Self.box)
        var outgoing: [Endpoint] = []
        var first = tracker(2, Self.box, Self.viewer)
        var second = tracker(3, Self.box, "203.0.113.3:5000")
        outgoing = [Self.viewer]
        _ = outgoing
        var now = Observation()
        var clock = Timestamp(seconds: 100, nanoseconds: 0)
        var time = clock
        var sent: UInt16 = 0
        for number in 0..<packets {
            clock = clock + .milliseconds(10)
            time = clock + box.wobble(number)
            var packet = RTPPacketBuilder()
            packet.source = 0xa
            packet.sequence = UInt16(number)
            packet.timestamp = UInt32(number / 3 * 2_700)
            packet.isMarked = number % 3 == 2
            let size = box.sizes(number)
            // What is in clear begins with a header.
            let head: [UInt8] = box.isEncryptedAnew ? [] : [0x90, 0x80]
            packet.payload =
                head + (0..<(size - head.count)).map { _ in UInt8.random(in: 0...255, using: &box.random) }
            if !box.isLostBefore(number) {
                now.begin(from: .fromClient, at: time)
                let bytes = packet.bytes
                _ = incoming.observe(
                    unsafe bytes.span.bytes, wireLength: bytes.count, tables: &tables, &now)
            }
            guard !box.isLostBefore(number), !box.isDropped(number) else {
                if !box.closesGaps { sent &+= 1 }
                continue
            }
            packet.source = 0xb
            packet.sequence = 7_000 &+ sent
            packet.timestamp &+= 123_456
            if box.isEncryptedAnew || !box.forwards {
                let other = box.forwards ? size : 150 + Int.random(in: 0..<900, using: &box.random)
                packet.payload = (0..<other).map { _ in UInt8.random(in: 0...255, using: &box.random) }
            }
            sent &+= 1
            for viewer in 0..<viewers {
                packet.source = 0xb + UInt32(viewer)
                now.begin(from: .fromClient, at: time + box.delay + Int64(viewer) * 40_000)
                let bytes = packet.bytes
                if viewer == 0 {
                    _ = first.observe(unsafe bytes.span.bytes, wireLength: bytes.count, tables: &tables, &now)
                } else {
                    _ = second.observe(unsafe bytes.span.bytes, wireLength: bytes.count, tables: &tables, &now)
                }
            }
            if number % 100 == 99 { tables.search(at: time) }
        }
        tables.search(at: time)
        return [
            incoming.report(at: time, tables: tables).first, first.report(at: time, tables: tables).first,
            second.report(at: time, tables: tables).first,
        ]
    }

    @Test func aForwardedStream() throws {
        let streams = run(Box())
        let leg = try #require(streams[1]?.leg)
        #expect(leg.source == 0xa && leg.flow == 1 && !leg.isHashed)
        #expect(leg.lostIn == 0 && leg.lostInBox == 0 && leg.lostOut == nil && leg.confidence > 0.8)
        let delay = try #require(leg.delay)
        #expect(abs(delay.p50 - 300_000) < 10_000)
        #expect(streams[0]?.leg == nil, "what comes in carries on nothing")
    }

    @Test(arguments: [false, true]) func losses(closesGaps: Bool) throws {
        var box = Box()
        box.isLostBefore = { $0 % 40 == 39 }
        box.isDropped = { $0 % 60 == 10 }
        box.closesGaps = closesGaps
        let leg = try #require(run(box)[1]?.leg)
        #expect(leg.lostIn == 14 || leg.lostIn == 15)
        #expect((9...11).contains(leg.lostInBox), "\(leg.lostInBox)")
    }

    /// Payloads that are the same prove it, whatever their sizes.
    @Test func inClear() throws {
        var box = Box()
        box.isEncryptedAnew = false
        box.sizes = { _ in 160 }
        let leg = try #require(run(box)[1]?.leg)
        #expect(leg.isHashed && leg.confidence > 0.95)
    }

    @Test func packetsOfOneSizeAllLookAlike() {
        var box = Box()
        box.sizes = { _ in 160 }
        #expect(run(box)[1]?.leg == nil)
    }

    @Test func whatGoesOutAsUnevenlyAsItCameIsTheSame() throws {
        var box = Box()
        box.sizes = { _ in 160 }
        box.wobble = { Int64($0 * $0 * 7_919 % 4_001) * 1_000 }
        let leg = try #require(run(box)[1]?.leg)
        #expect(leg.lostInBox == 0 && !leg.isHashed)
    }

    @Test func anotherStreamIsNone() {
        var box = Box()
        box.forwards = false
        #expect(run(box)[1]?.leg == nil)
    }

    @Test func whatComesMuchLaterIsNone() {
        var box = Box()
        box.delay = .seconds(1)
        #expect(run(box)[1]?.leg == nil)
    }

    /// Two copies go out: both carry on what came in, neither the other.
    @Test func copiesToTwoViewers() throws {
        let streams = run(Box(), viewers: 2)
        #expect(streams[1]?.leg?.source == 0xa && streams[2]?.leg?.source == 0xa)
    }
}

@Suite struct RTPRandomnessTests {
    private func isRandom(_ payload: (Int, inout SeededRandom) -> [UInt8]) -> Bool {
        var randomness = RTPRandomness()
        var random = SeededRandom(seed: 11)
        for number in 0..<3_000 {
            let bytes = payload(number, &random)
            randomness.observe(unsafe bytes.span.bytes)
        }
        return randomness.isRandom
    }

    @Test func whatIsAndWhatIsNot() {
        func noise(_ random: inout SeededRandom, _ count: Int = 40) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let encrypted = isRandom { noise(&$1) }
        let opus = isRandom { [0x78] + noise(&$1) }
        let opusOfTwoKinds = isRandom { [$0 % 9 == 0 ? 0x08 : 0x78] + noise(&$1) }
        let pictures = isRandom { [$0 % 4 == 0 ? 0x90 : 0x80, 0x80] + noise(&$1) }
        let numbered = isRandom { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] + noise(&$1) }
        let samples = isRandom { number, random in
            let value = Int16(2_000 * Double(number % 50 - 25) / 25) + Int16.random(in: -200...200, using: &random)
            return [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] + noise(&random)
        }
        #expect(encrypted)
        #expect(!opus && !opusOfTwoKinds && !pictures && !numbered && !samples)
        let short = isRandom { noise(&$1, 5) }
        #expect(!short, "tones and keep-alives")
    }
}
