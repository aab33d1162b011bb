import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

@Suite struct HTTP1ConnectionTrackerTests {
    private func conversation() -> StreamConversation<HTTP1ConnectionTracker> {
        StreamConversation(HTTP1ConnectionTracker(isSecure: false))
    }

    @Test func aRequestAndItsResponse() throws {
        var talk = conversation()
        talk.now.roundTrip.server = .milliseconds(2)
        talk.say("POST /up?a=b HTTP/1.1\r\nHost: h.example\r\nContent-Length: 5\r\n\r\nab")
        let asked = talk.time
        talk.say("cde")
        talk.wait(.milliseconds(9))
        talk.say("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 6\r\n\r\n12", .fromServer)
        #expect(talk.now.events.isEmpty && talk.exchanges.first?.state == .open)
        talk.say("3456", .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.method == "POST" && exchange.url == "http://h.example/up?a=b" && exchange.status == 200)
        #expect(exchange.contentType == "video/mp4" && exchange.state == .complete)
        #expect(exchange.requestBytes == 5 && exchange.responseBytes == 6)
        #expect(exchange.requestTime == asked)
        #expect(exchange.requestDuration == .milliseconds(1))
        #expect(exchange.timeToFirstByte == .milliseconds(10))
        #expect(exchange.roundTrip == .milliseconds(2) && exchange.held == 0)
        #expect(exchange.server == .milliseconds(8))
        #expect(exchange.transfer == .milliseconds(1))
        #expect(exchange.duration == .milliseconds(12), "the parts add up")
        #expect(talk.now.events == [.httpExchange(exchange)])
        #expect(talk.counts == HTTPCounts(requests: 1, responses: 1))
    }

    @Test func anyCutReadsTheSame() {
        func exchanges(_ size: Int) -> [HTTPExchangeSnapshot] {
            var talk = conversation()
            talk.pieceSize = size
            talk.say(
                "GET /a HTTP/1.1\r\nHost: h\r\n\r\nHEAD /b HTTP/1.1\r\nHost: h\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            talk.say(
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                .fromServer)
            talk.say("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", .fromServer)
            talk.say("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", .fromServer)
            return talk.exchanges
        }
        let whole = exchanges(.max)
        #expect(whole.map(\.url) == ["http://h/a", "http://h/b", "http://h/c"], "pipelined")
        #expect(whole.map(\.status) == [200, 200, 404])
        #expect(whole.map(\.responseBytes) == [3, 0, 2])
        #expect(whole.map(\.chunks) == [nil, nil, 1])
        for size in 1...40 { #expect(exchanges(size) == whole, "pieces of \(size)") }
    }

    /// RFC 9112 section 7.1: chunks are timed by their last bytes.
    @Test func chunksAndTheirTimes() throws {
        var talk = conversation()
        talk.say("GET /live HTTP/1.1\r\nHost: h\r\n\r\n")
        talk.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .fromServer)
        for span in [0, 20, 40, 90] {
            talk.wait(.milliseconds(Int64(span)))
            talk.say("4\r\nab", .fromServer)
            talk.say("cd\r\n", .fromServer)
        }
        talk.say("0\r\n\r\n", .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.chunks == 4 && exchange.responseBytes == 16)
        #expect(exchange.chunkIntervals?.p50 == .milliseconds(42))
        #expect(exchange.chunkIntervals?.maximum == .milliseconds(92))
    }

