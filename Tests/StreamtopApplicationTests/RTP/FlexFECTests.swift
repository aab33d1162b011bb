import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// A flow with one video stream of four packets a picture, and FlexFEC for it.
private struct Protected: ~Copyable {
    static let media: UInt32 = 0x1111_2222
    static let repair: UInt32 = 0x3333_4444

    enum Form: CaseIterable {
        case listed, listedContinuing, fixed, named
    }

    var tracker: RTPFlowTracker
    var tables = MediaTables()
    var now = Observation()
    var repairNumber: UInt16 = 7_000
    var time = 0.0

    init() {
        let end = Endpoint(address: .unspecified, port: 1)
        let key = FlowKey(source: end, destination: end, transport: 17, vlan: FlowKey.noVLAN, tunnel: 0)
        tracker = RTPFlowTracker(1, between: HostPair(key))
    }

    mutating func send(_ packet: RTPPacketBuilder, from direction: Direction = .fromClient) {
        let bytes = packet.bytes
        time += 1
        now.begin(from: direction, at: Timestamp(nanoseconds: Int64(time * 1e6)))
        _ = unsafe tracker.observe(bytes.span.bytes, wireLength: bytes.count, tables: &tables, &now)
    }

    static func media(_ number: Int, source: UInt32 = media, type: UInt8 = 96) -> RTPPacketBuilder {
        var packet = RTPPacketBuilder()
        packet.source = source
        packet.payloadType = type
        packet.sequence = UInt16(truncatingIfNeeded: 65_500 + number)
        packet.timestamp = UInt32(number / 4) * 3_000
        packet.isMarked = number % 4 == 3
        packet.payload = [UInt8](repeating: UInt8(number & 0x7f), count: 700 + number % 7)
        return packet
    }

    /// Protects `count` packets from the one with `number` on, `stride` apart.
    mutating func repair(_ form: Form, _ number: Int, _ count: Int, stride: Int = 1, isSealed: Bool = false)
        -> RTPPacketBuilder
    {
        var packet = RTPPacketBuilder()
        packet.source = Self.repair
        packet.payloadType = 118
        packet.sequence = repairNumber
        repairNumber &+= 1
        packet.timestamp = UInt32(time * 90)
        let base = RTPPacketBuilder.bytes(UInt32(UInt16(truncatingIfNeeded: 65_500 + number)), 2)
        var mask: UInt32 = 0
        for index in 0..<count { mask |= 1 << (14 - UInt32(index * stride)) }
        let fixed: [UInt8] = [form == .fixed ? 0x40 : 0, 96, 1, 2, 3, 4, 5, 6]
        switch form {
        case .listed: packet.payload = fixed + base + RTPPacketBuilder.bytes(mask | 0x8000, 2)
        case .listedContinuing: packet.payload = fixed + base + RTPPacketBuilder.bytes(mask, 2)
        case .fixed:
            packet.payload = fixed + base + (stride > 1 ? [UInt8(stride), UInt8(count)] : [UInt8(count), 0])
        case .named:
            packet.payload =
                fixed + [1, 0, 0, 0] + RTPPacketBuilder.bytes(Self.media, 4) + base
                + RTPPacketBuilder.bytes(mask | 0x8000, 2)
        }
        packet.payload += (0..<720).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ number &* 31) }
        if isSealed {
            var random = SeededRandom(seed: UInt64(number + 1))
            packet.payload = packet.payload.map { $0 ^ UInt8.random(in: 0...255, using: &random) }
        }
        if form != .named { packet.contributors = [Self.media] }
        return packet
    }

    func report(_ source: UInt32) -> RTPStreamSnapshot? {
        tracker.report(at: now.time, tables: tables).first { $0.source == source }
    }

    var losses: Int { now.events.count { if case .rtpLoss = $0 { true } else { false } } }
}

