import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

@Suite struct HTTP3ConnectionTrackerTests {
    private typealias Bytes = HTTP3Bytes

    @Test func aRequestAndItsResponse() throws {
        var talk = HTTP3Conversation()
        talk.open()
        talk.say(Bytes.get("/a.m4s"), on: 0)
        talk.end(0)
        let asked = talk.now
        talk.say(Bytes.ok, on: 0, .fromServer)
        talk.say(Bytes.data(70_000), on: 0, .fromServer)
        #expect(talk.events.isEmpty)
        let open = try #require(talk.exchanges.first)
        #expect(open.state == .open && open.duration == nil && open.responseBytes == 70_000)
        talk.say(Bytes.data(5), on: 0, .fromServer)
        talk.end(0, .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.method == "GET")
        #expect(exchange.url == "https://h/a.m4s")
        #expect(exchange.status == 200)
        #expect(exchange.contentType == "application/json")
        #expect(exchange.requestTime == asked)
        #expect(exchange.timeToFirstByte == .milliseconds(1))
        #expect(exchange.duration == .milliseconds(3))
        #expect(exchange.requestBytes == 0)
        #expect(exchange.responseBytes == 70_005)
        #expect(exchange.state == .complete)
        #expect(talk.events == [.httpExchange(exchange)])
        #expect(talk.counts == HTTPCounts(requests: 1, responses: 1))
        #expect(talk.below.server.payloadBytes == 70_005)
        #expect(talk.below.server.frames.map(\.name) == ["data", "headers", "settings"])
        #expect(talk.below.violations == 0)
        #expect(talk.tracker.requests.isEmpty, "nothing is kept of a stream that is over")
    }

    @Test func anyCutReadsTheSame() {
        func exchanges(_ size: Int) -> [HTTPExchangeSnapshot] {
            var talk = HTTP3Conversation()
            talk.pieceSize = size
            talk.open()
            talk.say(Bytes.post("/up") + Bytes.data(300), on: 0)
            talk.end(0)
            talk.say(Bytes.earlyHints + Bytes.ok + Bytes.data(100) + Bytes.trailers, on: 0, .fromServer)
            talk.end(0, .fromServer)
            return talk.exchanges
        }
        let whole = exchanges(.max)
        #expect(whole.first?.requestBytes == 300)
        for size in 1...40 { #expect(exchanges(size) == whole, "pieces of \(size)") }
    }

    /// RFC 9110 section 15.2: the final response counts, not what comes before it, nor the trailers behind it.
    @Test func interimResponsesAndTrailers() throws {
        var talk = HTTP3Conversation()
        talk.say(Bytes.get("/"), on: 0)
        talk.end(0)
        talk.say(Bytes.earlyHints, on: 0, .fromServer)
        talk.say(Bytes.notFound, on: 0, .fromServer)
        talk.say(Bytes.trailers, on: 0, .fromServer)
        talk.end(0, .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.status == 404)
        #expect(exchange.timeToFirstByte == .milliseconds(2))
        #expect(talk.counts == HTTPCounts(requests: 1, responses: 1, errors: 1))
    }

    /// RFC 9204 section 2.1.2: a section may overtake the insertions that it refers to.
    @Test func aHeadThatWaitsForItsTable() throws {
        var talk = HTTP3Conversation()
        talk.open(table: 60)
        // Required Insert Count 1, then GET, https, the first entry of the table.
        talk.say(Bytes.frame(1, [2, 0, 0xd1, 0xd7, 0xc1, 0x80]), on: 0)
        let asked = talk.now
        talk.say(Bytes.ok + Bytes.data(10), on: 0, .fromServer)
        talk.end(0, .fromServer)
        #expect(talk.events.isEmpty)
        #expect(talk.below.undecodedSections == 1, "not yet")
        // Set capacity 60, insert `:authority` with value "h".
        talk.say([0x02, 0x3f, 0x1d, 0xc0, 1, 0x68], on: 6)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.url == "https://h/")
        #expect(exchange.requestTime == asked)
        #expect(exchange.duration == .milliseconds(1))
        #expect(talk.events == [.httpExchange(exchange)])
        #expect(talk.below.undecodedSections == 0)
    }

