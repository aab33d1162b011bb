import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

@Suite struct RTMPTrackerTests {
    private func connect(_ command: String, key: String) -> (client: RTMPBytes, server: RTMPBytes) {
        var client = RTMPBytes()
        let members = RTMPBytes.object([
            ("app", RTMPBytes.text("live?token=abc")), ("tcUrl", RTMPBytes.text("rtmp://h/live")),
        ])
        client.add(type: 20, RTMPBytes.text("connect") + RTMPBytes.number(1) + members)
        var server = RTMPBytes()
        server.add(type: 5, chunkStream: 2, MediaBoxes.bytes(UInt32(2_500_000)))
        server.add(chunkSize: 4_096)
        server.add(type: 20, RTMPBytes.text("_result") + RTMPBytes.number(1) + [5])
        client.add(type: 20, RTMPBytes.text(command) + RTMPBytes.number(4) + [5] + RTMPBytes.text(key))
        return (client, server)
    }

    @Test func aPublisher() throws {
        var (client, server) = connect("publish", key: "secret-key")
        let setUp = client.bytes.count
        client.addVideo(0, isKeyFrame: true, isHeader: true)
        for index in 0..<101 { client.addVideo(UInt32(index) * 40, isKeyFrame: index % 50 == 0) }
        var talk = StreamConversation(RTMPTracker())
        talk.pieceSize = 700
        talk.say(Array(client.bytes.prefix(1_537)))
        talk.say(Array(server.bytes.prefix(3_073)), .fromServer)
        talk.say(Array(client.bytes[1_537..<3_073]))
        talk.say(Array(client.bytes[3_073..<setUp - 40]))
        talk.wait(.milliseconds(30))
        talk.say(Array(server.bytes.dropFirst(3_073)), .fromServer)
        var position = setUp - 40
        while position < client.bytes.count {
            talk.wait(.milliseconds(40))
            talk.say(Array(client.bytes[position..<min(client.bytes.count, position + 330)]))
            position += 330
        }
        let flow = talk.flow
        let rtmp = try #require(flow.rtmp)
        #expect(flow.protocols == ["rtmp"] && rtmp.role == .publish && rtmp.app == "live")
        #expect(rtmp.handshake == .milliseconds(2) && rtmp.connect == .milliseconds(31))
        #expect(rtmp.chunkSize.client == 128 && rtmp.chunkSize.server == 4_096)
        #expect(rtmp.acknowledgementWindow.server == 2_500_000 && rtmp.acknowledgementWindow.client == nil)
        #expect(rtmp.video?.codec == "h264" && rtmp.video?.messages == 102 && rtmp.audio == nil)
        #expect(rtmp.keyFrameInterval == .seconds(2) && rtmp.mediaClock?.advance == 4)
    }

    /// A server that packs four pictures and four pieces of sound into each message.
    @Test func aPlayerOfAggregates() throws {
        var (client, server) = connect("play", key: "k")
        let setUp = server.bytes.count
        for group in 0..<26 as Range<UInt32> {
            let time = 1_000 + group * 160
            let parts = (0..<4 as Range<UInt32>).flatMap { index in
                [
                    RTMPBytes.part(0x5000 + index * 40, [group % 13 == 0 && index == 0 ? 0x17 : 0x27, 1, 0, 0, 0, 7]),
                    RTMPBytes.part(type: 8, 0x5000 + index * 40, [0xaf, 1, 3]),
                ]
            }
            server.addAggregate(time, parts)
        }
        var talk = StreamConversation(RTMPTracker())
        talk.say(client.bytes)
        talk.say(Array(server.bytes.prefix(setUp)), .fromServer)
        let size = (server.bytes.count - setUp) / 26
        for start in stride(from: setUp, to: server.bytes.count, by: size) {
            talk.wait(.milliseconds(160))
            talk.say(Array(server.bytes[start..<min(server.bytes.count, start + size)]), .fromServer)
        }
        let rtmp = try #require(talk.flow.rtmp)
        #expect(rtmp.video?.messages == 104 && rtmp.video?.codec == "h264" && rtmp.video?.bytes == 104 * 6)
        #expect(rtmp.audio?.messages == 104 && rtmp.audio?.codec == "aac" && rtmp.audio?.bytes == 104 * 3)
        #expect(rtmp.keyFrameInterval == .milliseconds(13 * 160) && rtmp.role == .play && !rtmp.hasLostStep)
        #expect(abs((rtmp.mediaClock?.advance ?? 0) - 103 * 0.04) < 0.001)
    }