@Suite struct FlexFECTests {
    /// Rows of eight packets, of which one in two loses one.
    @Test("What one missing packet of a row loses, its FEC brings back", arguments: Protected.Form.allCases)
    private func rows(form: Protected.Form) throws {
        var flow = Protected()
        for number in 0..<400 {
            if number % 16 != 5 || number < 40 { flow.send(Protected.media(number)) }
            if number % 8 == 7 {
                let repair = flow.repair(form, number - 7, 8)
                flow.send(repair)
            }
        }
        let mediaReport = flow.report(Protected.media)
        let media = try #require(mediaReport)
        #expect(media.lost == 22 && media.lostRepaired == 22 && media.lostFinal == 0)
        #expect(media.fec?.kind == .flexfec && media.fec?.packets == 50 && media.fec?.recovered == 22)
        let repairReport = flow.report(Protected.repair)
        let repair = try #require(repairReport)
        #expect(repair.isRepair && repair.protects == [Protected.media] && repair.fec == nil)
        #expect(repair.paritySource == "packets" && media.paritySource == nil)
        #expect(repair.frames == nil && repair.freezes == nil)
    }

    @Test("A row that misses two stays lost; the last packet of a row is known to be missing only later")
    func limits() throws {
        var flow = Protected()
        for number in 0..<240 {
            let isLost = number >= 80 && (number % 40 == 2 || number % 40 == 5 || number % 40 == 31)
            if !isLost { flow.send(Protected.media(number)) }
            if number % 8 == 7 {
                let repair = flow.repair(.listed, number - 7, 8)
                flow.send(repair)
            }
        }
        let mediaReport = flow.report(Protected.media)
        let media = try #require(mediaReport)
        #expect(media.lost == 12 && media.lostRepaired == 4, "of each forty packets one row misses two, one its last")
    }

    @Test("Rows and columns together bring back what neither can alone")
    func rowsAndColumns() throws {
        var flow = Protected()
        // Blocks of three rows of five; in one of them a whole corner is missing but for one packet.
        for block in 0..<12 {
            let base = block * 15
            let missing: Set = block == 8 ? [base, base + 1, base + 5] : []
            for number in base..<(base + 15) where !missing.contains(number) { flow.send(Protected.media(number)) }
            for row in 0..<3 {
                let repair = flow.repair(.fixed, base + row * 5, 5)
                flow.send(repair)
            }
            for column in 0..<5 {
                let repair = flow.repair(.fixed, base + column, 3, stride: 5)
                flow.send(repair)
            }
        }
        let mediaReport = flow.report(Protected.media)
        let media = try #require(mediaReport)
        #expect(media.lost == 3 && media.lostRepaired == 3)
    }

    @Test("Without keys the contributors give the stream away; what it brings back stays unknown")
    func sealed() throws {
        var flow = Protected()
        flow.tracker.protect()
        for number in 0..<400 {
            if number % 16 != 5 { flow.send(Protected.media(number)) }
            if number % 8 == 7 {
                let repair = flow.repair(.listed, number - 7, 8, isSealed: true)
                flow.send(repair)
            }
        }
        let mediaReport = flow.report(Protected.media)
        let media = try #require(mediaReport)
        #expect(media.lost == 25 && media.lostRepaired == nil)
        #expect(media.fec?.kind == .flexfec && media.fec?.packets == 50 && media.fec?.recovered == nil)
        let repair = flow.report(Protected.repair)
        #expect(repair?.isRepair == true)
    }

    enum Sealed: CaseIterable {
        case draft, byteMore, oneMarked, oneLength, ownLengths, otherClock
    }

