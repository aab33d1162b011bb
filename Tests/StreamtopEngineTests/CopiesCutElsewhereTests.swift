import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopEngine

/// One copy of a stream in super-segments, the other in segments of the path's size: `any` on a host with bridges, the
/// two ends of a path. No frame with data equals another; the bytes are counted once.
@Suite struct CopiesCutElsewhereTests {
    typealias Packet = CopyFilterTests.Packet
    static let client = CopyFilterTests.client
    static let server = CopyFilterTests.server

    /// Super-segments of 16 segments each, 20 ms apart, as one point sees them, and each in pieces of 1,448 bytes at another one `lag`
    /// later. Acknowledgments of the client pass the second point first.
    struct Stream {
        var supers = 12
        var lag: Nanoseconds = 40_000
        var hasOpening = true
        var piecesFirst = false
        /// A super-segment whose first segment the sender sends again.
        var repeated: Int?
        var whole: [Packet] = []
        var cut: [Packet] = []

        static let segment: UInt32 = 1448
        static let pieces: UInt32 = 16

        mutating func build() {
            let client = CopiesCutElsewhereTests.client
            let server = CopiesCutElsewhereTests.server
            var number: UInt16 = 1
            func add(
                _ at: Nanoseconds, _ fromClient: Bool, _ sequence: UInt32, _ ack: UInt32, _ flags: UInt16,
                _ size: Int = 0
            ) {
                number += 1
                func frame(_ sequence: UInt32, _ size: Int, _ number: UInt16) -> [UInt8] {
                    PacketBuilder.tcpFrame(
                        from: fromClient ? client : server, to: fromClient ? server : client, sequence: sequence,
                        acknowledgment: ack, flags: flags, payload: [UInt8](repeating: 7, count: size),
                        identification: number, hopLimit: 64)
                }
                let isWholeFirst = fromClient == piecesFirst
                whole.append(
                    Packet(time: at + (isWholeFirst ? 0 : lag), frame: frame(sequence, size, number), interface: 0))
                var start = sequence
                var left = size
                var delay: Nanoseconds = isWholeFirst ? lag : 0
                repeat {
                    let part = min(left, Int(Self.segment))
                    cut.append(Packet(time: at + delay, frame: frame(start, part, number), interface: 1))
                    start &+= UInt32(part)
                    left -= part
                    number += 1
                    delay += 1_000
                } while left > 0
            }
            if hasOpening {
                add(0, true, 99, 0, 2)
                add(.milliseconds(10), false, 499, 100, 0x12)
                add(.milliseconds(11), true, 100, 500, 0x10)
                add(.milliseconds(12), true, 100, 500, 0x18, 80)
            }
            let size = Self.segment * Self.pieces
            for index in 0..<UInt32(supers) {
                let start = Nanoseconds.milliseconds(40 + Int64(index) * 20)
                let sequence = 500 + index * size
                add(start, false, sequence, 180, 0x18, Int(size))
                if repeated == Int(index) {
                    add(start + .milliseconds(11), false, sequence, 180, 0x18, Int(Self.segment))
                }
                add(start + .milliseconds(12), true, 180, sequence + size, 0x10)
            }
        }

        /// At both points.
        var both: [Packet] { whole + cut }
        var bytes: UInt64 { UInt64(supers) * UInt64(Self.segment * Self.pieces) }
    }

    static func stream(_ change: (inout Stream) -> Void = { _ in }) -> Stream {
        var stream = Stream()
        change(&stream)
        stream.build()
        return stream
    }

    @Test("Which of the two forms comes first does not matter", arguments: [false, true])
    func bridgeOfAHost(piecesFirst: Bool) {
        let stream = Self.stream { $0.piecesFirst = piecesFirst }
        let result = CopyFilterTests.run(stream.both)
        let alone = CopyFilterTests.run(piecesFirst ? stream.cut : stream.whole)
        #expect(result.flows.count == 1)
        let server = result.flows.first?.tcp?.server
        #expect(server?.uniqueBytes == stream.bytes)
        #expect(server?.retransmissions.packets == 0)
        #expect(server?.dataSegments == alone.flows.first?.tcp?.server.dataSegments)
        #expect(result.flows.first?.server.bytes == alone.flows.first?.server.bytes)
        #expect(result.flows.first?.client.packets == alone.flows.first?.client.packets)
        #expect(result.flows.first?.tcp?.client.duplicatePackets == 0)
        #expect(result.health.seenTwice?.kind == .hostPath)
        let left = (piecesFirst ? stream.whole : stream.cut).count
        #expect(result.health.seenTwice?.packets == UInt64(left))
    }

