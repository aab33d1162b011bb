import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// A flow's tracker with its tables, fed packet by packet.
private struct Tap: ~Copyable {
    var tracker: RTPFlowTracker
    var tables = MediaTables()
    var now = Observation()

    init(flow: UInt64 = 1) {
        tracker = RTPFlowTracker(flow, between: Self.hosts)
    }

    static let hosts: HostPair = {
        let address = IPAddress.unspecified
        let end = Endpoint(address: address, port: 1)
        return HostPair(FlowKey(source: end, destination: end, transport: 17, vlan: FlowKey.noVLAN, tunnel: 0))
    }()

    @discardableResult
    mutating func send(
        _ bytes: [UInt8], at milliseconds: Double, from direction: Direction = .fromClient, wireLength: Int? = nil
    ) -> Bool {
        now.begin(from: direction, at: Timestamp(nanoseconds: Int64(milliseconds * 1e6)))
        return unsafe tracker.observe(
            bytes.span.bytes, wireLength: wireLength ?? bytes.count, tables: &tables, &now)
    }

    var streams: [RTPStreamSnapshot] {
        tracker.report(at: now.time, tables: tables)
    }
}

@Suite struct RTPFlowTrackerTests {
    private func audio(_ index: Int, type: UInt8 = 111, source: UInt32 = 7) -> [UInt8] {
        var packet = RTPPacketBuilder()
        packet.payloadType = type
        packet.source = source
        packet.sequence = UInt16(truncatingIfNeeded: 65_500 + index)
        packet.timestamp = UInt32(truncatingIfNeeded: index * 960)
        return packet.bytes
    }

    @Test(
        "Payload types of browsers are streams, those that collide with RTCP are not",
        arguments: [0, 35, 45, 63, 96, 127])
    func types(type: UInt8) {
        var tap = Tap()
        for index in 0..<20 { tap.send(audio(index, type: type), at: Double(index) * 20) }
        #expect(tap.streams.count == 1 && tap.streams.first?.packets == 20 && tap.streams.first?.lost == 0)
        var other = Tap()
        for index in 0..<20 { other.send(audio(index, type: 64 + type % 32), at: Double(index) * 20) }
        #expect(other.streams.isEmpty)
    }

    @Test("The stream is told once, and counts from its first packet on")
    func start() {
        var tap = Tap()
        for index in 0..<10 { tap.send(audio(index), at: Double(index) * 20) }
        #expect(tap.now.events == [.rtpStart(source: 7, from: .fromClient, payloadType: 111)])
        #expect(tap.streams.first?.start == Timestamp(nanoseconds: 0) && tap.streams.first?.packets == 10)
    }

    @Test("Datagrams that only look like RTP are no stream: noise, one number, numbers that leap, times that leap")
    func nothing() {
        var random = SeededRandom(seed: 17)
        var noise = Tap()
        var same = Tap()
        var leaping = Tap()
        var times = Tap()
        var sources = Tap()
        for index in 0..<400 {
            var bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes[0] = 0x80 | bytes[0] & 0x3f
            noise.send(bytes, at: Double(index))
            var packet = RTPPacketBuilder()
            packet.sequence = 9
            packet.timestamp = UInt32(index)
            same.send(packet.bytes, at: Double(index))
            packet.sequence = UInt16(truncatingIfNeeded: index * 300)
            leaping.send(packet.bytes, at: Double(index))
            packet.sequence = UInt16(index)
            packet.timestamp = UInt32.random(in: 0...UInt32.max, using: &random)
            times.send(packet.bytes, at: Double(index))
            packet.timestamp = 0
            packet.source = UInt32(index)
            sources.send(packet.bytes, at: Double(index))
        }
        #expect(noise.streams.isEmpty && same.streams.isEmpty && leaping.streams.isEmpty)
        #expect(times.streams.isEmpty && sources.streams.isEmpty)
        #expect(noise.tracker.isOver && leaping.tracker.isOver)
    }

    @Test("Pictures sent out of their order are one stream without reordering")
    func bFrames() {
        var tap = Tap()
        for index in 0..<90 {
            var packet = RTPPacketBuilder()
            packet.sequence = UInt16(index)
            packet.timestamp = 90_000 + UInt32(index / 3 * 9_000 + [0, 6_000, 3_000][index % 3])
            packet.isMarked = true
            tap.send(packet.bytes, at: Double(index) * 33.3)
        }
        let stream = tap.streams.first
        #expect(tap.streams.count == 1 && stream?.reordered == 0 && stream?.lost == 0)
        #expect(stream?.clockRate == 90_000 && stream?.frames?.count == 90 && stream?.timestampsGoBack == true)
    }

