import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// Descriptions of calls in HTTP and WebSocket (RFC 9725, RFC 8840, RFC 8829).
@Suite struct SignallingTests {
    private static func description(_ fragment: String, _ role: String) -> String {
        [
            "v=0", "o=- 1 2 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=ice-ufrag:\(fragment)", "a=ice-pwd:secretsecretsecret",
            "a=fingerprint:sha-256 AA:BB", "a=setup:\(role)", "a=rtpmap:111 opus/48000/2",
            "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=mid:1", "a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000",
            "a=rid:q send", "a=rid:h send", "a=simulcast:send q;~h",
            "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", "",
        ].joined(separator: "\r\n")
    }

    private static let offer = description("Offr", "actpass")
    private static let answer = description("Answ", "passive")

    private func check(_ found: [CallDescription]) throws {
        let offer = try #require(found.first)
        #expect(found.map(\.role) == [.offer, .answer] && found.map(\.from) == [.fromClient, .fromServer])
        #expect(found.map(\.userFragments) == [["Offr"], ["Answ"]] && offer.fingerprints == ["sha-256 AA:BB"])
        #expect(offer.media == ["audio", "video"] && offer.simulcast == ["q", "h"])
        #expect(offer.codecs.map(\.payloadType) == [111, 96, 97] && offer.codecs[1].name == "VP8")
        #expect(offer.extensions.map(\.name) == ["urn:ietf:params:rtp-hdrext:sdes:mid"])
        let candidate = CallDescription.Candidate(type: "host", transport: "udp", endpoint: "192.0.2.1:5000")
        #expect(offer.candidates == [candidate])
    }

    private func post(_ type: String, _ body: String, method: String = "POST") -> String {
        "\(method) /whip/room HTTP/1.1\r\nHost: h\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func response(_ status: String, _ type: String, _ body: String) -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func json(_ type: String, _ text: String) -> String {
        #"{"type":"\#(type)","sdp":"\#(text.replacing("\r\n", with: #"\r\n"#))"}"#
    }

    @Test(arguments: [1, 7, Int.max]) func postedAndAnswered(pieces: Int) throws {
        var talk = StreamConversation(HTTP1ConnectionTracker(isSecure: false))
        talk.pieceSize = pieces
        talk.say(post("application/sdp", Self.offer))
        let sent = talk.time
        talk.say(response("201 Created", "application/sdp; charset=utf-8", Self.answer), .fromServer)
        let exchange = try #require(talk.exchanges.first)
        try check(exchange.descriptions)
        #expect(exchange.descriptions[0].time == sent && exchange.descriptions[1].time == talk.time)
        let (hasReports, taken, left) = (
            talk.tracker.hasReports, talk.tracker.takeDescriptions(), talk.tracker.takeDescriptions()
        )
        #expect(hasReports && taken.count == 2 && left.isEmpty)
    }

    @Test func inJSON() throws {
        var talk = StreamConversation(HTTP1ConnectionTracker(isSecure: false))
        talk.say(post("application/json", json("offer", Self.offer)))
        talk.say(response("200 OK", "application/json", json("answer", Self.answer)), .fromServer)
        try check(talk.exchanges.first?.descriptions ?? [])
    }

    /// RFC 8840 section 9: credentials and candidates alone.
    @Test func candidatesLater() throws {
        var talk = StreamConversation(HTTP1ConnectionTracker(isSecure: false))
        let fragment =
            "a=ice-ufrag:Offr\r\na=ice-pwd:x\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:2 1 udp 1694498815 203.0.113.9 6000 typ srflx raddr 0.0.0.0 rport 9\r\na=end-of-candidates\r\n"
        talk.say(post("application/trickle-ice-sdpfrag", fragment, method: "PATCH"))
        talk.say("HTTP/1.1 204 No Content\r\n\r\n", .fromServer)
        let found = try #require(talk.exchanges.first?.descriptions.first)
        #expect(found.role == .candidates && found.userFragments == ["Offr"])
        #expect(found.candidates.map(\.type) == ["srflx"] && found.candidates[0].endpoint == "203.0.113.9:6000")
    }

    /// What is no description is nothing; what has a hole is not guessed at.
    @Test func nearMisses() {
        for body in ["", "v=0", "{}", Self.offer.replacing("ice-ufrag", with: "ice-other")] {
            var talk = StreamConversation(HTTP1ConnectionTracker(isSecure: false))
            talk.say(post("application/sdp", body))
            talk.say(response("200 OK", "text/html", Self.answer), .fromServer)
            #expect(talk.exchanges.first?.descriptions.isEmpty == true)
            let hasDescribed = talk.tracker.hasDescribed
            #expect(!hasDescribed)
        }
        var talk = StreamConversation(HTTP1ConnectionTracker(isSecure: false))
        talk.say(String(post("application/sdp", Self.offer).dropLast(200)))
        talk.gap(200, .fromClient)
        talk.say(response("201 Created", "application/sdp", Self.answer), .fromServer)
        #expect(talk.exchanges.first?.descriptions.map(\.userFragments) == [["Answ"]])
    }

