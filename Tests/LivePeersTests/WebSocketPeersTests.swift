import Foundation
import Testing

/// Python's websockets talk to themselves while the program captures: what it prints is compared with what each end sent.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(
        if: WebConversations.hasModule("websockets"), "websockets is not installed: docs/setup/python-peers gets it"))
struct WebSocketPeersTests {
    private static let run = Result { try WebConversations.record("websocket_peers.py", flows: 2) }

    @Test("Messages, bytes before and after compression, the close", arguments: ["deflate", "plain"])
    func messages(_ name: String) throws {
        let (facts, flows) = try Self.run.get()
        let peer = try #require(facts.first { $0["name"].string == name })
        let flow = try #require(flows.first { $0["client", "port"].int == peer["client_port"].int })
        let socket = flow["websocket"]
        let count = try #require(peer["text"].int) + (peer["binary"].int ?? 0)
        for end in ["client", "server"] {
            #expect(socket[end, "messages"].int == count, "\(end)")
            #expect(socket[end, "message_bytes"].int == peer["bytes"].int, "\(end)")
            #expect(socket[end, "frames", "text"].int == peer["text"].int, "\(end)")
            #expect(socket[end, "compressed_messages"].int == (name == "deflate" ? count : 0), "\(end)")
        }
        // The message of three parts ends with an empty one; five pings, a close.
        #expect(socket["client", "frames", "continuation"].int == 3)
        #expect(socket["client", "masked_frames"].int == count + 3 + 5 + 1)
        #expect(socket["server", "masked_frames"].int == 0)
        let payload = try #require(socket["client", "payload_bytes"].int)
        // Pings of four bytes, and a close of two with its reason.
        #expect(name == "plain" ? payload == (peer["bytes"].int ?? 0) + 5 * 4 + 8 : payload < 40_000, "\(payload)")
        #expect(socket["subprotocol"].string == "chat" && socket["accepted"].bool == true)
        #expect((socket["extensions"].string?.hasPrefix("permessage-deflate") ?? false) == (name == "deflate"))
        #expect(socket["close", "code"].int == 4001 && socket["close", "reason"].string == "enough")
        #expect(socket["close", "by"].string == "client" && socket["violations"].keys.isEmpty)
        let trips = peer["trips"].array.compactMap(\.double)
        #expect(socket["ping_rtt", "samples"].int == trips.count)
        // What the peer saw contains what passed the wire.
        let longest = try #require(socket["ping_rtt", "max_ms"].double)
        let slowest = try #require(trips.max())
        #expect(longest > 0 && longest <= slowest)
    }
}
