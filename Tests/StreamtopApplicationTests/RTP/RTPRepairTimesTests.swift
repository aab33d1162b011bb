import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// From NACK to packet, and from gap to repair, as both pass the tap.
private struct Repaired: ~Copyable {
    static let media: UInt32 = 0x1111_2222
    static let again: UInt32 = 0x5555_6666

    var tracker: RTPFlowTracker
    var tables = MediaTables()
    var now = Observation()
    private var repeats: UInt16 = 9

    init() {
        let end = Endpoint(address: .unspecified, port: 1)
        let key = FlowKey(source: end, destination: end, transport: 17, vlan: FlowKey.noVLAN, tunnel: 0)
        tracker = RTPFlowTracker(1, between: HostPair(key))
    }

    mutating func send(_ bytes: [UInt8], at milliseconds: Double, from direction: Direction = .fromClient) {
        now.begin(from: direction, at: Timestamp(nanoseconds: Int64(milliseconds * 1e6)))
        _ = unsafe tracker.observe(bytes.span.bytes, wireLength: bytes.count, tables: &tables, &now)
    }

    static func packet(_ number: Int) -> RTPPacketBuilder {
        var packet = RTPPacketBuilder()
        packet.source = media
        packet.sequence = UInt16(number)
        packet.timestamp = UInt32(number) * 3_000
        packet.payload = [UInt8](repeating: 0x11, count: 600 + number * 13 % 97)
        return packet
    }

    mutating func media(_ number: Int, at time: Double? = nil) {
        send(Self.packet(number).bytes, at: time ?? Double(number) * 10)
    }

    /// RFC 4588: the packet again, its number before it.
    mutating func again(_ number: Int, at time: Double, isNamed: Bool = true) {
        var packet = Self.packet(number)
        packet.source = Self.again
        packet.payloadType = 97
        packet.sequence = repeats
        repeats += 1
        packet.payload = RTPPacketBuilder.bytes(isNamed ? UInt32(number) : 0xd00d, 2) + packet.payload
        send(packet.bytes, at: time)
    }

    /// RFC 4585 section 6.2.1.
    mutating func ask(_ number: Int, at time: Double) {
        let nack =
            [0x81, 205, 0, 3] + RTPPacketBuilder.bytes(1, 4) + RTPPacketBuilder.bytes(Self.media, 4)
            + RTPPacketBuilder.bytes(UInt32(number), 2) + [0, 0]
        // A report before it makes the compound one of RFC 3550.
        send([0x80, 201, 0, 1] + RTPPacketBuilder.bytes(1, 4) + nack, at: time, from: .fromServer)
    }

    var stream: RTPStreamSnapshot? {
        tracker.report(at: now.time, tables: tables).first { $0.source == Self.media }
    }
}

@Suite struct RTPRepairTimesTests {
    /// Eleven gaps, each asked for 20 ms after it shows and filled 35 ms after it was asked for.
    @Test("At the receiver: gap, NACK, RTX", arguments: [true, false])
    func receiver(isNamed: Bool) throws {
        var tap = Repaired()
        for number in 0..<220 {
            if number % 20 != 10 { tap.media(number) }
            guard number > 14, number % 20 == 16 else { continue }
            let lost = number - 6
            tap.ask(lost, at: Double(lost + 3) * 10 + 40)
            tap.again(lost, at: Double(lost + 3) * 10 + 75, isNamed: isNamed)
        }
        let found = tap.stream
        let stream = try #require(found)
        #expect(stream.lost == 11 && stream.lostRepaired == 11)
        let gaps = try #require(stream.repairTimes)
        #expect(gaps.maximum == .milliseconds(95))
        let answers = try #require(stream.answerTimes)
        // The first repeats came before it was sure what they repeat.
        #expect(answers.samples >= 7 && answers.p50 == .milliseconds(35) && answers.maximum == .milliseconds(35))
    }

    @Test("At the sender nothing is missing: the packet that is asked for passes again, by RTX or under its own number")
    func sender() throws {
        for isPlain in [true, false] {
            var tap = Repaired()
            for number in 0..<200 {
                tap.media(number)
                guard number % 10 == 9 else { continue }
                let time = Double(number) * 10
                tap.ask(number - 4, at: time + 1)
                if isPlain { tap.media(number - 4, at: time + 4) } else { tap.again(number - 4, at: time + 4) }
            }
            let found = tap.stream
            let stream = try #require(found)
            #expect(stream.lost == 0 && stream.repairTimes == nil)
            let answers = try #require(stream.answerTimes)
            #expect(answers.samples >= 16 && answers.maximum == .milliseconds(3), "\(isPlain)")
        }
    }

    @Test("A packet asked for again and again counts from the first time")
    func askedAgain() throws {
        var tap = Repaired()
        for number in 0..<40 { tap.media(number) }
        for time in [401.0, 431, 461] { tap.ask(30, at: time) }
        tap.media(30, at: 481)
        let found = tap.stream?.answerTimes
        let answers = try #require(found)
        #expect(answers.samples == 1 && answers.p50 == .milliseconds(80))
    }

    @Test("Near misses: repeats that nobody asked for, requests that nobody answers, an answer long after")
    func nothing() {
        var unasked = Repaired()
        var unanswered = Repaired()
        var late = Repaired()
        for number in 0..<60 {
            unasked.media(number)
            unanswered.media(number)
            late.media(number)
        }
        unasked.media(50, at: 601)
        unanswered.ask(50, at: 601)
        unanswered.media(51, at: 605)
        late.ask(50, at: 601)
        late.media(50, at: 2_700)
        let found = [unasked.stream, unanswered.stream, late.stream]
        #expect(found.allSatisfy { $0 != nil && $0?.answerTimes == nil })
    }
}