    /// Pictures of four packets at 30 a second; `lost` is never sent.
    private func video(
        _ tap: inout Tap, frames: Range<Int>, lost: Set<UInt16> = [], size: (Int) -> Int = { _ in 1_000 }
    ) {
        for frame in frames {
            for part in 0..<4 {
                var packet = RTPPacketBuilder()
                packet.source = 1
                packet.sequence = UInt16(frame * 4 + part)
                packet.timestamp = UInt32(frame * 3_000)
                packet.isMarked = part == 3
                packet.payload = [UInt8](repeating: 0x7f, count: size(Int(packet.sequence)))
                if lost.contains(packet.sequence) { continue }
                tap.send(packet.bytes, at: Double(frame) * 33.333 + Double(part))
            }
        }
    }

    @Test("Padding on the media's source takes numbers and is neither lost nor a picture")
    func padding() {
        var tap = Tap()
        video(&tap, frames: 0..<80)
        for index in 0..<10 {
            var packet = RTPPacketBuilder()
            packet.source = 1
            packet.sequence = UInt16(320 + index)
            packet.timestamp = 79 * 3_000
            packet.payload = []
            packet.padding = 200
            tap.send(packet.bytes, at: 2_640 + Double(index))
        }
        for part in 0..<4 {
            var packet = RTPPacketBuilder()
            packet.source = 1
            packet.sequence = UInt16(330 + part)
            packet.timestamp = 80 * 3_000
            packet.isMarked = part == 3
            tap.send(packet.bytes, at: 2_666 + Double(part))
        }
        let stream = tap.streams.first
        #expect(stream?.lost == 0 && stream?.packets == 334 && stream?.frames?.count == 81)
    }

    /// A packet of the repeat stream 2.
    private func repeated(_ number: Int, timestamp: UInt32, payload: Int) -> [UInt8] {
        var packet = RTPPacketBuilder()
        packet.source = 2
        packet.payloadType = 97
        packet.sequence = UInt16(number)
        packet.timestamp = timestamp
        packet.payload = [UInt8](repeating: 0x55, count: payload)
        return packet.bytes
    }

    @Test("A lost packet that comes again on another source is repaired: lost at the tap, not for the decoder")
    func retransmission() {
        var tap = Tap()
        tap.tracker.protect()
        video(&tap, frames: 0..<60, lost: [81, 121, 161])
        for (number, frame) in [20, 30, 40].enumerated() {
            tap.send(repeated(number, timestamp: UInt32(frame * 3_000), payload: 1_002), at: 2_000 + Double(number) * 5)
        }
        video(&tap, frames: 60..<62)
        let media = tap.streams.first { $0.source == 1 }
        let again = tap.streams.first { $0.source == 2 }
        #expect(again?.repeats == 1 && again?.packets == 3)
        // The first two are older than a second when they come: too late.
        #expect(media?.lost == 3 && media?.lostRepaired == 1 && media?.lostFinal == 2 && again?.repairs == 1)
    }

    @Test("The same time with another size, or nothing missing there, is probing")
    func probing() {
        var tap = Tap()
        tap.tracker.protect()
        video(&tap, frames: 0..<60)
        for number in 0..<6 {
            tap.send(repeated(number, timestamp: 59 * 3_000, payload: 1_002), at: 2_000 + Double(number) * 5)
        }
        for number in 6..<10 {
            tap.send(repeated(number, timestamp: 59 * 3_000, payload: 700), at: 2_000 + Double(number) * 5)
        }
        let media = tap.streams.first { $0.source == 1 }
        let again = tap.streams.first { $0.source == 2 }
        #expect(again?.repeats == 1 && again?.repairs == 0 && again?.probes == 10)
        #expect(media?.lost == 0 && media?.lostRepaired == 0)
    }

    @Test("A second layer with the same times and its own sizes repeats nothing")
    func layers() {
        var tap = Tap()
        for frame in 0..<90 {
            for (source, size) in [(UInt32(1), 900), (2, 400)] {
                for part in 0..<2 {
                    var packet = RTPPacketBuilder()
                    packet.source = source
                    packet.sequence = UInt16(frame * 2 + part)
                    packet.timestamp = UInt32(frame * 3_000)
                    packet.isMarked = part == 1
                    packet.payload = [UInt8](repeating: 0x33, count: size + frame % 7 * 13 + part)
                    tap.send(packet.bytes, at: Double(frame) * 33.3 + Double(part) + (source == 2 ? 2 : 0))
                }
            }
        }
        #expect(tap.streams.count == 2 && tap.streams.allSatisfy { $0.repeats == nil })
    }

    @Test("A gap that fills within the grace is no loss event; one that stays is one")
    func lossEvents() {
        var tap = Tap()
        func losses(_ events: [FlowEvent.Kind]) -> Int {
            events.count { if case .rtpLoss = $0 { true } else { false } }
        }
        for index in [0, 1, 2, 4, 3, 5, 6, 7, 8, 9, 10, 11] { tap.send(audio(index), at: Double(index) * 20) }
        #expect(losses(tap.now.events) == 0)
        for index in 14..<30 { tap.send(audio(index), at: Double(index) * 20) }
        #expect(losses(tap.now.events) == 1)
        #expect(tap.now.events.contains(.rtpLoss(source: 7, from: .fromClient, packets: 2)))
    }