    @Test func anAnswerBeforeTheRequestEnds() throws {
        var talk = conversation()
        talk.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n")
        talk.say("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", .fromServer)
        talk.say(String(repeating: "x", count: 100))
        talk.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.requestDuration == .milliseconds(1) && exchange.timeToFirstByte == 0)
        #expect(exchange.status == 413 && talk.counts.errors == 1)
        #expect(talk.flow.anomalies[.earlyResponse] == 1)
        #expect(talk.counts.requests == 2)
    }

    /// What a server holds back on purpose is in no figure about its speed (draft-pantos-hls-rfc8216bis section 6.2.5.2).
    @Test func aBlockingReloadIsHeld() throws {
        var talk = conversation()
        talk.now.roundTrip.server = .milliseconds(2)
        for (path, wait) in [("/a.m3u8?_HLS_msn=7&_HLS_part=1", 499), ("/a.m3u8", 499)] {
            talk.say("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
            talk.wait(.milliseconds(Int64(wait)))
            talk.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .fromServer)
        }
        let held = try #require(talk.exchanges.first)
        #expect(held.held == .milliseconds(498) && held.heldBy == .blockingReload && held.server == 0)
        #expect(talk.exchanges.last?.held == 0 && talk.exchanges.last?.heldBy == nil)
        #expect(talk.flow.http?.timeToFirstByte?.maximum == .milliseconds(500))
        #expect(talk.flow.http?.timeToFirstByte?.samples == 2)
    }

    @Test func theCloseEndsAResponseWithoutALength() throws {
        for (head, state) in [("", HTTPExchangeSnapshot.State.complete), ("Content-Length: 10\r\n", .reset)] {
            var talk = conversation()
            talk.say("GET / HTTP/1.0\r\n\r\n")
            talk.say("HTTP/1.0 200 OK\r\n\(head)\r\nabc", .fromServer)
            talk.end(.fromServer)
            let exchange = try #require(talk.exchanges.first)
            #expect(exchange.state == state && exchange.responseBytes == 3)
            #expect(talk.counts.errors == 0, "a connection that ends is no answer of an error class")
            #expect(talk.now.events.count == 1)
        }
    }

    @Test func gapsAreBridgedOrReadingGoesOnAtTheNextMessage() throws {
        var talk = conversation()
        talk.say("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        talk.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab", .fromServer)
        talk.gap(98, .fromServer)
        #expect(talk.exchanges.first?.responseBytes == 100 && talk.exchanges.first?.state == .complete)
        talk.say("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")
        talk.gap(5_000, .fromServer)
        talk.say("garbage", .fromServer)
        talk.say("GET /c HTTP/1.1\r\nHost: h\r\n\r\n")
        talk.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", .fromServer)
        #expect(talk.exchanges.map(\.status) == [200, nil, 200], "the response of /b went by unseen")
        #expect(talk.counts.forgotten == 1)
    }

    @Test func aResponseWithoutItsRequest() throws {
        var talk = conversation()
        talk.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.method == nil && exchange.requestTime == nil && exchange.timeToFirstByte == nil)
        #expect(talk.counts == HTTPCounts(requests: 0, responses: 1))
    }

    /// RFC 9110 section 9.3.6: everything behind a 2xx to CONNECT belongs to the tunnel.
    @Test func tunnelsHandUpWhatTheyCarry() {
        var talk = conversation()
        talk.say("CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n")
        talk.say("HTTP/1.1 200 Connection established\r\n\r\nhello", .fromServer)
        talk.say("GET / HTTP/1.1\r\n\r\n")
        talk.gap(7, .fromServer)
        #expect(talk.carried[.fromServer] == Array("hello".utf8))
        #expect(talk.carried[.fromClient] == Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(talk.carriedContents == [.gap(7)])
        #expect(talk.exchanges.map(\.url) == ["h.example:443"])
    }

    @Test func anUpgradeIsSignalled() {
        var talk = conversation()
        talk.say(
            "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: k\r\n\r\n"
        )
        talk.say(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: a\r\n\r\n\u{1}",
            .fromServer)
        #expect(talk.now.signals == [.upgraded(to: .webSocket)])
        #expect(talk.tracker.upgrade?.url == "http://h/chat" && talk.tracker.upgrade?.key == "k")
        #expect(talk.tracker.upgrade?.accept == "a" && talk.tracker.upgrade?.duration == .milliseconds(1))
        #expect(talk.carried[.fromServer] == [1])
        #expect(talk.exchanges.first?.status == 101 && talk.counts.responses == 1)
    }

    @Test func anUpgradeToHTTP2AnswersNothing() {
        var talk = conversation()
        talk.say("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAA\r\n\r\n")
        talk.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", .fromServer)
        #expect(talk.now.signals == [.upgraded(to: .http2)])
        #expect(talk.counts.requests == 1 && talk.counts.responses == 0, "the answer comes on stream 1")
    }

    @Test func otherProtocolsAreRefused() {
        for text in ["SSH-2.0-x\r\n", "\u{16}\u{3}\u{1}\r\n", "GET /\r\n"] {
            var talk = conversation()
            talk.say(text)
            #expect(talk.now.signals == [.notThisProtocol], "\(text)")
        }
        var talk = conversation()
        talk.say("GET / HTTP/1.1\r\n\r\nnoise\r\n")
        #expect(talk.now.signals.isEmpty && talk.flow.anomalies[.httpMalformed] == 1)
    }

    @Test func theClientIsWhoAsks() {
        var talk = conversation()
        talk.say("GET / HTTP/1.1\r\n\r\n", .fromServer)
        #expect(talk.now.signals == [.clientIs(.fromServer)])
        talk.tracker.exchangeEnds()
        talk.say("HTTP/1.1 204 No Content\r\n\r\n", .fromServer)
        #expect(talk.exchanges.map(\.status) == [204])
    }

    @Test func whatIsOpenIsBounded() {
        var talk = conversation()
        for number in 0..<1_000 { talk.say("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n") }
        #expect(talk.counts.requests == 1_000 && talk.counts.forgotten == 1_000 - HTTP1Exchanges.openCapacity)
        #expect(talk.exchanges.count <= HTTP1Exchanges.openCapacity + HTTPExchangeLog.capacity)
    }

    @Test func damagedConversationsEnd() {
        let request = Array("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8)
        let response = Array("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcdHTTP/1.1 204 x\r\n\r\n".utf8)
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            var talk = conversation()
            talk.say(random.damaged(request))
            talk.say(random.damaged(response), .fromServer)
            talk.gap(UInt64.random(in: 1...9, using: &random), .fromServer)
            talk.say(random.damaged(response), .fromServer)
            talk.end(.fromServer)
            for exchange in talk.exchanges where exchange.server != nil { #expect((exchange.server ?? 0) >= 0) }
        }
    }
}

