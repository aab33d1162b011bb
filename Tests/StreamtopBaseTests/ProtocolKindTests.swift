import Testing

@testable import StreamtopBase

@Suite struct ProtocolKindTests {
    @Test(arguments: [
        ("h2", ProtocolKind.http2), ("h2c", .http2), ("http/1.1", .http1), ("http/1.0", .http1), ("h3", .http3),
        ("moq-00", .moq), ("moqt-15", .moq),
        ("h3-29", .http3),
    ])
    func applicationProtocolIsKnown(name: String, kind: ProtocolKind) {
        #expect(ProtocolKind(applicationProtocol: name) == kind)
    }

    @Test(arguments: ["", "h", "H2", "h3x", "spdy/3", "webrtc", "tcp"])
    func othersAreNot(name: String) {
        #expect(ProtocolKind(applicationProtocol: name) == nil)
    }
}