    @Test("A source in another flow with the next number is the same stream, a forwarded one is not")
    func moved() {
        var first = Tap(flow: 1)
        for index in 0..<50 { first.send(audio(index), at: Double(index) * 20) }
        var second = RTPFlowTracker(2, between: Tap.hosts)
        for index in 50..<100 {
            first.now.begin(from: .fromServer, at: Timestamp(nanoseconds: Int64(index) * 20_000_000))
            let bytes = audio(index)
            _ = unsafe second.observe(bytes.span.bytes, wireLength: bytes.count, tables: &first.tables, &first.now)
        }
        let moved = second.report(at: first.now.time, tables: first.tables)
        #expect(moved.first?.packets == 100 && moved.first?.from == .fromServer && moved.first?.lost == 0)
        // Its keys go with it, from the other end now.
        let (here, there) = (second.inherited, first.tracker.inherited)
        #expect(here == RTPFlowTracker.Inheritance(flow: 1, isReversed: true) && there == nil)
        #expect(first.streams.isEmpty, "it is in one flow at a time")

        var leg = Tap(flow: 3)
        for index in 0..<50 { leg.send(audio(index), at: Double(index) * 20) }
        var out = RTPFlowTracker(4, between: Tap.hosts)
        for index in 40..<50 {
            let bytes = audio(index)
            _ = unsafe out.observe(bytes.span.bytes, wireLength: bytes.count, tables: &leg.tables, &leg.now)
        }
        #expect(leg.streams.first?.packets == 50)
        #expect(out.report(at: leg.now.time, tables: leg.tables).first?.packets == 10)
    }

    @Test("Key frames by the dependency descriptor, in protected packets")
    func dependencyDescriptor() {
        var tap = Tap()
        tap.tracker.protect()
        for frame in 0..<60 {
            for part in 0..<3 {
                var packet = RTPPacketBuilder()
                packet.sequence = UInt16(frame * 3 + part)
                packet.timestamp = UInt32(frame * 3_000)
                packet.isMarked = part == 2
                let flags: UInt8 = (part == 0 ? 0x80 : 0) | (part == 2 ? 0x40 : 0)
                var value: [UInt8] = [flags, 0, UInt8(frame)]
                if frame % 25 == 0, part == 0 { value += [0x80, 0, 0x40, 0, 0] }
                packet.extensions = [(4, value), (5, [UInt8(frame), UInt8(part)])]
                tap.send(packet.bytes, at: Double(frame) * 33.3 + Double(part))
            }
        }
        let stream = tap.streams.first
        #expect(stream?.keyFrames == 3 && stream?.isEncrypted == true)
        #expect(abs((stream?.keyFrameInterval?.seconds ?? 0) - 0.8325) < 0.001)
        #expect(tap.now.events.count { $0 == .keyFrame(source: 0x1234_5678, from: .fromClient) } == 3)
    }

    @Test("Protected payloads without such an extension have no key frames: unknown, not none")
    func noKeyFrames() {
        var tap = Tap()
        tap.tracker.protect()
        video(&tap, frames: 0..<90)
        #expect(tap.streams.first?.clockRate == 90_000 && tap.streams.first?.keyFrames == nil)
    }

    @Test("Ends that were taken for each other are exchanged with all that was counted")
    func exchange() {
        var tap = Tap()
        for index in 0..<20 { tap.send(audio(index), at: Double(index) * 20) }
        tap.tracker.exchangeEnds()
        for index in 20..<40 { tap.send(audio(index), at: Double(index) * 20, from: .fromServer) }
        #expect(tap.streams.count == 1 && tap.streams.first?.packets == 40 && tap.streams.first?.from == .fromServer)
    }

    @Test("No datagram traps, cut anywhere, with any bytes; tables stay within their caps")
    func hostile() {
        var random = SeededRandom(seed: 23)
        var tap = Tap()
        tap.tracker.protect()
        for index in 0..<20_000 {
            var packet = RTPPacketBuilder()
            packet.source = UInt32.random(in: 0...200, using: &random)
            packet.sequence = UInt16.random(in: 0...40, using: &random)
            packet.timestamp = UInt32(index)
            packet.padding = UInt8.random(in: 0...3, using: &random)
            packet.extensions = [(3, [1, 2, 3])]
            var bytes = packet.bytes
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            let length = Int.random(in: 0...bytes.count, using: &random)
            tap.send(
                Array(bytes.prefix(length)), at: Double.random(in: -1e6...1e6, using: &random),
                from: index % 2 == 0 ? .fromClient : .fromServer, wireLength: Int.random(in: 0...70_000, using: &random)
            )
        }
        #expect(tap.streams.count <= RTPFlowTracker.streamCapacity)
    }
}
