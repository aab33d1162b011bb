import Foundation
import Testing

/// A client of WebSocket over HTTP/2, nghttpx, and a server behind it that speaks HTTP/1.1: one conversation, captured on both sides of the
/// proxy, and what client and server counted.
struct ProxyPeers {
    var client: JSONValue
    var server: JSONValue
    var front: JSONValue
    var back: JSONValue

    static let hindrance: String? =
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/nghttpx") ? nil : "nghttpx is not installed"

    /// - Parameter client: "frames" or "chromium".
    static func record(_ client: String) throws -> ProxyPeers {
        let (facts, flows) = try WebConversations.record(
            "proxy_peers.py", certificate: "localhost", more: [client],
            // Chromium tries IPv6, too, and opens a connection in advance.
            flows: client == "chromium" ? 4 : 2, seconds: 75)
        try #require(facts.count == 2, "\(facts)")
        let sockets = flows.filter { $0["websocket"].isPresent }
        return ProxyPeers(
            client: facts[0], server: facts[1],
            front: try #require(sockets.first { $0["http2"].isPresent }, "none over HTTP/2"),
            back: try #require(sockets.first { !$0["http2"].isPresent }, "none over HTTP/1.1"))
    }

    /// Messages and their bytes in both directions of a flow; all were echoed.
    func compare(_ flow: JSONValue) throws {
        let socket = flow["websocket"]
        for end in ["client", "server"] {
            let counted = end == "client" ? server : client
            let messages = try #require(counted["text"].int) + (counted["binary"].int ?? 0)
            #expect(socket[end, "messages"].int == messages, "\(end)")
            #expect(socket[end, "message_bytes"].int == counted["bytes"].int, "\(end)")
            #expect(socket[end, "frames", "text"].int == counted["text"].int, "\(end)")
        }
        #expect(socket["client", "payload_bytes"].int ?? 0 >= server["payload"].int ?? .max)
        #expect(socket["subprotocol"].string == "chat" && socket["violations"].keys.isEmpty)
        #expect(socket["close", "code"].int == 4001 && socket["close", "by"].string == "client")
    }
}
