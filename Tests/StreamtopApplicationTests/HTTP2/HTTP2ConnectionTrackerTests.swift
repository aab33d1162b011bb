import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

@Suite struct HTTP2ConnectionTrackerTests {
    private typealias Bytes = HTTP2Bytes

    private func conversation() -> StreamConversation<HTTP2ConnectionTracker> {
        StreamConversation(HTTP2ConnectionTracker())
    }

    private func open(
        _ talk: inout StreamConversation<HTTP2ConnectionTracker>, _ settings: [(UInt16, UInt32)] = []
    ) {
        talk.say(Bytes.preface + Bytes.settings(settings))
        talk.say(Bytes.settings() + Bytes.acknowledgment, .fromServer)
        talk.say(Bytes.acknowledgment)
    }

    private func frames(_ flow: FlowSnapshot) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: (flow.http2?.frames ?? []).map { ($0.name, $0.count) })
    }

    @Test func aRequestAndItsResponse() throws {
        var talk = conversation()
        open(&talk)
        talk.now.roundTrip.server = .milliseconds(1)
        talk.say(Bytes.get("/a.m4s", on: 1))
        let asked = talk.time
        talk.wait(.milliseconds(4))
        talk.say(Bytes.answer(1) + Bytes.data(1_000, on: 1), .fromServer)
        talk.say(Bytes.data(5, on: 1, ends: true), .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.method == "GET" && exchange.url == "https://h/a.m4s" && exchange.status == 200)
        #expect(exchange.requestTime == asked && exchange.timeToFirstByte == .milliseconds(5))
        #expect(exchange.server == .milliseconds(4) && exchange.duration == .milliseconds(6))
        #expect(exchange.responseBytes == 1_005 && exchange.stream == 1 && exchange.state == .complete)
        #expect(talk.now.events == [.httpExchange(exchange)])
        #expect(talk.counts == HTTPCounts(requests: 1, responses: 1))
        #expect(frames(talk.flow) == ["data": 2, "headers": 2, "settings": 4])
        #expect(talk.flow.http2?.payloadBytes == 1_005 && talk.flow.http2?.violations == 0)
        #expect(talk.flow.http2?.overheadBytes == 9 * 8 + 13 + 1)
        #expect(talk.tracker.streams.isEmpty, "nothing is kept of a stream that is over")
    }

    @Test("A server that speaks before the client: its SETTINGS count")
    func serverFirst() {
        var talk = conversation()
        talk.say(Bytes.settings([(3, 100)]), .fromServer)
        talk.say(Bytes.preface + Bytes.settings() + Bytes.acknowledgment)
        talk.say(Bytes.acknowledgment, .fromServer)
        #expect(frames(talk.flow) == ["settings": 4])
        let announced = QUICParameter(name: "max_concurrent_streams", value: .number(100))
        #expect(talk.flow.http2?.server.settings == [announced])
        #expect(!talk.now.signals.contains(.notThisProtocol))
    }

    @Test("What follows a server's SETTINGS and is no client is another protocol; one whose preface was lost is not")
    func refutedByTheClient() {
        var talk = conversation()
        talk.say(Bytes.settings([(3, 100)]), .fromServer)
        talk.say(Bytes.get("/a", on: 1))
        #expect(talk.now.signals.contains(.notThisProtocol))
        var holed = conversation()
        holed.say(Bytes.settings([(3, 100)]), .fromServer)
        holed.gap(60, .fromClient)
        holed.say(Bytes.get("/a", on: 1) + Bytes.get("/b", on: 3))
        #expect(!holed.now.signals.contains(.notThisProtocol))
    }

    @Test func anyCutReadsTheSame() {
        func read(_ size: Int) -> ([HTTPExchangeSnapshot], HTTP2Snapshot?) {
            var talk = conversation()
            talk.pieceSize = size
            open(&talk)
            talk.say(Bytes.get("/a", on: 1) + Bytes.get("/b", on: 3))
            talk.say(Bytes.answer(3) + Bytes.data(20, on: 3), .fromServer)
            talk.say(Bytes.answer(1, status: 0x8d, ends: true) + Bytes.data(10, on: 3, ends: true), .fromServer)
            return (talk.exchanges, talk.flow.http2)
        }
        let whole = read(.max)
        #expect(whole.0.map(\.status) == [404, 200] && whole.0.map(\.responseBytes) == [0, 30])
        for size in 1...40 {
            let cut = read(size)
            #expect(cut.0 == whole.0 && cut.1 == whole.1, "pieces of \(size)")
        }
    }

    @Test func flashVideoOverAStream() throws {
        var talk = conversation()
        open(&talk)
        talk.say(Bytes.get("/live.flv", on: 1))
        // 200, then content-type by its name in the static table.
        talk.say(Bytes.frame(1, 4, 1, [0x88, 0x0f, 0x10, 11] + Array("video/x-flv".utf8)), .fromServer)
        let tag: [UInt8] = [9, 0, 0, 6, 0, 0, 5, 0, 0, 0, 0, 0x17, 1, 0, 0, 0, 7, 0, 0, 0, 17]
        let content: [UInt8] = [0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0] + tag + tag
        talk.say(Bytes.frame(0, 0, 1, content), .fromServer)
        #expect(talk.flow.protocols == ["http/2", "http-flv"])
        #expect(talk.flow.rtmp?.video?.messages == 2 && talk.flow.rtmp?.video?.codec == "h264")
    }

    /// A hole of TCP holds every stream up; one that has nothing behind it does not wait.
    @Test func headOfLine() throws {
        var talk = conversation()
        open(&talk)
        for stream: UInt32 in [1, 3, 5] { talk.say(Bytes.get("/a", on: stream)) }
        talk.say(Bytes.answer(1) + Bytes.answer(3) + Bytes.answer(5), .fromServer)
        #expect(talk.flow.http2?.headOfLine.server == HeadOfLineSnapshot())
        talk.wait(.milliseconds(50))
        talk.pieceSize = 300
        talk.say(Bytes.data(500, on: 1) + Bytes.data(100, on: 3), .fromServer, waited: .milliseconds(40))
        talk.say(Bytes.data(10, on: 5), .fromServer)
        #expect(
            talk.flow.http2?.headOfLine.server
                == HeadOfLineSnapshot(waited: .milliseconds(40), holes: 1, streams: 2))
        // The next hole is noted to be there since before the last was filled: no moment counts twice.
        talk.wait(.milliseconds(8))
        talk.say(Bytes.data(5, on: 3), .fromServer, waited: .milliseconds(60))
        #expect(
            talk.flow.http2?.headOfLine.server
                == HeadOfLineSnapshot(waited: .milliseconds(50), holes: 2, streams: 2))
        #expect(talk.flow.http2?.headOfLine.client == HeadOfLineSnapshot())
    }

    /// RFC 9113 section 4.3: a block may be spread over frames, padded, with a priority before it.
    @Test func aBlockInManyFrames() throws {
        var talk = conversation()
        open(&talk)
        talk.say(Bytes.frame(1, 0x28, 1, [2, 0, 0, 0, 0, 16, 0x82, 0x87, 0, 0]))
        talk.say(Bytes.frame(9, 0, 1, [0x04, 2, 0x2f]) + Bytes.frame(9, 4, 1, [0x61]))
        #expect(talk.exchanges.first?.url == "/a" && talk.flow.http2?.violations == 0)
        talk.say(Bytes.frame(9, 4, 1, [0x82]))
        #expect(talk.flow.http2?.violations == 1, "a continuation of nothing")
    }

    @Test func paddingCountsAsCreditAndNotAsContent() throws {
        var talk = conversation()
        open(&talk)
        talk.say(Bytes.get("/", on: 1))
        talk.say(Bytes.answer(1) + Bytes.frame(0, 0x9, 1, [3, 1, 2, 3, 4, 0, 0, 0]), .fromServer)
        #expect(talk.exchanges.first?.responseBytes == 4)
        #expect(talk.flow.http2?.flowControl?.client.last == Int64(65_527))
    }

    @Test func aHoleInAHeaderBlockHidesNamesAndNotSizes() throws {
        var talk = conversation()
        open(&talk)
        talk.say(Bytes.get("/a", on: 1) + Bytes.get("/b", on: 3))
        talk.say(Array(Bytes.frame(1, 4, 1, [0x88, 0x88, 0x88]).prefix(10)), .fromServer)
        talk.gap(2, .fromServer)
        talk.say(Bytes.data(9, on: 1, ends: true) + Bytes.answer(3) + Bytes.data(8, on: 3, ends: true), .fromServer)
        #expect(talk.exchanges.map(\.responseBytes) == [9, 8])
        #expect(talk.exchanges.map(\.status) == [nil, nil])
        #expect(talk.flow.http2?.undecodedBlocks == 2)
    }

    @Test func aHoleBetweenFramesIsLeftBehind() {
        var talk = conversation()
        open(&talk)
        talk.gap(50, .fromServer)
        talk.say([1, 2, 3], .fromServer)
        talk.say(Bytes.grant(100, on: 0) + Bytes.frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]), .fromServer)
        #expect(frames(talk.flow)["window_update"] == 1 && talk.flow.http2?.lostSteps == 1)
    }

    @Test func resetsAndDepartures() throws {
        var talk = conversation()
        open(&talk)
        talk.say(Bytes.get("/a", on: 1) + Bytes.get("/b", on: 3))
        talk.say(Bytes.frame(3, 0, 1, Bytes.word(7)), .fromServer)
        talk.say(Bytes.frame(7, 0, 0, Bytes.word(3) + Bytes.word(0xb)), .fromServer)
        #expect(talk.exchanges.first?.errorName == "REFUSED_STREAM" && talk.exchanges.first?.state == .reset)
        #expect(talk.counts.errors == 1 && talk.flow.http2?.resets == 1)
        #expect(talk.flow.http2?.server.goAway == 3)
        #expect(talk.flow.http2?.server.goAwayError == "ENHANCE_YOUR_CALM")
        talk.end(.fromServer)
        #expect(talk.exchanges.map(\.state) == [.reset, .reset] && talk.counts.errors == 1)
    }

    @Test func pushesUsedAndCancelled() throws {
        var talk = conversation()
        open(&talk)
        talk.say(Bytes.get("/a", on: 1))
        for stream in [UInt32(2), 4] {
            talk.say(Bytes.frame(5, 4, 1, Bytes.word(stream) + [0x82, 0x87, 0x84, 0x01, 1, 0x68]), .fromServer)
        }
        talk.say(Bytes.answer(2) + Bytes.data(10, on: 2, ends: true), .fromServer)
        talk.say(Bytes.answer(4) + Bytes.data(20, on: 4), .fromServer)
        talk.say(Bytes.frame(3, 0, 4, Bytes.word(8)))
        talk.say(Bytes.data(30, on: 4), .fromServer)
        let http2 = try #require(talk.flow.http2)
        #expect(http2.pushPromises == 2 && http2.pushesCancelled == 1 && http2.pushesWastedBytes == 50)
        let pushed = talk.exchanges.filter(\.isPushed)
        #expect(pushed.map(\.responseBytes) == [10, 50] && pushed.map(\.state) == [.complete, .reset])
        #expect(talk.counts.requests == 1)
    }

    @Test func pingsAreTimedByTheirData() throws {
        var talk = conversation()
        open(&talk)
        let data: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        talk.say(Bytes.frame(6, 0, 0, data))
        talk.wait(.milliseconds(29))
        talk.say(Bytes.frame(6, 1, 0, data), .fromServer)
        talk.say(Bytes.frame(6, 1, 0, data), .fromServer)
        let trip = try #require(talk.flow.http2?.server.pingRoundTrip)
        #expect(trip.samples == 1 && trip.minimum == .milliseconds(30) && trip.source == .http2Ping)
        #expect(talk.flow.http2?.client.pingRoundTrip == nil)
    }

    /// RFC 9113 section 6.5.3: what is announced binds from its acknowledgment on.
    @Test func aTableSizeBindsWhenItIsAcknowledged() throws {
        var talk = conversation()
        talk.say(Bytes.preface + Bytes.settings([(1, 0)]))
        talk.say(Bytes.settings() + Bytes.frame(1, 4, 1, [0x88]), .fromServer)
        talk.say(Bytes.acknowledgment, .fromServer)
        talk.say(Bytes.frame(1, 4, 3, [0x20, 0x88]), .fromServer)
        #expect(talk.exchanges.map(\.status) == [200, 200])
    }

    /// RFC 8441: an extended CONNECT makes a stream carry a WebSocket.
    @Test func aStreamThatCarriesAnotherProtocol() throws {
        var talk = conversation()
        open(&talk)
        func literal(_ name: String, _ value: String) -> [UInt8] {
            [0x00, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        let block =
            literal(":method", "CONNECT") + literal(":protocol", "websocket") + [0x87, 0x84, 0x01, 1, 0x68]
        talk.say(Bytes.frame(1, 4, 1, block))
        talk.wait(.milliseconds(30))
        talk.say(Bytes.answer(1), .fromServer)
        #expect(talk.now.signals == [.upgraded(to: .webSocket)])
        // The tunnel's content is none of the request's: the server had all of it when it began to answer.
        let first = try #require(talk.flow.http?.exchanges.first?.timeToFirstByte)
        #expect(first >= .milliseconds(30) && first == talk.tracker.upgrade?.duration)
        #expect(talk.tracker.upgrade?.stream == 1 && talk.tracker.upgrade?.url == "https://h/")
        talk.say(Bytes.get("/b", on: 3) + Bytes.data(4, on: 1))
        talk.say(Bytes.answer(3) + Bytes.data(9, on: 3), .fromServer)
        #expect(talk.carried[.fromClient] == [7, 7, 7, 7] && talk.carried[.fromServer] == nil)
    }

    @Test func otherProtocolsAreRefused() {
        var talk = conversation()
        talk.say("PRI * HTTP/1.1\r\n\r\n")
        #expect(talk.now.signals == [.notThisProtocol])
        var other = conversation()
        other.say(Bytes.preface, .fromServer)
        #expect(other.now.signals == [.clientIs(.fromServer)])
    }

    @Test func floodsAreBounded() {
        var talk = conversation()
        open(&talk)
        for number in UInt32(0)..<2_000 { talk.say(Bytes.get("/", on: 2 * number + 1, ends: false)) }
        #expect(talk.tracker.streams.count == HTTP2ConnectionTracker.streamCapacity)
        #expect(talk.counts.forgotten == 2_000 - HTTP2ConnectionTracker.streamCapacity)
        talk.say(Bytes.frame(1, 0, 5_001, [0x82]))
        for _ in 0..<100 { talk.say(Bytes.frame(9, 0, 5_001, [0x82])) }
        #expect(talk.tracker.client.block == nil && (talk.flow.http2?.violations ?? 0) > 0)
    }

    @Test func damagedConversationsEnd() {
        let client = Bytes.preface + Bytes.settings([(4, 9)]) + Bytes.get("/a", on: 1) + Bytes.grant(9, on: 1)
        let server = Bytes.settings() + Bytes.acknowledgment + Bytes.answer(1) + Bytes.data(30, on: 1, ends: true)
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            var talk = conversation()
            talk.pieceSize = Int.random(in: 1...40, using: &random)
            talk.say(random.damaged(client))
            talk.say(random.damaged(server), .fromServer)
            talk.gap(UInt64.random(in: 1...90, using: &random), .fromServer)
            talk.say(random.damaged(server), .fromServer)
            _ = talk.flow
        }
    }
}

