import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// Media by protocols of their own, told by content on any port, and near misses.
@Suite struct MediaFlowLayerTests {
    private static func flow(_ datagrams: [(bytes: [UInt8], isBack: Bool)]) -> FlowSnapshot? {
        var driver = EngineDriver()
        let client = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 40_000)
        let server = Endpoint(address: IPAddress(v4: 0x0a00_0002), port: 9_000)
        for (index, datagram) in datagrams.enumerated() {
            let frame = PacketBuilder.udpFrame(
                from: datagram.isBack ? server : client, to: datagram.isBack ? client : server, payload: datagram.bytes,
                identification: UInt16(index + 1))
            driver.send(frame, after: .milliseconds(5))
        }
        return driver.finalFlows.first
    }

    private static func packets(_ count: Int, from counter: Int) -> [UInt8] {
        (0..<count).flatMap {
            TransportPackets.packet(
                pid: 0x100, counter: UInt8((counter + $0) & 15), payload: [UInt8](repeating: 1, count: 150))
        }
    }

    @Test func transportStreamInDatagrams() throws {
        let flow = try #require(Self.flow((0..<5).map { (Self.packets(7, from: $0 * 7), false) }))
        #expect(flow.protocols == ["ipv4", "udp", "mpegts"])
        #expect(flow.transportStream?.packets == 35 && flow.transportStream?.continuityErrors == 0)
    }

    @Test func whatOnlyBeginsLikeOne() throws {
        // 0x47 is a channel number of TURN, too; a length that is no multiple, a second packet without its byte.
        var broken = Self.packets(2, from: 0)
        broken[188] = 0
        for bytes in [Self.packets(1, from: 0) + [1], broken, [0x47, 1, 0, 4, 1, 2, 3, 4]] {
            let flow = try #require(Self.flow((0..<6).map { _ in (bytes, false) }))
            #expect(flow.protocols == ["ipv4", "udp"] && flow.transportStream == nil)
        }
    }

    @Test func transportStreamInRTP() throws {
        func packet(_ sequence: Int) -> [UInt8] {
            let head: [UInt8] = [0x80, 33, 0, UInt8(sequence)]
            let words: [UInt32] = [UInt32(sequence * 900), 0x5157_a001]
            return head + MediaBoxes.words(words) + Self.packets(7, from: sequence * 7)
        }
        // One packet of RTP is lost: the jump is the network's.
        let lost = try #require(Self.flow((0..<12).filter { $0 != 6 }.map { (packet($0), false) }))
        #expect(lost.protocols == ["ipv4", "udp", "rtp", "mpegts"])
        #expect(lost.transportStream?.packets == 77 && lost.transportStream?.broken == .network)
        // All numbers are there, and packets are missing inside one: it was broken before.
        let whole = try #require(
            Self.flow((0..<12).map { ($0 == 6 ? Array(packet($0).prefix(12 + 5 * 188)) : packet($0), false) }))
        #expect(whole.transportStream?.broken == .beforeTap && whole.rtp.first?.lost == 0)
    }

    @Test func aRepairStreamBesideIsNotMixedIn() throws {
        func packet(_ source: UInt32, _ sequence: Int) -> [UInt8] {
            let head: [UInt8] = [0x80, 33, 0, UInt8(sequence)]
            let words: [UInt32] = [UInt32(sequence * 900), source]
            return head + MediaBoxes.words(words) + Self.packets(7, from: sequence * 7)
        }
        // RIST: what was lost comes again three packets later, from a source of its own.
        var sent: [(bytes: [UInt8], isBack: Bool)] = []
        for sequence in 0..<20 {
            if sequence != 6 { sent.append((packet(0x2b03_6fae, sequence), false)) }
            if sequence == 9 { sent.append((packet(0x2b03_6faf, 6), false)) }
        }
        let flow = try #require(Self.flow(sent))
        #expect(flow.transportStream?.packets == 19 * 7 && flow.transportStream?.continuityErrors == 1)
        #expect(flow.transportStream?.broken == .network)
    }

    private static let handshake: [UInt8] = {
        let words: [UInt32] = [
            0x8000_0000, 0, 1, 0, 4, 2, 0x1234_5678, 1_500, 8_192, 1, 0x1a2b_3c4d, 0, 0x0101_007f, 0, 0, 0,
        ]
        return MediaBoxes.words(words)
    }()

    private static func data(_ number: UInt32) -> [UInt8] {
        let words: [UInt32] = [number, 0xe000_0001, (number & 0xff) * 1_000, 9]
        return MediaBoxes.words(words) + Self.packets(7, from: Int(number) * 7)
    }

    @Test func srtWithAStreamInside() throws {
        // Numbers whose first byte would be STUN, DTLS, TURN or QUIC to others.
        for first in [0x0001_0000, 0x1600_0000, 0x4700_0000, 0x5500_0000] as [UInt32] {
            let media = (0..<10).map { (Self.data(first + UInt32($0)), false) }
            let flow = try #require(Self.flow([(Self.handshake, false)] + media))
            #expect(flow.protocols == ["ipv4", "udp", "srt", "mpegts"], "\(first)")
            #expect(flow.srt?.dataPackets == 10 && flow.srt?.lost == 0 && flow.rtp.isEmpty)
            #expect(flow.transportStream?.packets == 70)
        }
    }

    @Test func srtJoinedLateIsToldByAnAcknowledgement() throws {
        let media = (0..<10).map { (Self.data(0x1_0000 + UInt32($0)), false) }
        let words: [UInt32] = [0x8002_0000, 7, 1, 0x1a2b_3c4d, 0x1_0000, 60_000, 2_000, 8_000, 100, 1_000, 100_000]
        let full = MediaBoxes.words(words)
        let joined = try #require(Self.flow(media + [(full, true)] + media))
        #expect(joined.srt?.dataPackets == 10 && joined.srt?.roundTrip?.samples == 1 && joined.srt?.recovered == nil)
        // Without one, or with a round trip that is none, nothing says SRT.
        #expect(try #require(Self.flow(media)).srt == nil)
        var wrong = full
        wrong[20] = 0xff
        #expect(try #require(Self.flow(media + [(wrong, true)] + media)).srt == nil)
    }
}
