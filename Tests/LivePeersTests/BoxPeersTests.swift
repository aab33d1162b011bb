import Testing

/// aiortc through a video room of Janus: one peer publishes, another subscribes, both legs pass here. Room and peers have addresses of
/// their own in a network of their own, as three hosts have.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: LiveNetwork.isAvailable, "needs root and network namespaces"),
    .enabled(if: MediaConversations.isInstalled("sfu"), "janus or aiortc is not installed"))
struct BoxPeersTests {
    @Test("A call for each peer, with the descriptions in JSON that made it")
    func calls() throws {
        let outcome = try MediaConversations.outcome("sfu")
        #expect(outcome.sessions.count == 2)
        for session in outcome.sessions {
            #expect(session["stage"].string == "media" && session["failure"].string == nil)
            #expect(session["verdicts"].array.isEmpty)
            let told = session["signalling"].array
            #expect(told.allSatisfy { $0["kind"].string == "http" && $0["status"].int == 200 })
            #expect(told.flatMap { $0["sdp"].array }.map { $0["role"].string } == ["offer", "answer"])
            #expect(Set(told.compactMap { $0["method"].string }) == ["POST", "GET"], "asked, and answered by a poll")
        }
    }

    @Test("Packets of both legs, as publisher and subscriber counted them", arguments: ["sent", "received"])
    func streams(_ leg: String) throws {
        let outcome = try MediaConversations.outcome("sfu")
        #expect(outcome.peer[leg].array.count == 2)
        for counted in outcome.peer[leg].array {
            let stream = try #require(outcome.streams.first { $0["ssrc"].string == counted["ssrc"].string })
            #expect(stream["packets"].int == counted["packets"].int)
            let isVideo = counted["kind"].string == "video"
            #expect(stream["codec"].string == (isVideo ? "vp8" : "opus"), "as signalling names it")
            #expect(stream["layer", "mid"].string == (isVideo ? "1" : "0"))
        }
        #expect(outcome.streams.count == 4, "no stream that is not one")
    }

    @Test("The legs of both streams, and where packets are lost, as publisher and subscriber counted")
    func legs() throws {
        let outcome = try MediaConversations.outcome("sfu")
        let legs = outcome.sessions.flatMap { $0["legs"].array }
        #expect(legs.count == 2)
        for (sent, received) in zip(outcome.peer["sent"].array, outcome.peer["received"].array) {
            let leg = try #require(legs.first { $0["in", "ssrc"].string == sent["ssrc"].string })
            #expect(sent["kind"].string == received["kind"].string)
            #expect(leg["out", "ssrc"].string == received["ssrc"].string)
            #expect(leg["lost_in"].int == sent["lost"].int, "what the publisher kept back is missing on the first leg")
            #expect(leg["lost_box"].int == 0)
            // Gaps go on as they came: what the subscriber lacks is lost on no second leg.
            #expect(leg["lost_out"].int ?? 0 == 0)
            let delay = try #require(leg["delay_ms", "p50"].double)
            #expect(delay >= 0 && delay < 20)
        }
        #expect(outcome.peer["sent"].array.contains { $0["lost"].int ?? 0 > 4 })
    }
}