@Suite struct HTTP2CreditLedgerTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: 0) + .milliseconds(milliseconds) }

    /// A sender of 65,535 bytes without an update has nothing left, and the time that this lasts runs.
    @Test func theConnectionBlocks() {
        var ledger = HTTP2CreditLedger()
        ledger.open(1)
        ledger.begin(1, at: at(0))
        ledger.setInitial(1_000_000, at: at(0))
        ledger.spend(65_535, on: 1, endsStream: false, at: at(10))
        #expect(ledger.connection == 0 && ledger.connectionMinimum == 0)
        #expect(ledger.blockedTimes(at: at(30)).connection == .milliseconds(20))
        ledger.grant(100, on: 0, at: at(40), roundTrip: nil)
        #expect(ledger.blockedTimes(at: at(90)) == (.milliseconds(30), 0))
        #expect(ledger.streamsBlocked == 0)
    }

    /// At the receiver's tap, a grant reaches the sender later and its effect comes back later still.
    @Test func aGrantCountsWhenTheSenderHasIt() {
        var ledger = HTTP2CreditLedger()
        ledger.open(1)
        ledger.begin(1, at: at(0))
        ledger.spend(65_535, on: 1, endsStream: false, at: at(10))
        ledger.grant(65_535, on: 0, at: at(10), roundTrip: .milliseconds(50))
        ledger.grant(65_535, on: 1, at: at(10), roundTrip: .milliseconds(50))
        #expect(ledger.connectionCredit(at: at(59)) == 0 && ledger.connectionCredit(at: at(60)) == 65_535)
        ledger.spend(1, on: 1, endsStream: false, at: at(70))
        #expect(ledger.blockedTimes(at: at(100)).connection == .milliseconds(50))
        #expect(ledger.streamsBlocked == 1)
    }

    /// What was sent had been allowed, whatever was thought of the round trip.
    @Test func dataProvesThatAGrantHasArrived() {
        var ledger = HTTP2CreditLedger()
        ledger.open(1)
        ledger.begin(1, at: at(0))
        ledger.spend(65_535, on: 1, endsStream: false, at: at(10))
        ledger.grant(1_000, on: 0, at: at(11), roundTrip: .milliseconds(500))
        ledger.grant(1_000, on: 1, at: at(11), roundTrip: .milliseconds(500))
        ledger.spend(600, on: 1, endsStream: false, at: at(20))
        #expect(ledger.connection == 400 && ledger.connectionMinimum == 0)
    }

    /// RFC 9113 section 6.9.2: streams may go below zero, the connection is not touched.
    @Test func aSmallerInitialWindow() {
        var ledger = HTTP2CreditLedger()
        ledger.open(1)
        ledger.open(3)
        ledger.begin(1, at: at(0))
        ledger.spend(60_000, on: 1, endsStream: false, at: at(1))
        ledger.setInitial(16_384, at: at(2))
        #expect(ledger.streamMinimum == 5_535 - 49_151 && ledger.connection == 5_535)
        #expect(ledger.blockedTimes(at: at(12)) == (0, .milliseconds(10)))
        ledger.spend(0, on: 1, endsStream: true, at: at(12))
        #expect(ledger.blockedTimes(at: at(99)) == (0, .milliseconds(10)), "a stream that is over waits for nothing")
    }

    @Test func dataOfClosedStreamsCountsForTheConnection() {
        var ledger = HTTP2CreditLedger()
        ledger.spend(100, on: 9, endsStream: false, at: at(1))
        #expect(ledger.connection == 65_435 && ledger.streamMinimum == nil)
    }

    @Test func grantsUnderWayAreBounded() {
        var ledger = HTTP2CreditLedger()
        for _ in 0..<10_000 { ledger.grant(1, on: 0, at: at(1), roundTrip: .seconds(100)) }
        #expect(ledger.connectionCredit(at: Timestamp(nanoseconds: .max)) == 75_535)
    }
}
