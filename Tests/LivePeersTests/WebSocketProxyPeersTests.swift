import Foundation
import Testing

/// WebSocket by extended CONNECT over TLS, through nghttpx to a server of HTTP/1.1: what the program says of both sides of the proxy,
/// compared with what client and server counted. Chromium does the same in `BrowserPeersTests`.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: ProxyPeers.hindrance == nil, "nghttp2-proxy makes the proxy"))
struct WebSocketProxyPeersTests {
    @Test("Messages, frames cut anywhere by frames of HTTP/2, a ping between fragments, the close")
    func throughTheProxy() throws {
        let outcome = try ProxyPeers.record("frames")
        for flow in [outcome.front, outcome.back] { try outcome.compare(flow) }
        let front = outcome.front
        #expect(front["client", "port"].int == outcome.client["client_port"].int)
        #expect(
            ["tls", "http/2", "websocket"].allSatisfy { front["protocols"].array.compactMap(\.string).contains($0) })
        // Frames stay masked over HTTP/2 (RFC 8441 section 5); no key is exchanged there, so none is checked.
        let frames = try #require(front["websocket", "client", "messages"].int) + 2 + 1 + 1
        #expect(front["websocket", "client", "masked_frames"].int == frames)
        #expect(front["websocket", "server", "masked_frames"].int == 0)
        #expect(front["websocket", "accepted"].bool == nil && outcome.back["websocket", "accepted"].bool == true)
        #expect(front["websocket", "client", "frames", "continuation"].int == 2)
        // A proxy may cut messages anew; this one hands bytes on.
        let payload = try #require(front["websocket", "client", "payload_bytes"].int)
        // A ping of four bytes, and a close of two with its reason.
        #expect(payload == (outcome.server["payload"].int ?? 0) + 4 + 8)
        #expect(outcome.back["websocket", "client", "payload_bytes"].int == payload)
        #expect(front["websocket", "url"].string?.hasPrefix("https://localhost:") == true)
        #expect(front["websocket", "url"].string?.contains("secret") == false, "tokens are masked")
        // What the client saw contains what passed the wire: captured beside it, not before it sent.
        let trip = try #require(outcome.client["trips"].array.first?.double)
        let told = try #require(front["websocket", "ping_rtt", "max_ms"].double)
        #expect(told > 0 && told <= trip)
        #expect(front["http2", "server", "settings", "enable_connect_protocol"].int == 1)
        #expect(front["http2", "violations"].int == nil)
    }
}
