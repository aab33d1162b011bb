import Testing

/// aiortc through a video room of Janus: one peer publishes, another subscribes, both legs pass here. All ends have one address, so that
/// nothing tells a forwarded stream from a second copy of its sender's: the legs themselves are shown by captures of three hosts.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
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
            #expect(stream["packets"].int == counted["packets"].int && stream["lost"].int == 0)
            let isVideo = counted["kind"].string == "video"
            #expect(stream["codec"].string == (isVideo ? "vp8" : "opus"), "as signalling names it")
            #expect(stream["layer", "mid"].string == (isVideo ? "1" : "0"))
        }
        #expect(outcome.streams.count == 4, "no stream that is not one")
    }
}