    @Test("A flow that was running begins anew when the copies are known, without what they looked like")
    func joinedLate() {
        let stream = Self.stream {
            $0.hasOpening = false
            $0.supers = 30
        }
        let result = CopyFilterTests.run(stream.both)
        #expect(result.flows.count == 1)
        #expect(result.flows.first?.tcp?.server.retransmissions.packets == 0)
        #expect(result.health.seenTwice != nil)
        let payload = result.flows.first?.tcp?.server.uniqueBytes ?? 0
        #expect(payload >= stream.bytes * 3 / 4 && payload <= stream.bytes)
    }

    @Test("Two ends of a path, joined late: one of them is judged")
    func twoEnds() {
        let stream = Self.stream {
            $0.hasOpening = false
            $0.supers = 30
            $0.lag = .milliseconds(6)
        }
        let result = CopyFilterTests.run(stream.both)
        #expect(result.flows.first?.tcp?.server.retransmissions.packets == 0)
        #expect(result.health.seenTwice?.kind == .twoPoints)
    }

    @Test("Data that is sent again passes both points again, and stays", arguments: [false, true])
    func repetitionOfTheSender(piecesFirst: Bool) {
        let stream = Self.stream {
            $0.repeated = 5
            $0.piecesFirst = piecesFirst
        }
        let result = CopyFilterTests.run(stream.both)
        #expect(result.flows.first?.tcp?.server.retransmissions.packets == 1)
    }

    @Test("Nor is a repetition a copy where each packet is captured once, however short the round trip is")
    func repetitionInASingleCapture() {
        let stream = Self.stream { $0.repeated = 5 }
        for once in [stream.whole, stream.cut] {
            let result = CopyFilterTests.run(once)
            #expect(result.health.seenTwice == nil)
            #expect(result.flows.first?.tcp?.server.retransmissions.packets == 1)
        }
    }

    @Test("A sender that spreads its data over two interfaces sends all of it once")
    func bondOfTwoInterfaces() {
        let stream = Self.stream()
        let spread = stream.cut.enumerated().map { index, packet in
            var packet = packet
            packet.interface = UInt32(index % 2)
            return packet
        }
        let result = CopyFilterTests.run(spread)
        #expect(result.health.seenTwice == nil)
        #expect(result.flows.first?.tcp?.server.uniqueBytes == stream.bytes)
    }

    @Test("A path that fails: the data outstanding is sent again by the other interface, and the first one is silent")
    func failover() {
        var ranges = PassedRanges()
        for index in 0..<UInt32(10) { _ = ranges.observe(0, start: index * 1000, length: 1000, isLow: true) }
        for index in 2..<UInt32(10) { _ = ranges.observe(1, start: index * 1000, length: 1000, isLow: true) }
        #expect(!ranges.isProven)
        for index in 10..<UInt32(20) {
            #expect(ranges.observe(1, start: index * 1000, length: 1000, isLow: true) == .original)
        }
        #expect(!ranges.isProven && !ranges.areCutElsewhere)
    }

    @Test("Sequence numbers that wrap, and bytes that the first point missed")
    func gapsAndWraps() {
        var ranges = PassedRanges()
        let start = UInt32.max - 499
        #expect(ranges.observe(0, start: start, length: 1000, isLow: false) == .original)
        #expect(ranges.observe(1, start: start, length: 500, isLow: false) == .passed)
        #expect(ranges.observe(1, start: start &+ 500, length: 500, isLow: false) == .passed)
        // 500 to 1,500 was not captured at the first point.
        #expect(ranges.observe(0, start: 1500, length: 1000, isLow: false) == .original)
        #expect(ranges.observe(1, start: 500, length: 1000, isLow: false) == .original)
        #expect(ranges.observe(1, start: 1500, length: 1000, isLow: false) == .passed)
        // The other direction knows nothing of it.
        #expect(ranges.observe(1, start: 1500, length: 1000, isLow: true) == .original)
    }
}
