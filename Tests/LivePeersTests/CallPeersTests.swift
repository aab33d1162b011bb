import Foundation
import Testing

/// aiortc calls itself on this host while the program captures: what it prints is compared with the peers' own statistics.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: CallConversation.isInstalled, "aiortc is not installed: docs/setup/python-peers gets it"))
struct CallPeersTests {
    private static let call = Result { try CallConversation.record() }

    @Test("One call, on the pair that the peers nominated")
    func pair() throws {
        let (peer, _, session) = try Self.call.get()
        let pairs = session["ice", "pairs"].array
        let selected = try #require(session["ice", "selected"].int.map { pairs[$0] })
        let ends = Set([selected["local"].string, selected["remote"].string])
        #expect(ends == [peer["local"].string, peer["remote"].string])
        #expect(selected["state"].string == "succeeded" && selected["nominated"].bool == true)
        #expect(session["stage"].string == "media" && session["failure"].string == nil)
        #expect(session["verdicts"].array.isEmpty)
    }

    @Test("Packets of each stream, as its sender counted them; none lost, all opened")
    func streams() throws {
        let (peer, flows, _) = try Self.call.get()
        let streams = flows.flatMap { $0["rtp"].array }
        // The answering end was asked for pictures, too, and has none.
        let sending = peer["streams"].array.filter { ($0["packets"].int ?? 0) > 0 }
        #expect(sending.count == 3)
        for sent in sending {
            let found = try #require(streams.first { $0["ssrc"].string == sent["ssrc"].string })
            #expect(found["packets"].int == sent["packets"].int, "\(sent)")
            #expect(found["lost"].int == 0 && found["encrypted"].bool == true)
            #expect(found["clock_rate_hz"].int == (sent["kind"].string == "audio" ? 48_000 : 90_000))
        }
        let known = Set(sending.compactMap { $0["ssrc"].string })
        #expect(Set(streams.compactMap { $0["ssrc"].string }) == known, "no stream that is not one")
        let control = flows.first { $0["rtcp"].isPresent }
        #expect(control?["rtcp", "encrypted"].bool == false && (control?["rtcp", "reports"].array.count ?? 0) > 2)
    }

    @Test("Messages of each data channel, as the peer received them")
    func channels() throws {
        let (peer, flows, _) = try Self.call.get()
        let channels = flows.flatMap { $0["sctp", "streams"].array }
        for name in peer["received"].keys {
            let sizes = peer["received", name].array.compactMap(\.int)
            let found = try #require(channels.first { $0["label"].string == name })
            let ends = ["client", "server"].map { found[$0, "messages"].int ?? 0 }
            #expect(ends.max() == sizes.count)
            let bytes = ["client", "server"].map { found[$0, "bytes"].int ?? 0 }
            #expect(bytes.max() == sizes.reduce(0, +))
        }
    }
}
