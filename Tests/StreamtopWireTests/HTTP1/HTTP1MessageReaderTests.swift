import StreamtopTestSupport
import Testing

@testable import StreamtopWire

/// What a reader makes of a stream, with content of one stretch joined, so that the way the bytes were cut does not show.
struct HTTP1Reading: Equatable {
    var elements: [String] = []
    var isBetweenMessages = false
    var hasLostStep = false

    /// `methods` are those that the responses answer, in order.
    init(_ stream: [UInt8], cutInto size: Int = .max, answering methods: [String] = []) {
        var reader = HTTP1MessageReader()
        var methods = methods[...]
        for start in stride(from: 0, to: stream.count, by: max(1, min(size, stream.count))) {
            let part = Array(stream[start..<min(stream.count, start + min(size, stream.count))])
            var bytes = ByteReader(unsafe part.span.bytes)
            while let element = reader.next(&bytes) { take(element, &reader, &methods) }
            let isAtEnd = bytes.isAtEnd
            #expect(isAtEnd)
        }
        isBetweenMessages = reader.isBetweenMessages
        hasLostStep = reader.hasLostStep
    }

    private mutating func take(
        _ element: HTTP1MessageReader.Element, _ reader: inout HTTP1MessageReader, _ methods: inout ArraySlice<String>
    ) {
        switch element {
        case .start: elements.append("start")
        case .head(let head):
            switch head.startLine {
            case .request(let method, let target): elements.append("\(method) \(target) \(head.byteCount)")
            case .response(let status): elements.append("\(status) \(head.byteCount)")
            }
            let isFinal = (head.status ?? 200) >= 200
            reader.follow(HTTP1Framing(head, answering: methods.first))
            if isFinal { methods = methods.dropFirst() }
        case .chunk(let size): elements.append("chunk \(size)")
        case .content(let count, let endsChunk):
            add("content ", count)
            if endsChunk { elements.append("chunk end") }
        case .end: elements.append("end")
        case .tunnel(let count): add("tunnel ", count)
        case .malformed: elements.append("malformed")
        }
    }

    private mutating func add(_ name: String, _ count: Int) {
        let before = elements.last.flatMap { $0.hasPrefix(name) ? Int($0.dropFirst(name.count)) : nil }
        if before != nil { elements.removeLast() }
        elements.append(name + String((before ?? 0) + count))
    }
}

@Suite struct HTTP1MessageReaderTests {
    private func read(_ text: String, answering methods: [String] = []) -> [String] {
        HTTP1Reading(Array(text.utf8), answering: methods).elements
    }

    /// RFC 9112 section 7.1, with an extension and a trailer field, and a request behind it.
    private let requests = """
        POST /a?b=c HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 7\r\n\r
        4;name="va;lue"\r\nWiki\r\n5\r\npedia\r\n0\r\nExpires: never\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n
        """

