import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

@Suite struct LayerSelectionTests {
    private func reader(
        on carrier: ProtocolKind, agreed: String? = nil, offered: [String] = [], _ bytes: [UInt8] = []
    ) -> LayerSelection.Choice {
        unsafe LayerSelection.reader(on: carrier, agreed: agreed, offered: offered, bytes: bytes.span.bytes)
    }

    @Test("QUIC carries what was agreed on, and while that is hidden what was offered")
    func quic() {
        #expect(reader(on: .quic, agreed: "h3", offered: []) == .reader(.http3, isClient: nil))
        #expect(reader(on: .quic, agreed: "h3-29", offered: []) == .reader(.http3, isClient: nil))
        #expect(reader(on: .quic, agreed: "doq", offered: ["h3"]) == .nobody)
        #expect(reader(on: .quic, offered: ["hq-interop", "h3"]) == .reader(.http3, isClient: nil))
        #expect(reader(on: .quic, offered: ["hq-interop"]) == .nobody)
        #expect(reader(on: .quic) == .nobody)
    }

    @Test("TLS carries what was agreed on; a name that we do not know is not guessed at")
    func tls() {
        #expect(reader(on: .tls, agreed: "h2") == .reader(.http2, isClient: nil))
        #expect(reader(on: .tls, agreed: "http/1.1") == .reader(.http1, isClient: nil))
        #expect(reader(on: .tls, agreed: "imap", Self.hello) == .nobody)
        #expect(reader(on: .tls, agreed: "h3") == .nobody, "HTTP/3 needs QUIC")
    }

    @Test("TCP is told by content, on any port")
    func tcp() {
        #expect(reader(on: .tcp, Self.hello) == .reader(.tls, isClient: true))
        #expect(reader(on: .tcp, Array("220 mail.example\r\n".utf8)) == .nobody)
        let settings = [UInt8](hex: "000006 04 00 00000000 0003 00000064")
        #expect(reader(on: .tcp, settings) == .reader(.http2, isClient: false), "a server may speak first")
        #expect(reader(on: .tcp) == .nobody)
    }

    @Test("RFC 7983: the first byte tells datagrams of one port apart")
    func datagrams() {
        for (byte, kind) in [
            (22, .dtls), (63, .dtls), (1, .dtls), (0, nil), (128, .rtp), (191, .rtp), (200, nil), (255, nil),
        ]
            as [(UInt8, ProtocolKind?)]
        {
            let bytes: [UInt8] = [byte, 0, 0, 0]
            let found = unsafe LayerSelection.datagram(bytes.span.bytes, wireLength: 4)
            #expect(found == kind, "\(byte)")
        }
        #expect(LayerSelection.datagram(RawSpan(), wireLength: 0) == nil)
    }

    private static let hello = HelloBuilder.record(22, HelloBuilder.message(1, HelloBuilder().clientBody))
}

@Suite struct SegmentProbeTests {
    private func examine(_ probe: inout SegmentProbe, _ text: String) -> SegmentProbe.Answer {
        let bytes = Array(text.utf8)
        return unsafe probe.examine(bytes.span.bytes)
    }

    @Test("Segments that nobody claims cost a look each, up to the cap")
    func givesUp() {
        var probe = SegmentProbe()
        #expect(probe.isFresh)
        #expect(examine(&probe, "") == .nothing && !probe.isFresh, "a payload that was not captured is one of them")
        for _ in 2..<Int(SegmentProbe.segmentLimit) { #expect(examine(&probe, "\u{1}bulk") == .nothing) }
        #expect(examine(&probe, "\u{1}bulk") == .over && probe.isOver)
    }

    @Test("Refuted guesses end it sooner")
    func refuted() {
        var probe = SegmentProbe()
        for _ in 0..<10 { probe.refute() }
        #expect(probe.isOver)
    }
}
