import Foundation
import Testing

/// aiomoqt publishes groups of objects to itself in a WebTransport session that names no protocol.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(
        if: WebConversations.hasModule("aiomoqt.client"), "aiomoqt is not installed: docs/setup/python-peers gets it"))
struct MoQPeersTests {
    @Test("Media over QUIC: the draft, groups and their pace")
    func groups() throws {
        let (facts, flows) = try WebConversations.record("moq_peers.py", certificate: "localhost", flows: 1)
        let peer = try #require(facts.first)
        let flow = try #require(flows.first { $0["moq"].isPresent }, "\(flows.map { $0["protocols"] })")
        let told = flow["moq"]
        #expect(told["draft"].int == peer["version"].int && told["tracks"].int == 1)
        // A group may begin while the subscriber ends.
        let groups = try #require(peer["groups"].int)
        #expect(groups > 5 && (groups...groups + 1).contains(told["groups"].int ?? 0))
        #expect(told["streams", "server"].int == told["groups"].int && told["streams", "client"].int == 0)
        // Five objects a group, 25 a second.
        #expect(abs((told["group_interval_ms", "p50"].double ?? 0) - 200) < 20)
        #expect(flow["protocols"].array.compactMap(\.string).suffix(2) == ["webtransport", "moq"])
    }
}
