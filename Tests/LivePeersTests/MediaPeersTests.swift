import Foundation
import Testing

/// ffmpeg makes low-latency DASH, nginx stands before its origin in three ways, and viewers play it, while the program captures both
/// sides of nginx: what it says of each session is compared with what the viewers and the origin logged.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: MediaConversation.hindrance == nil, "ffmpeg, nginx-light and python3 make the peers"))
struct MediaPeersTests {
    private static let run = Result { try MediaConversation.record() }

    private func viewer(_ name: String) throws -> (peer: JSONValue, session: JSONValue) {
        let run = try Self.run.get()
        let peer = try #require(run.viewers[name])
        try #require(peer["problem"].string == nil)
        let address = try #require(peer["address"].string)
        let session = try #require(run.sessions[address], "\(name) has no session")
        return (peer, session)
    }

    private static let names = ["direct", "off", "on", "first", "second"]

    @Test("Segments and bytes of each viewer, as it counted them", arguments: names)
    func segments(_ name: String) throws {
        let (peer, session) = try viewer(name)
        let seen = session["segments"].array.filter { ($0["chunks"].int ?? 0) > 0 }
        #expect((peer["segments"].int ?? 0) >= 5)
        #expect(seen.count == peer["segments"].int)
        #expect(seen.compactMap { $0["bytes"].int }.reduce(0, +) == peer["bytes"].int)
        #expect(session["live"].bool == true && session["low_latency"].bool == true)
        #expect(session["inferred"].bool == false)
    }

    @Test("How chunks came: as made, or in bursts, as each viewer's own clock says", arguments: names)
    func pacing(_ name: String) throws {
        let (peer, session) = try viewer(name)
        let gathered = try #require(peer["gathered"].int)
        let deviation = try #require(peer["deviation"].double)
        let pacing = session["pacing"].string
        let verdicts = session["verdicts"].array.compactMap { $0["rule"].string }
        if gathered >= 3 {
            #expect(pacing == "gathered" && verdicts.contains("chunks_gathered"), "\(verdicts)")
        } else {
            // A pace between two verdicts may get none.
            #expect(deviation < 0.2 ? pacing == "encoder" : pacing != "gathered", "\(deviation)")
            #expect(!verdicts.contains("chunks_gathered"))
        }
        // The arrangement is what it is meant to be: who comes second gets from the cache what is whole.
        #expect((name == "second") == (gathered >= 3))
    }

    @Test("The other side of nginx is paced by the encoder, whatever comes out of it", arguments: [11, 12, 13])
    func origin(_ address: Int) throws {
        let run = try Self.run.get()
        let session = try #require(run.sessions["127.0.0.\(address)"])
        #expect(session["pacing"].string == "encoder")
        #expect(!session["verdicts"].array.contains { $0["rule"].string == "chunks_gathered" })
    }

    @Test("Age of chunks by their own stamps, to five milliseconds", arguments: names)
    func ages(_ name: String) throws {
        let (peer, session) = try viewer(name)
        let age = try #require(peer["age_ms"].double)
        let told = try #require(session["arrival_ms", "p50"].double)
        #expect(session["arrival_ms", "source"].string == "prft")
        // A viewer's clock is read after its system call; this machine is shared.
        #expect(abs(told - age) <= 5, "\(told) for \(age)")
    }

    @Test("The second viewer's segments are hits of the cache; its player's latency adds up")
    func cache() throws {
        let run = try Self.run.get()
        let second = try viewer("second").session
        let flows = Set(second["flows"].array.compactMap(\.string))
        let exchanges = run.flows.filter { flows.contains($0["id"].string ?? "") }.flatMap {
            $0["http", "exchanges"].array
        }
        let media = exchanges.filter { $0["url"].string?.contains("chunk-") == true }
        #expect(media.count >= 5 && media.filter { $0["cache", "state"].string == "hit" }.count >= media.count - 1)
        for name in Self.names {
            let latency = try viewer(name).session["live_latency"]
            guard latency["parts"].isPresent else { continue }
            let parts =
                try #require(latency["parts", "arrival_ms"].double) + (latency["parts", "buffer_ms"].double ?? 0)
            #expect(abs(parts - (latency["last_ms"].double ?? 0)) < 10, "\(name)")
        }
    }
}
