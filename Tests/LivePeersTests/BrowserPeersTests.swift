import Testing

/// Browsers call themselves, with layers of simulcast and with AV1: what the program says against getStats. Once a release
/// (`make test-browser`): browsers are large.
@Suite(.serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"))
struct BrowserPeersTests {
    private func outcome(_ name: String) throws -> MediaConversations.Outcome {
        try MediaConversations.outcome(name)
    }

    private static func source(_ stats: JSONValue, _ field: String = "ssrc") -> String {
        let text = String(stats[field].int ?? 0, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - text.count) + text
    }

    private static func received(_ outcome: MediaConversations.Outcome) -> [JSONValue] {
        outcome.peer["to"].array.filter { $0["type"].string == "inbound-rtp" && ($0["packetsReceived"].int ?? 0) > 0 }
    }

    /// Packets, losses, pictures and checks of a call.
    private func compare(_ name: String, streams: Int) throws {
        let outcome = try outcome(name)
        let received = Self.received(outcome)
        #expect(received.count == streams, "\(name)")
        for counted in received {
            let stream = try #require(
                outcome.streams.first { $0["ssrc"].string == Self.source(counted) }, "\(name) \(Self.source(counted))")
            // getStats is asked at the call's end; a packet or two may follow.
            let packets = (counted["packetsReceived"].int ?? 0) - (counted["retransmittedPacketsReceived"].int ?? 0)
            #expect((packets...packets + 8).contains(stream["packets"].int ?? 0), "\(name)")
            #expect(stream["lost"].int == counted["packetsLost"].int, "\(name)")
            guard counted["kind"].string == "video" else { continue }
            let decoded = counted["framesDecoded"].int ?? 0
            #expect((decoded - 1...decoded + 4).contains(stream["frames", "count"].int ?? 0), "\(name)")
            if let keyFrames = stream["keyframes"].int {
                #expect(keyFrames == counted["keyFramesDecoded"].int, "\(name)")
            }
        }
        let truths = outcome.peer["from"].array.filter {
            $0["type"].string == "candidate-pair" && $0["nominated"].bool == true
        }
        let pairs = outcome.sessions.flatMap { $0["ice", "pairs"].array }
        // Between the last question and the end a check may pass. Firefox does not tell how many it sent.
        func isNear(_ ours: JSONValue, _ theirs: JSONValue) -> Bool {
            theirs.int.map { (0...1).contains((ours.int ?? 0) - $0) } ?? (name == "firefox")
        }
        #expect(
            truths.contains { truth in
                pairs.contains { pair in
                    pair["nominated"].bool == true && isNear(pair["requests"], truth["requestsSent"])
                        && isNear(pair["responses"], truth["responsesReceived"])
                }
            }, "\(name): \(pairs)")
    }

    @Test(
        "Chromium: layers of one picture", .enabled(if: MediaConversations.isInstalled("chromium-simulcast"), reason))
    func simulcast() throws { try compare("chromium-simulcast", streams: 3) }

    @Test("Chromium: AV1", .enabled(if: MediaConversations.isInstalled("chromium-av1"), reason))
    func av1() throws { try compare("chromium-av1", streams: 2) }

    /// Behind a relay that drops one packet of the media in 25 and takes 30 ms each way: libwebrtc sends no FEC without losses, nor
    /// where asking again is as quick.
    @Test(
        "Chromium: FlexFEC, in clear and in SRTP",
        .enabled(if: MediaConversations.isInstalled("chromium-flexfec"), reason),
        arguments: ["chromium-flexfec", "chromium-flexfec-sealed"])
    func flexFEC(name: String) throws {
        let outcome = try outcome(name)
        let counted = try #require(Self.received(outcome).first { $0["kind"].string == "video" })
        let sent = try #require(
            outcome.peer["from"].array.first { $0["type"].string == "outbound-rtp" && $0["kind"].string == "video" })
        let media = try #require(outcome.streams.first { $0["ssrc"].string == Self.source(counted) })
        let parity = try #require(outcome.streams.first { $0["fec_of"].array.first?.string == Self.source(counted) })
        #expect(parity["ssrc"].string == Self.source(counted, "fecSsrc"))

        // getStats is asked some tenths of a second before the call's end; it counts what FEC and RTX carry among its packets.
        func isNear(_ ours: Int?, _ theirs: Int?) -> Bool {
            guard let ours, let theirs else { return false }
            return (theirs...theirs + 24).contains(ours)
        }
        let fec = counted["fecPacketsReceived"].int
        #expect((fec ?? 0) > 20, "\(name): too little to say anything")
        #expect(isNear(parity["packets"].int, fec), "\(name): \(parity["packets"]) of \(fec ?? 0)")
        #expect(media["fec", "packets"].int == parity["packets"].int)
        let again = counted["retransmittedPacketsReceived"].int ?? 0
        #expect(isNear(media["packets"].int, counted["packetsReceived"].int.map { $0 - again - (fec ?? 0) }), "\(name)")
        let lost = counted["packetsLost"].int ?? 0
        #expect((lost...lost + 3).contains(media["lost"].int ?? 0), "\(name)")
        // Sent, of all kinds: those that came, and the losses of each of three streams. What is dropped before a stream's first packet
        // or behind its last leaves no gap in its numbers.
        let ours = outcome.streams.filter { $0["payload_types"].array.first?.int != 111 }
        let all = ours.reduce(0) { $0 + ($1["expected"].int ?? 0) }
        #expect(isNear(all + 3, sent["packetsSent"].int), "\(name): \(all) of \(sent["packetsSent"])")

        if name == "chromium-flexfec" {
            let recovered = media["fec", "recovered"].int ?? 0
            #expect(recovered > 0, "one in 25 is lost, and most are alone")
            let repaired = (outcome.streams.first { $0["rtx_of"].string == Self.source(counted) })?["repairs"].int
            #expect(media["lost_repaired"].int == recovered + (repaired ?? 0), "\(name): \(media)")
        } else {
            #expect(media["encrypted"].bool == true && media["fec", "recovered"].int == nil)
            #expect(parity["frames", "count"].int == nil && parity["freezes", "count"].int == nil)
        }
    }

    @Test("Firefox: VP8", .enabled(if: MediaConversations.isInstalled("firefox"), reason))
    func firefox() throws { try compare("firefox", streams: 2) }

    @Test(
        "Chromium: WebSocket over HTTP/2 through nghttpx",
        .enabled(if: ProxyPeers.hindrance == nil && MediaConversations.isInstalled("chromium-av1"), reason))
    func webSocket() throws {
        let outcome = try ProxyPeers.record("chromium")
        // Messages are deflated on both sides of the proxy: it hands them on as they are.
        #expect(outcome.client["extensions"].string == "permessage-deflate")
        for flow in [outcome.front, outcome.back] { try outcome.compare(flow) }
        #expect(outcome.front["websocket", "client", "compressed_messages"].int == 21)
        #expect(outcome.front["websocket", "extensions"].string?.hasPrefix("permessage-deflate") == true)
    }

    private static let reason: Comment =
        "make test-browser holds these calls, where chromium and firefox-esr are installed"
}
