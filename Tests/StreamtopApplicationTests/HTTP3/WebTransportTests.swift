import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

/// Extended CONNECT over HTTP/3 (RFC 9220), and what draft-ietf-webtrans-http3 and draft-ietf-moq-transport build on it.
@Suite struct WebTransportTests {
    private typealias Bytes = HTTP3Bytes

    /// A field with a name of its own (RFC 9204 section 4.5.6).
    private static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0x27, UInt8(name.utf8.count - 7)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }

    /// `CONNECT https://h/x` for another protocol.
    private static func connect(_ name: String) -> [UInt8] {
        Bytes.frame(1, [0, 0, 0xcf, 0xd7, 0x50, 1, 0x68, 0x51, 2, 0x2f, 0x78] + literal(":protocol", name))
    }

    private static func ok(_ fields: [UInt8] = []) -> [UInt8] { Bytes.frame(1, [0, 0, 0xd9] + fields) }

    private func open(_ talk: inout HTTP3Conversation, _ fields: [UInt8] = []) {
        talk.open()
        talk.say(Self.connect("webtransport"), on: 0)
        talk.say(Self.ok(fields), on: 0, .fromServer)
    }

    private func session(_ size: Int) -> (WebTransportSnapshot?, HTTP3Snapshot, Int) {
        var talk = HTTP3Conversation()
        talk.pieceSize = size
        open(&talk)
        talk.say([0x40, 0x54, 0x00] + [UInt8](repeating: 1, count: 10), on: 14)
        talk.say([0x40, 0x41, 0x00] + [UInt8](repeating: 2, count: 20), on: 4)
        talk.say([UInt8](repeating: 3, count: 7), on: 4, .fromServer)
        talk.say([0x40, 0x41, 0x00, 9, 9], on: 1, .fromServer)
        talk.say([8], on: 1)
        talk.say([0x40, 0x54, 0x00, 5], on: 15, .fromServer)
        talk.send([0x00, 1, 2, 3])
        talk.send([0x00, 1], .fromServer)
        talk.send([0x07, 1])
        talk.reset(14, .fromClient, code: 9)
        let capsule: [UInt8] = [0x68, 0x43, 7, 0, 0, 1, 2, 0x62, 0x79, 0x65]
        talk.say(Bytes.frame(0, [0x3f, 2, 1, 1] + capsule), on: 0)
        talk.end(0)
        return (talk.below.webTransport.first, talk.below, talk.exchanges.count)
    }

    @Test("Streams, datagrams, resets and the close, cut anywhere")
    func whole() throws {
        let (found, below, exchanges) = session(.max)
        let told = try #require(found)
        #expect(told.url == "https://h/x" && told.isAccepted == true && told.setup == .milliseconds(1))
        #expect(told.closeCode == 258 && told.closeReason == "bye" && told.end != nil)
        var client = WebTransportSnapshot.End()
        client.unidirectional = 1
        client.bidirectional = 1
        client.bytes = 31
        client.datagrams = 1
        client.datagramBytes = 3
        client.resets = 1
        #expect(told.ends.client == client)
        var server = WebTransportSnapshot.End()
        server.unidirectional = 1
        server.bidirectional = 1
        server.bytes = 10
        server.datagrams = 1
        server.datagramBytes = 1
        #expect(told.ends.server == server)
        #expect(exchanges == 1 && below.streams == 1 && below.violations == 0)
        for size in 1...12 {
            let cut = session(size)
            #expect(cut.0 == told && cut.2 == 1, "pieces of \(size)")
        }
    }

    @Test("Without a session, or with one refused, streams are none of one")
    func none() {
        var talk = HTTP3Conversation()
        talk.open()
        talk.say([0x40, 0x41, 0x00, 1, 2], on: 0)
        talk.say([0x40, 0x54, 0x00, 5], on: 14)
        talk.send([0x00, 1, 2, 3])
        #expect(talk.below.webTransport.isEmpty)
        var refused = HTTP3Conversation()
        refused.open()
        refused.say(Self.connect("webtransport"), on: 0)
        refused.say(Bytes.notFound, on: 0, .fromServer)
        #expect(refused.below.webTransport.first?.isAccepted == false)
        var plain = HTTP3Conversation()
        plain.open()
        plain.say(Bytes.get("/x"), on: 0)
        plain.say(Bytes.ok, on: 0, .fromServer)
        #expect(plain.below.webTransport.isEmpty && plain.tracker.upgrade == nil)
    }

    /// A subgroup each: type, alias, group, and what is not read.
    private static func group(_ number: UInt8, track: UInt8 = 1, type: UInt8 = 0x10) -> [UInt8] {
        [type, track, number, 0, 1, 2, 3]
    }

    @Test("Groups of Media over QUIC inside, by their streams; the version by name")
    func mediaOverQUIC() throws {
        var talk = HTTP3Conversation()
        open(&talk, Self.literal("wt-protocol", "\"moqt-15\""))
        for number: UInt8 in 0..<4 {
            talk.now = talk.now + .milliseconds(999)
            talk.say([0x40, 0x54, 0x00] + Self.group(number), on: 15 + 4 * UInt64(number), .fromServer)
        }
        let media = try #require(talk.tracker.webTransport.media)
        #expect(media.name == "moqt-15" && media.draft == 15 && media.tracks == 1 && media.groups == 4)
        #expect(media.streams.server == 4 && media.streams.client == 0)
        #expect(
            media.groupInterval
                == DurationSpread(
                    samples: 3, p50: .seconds(1), p95: .seconds(1), maximum: .seconds(1)))
    }

    /// A session without a protocol's name; what client and server say on the client's first stream, byte by byte; a group.
    private func unnamed(_ asked: [UInt8], _ chosen: [UInt8], on answered: UInt64 = 4) -> MediaOverQUICSnapshot? {
        var talk = HTTP3Conversation()
        open(&talk, [])
        talk.say([0x40, 0x41, 0x00], on: 4)
        for byte in asked { talk.say([byte], on: 4) }
        if answered != 4 { talk.say([0x40, 0x41, 0x00], on: answered) }
        for byte in chosen { talk.say([byte], on: answered, .fromServer) }
        talk.say([0x40, 0x54, 0x00] + Self.group(0), on: 15, .fromServer)
        return talk.tracker.webTransport.media
    }

    private static let version: [UInt8] = [0xc0, 0, 0, 0, 0xff, 0, 0, 14]

    @Test("Media over QUIC of a session that names no protocol: client and server name a draft on its first stream")
    func mediaWithoutAName() throws {
        let asked: [UInt8] = [0x20, 0, 10, 1] + Self.version + [0]
        let media = try #require(unnamed(asked, [0x21, 0, 9] + Self.version + [0]))
        #expect(media.draft == 14 && media.groups == 1 && media.streams.server == 1)
        // Draft 10 and before: other types, and a length of another form.
        let old: [UInt8] = [0x40, 0x40, 10, 1] + Self.version + [0]
        #expect(unnamed(old, [0x40, 0x41, 9] + Self.version + [0])?.draft == 14)
    }

    @Test("Near misses: one end alone, other versions, other streams, the version further back")
    func noMediaWithoutAName() {
        let asked: [UInt8] = [0x20, 0, 10, 1] + Self.version + [0]
        let chosen: [UInt8] = [0x21, 0, 9] + Self.version + [0]
        let other: [UInt8] = [0xc0, 0, 0, 0, 0xfe, 0, 0, 14]
        #expect(unnamed(asked, []) == nil && unnamed([], chosen) == nil)
        #expect(unnamed([0x20, 0, 10, 1] + other + [0], chosen) == nil)
        #expect(unnamed(asked, [0x21, 0, 9] + other + [0]) == nil)
        #expect(unnamed(asked, chosen, on: 8) == nil)
        #expect(unnamed([0x00, 0x05] + asked, chosen) == nil)
        #expect(unnamed([UInt8](repeating: 0x20, count: 200), [UInt8](repeating: 0x21, count: 200)) == nil)
    }

    @Test("Media over QUIC on QUIC itself: subgroups of one group are one group, other streams none")
    func mediaOnQUIC() throws {
        var talk = StreamConversation(MoQTracker(name: "moq-00"))
        // SERVER_SETUP of draft 12: type, length, the version chosen.
        talk.say([0x21, 0, 9, 0xc0, 0, 0, 0, 0xff, 0, 0, 12, 0], .fromServer)
        talk.pieceSize = 1
        for number: UInt8 in 0..<3 {
            talk.wait(.milliseconds(497))
            for part: UInt64 in 0..<2 {
                talk.say(
                    Self.group(number, type: 0x14), .fromServer, stream: 3 + 8 * UInt64(number) + 4 * part)
            }
            talk.say([0x05, 1, number], .fromServer, stream: 103 + 4 * UInt64(number))
        }
        let media = try #require(talk.flow.moq)
        #expect(media.draft == 12 && media.groups == 3 && media.tracks == 1 && media.streams.server == 6)
        #expect(media.groupInterval?.p50 == .milliseconds(500))
        #expect(talk.flow.protocols == ["moq"])
        var quiet = StreamConversation(MoQTracker(name: "moq-00"))
        quiet.say([0x21, 0, 1, 7], .fromServer)
        #expect(quiet.flow.moq?.draft == nil && quiet.flow.moq?.groupInterval == nil)
    }

    /// RFC 9220: frames travel in DATA; they are handed up, as those of HTTP/2 are.
    @Test func webSocket() throws {
        var talk = HTTP3Conversation()
        talk.open()
        talk.say(Self.connect("websocket"), on: 0)
        talk.say(Bytes.data(3), on: 0)
        let before = talk.seen.deliveries.count
        #expect(before == 0, "it is not agreed on")
        talk.say(Self.ok(Self.literal("sec-websocket-protocol", "chat")), on: 0, .fromServer)
        #expect(talk.seen.signals == [.upgraded(to: .webSocket)])
        #expect(talk.tracker.upgrade?.subprotocol == "chat" && talk.tracker.upgrade?.url == "https://h/x")
        talk.say(Bytes.data(5) + Bytes.data(6), on: 0)
        talk.say(Bytes.data(5), on: 4, .fromServer)
        let count = talk.seen.deliveries.count
        let second = talk.seen.deliveries[1]
        #expect(count == 2 && second.range == DeliveredRange(.payload, start: 9, count: 6))
        talk.end(0, .fromServer)
        let last = talk.seen.deliveries[2]
        #expect(last.content == .end)
    }
}
