import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct SRTPacketTests {
    /// A caller's induction and a listener's conclusion with extensions.
    private let induction = [UInt8](
        hex: """
            80000000 00000000 00000001 00000000 00000004 0000 0002 5fffaf1b 000005dc 00002000 00000001 1a2b3c4d 00000000
            0101007f 000000000000000000000000
            """)
    private let conclusion = [UInt8](
        hex: """
            80000000 00000000 00000bb8 1a2b3c4d 00000005 0000 0005 5fffaf1b 000005dc 00002000 ffffffff 2a2b3c4d 12345678
            0101007f 000000000000000000000000 0002 0003 00010501 000000bf 0078 0050 0005 0002 64656566 00000037
            """)

    @Test func handshakes() throws {
        #expect(
            SRTPacket.isHandshake(unsafe induction.span.bytes) && SRTPacket.isHandshake(unsafe conclusion.span.bytes))
        var reader = ByteReader(unsafe conclusion.span.bytes)
        let packet = try SRTPacket(decoding: &reader)
        #expect(packet.timestamp == 3_000 && packet.destination == 0x1a2b_3c4d)
        let handshake = try SRTHandshake(decoding: &reader)
        #expect(handshake.version == 5 && handshake.kind == SRTHandshake.Kind.conclusion)
        #expect(handshake.facts.libraryVersion == 0x01_0501 && handshake.facts.isResponse)
        #expect(handshake.facts.receiverDelay == 120 && handshake.facts.senderDelay == 80)
        #expect(handshake.facts.streamID == "feed7" && !handshake.facts.hasKeys)
    }

    @Test func whatIsNoHandshake() {
        // A sender report of RTCP, RTP, a version that is none, one cut short.
        let others = [
            "80c80006 00000001" + String(repeating: "00", count: 60), "80000001" + String(repeating: "00", count: 70),
        ]
        for hex in others {
            let bytes = [UInt8](hex: hex)
            #expect(!SRTPacket.isHandshake(unsafe bytes.span.bytes))
        }
        for index in 0..<63 {
            let cut = Array(induction.prefix(index))
            #expect(!SRTPacket.isHandshake(unsafe cut.span.bytes))
        }
        var wrong = induction
        wrong[19] = 9
        #expect(!SRTPacket.isHandshake(unsafe wrong.span.bytes))
    }

    @Test func dataAndControl() throws {
        let data = [UInt8](hex: "7fffffff 8c000001 00000001 00000002 47")
        var reader = ByteReader(unsafe data.span.bytes)
        let packet = try SRTPacket(decoding: &reader)
        #expect(packet.content == .data(sequence: 0x7fff_ffff, key: 1, isRetransmitted: true))
        let control = [UInt8](hex: "80020000 00000007 00000001 00000002")
        var other = ByteReader(unsafe control.span.bytes)
        #expect(try SRTPacket(decoding: &other).content == .control(type: 2, subtype: 0, specific: 7))
    }
}