@Suite struct HTTPCacheStateTests {
    private func state(_ name: String, _ value: String) -> HTTPCacheSnapshot? {
        HTTPCacheState.snapshot(of: [HTTPField(name, value)])
    }

    @Test func fieldsByTheirTrust() {
        #expect(state("cache-status", "a; fwd=miss, b; hit; ttl=3")?.state == .hit, "the last is the nearest")
        #expect(state("cache-status", "edge; fwd=uri-miss; stored")?.state == .miss)
        #expect(state("cache-status", "edge; fwd=stale")?.state == .stale)
        #expect(state("cache-status", "edge")?.state == nil)
        #expect(state("x-cache", "MISS from a, HIT from b")?.state == .hit)
        #expect(state("x-cache", "TCP_REFRESH_HIT")?.state == .revalidated)
        #expect(state("x-cache", "EXPIRED")?.state == .miss)
        #expect(state("age", "5") == HTTPCacheSnapshot(state: .hit, age: 5, source: .age))
        #expect(state("age", "0")?.state == .unknown)
        #expect(state("age", "-1") == nil && state("age", "x") == nil && state("via", "1.1 a") == nil)
        let both = HTTPCacheState.snapshot(of: [HTTPField("age", "9"), HTTPField("cache-status", "a; fwd=bypass")])
        #expect(both == HTTPCacheSnapshot(state: .bypass, age: 9, source: .cacheStatus))
    }

    /// W3C Server Timing: names with a duration in milliseconds and a description, either of which may be missing.
    @Test func serverTiming() throws {
        let fields = [HTTPField("server-timing", #"cdn-cache; desc="HIT, near", edge;dur=12.5, origin ; dur=x"#)]
        let timings = try #require(CommonMediaServerData.snapshot(of: fields)).timings
        #expect(timings.map(\.name) == ["cdn-cache", "edge", "origin"])
        #expect(timings[0].data == [HTTPClientDatum(key: "desc", value: .text("HIT, near"))])
        #expect(timings[1].data == [HTTPClientDatum(key: "dur", value: .number(12.5))])
        #expect(timings[2].data == [HTTPClientDatum(key: "dur", value: .text("x"))])
        #expect(CommonMediaServerData.snapshot(of: [HTTPField("server-timing", "")]) == nil)
    }
}