    /// Messages one by one from the sixth on, as segments bring them.
    private func late(chunkSize: UInt32, size: Int) -> FlowSnapshot {
        var client = RTMPBytes()
        client.add(chunkSize: chunkSize)
        var talk = StreamConversation(RTMPTracker())
        for number in 0..<60 {
            let before = client.bytes.count
            client.addVideo(UInt32(number * 40), isKeyFrame: number % 25 == 0, size: size)
            talk.wait(.milliseconds(39))
            if number > 5 { talk.say(Array(client.bytes[before...])) }
        }
        return talk.flow
    }

    @Test func joinedLate() throws {
        for chunkSize: UInt32 in [128, 4_096, 60_000] {
            let rtmp = try #require(late(chunkSize: chunkSize, size: 6_000).rtmp)
            #expect(rtmp.role == .publish && rtmp.app == nil && rtmp.handshake == nil)
            #expect((48...54).contains(rtmp.video?.messages ?? 0) && rtmp.video?.codec == "h264")
            // No message shows how long chunks are that none has filled.
            #expect(rtmp.chunkSize.client == (chunkSize < 6_000 ? Int(chunkSize) : nil), "\(chunkSize)")
            #expect(abs((rtmp.mediaClock?.advance ?? 0) - 2) < 0.2 && !rtmp.hasLostStep)
        }
    }

    @Test func whatIsNoLateRTMP() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<50_000 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(!RTMPLateReader.canContinue(unsafe bytes.span.bytes))
        }
        let handshake = Array(RTMPBytes().bytes.prefix(40))
        #expect(!RTMPLateReader.canContinue(unsafe handshake.span.bytes))
    }

    @Test func theKeyIsNowhere() throws {
        let (client, _) = connect("play", key: "secret-key")
        var talk = StreamConversation(RTMPTracker())
        talk.say(client.bytes)
        #expect(talk.flow.rtmp?.role == .play)
        #expect(
            !String(describing: talk.flow.rtmp).contains("secret")
                && !String(describing: talk.flow.rtmp).contains("token"))
    }

    @Test func aGapIsSaid() {
        var talk = StreamConversation(RTMPTracker())
        talk.say(connect("publish", key: "k").client.bytes)
        talk.gap(10, .fromClient)
        talk.say([1, 2, 3])
        #expect(talk.flow.rtmp?.hasLostStep == true && talk.flow.rtmp?.app == "live")
    }

    @Test func otherBytesAreGivenUp() {
        var talk = StreamConversation(RTMPTracker())
        talk.say([UInt8](repeating: 9, count: 600))
        #expect(talk.now.signals == [.notThisProtocol])
    }
}

@Suite struct SRTTrackerTests {
    private func data(_ sequence: UInt32, at microseconds: UInt32, again: Bool = false) -> [UInt8] {
        let message: UInt32 = 0xc000_0001 | (again ? 0x400_0000 : 0)
        let words: [UInt32] = [sequence, message, microseconds, 9]
        return MediaBoxes.words(words) + [UInt8](repeating: 1, count: 100)
    }

    private func control(_ type: UInt16, _ specific: UInt32 = 0, _ content: [UInt32]) -> [UInt8] {
        let head: [UInt32] = [0x8000_0000 | UInt32(type) << 16, specific, 0, 0]
        return MediaBoxes.words(head + content)
    }

    /// The listener's answer: version 1.5.1, 120 ms both ways.
    private var response: [UInt8] {
        let body: [UInt32] = [
            5, 5, 100, 1_500, 8_192, 0xffff_ffff, 7, 8, 1, 0, 0, 0, 0x0002_0003, 0x01_0501, 0xbf, 120 << 16 | 120,
        ]
        return control(0, 0, body)
    }

    /// Packets every 10 ms with their numbers; `lost` never come, `late` come so many milliseconds after their turn.
    private func talk(lost: Set<UInt32> = [], late: [UInt32: Int] = [:], first: UInt32 = 100) -> StreamConversation<
        SRTTracker
    > {
        var talk = StreamConversation(SRTTracker())
        talk.send(response, .fromServer)
        for index in 0..<200 as Range<UInt32> {
            talk.time = Timestamp(nanoseconds: .seconds(2) + Int64(index) * .milliseconds(10) - .milliseconds(1))
            let number = (first &+ index) & 0x7fff_ffff
            if !lost.contains(index), late[index] == nil { talk.send(data(number, at: index * 10_000)) }
            for (other, delay) in late where Int(index) == Int(other) + delay / 10 {
                talk.send(data((first &+ other) & 0x7fff_ffff, at: other * 10_000, again: true))
            }
        }
        return talk
    }

