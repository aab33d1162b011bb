import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// From the bytes of a connection to what sessions are told.
@Suite struct ExchangeMediaTests {
    private typealias Talk = StreamConversation<HTTP1ConnectionTracker>

    private func box(_ type: String, _ body: [UInt8]) -> [UInt8] {
        number(UInt32(body.count + 8)) + Array(type.utf8) + body
    }

    private func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// `prft`, `moof` with ten samples of 512 units, and an `mdat` of 2,000 bytes. `stamp`: seconds since 1900 and a fraction.
    private func chunk(_ decodeTime: UInt32, stamp: (UInt32, UInt32) = (1, 0)) -> [UInt8] {
        let prft = box(
            "prft", number(0x0000_0018) + number(1) + number(stamp.0) + number(stamp.1) + number(decodeTime))
        let tfhd = box("tfhd", number(0x02_0008) + number(1) + number(512))
        let tfdt = box("tfdt", number(0) + number(decodeTime))
        let trun = box("trun", number(0x1) + number(10) + number(0))
        let moof = box("moof", box("mfhd", number(0) + number(1)) + box("traf", tfhd + tfdt + trun))
        return prft + moof + box("mdat", [UInt8](repeating: 0x5a, count: 2_000))
    }

    private func response(_ body: [UInt8], type: String = "video/mp4") -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private func ask(_ talk: inout Talk, _ path: String, _ fields: String = "") {
        talk.say("GET \(path) HTTP/1.1\r\nHost: origin.test\r\n\(fields)\r\n")
    }

    private func chunks(_ reports: [MediaReport]) -> [MediaFragment] {
        reports.compactMap { if case .chunk(let fragment) = $0.content { fragment } else { nil } }
    }

    private func ends(_ reports: [MediaReport]) -> [MediaTransfer] {
        reports.compactMap { if case .ended(let transfer) = $0.content { transfer } else { nil } }
    }

    @Test(arguments: [1, 7, 61, 1_000, 100_000])
    func chunksWhereverTheyAreCut(size: Int) {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        talk.pieceSize = size
        ask(&talk, "/live/s-1.m4s")
        let body = chunk(0) + chunk(5_120)
        talk.say(response(body), .fromServer)
        let reports = talk.tracker.takeReports()
        #expect(chunks(reports).map(\.byteCount) == [UInt64(body.count / 2), UInt64(body.count / 2)])
        #expect(chunks(reports).map { $0.tracks.first?.baseDecodeTime } == [0, 5_120])
        #expect(ends(reports).map(\.bytes) == [UInt64(body.count)] && ends(reports)[0].isMedia)
        #expect(reports.allSatisfy { $0.exchange.url == "http://origin.test/live/s-1.m4s" })
        #expect(talk.tracker.takeReports().isEmpty)
    }