    /// Each stream waits for holes of its own; a section that is blocked is counted with its time.
    @Test func whatWaited() {
        var talk = HTTP3Conversation()
        talk.open(table: 60)
        talk.say(Bytes.frame(1, [2, 0, 0xd1, 0xd7, 0xc1, 0x80]), on: 0)
        talk.say(Bytes.get("/"), on: 4)
        talk.now = talk.now + .milliseconds(5)
        talk.say([0x02, 0x3f, 0x1d, 0xc0, 1, 0x68], on: 6)
        #expect(talk.below.blockedSections == 1 && talk.below.blockedTime == .milliseconds(7))
        talk.say(Bytes.ok + Bytes.data(30), on: 0, .fromServer, waited: .milliseconds(20))
        talk.say(Bytes.ok + Bytes.data(30), on: 4, .fromServer, waited: .milliseconds(30))
        talk.say(Bytes.data(30), on: 4, .fromServer, waited: .milliseconds(3))
        #expect(
            talk.below.headOfLine.server == HeadOfLineSnapshot(waited: .milliseconds(53), holes: 3, streams: 2))
        #expect(talk.below.headOfLine.client == HeadOfLineSnapshot())
    }

    @Test func aTableWhoseSizeComesLate() throws {
        var talk = HTTP3Conversation()
        talk.say([0x02, 0x3f, 0x1d, 0xc0, 1, 0x68], on: 6)
        talk.say(Bytes.frame(1, [2, 0, 0xd1, 0xd7, 0xc1, 0x80]), on: 0)
        #expect(talk.exchanges.first?.method == nil)
        talk.open(table: 60)
        #expect(talk.exchanges.first?.url == "https://h/")
        #expect(talk.counts.requests == 1)
    }

    @Test func aHoleInTheTableLeavesTheRest() throws {
        var talk = HTTP3Conversation()
        talk.open(table: 60)
        talk.say([0x02], on: 6)
        talk.say(Bytes.frame(1, [2, 0, 0xd1, 0xd7, 0xc1, 0x80]), on: 0)
        talk.gap(3, 6, .fromClient)
        talk.say(Bytes.get("/b"), on: 4)
        #expect(talk.counts.requests == 2)
        #expect(talk.exchanges.map(\.url) == [nil, "https://h/b"])
        #expect(talk.below.undecodedSections == 1)
        #expect(talk.below.lostStreams == 1)
    }

    @Test func aBrokenHeadSpoilsNoOther() {
        var talk = HTTP3Conversation()
        talk.open(table: 60)
        talk.say([0x02, 0x3f, 0x1d, 0xc0, 1, 0x68], on: 6)
        talk.say(Bytes.frame(1, [0, 0, 0xff]), on: 0)
        talk.say(Bytes.get("/b"), on: 4)
        talk.say(Bytes.frame(1, [2, 0, 0xd1, 0xff]), on: 8)
        talk.say(Bytes.frame(1, [2, 0, 0xd1, 0xd7, 0xc1, 0x80]), on: 12)
        talk.say(Bytes.get("/d"), on: 16)
        #expect(talk.exchanges.map(\.url) == [nil, "https://h/b", nil, nil, "https://h/d"])
        #expect(talk.counts.requests == 5)
        #expect(talk.below.undecodedSections == 3)
    }

    @Test func holesInMessages() throws {
        var talk = HTTP3Conversation()
        talk.say(Bytes.get("/a"), on: 0)
        // Inside the content: counted, for the frame says how long it is.
        let content = Bytes.ok + Bytes.data(1_000)
        talk.say(Array(content.prefix(100)), on: 0, .fromServer)
        talk.gap(500, 0, .fromServer)
        talk.say(Array(content.dropFirst(600)), on: 0, .fromServer)
        talk.end(0, .fromServer)
        #expect(talk.exchanges.first?.responseBytes == 1_000)
        #expect(talk.below.lostStreams == 0)
        // Inside the head: no status, but the times stand.
        talk.say(Bytes.get("/b"), on: 4)
        talk.end(4)
        talk.say([1], on: 4, .fromServer)
        talk.say([4, 0], on: 4, .fromServer)
        talk.gap(3, 4, .fromServer)
        talk.say(Bytes.data(20), on: 4, .fromServer)
        talk.end(4, .fromServer)
        let headless = try #require(talk.exchanges.last)
        #expect(headless.status == nil)
        #expect(headless.responseBytes == 20)
        #expect(headless.timeToFirstByte == .milliseconds(2))
        #expect(talk.below.undecodedSections == 1)
        #expect(talk.counts == HTTPCounts(requests: 2, responses: 2))
        // Between frames: nothing can be told apart any more.
        talk.say(Bytes.get("/c"), on: 8)
        talk.gap(3, 8, .fromServer)
        talk.say(Bytes.data(20), on: 8, .fromServer)
        talk.end(8, .fromServer)
        #expect(talk.exchanges.last?.responseBytes == 0)
        #expect(talk.exchanges.last?.state == .complete)
        #expect(talk.below.lostStreams == 1)
    }

    @Test func whoBreaksOff() throws {
        var talk = HTTP3Conversation()
        talk.say(Bytes.get("/cancelled"), on: 0)
        talk.stop(0, .fromClient, code: 0x10c)
        talk.reset(0, .fromServer, code: 0x10c)
        talk.say(Bytes.get("/failed"), on: 4)
        talk.reset(4, .fromServer, code: 0x102)
        talk.say(Bytes.post("/answered-early"), on: 8)
        talk.say(Bytes.ok, on: 8, .fromServer)
        talk.stop(8, .fromServer, code: 0x100)
        talk.reset(8, .fromClient, code: 0x100)
        talk.end(8, .fromServer)
        talk.stop(400, .fromClient, code: 0x10c)
        #expect(talk.exchanges.map(\.state) == [.reset, .reset, .complete])
        #expect(talk.exchanges.map(\.errorName) == ["H3_REQUEST_CANCELLED", "H3_INTERNAL_ERROR", nil])
        #expect(talk.counts == HTTPCounts(requests: 3, responses: 1, errors: 2))
        #expect(talk.events.count == 3)
    }

    @Test func onlyTheResponseWasSeen() throws {
        var talk = HTTP3Conversation()
        talk.say(Bytes.ok + Bytes.data(5), on: 0, .fromServer)
        talk.end(0, .fromServer)
        let exchange = try #require(talk.exchanges.first)
        #expect(exchange.requestTime == nil && exchange.timeToFirstByte == nil && exchange.duration == nil)
        #expect(exchange.status == 200 && exchange.responseBytes == 5)
        #expect(talk.counts == HTTPCounts(responses: 1))
    }

    @Test func aPushIsAnExchange() throws {
        var talk = HTTP3Conversation()
        talk.say(Bytes.get("/page"), on: 0)
        talk.say(Bytes.frame(5, [0x05, 0, 0, 0xd1, 0xd7, 0x50, 1, 0x68, 0x51, 2, 0x2f, 0x70]), on: 0, .fromServer)
        talk.say([0x01], on: 15, .fromServer)
        talk.say([0x05] + Bytes.ok + Bytes.data(9), on: 15, .fromServer)
        talk.end(15, .fromServer)
        // A push whose promise comes behind it.
        talk.say([0x01, 0x06] + Bytes.ok, on: 19, .fromServer)
        talk.say(Bytes.frame(5, [0x06, 0, 0, 0xd1, 0xd7, 0x50, 1, 0x68, 0x51, 2, 0x2f, 0x71]), on: 0, .fromServer)
        talk.end(19, .fromServer)
        let pushed = talk.exchanges.filter(\.isPushed)
        #expect(pushed.map(\.url) == ["https://h/p", "https://h/q"])
        #expect(pushed.map(\.responseBytes) == [9, 0])
        #expect(pushed.allSatisfy { $0.state == .complete && $0.status == 200 })
        #expect(talk.below.pushPromises == 2)
        #expect(talk.counts.requests == 1)
    }

    @Test func earlyRequestsAreMarked() {
        var talk = HTTP3Conversation()
        talk.say(Bytes.get("/"), on: 0, early: true)
        talk.say(Bytes.get("/"), on: 4)
        #expect(talk.exchanges.map(\.isEarly) == [true, false])
    }

    @Test func violationsAreCountedAndReadOn() {
        var talk = HTTP3Conversation()
        talk.say([0x00] + Bytes.frame(7, [4]) + Bytes.frame(4, [1, 0]), on: 2)
        #expect(talk.below.violations == 2, "SETTINGS must come first, and nowhere else")
        #expect(talk.below.client.goAway == 4)
        talk.end(2)
        #expect(talk.below.violations == 3, "a critical stream must not end")
        talk.say(Bytes.data(3) + Bytes.frame(4, []) + Bytes.frame(6, [0]), on: 0)
        #expect(talk.below.violations == 6)
        talk.say([0x00], on: 6)
        talk.say([0x00], on: 10)
        #expect(talk.below.violations == 8, "one control stream each")
        talk.say([0x21, 1, 2, 3], on: 14)
        talk.say([1, 2, 3], on: 1, .fromServer)
        talk.say([1, 2, 3], on: 3)
        #expect(talk.below.violations == 8, "what is reserved or of extensions is let pass")
    }

    @Test func clientDataOfPlayers() {
        var talk = HTTP3Conversation()
        talk.say(Bytes.get("/s?CMCD=bl%3D2100%2Cbs"), on: 0)
        #expect(
            talk.exchanges.first?.clientData == [
                HTTPClientDatum(key: "bl", value: .number(2_100)), HTTPClientDatum(key: "bs", value: .flag(true)),
            ])
    }

    @Test func capsHold() {
        var talk = HTTP3Conversation()
        for number in 0..<UInt64(HTTP3ConnectionTracker.streamCapacity + 40) {
            talk.say(Bytes.get("/\(number)"), on: number * 4)
        }
        #expect(talk.tracker.requests.count == HTTP3ConnectionTracker.streamCapacity)
        #expect(talk.counts.forgotten == 40)
        #expect(talk.counts.requests == HTTP3ConnectionTracker.streamCapacity + 40)
        #expect(talk.exchanges.first?.identifier == 1, "forgotten ones are among the newest that are over")
        for number in 0..<UInt64(100) { talk.say([0x21, 1], on: number * 4 + 2) }
        #expect(talk.tracker.clientStreams.count == HTTP3ConnectionTracker.unidirectionalCapacity)
        for number in 0..<UInt64(300) {
            talk.say(Bytes.get("/"), on: (1_000 + number) * 4)
            talk.end((1_000 + number) * 4)
            talk.say(Bytes.ok, on: (1_000 + number) * 4, .fromServer)
            talk.end((1_000 + number) * 4, .fromServer)
        }
        let kept = talk.exchanges
        #expect(kept.count <= HTTPExchangeLog.capacity + HTTP3ConnectionTracker.streamCapacity)
        #expect(kept.map(\.identifier) == kept.map(\.identifier).sorted())
        // Sections that wait are bounded, too.
        var waiting = HTTP3Conversation()
        for number in 0..<UInt64(200) { waiting.say(Bytes.frame(1, [2, 0, 0x80]), on: number * 4) }
        #expect(waiting.below.undecodedSections == 200)
        #expect(waiting.tracker.clientFields.waitingCount == HTTP3FieldDecoder.waitingCapacity)
        // A head longer than any endpoint allows is passed over.
        var long = HTTP3Conversation()
        long.say(Bytes.frame(1, [UInt8](repeating: 0xc1, count: 70_000)) + Bytes.data(3), on: 0)
        #expect(long.exchanges.first?.requestBytes == 3)
        #expect(long.below.undecodedSections == 1)
    }

    /// Every stream cut at every byte, and damaged: nothing traps, and nothing grows beyond what was sent.
    @Test func cutAndDamagedStreamsAreSafe() {
        let client = Bytes.post("/up") + Bytes.data(20) + Bytes.trailers
        let server = Bytes.earlyHints + Bytes.ok + Bytes.data(30) + Bytes.frame(5, [1, 0, 0, 0xd1]) + Bytes.trailers
        let control = [0x00] + Bytes.frame(4, [1, 60, 7, 16]) + Bytes.frame(7, [4])
        let encoder: [UInt8] = [0x02, 0x3f, 0x1d, 0xc0, 1, 0x68, 0x02]
        func run(_ damage: ([UInt8]) -> [UInt8], size: Int) -> HTTP3Snapshot {
            var talk = HTTP3Conversation()
            talk.pieceSize = size
            talk.say(damage(control), on: 2)
            talk.say(damage(encoder), on: 6)
            talk.say(damage(client), on: 0)
            talk.say(damage(control), on: 3, .fromServer)
            talk.say(damage(server), on: 0, .fromServer)
            talk.gap(7, 0, .fromServer)
            talk.say(damage(server), on: 0, .fromServer)
            talk.say(damage([0x01, 0x01] + server), on: 7, .fromServer)
            talk.end(0)
            talk.end(0, .fromServer)
            talk.end(7, .fromServer)
            _ = talk.exchanges
            return talk.below
        }
        let longest = max(client.count, server.count)
        for length in 0..<longest { _ = run({ Array($0.prefix(length)) }, size: .max) }
        for seed in UInt64(1)...400 {
            var random = SeededRandom(seed: seed)
            let below = run({ random.damaged($0) }, size: Int(seed % 9) + 1)
            #expect(below.server.payloadBytes < 2_000, "seed \(seed)")
        }
    }
}

extension HTTPCounts {
    init(requests: Int = 0, responses: Int = 0, errors: Int = 0) {
        self.init()
        self.requests = requests
        self.responses = responses
        self.errors = errors
    }
}