    /// As browsers send it: a picture of four packets 33 ms apart, protected by two FEC packets after it.
    @Test("Sealed draft 03 is known by its lengths; what looks nearly so is not", arguments: Sealed.allCases)
    private func lengths(kind: Sealed) throws {
        var flow = Protected()
        flow.tracker.protect()
        func length(_ number: Int) -> Int { kind == .oneLength ? 1_100 : 500 + number * 37 % 600 }
        for number in 0..<400 {
            flow.time += number % 4 == 0 ? 26.73 : 0.2
            var media = Protected.media(number)
            media.payload = [UInt8](repeating: 0xaa, count: length(number))
            if number % 20 != 7 { flow.send(media) }
            guard number % 4 == 3 else { continue }
            for part in 0..<2 {
                var repair = flow.repair(.named, number - 3, 4, isSealed: true)
                let longest = (number - 3 + part...number).map(length).max() ?? 0
                var size = 20 + longest + (kind == .byteMore ? 1 : 0)
                if kind == .ownLengths { size = 300 + (number * 3 + part) * 91 % 700 }
                repair.payload = Array((repair.payload + repair.payload).prefix(size))
                repair.timestamp = 700_000_000 + UInt32(flow.time * (kind == .otherClock ? 48 : 90))
                repair.isMarked = kind == .oneMarked && number == 23 && part == 1
                flow.send(repair)
            }
        }
        let mediaReport = flow.report(Protected.media)
        let media = try #require(mediaReport)
        let repairReport = flow.report(Protected.repair)
        let repair = try #require(repairReport)
        #expect(media.lost == 20 && media.lostRepaired == nil, "what it brings back cannot be seen")
        if kind == .draft {
            #expect(media.fec?.kind == .flexfec && media.fec?.packets == 200 && media.fec?.recovered == nil)
            #expect(repair.isRepair && repair.protects == [Protected.media] && repair.frames == nil)
            #expect(media.freezes?.count == 0, "nobody knows that a picture stayed incomplete")
        } else {
            #expect(media.fec == nil && !repair.isRepair, "\(kind)")
        }
    }

    @Test("Losses of FEC packets are told of nobody")
    func ownLosses() throws {
        var flow = Protected()
        for number in 0..<400 {
            flow.send(Protected.media(number))
            if number % 8 == 7 {
                let repair = flow.repair(.named, number - 7, 8)
                if number < 100 || number % 24 != 7 { flow.send(repair) }
            }
        }
        let (repair, media, losses) = (flow.report(Protected.repair), flow.report(Protected.media), flow.losses)
        #expect((repair?.lost ?? 0) > 5 && losses == 0 && media?.lost == 0)
    }

    @Test("Signalling names the payload type: then it is FlexFEC, whatever can be read of it")
    func signalled() {
        var flow = Protected()
        flow.tracker.protect()
        var end = CallEndDescription()
        end.codecs = [CallDescription.Codec(payloadType: 118, name: "flexfec-03", clockRate: 90_000)]
        flow.tracker.expect(end)
        for number in 0..<80 {
            flow.send(Protected.media(number))
            if number % 8 == 7 {
                let repair = flow.repair(.named, number - 7, 8, isSealed: true)
                flow.send(repair)
            }
        }
        let (repair, media) = (flow.report(Protected.repair), flow.report(Protected.media))
        #expect(repair?.isRepair == true && media?.isRepair == false)
        #expect(repair?.paritySource == "signalling" && media?.paritySource == nil)
    }

    @Test("Near misses: mixed speech with contributors, layers beside it, noise, strange contributors")
    func nothing() {
        for kind in ["mixed", "unlisted", "noise", "strangers"] {
            var flow = Protected()
            if kind == "unlisted" { flow.tracker.protect() }
            var random = SeededRandom(seed: 5)
            for number in 0..<600 {
                if number % 9 != 4 { flow.send(Protected.media(number)) }
                var other = Protected.media(number, source: Protected.repair, type: 97)
                switch kind {
                case "mixed":
                    other.payloadType = 96
                    other.contributors = [Protected.media]
                    other.payload = [UInt8](repeating: 0, count: 120)
                case "noise":
                    other.contributors = [Protected.media]
                    other.payload = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
                case "strangers": other.contributors = [0x0102_0304]
                default: break
                }
                flow.send(other)
            }
            let media = flow.report(Protected.media)
            #expect(media?.fec == nil && media?.lost == 67, "\(kind)")
            #expect(media?.lostRepaired == nil && media?.lostFinal == 67, "\(kind)")
            let repair = flow.report(Protected.repair)
            #expect(repair?.isRepair == false, "\(kind)")
        }
    }
}