    @Test func messagesFollowEachOther() {
        #expect(
            read(requests) == [
                "start", "POST /a?b=c 96", "chunk 4", "content 4", "chunk end", "chunk 5", "content 5", "chunk end",
                "end",
                "start", "GET / 18", "end",
            ])
    }

    @Test func anyCutReadsTheSame() {
        let stream = Array(requests.utf8)
        let whole = HTTP1Reading(stream)
        #expect(whole.isBetweenMessages)
        for size in 1...stream.count { #expect(HTTP1Reading(stream, cutInto: size) == whole, "pieces of \(size)") }
    }

    @Test func damagedStreamsReadTheSameInAnyCut() {
        for seed in UInt64(1)...400 {
            var random = SeededRandom(seed: seed)
            let bytes = random.damaged(Array(requests.utf8))
            // A lost reader takes step again at the beginning of a piece: cuts show only then.
            let whole = HTTP1Reading(bytes)
            guard !whole.elements.contains("malformed") else { continue }
            #expect(HTTP1Reading(bytes, cutInto: 3) == whole, "seed \(seed)")
        }
    }

    /// RFC 9112 section 6.3: who answers what decides where a response ends.
    @Test func responsesEndByTheirRules() {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno"
        #expect(
            read(length, answering: ["HEAD", "GET"]) == [
                "start", "200 38", "end", "start", "404 36", "content 2", "end",
            ])
        #expect(
            read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\nContent-Length: 9\r\n\r\n", answering: ["PUT"]) == [
                "start", "100 25", "end", "start", "204 35", "end",
            ])
        #expect(read("HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", answering: ["GET"]).last == "end")
        #expect(read("HTTP/1.0 200 OK\r\n\r\nabc", answering: ["GET"]) == ["start", "200 19", "content 3"])
        #expect(
            read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\u{16}\u{3}", answering: ["CONNECT"]).last == "tunnel 2")
        #expect(read("HTTP/1.1 101 Switching Protocols\r\n\r\n\u{81}", answering: ["GET"]).last == "tunnel 2")
        #expect(
            read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nabc", answering: ["GET"]).last
                == "content 3")
    }

    @Test func contradictionsEndWhatCanBeRead() {
        let twice = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"
        let reading = HTTP1Reading(Array(twice.utf8), answering: ["GET"])
        #expect(reading.hasLostStep && reading.elements == ["start", "200 57"])
        let equal = "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nabcde"
        #expect(read(equal, answering: ["GET"]).last == "end")
        for chunk in ["x\r\n", "10000000000000000\r\n", ";a\r\n", "\r\n", "-1\r\n"] {
            let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
            #expect(read(text, answering: ["GET"]).last == "malformed", "\(chunk)")
        }
        #expect(read("HTTP/2 200\r\n\r\n") == ["start", "malformed"])
        #expect(read("GET  HTTP/1.1") == ["start"])
        #expect(read("GET\r\n") == ["start", "malformed"])
    }

    @Test func theLargestChunkIsNoTrap() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab"
        #expect(read(text, answering: ["GET"]).suffix(2) == ["chunk 18446744073709551615", "content 2"])
    }

    @Test func fieldsOfAllShapes() throws {
        let text = "GET / HTTP/1.1\r\nHOST:\t a.example \r\nX: 1\r\n  2\r\nbad line\r\n: none\r\nEmpty:\r\n\r\n"
        var reader = HTTP1MessageReader()
        var bytes = ByteReader(unsafe Array(text.utf8).span.bytes)
        #expect(reader.next(&bytes) == .start)
        guard case .head(let head) = reader.next(&bytes) else {
            Issue.record("no head")
            return
        }
        #expect(head.fields == [HTTPField("host", "a.example"), HTTPField("x", "1  2"), HTTPField("empty", "")])
        #expect(head.malformedLines == 2)
        #expect(head.minorVersion == 1)
    }

    @Test func floodsOfFieldsAreBounded() {
        let many = "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 1_000) + "content-length: 3\r\n\r\n123"
        #expect(read(many).suffix(2) == ["content 3", "end"], "what frames the message is read however late it comes")
        let endless = "GET / HTTP/1.1\r\nCookie: " + String(repeating: "x", count: 300_000)
        #expect(read(endless).last == "malformed")
        let manyLines = "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 100_000)
        #expect(read(manyLines).last == "malformed")
        let longTarget = "GET /" + String(repeating: "x", count: 20_000) + " HTTP/1.1\r\n\r\n"
        #expect(read(longTarget).last == "malformed")
    }

    @Test func gapsAreBridgedByTheLength() {
        var reader = HTTP1MessageReader()
        func feed(_ text: String) -> [HTTP1MessageReader.Element] {
            var bytes = ByteReader(unsafe Array(text.utf8).span.bytes)
            var elements: [HTTP1MessageReader.Element] = []
            while let element = reader.next(&bytes) {
                if case .head(let head) = element { reader.follow(HTTP1Framing(head, answering: "GET")) }
                elements.append(element)
            }
            return elements
        }
        _ = feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab")
        #expect(reader.gap(of: 3) == .init(content: 3))
        #expect(reader.gap(of: 5) == .init(content: 5, endsMessage: true))
        #expect(feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").first == .end)
        #expect(reader.gap(of: 5) == .init(content: 4, losesMessage: true))
        #expect(feed("tent\r\n") == [], "nothing says where the next message begins")
        #expect(feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab").count == 4)
        #expect(reader.gap(of: 2) == .init(content: 2))
        #expect(feed("\r\n0\r\n\r\n") == [.end])
        #expect(reader.gap(of: 1) == .init())
        #expect(reader.hasLostStep)
        #expect(feed("HTTP/1.1 200 OK\r\n").count == 1)
        #expect(reader.gap(of: 1) == .init(losesMessage: true))
    }

    @Test func theCloseEndsWhatHasNoLength() {
        for (text, isWhole) in [
            ("HTTP/1.1 200 OK\r\n\r\nab", true), ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false),
            ("HTTP/1.1 200 OK\r\nCon", false),
        ] {
            var reader = HTTP1MessageReader()
            var bytes = ByteReader(unsafe Array(text.utf8).span.bytes)
            while let element = reader.next(&bytes) {
                if case .head(let head) = element { reader.follow(HTTP1Framing(head, answering: "GET")) }
            }
            #expect(reader.close() == isWhole, "\(text)")
        }
    }
}

@Suite struct HTTP1ProbeTests {
    private func probe(_ text: String) -> HTTP1Probe { HTTP1Probe(unsafe Array(text.utf8).span.bytes) }

    @Test func messages() {
        #expect(probe("GET / HTTP/1.1\r\n") == .request)
        #expect(probe("\r\nFOO-BAR * HTTP/1.0\n") == .request)
        #expect(probe("HTTP/1.1 200 OK\r\n") == .response)
        #expect(probe("HTTP/1.0 404\r\n") == .response)
    }

    @Test func nearMisses() {
        for text in [
            "OPTIONS sip:a@b SIP/2.0\r\n", "DESCRIBE rtsp://a RTSP/1.0\r\n", "HTTP/2 200\r\n", "SSH-2.0-x\r\n",
            "PRI * HTTP/2.0\r\n", "220 smtp ESMTP\r\n", "\u{16}\u{3}\u{1}\u{2}", "GET /\r\n", "HTTP/1.1 2x0 OK\r\n",
            "{\"a\": 1}\n",
        ] {
            #expect(probe(text) == .none, "\(text)")
        }
    }

    @Test func beginningsWait() {
        let line = "DELETE /a/b HTTP/1.1\r\n"
        for length in 1..<(line.utf8.count) { #expect(probe(String(line.prefix(length))) != .none, "\(length) bytes") }
        #expect(probe("") == .none)
        #expect(probe("GET /" + String(repeating: "a", count: 9_000)) == .request)
        #expect(probe("FOO /" + String(repeating: "a", count: 9_000)) == .none)
    }
}
