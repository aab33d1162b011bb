import Foundation
import Testing

/// aioquic speaks HTTP/3 to itself while the program captures: requests, a WebTransport session, WebSocket on a stream.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: QUICConversations.isInstalled, "aioquic is not installed: docs/setup/python-peers gets it"))
struct HTTP3PeersTests {
    private static let run = Result {
        try WebConversations.record("http3_peers.py", certificate: "h3.example", flows: 3)
    }

    private func pair(_ name: String) throws -> (peer: JSONValue, flow: JSONValue) {
        let (facts, flows) = try Self.run.get()
        let peer = try #require(facts.first { $0["name"].string == name })
        return (peer, try #require(flows.first { $0["client", "port"].int == peer["client_port"].int }))
    }

    @Test("Exchanges with the bytes that the client received")
    func requests() throws {
        let (peer, flow) = try pair("requests")
        let exchanges = flow["http", "exchanges"].array
        #expect(exchanges.compactMap { $0["response_bytes"].int } == peer["bytes"].array.compactMap(\.int))
        #expect(exchanges.allSatisfy { $0["status"].int == 200 && $0["state"].string == "complete" })
        #expect(exchanges.first?["url"].string == "https://h3.example/0")
        #expect(flow["http3", "violations"].int == nil && flow["http3", "undecoded_sections"].int == nil)
        #expect(!flow["protocols"].array.contains { $0.string == "webtransport" })
    }

    @Test("WebTransport: streams, datagrams, the reset and the close that the peers made")
    func webTransport() throws {
        let (_, flow) = try pair("webtransport")
        let session = try #require(flow["http3", "webtransport"].array.first)
        #expect(session["url"].string == "https://h3.example/wt" && session["accepted"].bool == true)
        #expect(session["client", "unidirectional_streams"].int == 2)
        #expect(session["client", "bidirectional_streams"].int == 1)
        #expect(session["client", "stream_bytes"].int == 250 && session["server", "stream_bytes"].int == 190)
        #expect(session["server", "unidirectional_streams"].int == 2)
        for end in ["client", "server"] {
            #expect(session[end, "datagrams"].int == 3 && session[end, "datagram_bytes"].int == 60)
        }
        #expect(session["client", "resets"].int == 1)
        #expect(session["close_code"].int == 258 && session["close_reason"].string == "over")
        #expect(flow["protocols"].array.last?.string == "webtransport")
    }

    @Test("WebSocket over HTTP/3: frames, the ping's round trip, the close")
    func webSocket() throws {
        let (_, flow) = try pair("websocket")
        let socket = flow["websocket"]
        #expect(socket["url"].string == "https://h3.example/chat")
        for end in ["client", "server"] {
            #expect(socket[end, "messages"].int == 2 && socket[end, "message_bytes"].int == 20)
        }
        #expect(socket["client", "masked_frames"].int == 4 && socket["server", "masked_frames"].int == 0)
        #expect(socket["ping_rtt", "samples"].int == 1 && (socket["ping_rtt", "min_ms"].double ?? 0) > 0)
        #expect(socket["close", "code"].int == 1000 && socket["close", "by"].string == "client")
        #expect(socket["violations"].keys.isEmpty)
    }
}