    @Test func aChunkEndsWithItsLastByte() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&talk, "/s-1.m4s")
        talk.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: video/mp4\r\n\r\n", .fromServer)
        var lasts: [Timestamp] = []
        for index in 0..<3 {
            let body = chunk(UInt32(index) * 5_120)
            talk.wait(.milliseconds(190))
            talk.say(Array("\(String(body.count, radix: 16))\r\n".utf8) + body.prefix(900), .fromServer)
            talk.wait(.milliseconds(9))
            talk.say(Array(body.dropFirst(900)) + Array("\r\n".utf8), .fromServer)
            lasts.append(talk.time)
        }
        talk.say("0\r\n\r\n", .fromServer)
        let reports = talk.tracker.takeReports()
        #expect(chunks(reports).map(\.lastByte) == lasts)
        // Two pauses of 191 ms between chunks and nothing within: there was nothing to send.
        let exchange = talk.exchanges.first
        #expect(exchange?.stall == 0 && exchange?.idle == .milliseconds(382))
    }

    @Test func aPauseWithinAChunkIsAStall() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&talk, "/s-1.m4s")
        let whole = response(chunk(0) + chunk(5_120))
        talk.say(Array(whole.prefix(1_500)), .fromServer)
        talk.wait(.milliseconds(299))
        talk.say(Array(whole.dropFirst(1_500)), .fromServer)
        #expect(talk.exchanges.first?.stall == .milliseconds(300) && talk.exchanges.first?.idle == 0)
    }

    @Test func aHoleInMediaDataIsBridged() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&talk, "/s-1.m4s")
        let whole = response(chunk(0) + chunk(5_120))
        let head = whole.count - 2 * chunk(0).count
        talk.say(Array(whole.prefix(head + 400)), .fromServer)
        talk.gap(500, .fromServer)
        talk.say(Array(whole.dropFirst(head + 900)), .fromServer)
        let reports = talk.tracker.takeReports()
        #expect(chunks(reports).map(\.hasGap) == [true, false] && ends(reports).first?.isComplete == true)
        #expect(talk.exchanges.first?.stall == nil)
    }

    @Test func otherContentCostsNothingAndSaysNothing() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&talk, "/index.html")
        talk.say(response([UInt8](repeating: 0x41, count: 5_000), type: "text/html"), .fromServer)
        ask(&talk, "/file")
        talk.say(response([UInt8](repeating: 0x41, count: 5_000), type: "application/octet-stream"), .fromServer)
        #expect(talk.tracker.takeReports().isEmpty && talk.tracker.heldBytes < 5_000)
    }

    @Test func contentIsToldByItsFirstBytes() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&talk, "/blob/17")
        talk.say(response(chunk(0), type: "application/octet-stream"), .fromServer)
        ask(&talk, "/blob/18")
        talk.say(
            response(Array("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n".utf8), type: "text/plain"),
            .fromServer)
        let reports = talk.tracker.takeReports()
        #expect(chunks(reports).count == 1)
        let playlists = reports.filter { if case .hls = $0.content { true } else { false } }
        #expect(playlists.count == 1)
    }

    @Test func aManifestIsHeldAndGivenBack() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        let body = Array(TestPresentation.manifest.utf8)
        ask(&talk, "/live.mpd")
        let whole = response(body, type: "application/dash+xml")
        talk.say(Array(whole.prefix(whole.count - 10)), .fromServer)
        let held = talk.tracker.heldBytes
        #expect(held >= body.count - 10)
        talk.say(Array(whole.suffix(10)), .fromServer)
        #expect(talk.tracker.heldBytes <= held - (body.count - 10) / 2)
        #expect(talk.tracker.takeReports().contains { if case .dash = $0.content { true } else { false } })
        // Given up for want of memory, it is not read.
        ask(&talk, "/live.mpd")
        talk.say(Array(whole.prefix(whole.count - 10)), .fromServer)
        let again = talk.tracker.heldBytes
        talk.tracker.releaseHeldBytes()
        #expect(talk.tracker.heldBytes <= again - (body.count - 10))
        talk.say(Array(whole.suffix(10)), .fromServer)
        #expect(!talk.tracker.takeReports().contains { if case .dash = $0.content { true } else { false } })
    }

    /// CTA-5004 version 2: the player reports by itself, and names values by their kind.
    @Test func reportsOfThePlayer() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        let report = "bl=(2100;v 1800;a),e=ps,sta=p,v=2"
        talk.say(
            "POST /cmcd HTTP/1.1\r\nHost: h\r\nContent-Type: application/cmcd\r\nContent-Length: \(report.utf8.count)\r\n\r\n\(report)"
        )
        talk.say("HTTP/1.1 204 No Content\r\n\r\n", .fromServer)
        let exchange = talk.exchanges.first
        #expect(exchange?.clientDataMode == .event && exchange?.clientDataVersion == 2)
        #expect(
            exchange?.clientData.first
                == HTTPClientDatum(
                    key: "bl",
                    value: .list([.init(value: .number(2_100), type: "v"), .init(value: .number(1_800), type: "a")])))
    }

    @Test func serversOnTheWaySayTheirPart() {
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        talk.now.roundTrip.server = .milliseconds(2)
        ask(&talk, "/s-1.m4s")
        talk.wait(.milliseconds(299))
        talk.say(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCMSD-Static: ht=250,ot=v\r\nCMSD-Dynamic: \"a\";etp=48,\"b, c\";rtt=30\r\n\r\n",
            .fromServer)
        let exchange = talk.exchanges.first
        #expect(exchange?.held == .milliseconds(250) && exchange?.heldBy == .serverData)
        #expect(exchange?.server == .milliseconds(48))
        #expect(exchange?.serverData?.hops.map(\.name) == ["a", "b, c"])
        #expect(exchange?.serverData?.hops.last?.data == [HTTPClientDatum(key: "rtt", value: .number(30))])
    }

    /// The stamps say that the segment was made after it was asked for: a server that sends whole segments had to wait.
    @Test func whatDoesNotExistYetIsWaitedFor() {
        // The conversation begins one second after 1970: stamps of 2.1 and 2.3 seconds.
        let era: UInt32 = 2_208_988_800
        let tenth = UInt32(UInt64(1) << 32 / 10)
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        talk.now.roundTrip.server = .milliseconds(10)
        ask(&talk, "/s-1.m4s")
        talk.wait(.milliseconds(1_600))
        talk.say(
            response(chunk(0, stamp: (era + 2, tenth)) + chunk(5_120, stamp: (era + 2, 3 * tenth))), .fromServer)
        let exchange = talk.exchanges.first
        #expect(exchange?.heldBy == .notYetAvailable)
        // The last chunk was there at 2.5 s: 1.494 s after the request had come.
        #expect(abs((exchange?.held ?? 0) - .milliseconds(1_494)) < .milliseconds(3))
        // One that was there long before is the server's own slowness.
        ask(&talk, "/s-2.m4s")
        talk.wait(.milliseconds(1_600))
        talk.say(response(chunk(0, stamp: (era + 1, 0)) + chunk(5_120, stamp: (era + 1, 3 * tenth))), .fromServer)
        #expect(talk.exchanges.last?.held == 0 && talk.exchanges.last?.heldBy == nil)
        #expect((talk.exchanges.last?.server ?? 0) > .seconds(1))
    }

    /// A damaged conversation, cut and with holes wherever, all the way to the session: nothing traps.
    @Test(arguments: 0..<60)
    func hostileBytes(seed: UInt64) {
        var random = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random % UInt64(bound))
        }
        var answers: [(path: String, bytes: [UInt8])] = [
            ("/live/live.mpd", response(Array(TestPresentation.manifest.utf8), type: "application/dash+xml")),
            (
                "/live/a.m3u8?_HLS_msn=1",
                response(
                    Array("#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=0.2\n#EXTINF:2,\ns-low-1.m4s\n".utf8),
                    type: "application/vnd.apple.mpegurl")
            ),
        ]
        for number in 1...6 {
            answers.append(("/live/s-low-\(number).m4s", response(chunk(UInt32(number) * 5_120) + chunk(0))))
            answers.append(
                (
                    "/live/t-\(number).ts",
                    response(
                        (0..<4 * 188).map { $0 % 188 == 0 ? 0x47 : UInt8(truncatingIfNeeded: $0) }, type: "video/mp2t")
                ))
        }
        var talk = Talk(HTTP1ConnectionTracker(isSecure: false))
        talk.pieceSize = 1 + next(3_000)
        var table = MediaSessionTable()
        var events: [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)] = []
        for (path, answer) in answers {
            ask(&talk, path, next(3) == 0 ? "CMCD-Request: bl=\(next(1 << 40)),ltc=x\r\n" : "")
            var bytes = answer
            for _ in 0..<next(6) { bytes[next(bytes.count)] = UInt8(truncatingIfNeeded: next(256)) }
            let cut = next(bytes.count)
            talk.say(Array(bytes.prefix(cut)), .fromServer)
            if next(4) == 0 { talk.gap(UInt64(next(1 << 20)), .fromServer) }
            if next(9) == 0 { talk.tracker.releaseHeldBytes() }
            talk.say(Array(bytes.dropFirst(cut)), .fromServer)
            for report in talk.tracker.takeReports() {
                table.take(
                    FlowReport(flow: 1, identifier: nil, client: .unspecified, server: .unspecified, report: report),
                    into: &events)
            }
        }
        talk.end(.fromServer)
        #expect(table.snapshots(at: talk.time).count <= 4)
        #expect(talk.tracker.heldBytes < 1 << 16)
    }

    @Test(arguments: [
        ("bytes=0-499", 0 as UInt64, 499 as UInt64?), ("bytes=500-", 500, nil), ("bytes 0-10425/*", 0, 10_425),
        ("bytes 7-9/100", 7, 9),
    ])
    func ranges(text: String, first: UInt64, last: UInt64?) {
        #expect(HTTPByteRange(text)?.first == first && HTTPByteRange(text)?.last == last)
    }

    @Test(arguments: ["bytes=-500", "items=0-1", "bytes=9-3", "bytes=", "bytes=a-b", "bytes */100", ""])
    func noRanges(text: String) { #expect(HTTPByteRange(text) == nil) }

    @Test func twoLayersOfHTTPAreNumberedThrough() {
        var below = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&below, "/a")
        ask(&below, "/b")
        var above = Talk(HTTP1ConnectionTracker(isSecure: false))
        ask(&above, "/c")
        var flow = below.flow
        above.tracker.report(into: &flow, at: above.time)
        #expect(flow.http?.exchanges.map(\.identifier) == [1, 2, 3] && flow.http?.counts.requests == 3)
        #expect(flow.http?.exchanges.last?.url == "http://origin.test/c")
    }
}
