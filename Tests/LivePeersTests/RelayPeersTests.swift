import Testing

/// Calls of aiortc through coturn, over UDP, TCP and TLS, and one whose allocation is not refreshed: what the program says of them against
/// what peers and relay say themselves.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: MediaConversations.isInstalled("relay"), "coturn or aiortc is not installed"))
struct RelayPeersTests {
    private func call(_ name: String) throws -> (
        peer: JSONValue, session: JSONValue, outcome: MediaConversations.Outcome
    ) {
        let outcome = try MediaConversations.outcome("relay")
        let peer = outcome.peer["calls", name]
        let session = outcome.sessions.first { session in
            session["ice", "pairs"].array.contains { $0["local"].string == peer["local"].string }
        }
        return (peer, try #require(session, "\(name): no session with the pair that the peer nominated"), outcome)
    }

    @Test(
        "The pair that the peer nominated, through an allocation over its transport", arguments: ["udp", "tcp", "tls"])
    func pair(_ name: String) throws {
        let (peer, session, _) = try call(name)
        #expect(peer["state"].string == "connected")
        let pair = try #require(session["ice", "selected"].int.map { session["ice", "pairs"].array[$0] })
        #expect(pair["local"].string == peer["local"].string && pair["local_type"].string == "relay")
        #expect(pair["remote"].string == peer["remote"].string && pair["nominated"].bool == true)
        #expect(session["stage"].string == "media" && session["failure"].string == nil)
        let allocation = try #require(session["turn", "allocations"].array.first)
        #expect(allocation["relayed"].string == peer["local"].string && allocation["transport"].string == name)
        #expect(allocation["lifetime_s"].int == 4 && allocation["lapsed"].string == nil)
        #expect(session["verdicts"].array.isEmpty)
    }

    @Test("Packets of each stream within the relay, as its sender counted them", arguments: ["udp", "tcp", "tls"])
    func streams(_ name: String) throws {
        let (peer, session, outcome) = try call(name)
        let flows = Set(session["flows"].array.compactMap(\.string))
        let streams = outcome.flows.filter { flows.contains($0["id"].string ?? "") }.flatMap { $0["rtp"].array }
        for sent in peer["sent"].array + peer["received"].array {
            let found = try #require(streams.first { $0["ssrc"].string == sent["ssrc"].string }, "\(name) \(sent)")
            #expect(found["packets"].int == sent["packets"].int && found["lost"].int == 0, "\(name)")
            #expect(found["codec"].string == "opus" && found["layer", "mid"].string == "0", "as signalling names them")
        }
        #expect(streams.count == 2, "no stream that is not one")
    }

    @Test("Relayed bytes, as the relay counted them", arguments: ["tcp", "tls"])
    func bytes(_ name: String) throws {
        let (_, session, outcome) = try call(name)
        let counted = outcome.peer["relay", name].array.compactMap(\.int).reduce(0, +)
        let bytes = try #require(session["turn", "allocations"].array.first?["bytes"].int)
        // The relay also counts what it dropped: checks of the peer that came before it was let through.
        #expect((0...400).contains(counted - bytes), "\(name): \(counted) at the relay, \(bytes) here")
    }

    @Test("The allocation that was never refreshed")
    func lapse() throws {
        let (_, session, outcome) = try call("lapsed")
        #expect(session["failure"].string == "relay_lapsed")
        #expect(session["turn", "allocations"].array.first?["lapsed"].string == "allocation")
        let rules = outcome.flows.flatMap { $0["verdicts"].array }.compactMap { $0["rule"].string }
        #expect(rules.filter { $0 == "refresh_lapsed" }.count == 1, "of that call alone: \(rules)")
    }

    @Test(
        "Signalling: posted, answered and deleted, with what both ends said",
        arguments: ["udp", "tcp", "tls", "lapsed"])
    func signalling(_ name: String) throws {
        let (peer, session, _) = try call(name)
        let messages = session["signalling"].array
        #expect(messages.map { $0["method"].string } == ["POST", "DELETE"])
        #expect(messages.allSatisfy { $0["kind"].string == "whip" } && messages.first?["status"].int == 201)
        let told = messages.first?["sdp"].array ?? []
        #expect(told.map { $0["role"].string } == ["offer", "answer"])
        let fragments = told.flatMap { $0["ice_ufrag"].array }.compactMap(\.string)
        #expect(fragments == peer["fragments"].array.compactMap(\.string))
        let candidates = told.first?["candidates"].array ?? []
        #expect(
            candidates.map { $0["address"].string } == [peer["local"].string] && candidates[0]["type"].string == "relay"
        )
        #expect((session["setup_ms", "signalling"].double ?? 0) > 0)
    }
}