    @Test func nothingIsLost() throws {
        let srt = try #require(talk().flow.srt)
        #expect(srt.version == "1.5.1" && srt.latency.server == .milliseconds(120) && !srt.isEncrypted)
        #expect(
            srt.dataPackets == 200 && srt.lost == 0 && srt.recovered == 0 && srt.tooLate == 0 && srt.unrecovered == 0)
    }

    @Test func whatComesAgainInTimeTooLateOrNever() throws {
        let srt = try #require(talk(lost: [30, 31], late: [50: 60, 60: 100, 70: 140]).flow.srt)
        #expect(
            srt.lost == 5 && srt.recovered == 2 && srt.tooLate == 1 && srt.unrecovered == 2 && srt.retransmitted == 3)
    }

    @Test func numbersWrap() throws {
        let srt = try #require(talk(lost: [40], late: [50: 50], first: 0x7fff_ffce).flow.srt)
        #expect(srt.lost == 2 && srt.recovered == 1)
    }

    @Test func withoutLatencyNothingIsInTime() throws {
        var talk = StreamConversation(SRTTracker())
        for number in [1, 2, 4, 3, 5] as [UInt32] { talk.send(data(number, at: number * 10)) }
        let srt = try #require(talk.flow.srt)
        #expect(srt.lost == 1 && srt.recovered == nil && srt.tooLate == nil)
    }

    @Test func roundTripsOfAcknowledgements() throws {
        var talk = talk()
        // Before anything was measured; then measured; a light one without.
        talk.send(control(2, 1, [100, 100_000, 50_000, 8_000, 0, 0, 0]), .fromServer)
        for _ in 0..<10 { talk.send(control(2, 1, [100, 60_000, 2_000, 8_000, 0, 0, 0]), .fromServer) }
        talk.send(control(2, 1, [100]), .fromServer)
        talk.send(control(3, 0, [7]), .fromServer)
        let srt = try #require(talk.flow.srt)
        #expect(srt.roundTrip?.samples == 10 && srt.roundTrip?.maximum == .milliseconds(60) && srt.lossReports == 1)
        #expect(srt.budget == 2)
    }

    @Test func encryptedPayloadGoesNowhere() throws {
        var talk = StreamConversation(SRTTracker())
        var packet = data(5, at: 1)
        packet[4] |= 0x08
        talk.send(packet)
        #expect(talk.flow.srt?.isEncrypted == true && talk.carried.isEmpty)
        talk.send(data(6, at: 2))
        #expect(talk.carried[.fromClient]?.count == 100)
        talk.send(data(9, at: 2))
        #expect(talk.carriedContents == [.gap(2)])
    }
}

@Suite struct TransportStreamTrackerTests {
    private func packet(_ counter: UInt8, clock: UInt64? = nil) -> [UInt8] {
        TransportPackets.packet(pid: 0x100, counter: counter, payload: [UInt8](repeating: 1, count: 100), clock: clock)
    }

    private func talk(_ carrier: TransportStreamTracker.Carrier, _ steps: [(counter: UInt8, isAfterGap: Bool)]) throws
        -> TransportStreamSnapshot
    {
        var talk = StreamConversation(TransportStreamTracker(on: carrier))
        for step in steps {
            if step.isAfterGap { talk.gap(1, .fromClient) }
            talk.send(packet(step.counter))
        }
        return try #require(talk.flow.transportStream)
    }

    @Test func whoBrokeIt() throws {
        let holes: [(UInt8, Bool)] = [(0, false), (1, false), (4, true), (5, false)]
        let broken: [(UInt8, Bool)] = [(0, false), (1, false), (4, false), (5, false)]
        let whole: [(UInt8, Bool)] = [(0, false), (1, true), (2, false)]
        #expect(try talk(.numbered, holes).broken == .network)
        #expect(try talk(.numbered, broken).broken == .beforeTap)
        #expect(try talk(.numbered, whole).broken == nil)
        #expect(try talk(.unnumbered, broken).broken == .unknown)
        #expect(try talk(.unnumbered, broken).errorsBeforeTap == 0)
        // What SRT brings again is no break; what is missing inside its numbers is.
        #expect(try talk(.repaired, holes).continuityErrors == 0)
        #expect(try talk(.repaired, broken).broken == .beforeTap)
    }

    @Test func rateAndReferences() throws {
        var talk = StreamConversation(TransportStreamTracker(on: .unnumbered))
        // A packet every millisecond, a reference every twenty: 1.504 Mb/s.
        for index in 0..<2_001 {
            talk.send(packet(UInt8(index & 15), clock: index % 20 == 0 ? UInt64(index) * 27_000 : nil))
        }
        let stream = try #require(talk.flow.transportStream)
        #expect(stream.rate == 1_504_000 && stream.clockInterval?.longest == .milliseconds(20))
        #expect(stream.clockJitter == 0 && stream.packets == 2_001)
    }