    @Test func overHTTP2() throws {
        var talk = StreamConversation(HTTP2ConnectionTracker())
        // POST /whip, https, content-type by its index in the static table (RFC 7541 appendix A).
        let type: [UInt8] = [0x0f, 0x10, 15] + Array("application/sdp".utf8)
        talk.say(HTTP2Bytes.preface + HTTP2Bytes.settings())
        talk.say(HTTP2Bytes.settings(), .fromServer)
        talk.say(HTTP2Bytes.frame(1, 4, 1, [0x83, 0x87, 0x04, 5] + Array("/whip".utf8) + type))
        talk.say(HTTP2Bytes.frame(0, 1, 1, Array(Self.offer.utf8)))
        talk.say(HTTP2Bytes.frame(1, 4, 1, [0x88] + type), .fromServer)
        talk.say(HTTP2Bytes.frame(0, 1, 1, Array(Self.answer.utf8)), .fromServer)
        try check(talk.exchanges.first?.descriptions ?? [])
    }

    /// The content types are those of the static table (RFC 9204 appendix A): application/json.
    @Test func overHTTP3() throws {
        var talk = HTTP3Conversation()
        talk.open()
        let head: [UInt8] = [0, 0, 0xd4, 0xd7, 0x50, 1, 0x68, 0x51, 2] + Array("/c".utf8) + [0xee]
        talk.say(HTTP3Bytes.frame(1, head) + HTTP3Bytes.frame(0, Array(json("offer", Self.offer).utf8)), on: 0)
        talk.end(0)
        talk.say(HTTP3Bytes.ok + HTTP3Bytes.frame(0, Array(json("answer", Self.answer).utf8)), on: 0, .fromServer)
        talk.end(0, .fromServer)
        try check(talk.exchanges.first?.descriptions ?? [])
    }

    private func socket() -> StreamConversation<WebSocketTracker> {
        StreamConversation(
            WebSocketTracker(
                upgrade: HTTPUpgrade(
                    to: "websocket", request: [], response: [], url: nil, duration: nil,
                    at: Timestamp(nanoseconds: 0))))
    }

    @Test(arguments: [1, 11, Int.max]) func inMessages(pieces: Int) throws {
        var talk = socket()
        talk.pieceSize = pieces
        let text = json("offer", Self.offer)
        // In two frames with a ping between them.
        talk.say(WebSocketBytes.client(1, String(text.prefix(100)), final: false) + WebSocketBytes.client(9, "p"))
        talk.say(WebSocketBytes.client(0, String(text.dropFirst(100))))
        talk.say(WebSocketBytes.server(1, json("answer", Self.answer)), .fromServer)
        talk.say(
            WebSocketBytes.client(
                1, #"{"candidate":"candidate:9 1 udp 1 198.51.100.4 7000 typ relay ufrag Offr","sdpMid":"0"}"#))
        let found = talk.flow.webSocket?.descriptions ?? []
        try check(Array(found.prefix(2)))
        #expect(found.last?.role == .candidates && found.last?.userFragments == ["Offr"])
        #expect(found.last?.candidates.map(\.type) == ["relay"])
        let taken = talk.tracker.takeDescriptions()
        #expect(taken.count == 3)
    }

    @Test func inBinaryMessages() throws {
        var talk = socket()
        let head = "\u{a}\u{5}offer\u{12}\u{7f}"
        talk.say(WebSocketBytes.frame(2, Array((head + Self.offer + "\u{18}\u{1}").utf8), mask: WebSocketBytes.mask))
        talk.say(WebSocketBytes.frame(2, Array((head + Self.answer + "\u{18}\u{1}").utf8)), .fromServer)
        try check(talk.flow.webSocket?.descriptions ?? [])
    }

    /// Chat about descriptions is none, and a hole ends what it is in.
    @Test func messagesThatAreNone() {
        var talk = socket()
        talk.say(WebSocketBytes.client(1, #"{"text":"write v=0 first"}"#))
        let message = WebSocketBytes.client(1, json("offer", Self.offer))
        talk.say(Array(message.prefix(120)))
        talk.gap(50, .fromClient)
        talk.say(Array(message.dropFirst(170)))
        let hasDescribed = talk.tracker.hasDescribed
        #expect(talk.flow.webSocket?.descriptions.isEmpty == true && !hasDescribed)
    }
}
