import StreamtopBase
import Testing

@testable import StreamtopWire

/// What begins like SIP, and what only looks like it.
@Suite struct SIPProbeTests {
    private func isMessage(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return SIPProbe.isMessage(unsafe bytes.span.bytes)
    }

    @Test(arguments: [
        "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "UPDATE", "MESSAGE",
        "REFER", "PUBLISH", "INFO",
    ])
    func everyMethodIsKnown(_ method: String) {
        #expect(isMessage("\(method) sip:bob@example.org SIP/2.0\r\n\r\n"))
        #expect(!isMessage("\(method) / HTTP/1.1\r\n\r\n"))
        #expect(!isMessage("\(method)sip:bob@example.org SIP/2.0\r\n\r\n"))
    }

    @Test func answersAreKnown() {
        #expect(isMessage("SIP/2.0 200 OK\r\n\r\n"))
        #expect(!isMessage("SIP/3.0 200 OK\r\n\r\n"))
    }

    @Test(arguments: ["", "S", "SIP", "INVI", "INVITE", "INVITATION sip:bob SIP/2.0\r\n", "RTSP/1.0 200 OK\r\n"])
    func otherTextIsNot(_ text: String) { #expect(!isMessage(text)) }
}