    @Test func fewPacketsAreNoStream() {
        var talk = StreamConversation(TransportStreamTracker(on: .unnumbered))
        talk.send(packet(0))
        #expect(talk.flow.transportStream == nil)
    }
}

@Suite struct RTSPTrackerTests {
    @Test func interleavedMedia() throws {
        var talk = StreamConversation(RTSPTracker())
        talk.pieceSize = 17
        talk.say("DESCRIBE rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        let description =
            "v=0\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/2\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        talk.say(
            "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: \(description.utf8.count)\r\n\r\n"
                + description, .fromServer)
        talk.say("SETUP rtsp://h/a/1 RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n")
        talk.say("RTSP/1.0 200 OK\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n", .fromServer)
        talk.say("PLAY rtsp://h/a RTSP/1.0\r\nCSeq: 3\r\n\r\n")
        talk.say("RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n", .fromServer)
        for index in 0..<51 as Range<UInt32> {
            talk.wait(.milliseconds(49))
            let words: [UInt32] = [0x8060_0000 | index, index * 3_600, 7]
            let packet: [UInt8] = MediaBoxes.words(words) + [1, 2]
            talk.say([0x24, 0, 0, 14] as [UInt8] + packet, .fromServer)
        }
        talk.say("PAUSE rtsp://h/a RTSP/1.0\r\nCSeq: 4\r\n\r\n")
        talk.say("RTSP/1.0 454 Session Not Found\r\nCSeq: 4\r\n\r\n", .fromServer)
        let rtsp = try #require(talk.flow.rtsp)
        #expect(rtsp.methods == ["DESCRIBE", "SETUP", "PLAY", "PAUSE"].map { NamedCount(name: $0, count: 1) })
        #expect(rtsp.transport == "interleaved" && rtsp.errors == 1 && rtsp.setup == .milliseconds(5))
        #expect(rtsp.mediaClock?.advance == 2 && rtsp.mediaClock?.wall == 2.5)
        #expect(talk.carried[.fromServer]?.count == 51 * 14)
    }

    @Test func otherBytesAreGivenUp() {
        var talk = StreamConversation(RTSPTracker())
        talk.say([UInt8](repeating: 0x41, count: 20_000))
        #expect(talk.now.signals == [.notThisProtocol])
    }
}

@Suite struct FlashVideoOverHTTPTests {
    /// A response without end; `type` is its content type.
    private func talk(_ type: String) -> FlowSnapshot {
        var talk = StreamConversation(HTTP1ConnectionTracker(isSecure: false))
        talk.say("GET /live/stream HTTP/1.1\r\nHost: h\r\n\r\n")
        talk.say("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n", .fromServer)
        func chunk(_ bytes: [UInt8]) -> [UInt8] {
            Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
        }
        talk.say(chunk([UInt8](hex: "464c5601 05 00000009 00000000")), .fromServer)
        for index in 0..<51 {
            talk.wait(.milliseconds(49))
            var tag: [UInt8] = [9, 0, 0, 6]
            tag += MediaBoxes.bytes(UInt32(index * 40)).suffix(3)
            tag += [0, 0, 0, 0, index % 25 == 0 ? 0x17 : 0x27, 1, 0, 0, 0, 7, 0, 0, 0, 17] as [UInt8]
            talk.say(chunk(tag), .fromServer)
        }
        return talk.flow
    }

    @Test func liveMediaInOneResponse() throws {
        for type in ["video/x-flv", "application/octet-stream"] {
            let flow = talk(type)
            let told = try #require(flow.rtmp)
            #expect(flow.protocols == ["http/1.1", "http-flv"] && told.role == .play && told.video?.codec == "h264")
            #expect(told.video?.messages == 51 && told.keyFrameInterval == .seconds(1))
            #expect(told.mediaClock?.advance == 2 && told.mediaClock?.wall == 2.5)
        }
    }

    @Test func otherContentIsNone() {
        #expect(talk("text/html").rtmp == nil)
    }
}

@Suite struct EmbeddedMediaTests {
    private func clock(_ messages: [[UInt8]], cutInto size: Int) -> (String?, MediaClockSnapshot?) {
        var media = EmbeddedMedia()
        for (index, message) in messages.enumerated() {
            for start in stride(from: 0, to: message.count, by: size) {
                let part = Array(message[start..<min(message.count, start + size)])
                media.observe(unsafe part.span.bytes, at: Timestamp(nanoseconds: Int64(index) * .milliseconds(250)))
            }
        }
        return (media.format, media.mediaClock)
    }

    @Test func fragmentsOfMP4() {
        let messages =
            [MediaBoxes.initialization()]
            + (0..<11).map { MediaBoxes.fragment(decodeTime: UInt64($0) * 2_560, sizes: [40]) }
        for size in [3, 7, 100, 10_000] {
            let (format, clock) = clock(messages, cutInto: size)
            #expect(format == "fmp4" && clock?.advance == 2 && clock?.wall == 2.5)
        }
    }

    @Test func flashVideo() {
        let head = [UInt8](hex: "464c5601 05 00000009 00000000")
        let tags = (0..<11).map { index -> [UInt8] in
            var tag: [UInt8] = [9, 0, 0, 6]
            tag += MediaBoxes.bytes(UInt32(index * 200)).suffix(3)
            tag += [0, 0, 0, 0, 0x27, 1, 0, 0, 0, 7, 0, 0, 0, 17] as [UInt8]
            return tag
        }
        let (format, clock) = clock([head] + tags, cutInto: 5)
        #expect(format == "flv" && clock?.advance == 2)
    }

    @Test func otherMessagesAreNoMedia() {
        let (format, clock) = clock([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], MediaBoxes.initialization()], cutInto: 100)
        #expect(format == nil && clock == nil)
    }
}

/// Numbers of the wire and of the capture that no honest sender has.
@Suite struct HostileMediaTests {
    @Test func timestampsThatLeapOnAndOn() {
        var client = RTMPBytes()
        for index in 0..<12_000 as Range<UInt32> {
            client.addVideo(index &* 0x7fff_ffff, isKeyFrame: true, size: 1)
        }
        var talk = StreamConversation(RTMPTracker())
        talk.say(client.bytes)
        #expect(talk.flow.rtmp?.video?.messages == 12_000)
    }

    @Test func clocksOfCapturesAtBothEndsOfTime() {
        let times: [Int64] = [0, .max, .min, 5, .max, .max - 1, .min, -1]
        var meter = MediaBacklogMeter()
        for media in times { for time in times { meter.observe(media, at: Timestamp(nanoseconds: time)) } }
        _ = meter.snapshot
        var tracker = TransportStreamTracker(on: .numbered)
        var now = Observation()
        for (index, time) in (times + times + times).enumerated() {
            let stamp = Timestamp(nanoseconds: time)
            let packet = TransportPackets.packet(
                pid: 0x100, counter: UInt8(index & 15), payload: [1], clock: UInt64(index) * 27_000)
            now.begin(from: .fromClient, at: stamp)
            tracker.observe(
                unsafe packet.span.bytes, .datagram(packet.count, from: .fromClient, at: stamp), &now)
        }
        #expect(now.signals.isEmpty)
    }

    @Test func numbersOfSRTThatLeap() {
        var tracker = SRTTracker()
        var now = Observation()
        var random = SeededRandom(seed: 8)
        for index in 0..<5_000 {
            var words: [UInt32] = (0..<12).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
            // Data, and each type of control in turn.
            words[0] = index % 2 == 0 ? words[0] & 0x7fff_ffff : 0x8000_0000 | UInt32(index / 2 % 9) << 16
            let packet = MediaBoxes.words(words)
            let time = Timestamp(nanoseconds: index % 100 == 0 ? .max : Int64(index))
            now.begin(from: index % 3 == 0 ? .fromClient : .fromServer, at: time)
            tracker.observe(
                unsafe packet.span.bytes, .datagram(packet.count, from: now.direction, at: time), &now)
            now.clear()
        }
        #expect(now.signals.isEmpty)
    }

    @Test func damagedConversations() {
        var random = SeededRandom(seed: 33)
        var client = RTMPBytes()
        client.add(type: 20, RTMPBytes.text("connect") + RTMPBytes.number(1))
        for index in 0..<5 as Range<UInt32> { client.addVideo(index * 40, isKeyFrame: index == 0) }
        let rtsp = Array(
            "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: 9\r\n\r\nm=video 0".utf8)
        for _ in 0..<1_000 {
            var talk = StreamConversation(RTMPTracker())
            talk.pieceSize = Int.random(in: 1...3_000, using: &random)
            talk.say(Array(client.bytes.prefix(3_073)) + random.damaged(Array(client.bytes.dropFirst(3_073))))
            _ = talk.flow
            var other = StreamConversation(RTSPTracker())
            other.pieceSize = Int.random(in: 1...50, using: &random)
            other.say(random.damaged(rtsp + [UInt8](hex: "2400000c 8021 0001 00000000 00000007")), .fromServer)
            _ = other.flow
        }
    }
}
