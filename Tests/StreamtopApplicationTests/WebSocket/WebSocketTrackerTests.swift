import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// Frames as bytes.
enum WebSocketBytes {
    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], final: Bool = true, reserved: UInt8 = 0, mask: [UInt8]? = nil
    ) -> [UInt8] {
        var bytes: [UInt8] = [(final ? 0x80 : 0) | reserved << 4 | opcode]
        let bit: UInt8 = mask == nil ? 0 : 0x80
        if payload.count < 126 {
            bytes.append(bit | UInt8(payload.count))
        } else {
            bytes += [bit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        }
        bytes += mask ?? []
        return bytes + payload.indices.map { payload[$0] ^ (mask?[$0 % 4] ?? 0) }
    }

    static let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]

    static func client(_ opcode: UInt8, _ text: String, final: Bool = true) -> [UInt8] {
        frame(opcode, Array(text.utf8), final: final, mask: mask)
    }

    static func server(_ opcode: UInt8, _ text: String, final: Bool = true) -> [UInt8] {
        frame(opcode, Array(text.utf8), final: final)
    }
}

@Suite struct WebSocketTrackerTests {
    private typealias Bytes = WebSocketBytes

    private func conversation(_ extensions: String? = nil) -> StreamConversation<WebSocketTracker> {
        var response = [HTTPField("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
        if let extensions { response.append(HTTPField("sec-websocket-extensions", extensions)) }
        let upgrade = HTTPUpgrade(
            to: "websocket", request: [HTTPField("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")], response: response,
            url: "http://h/chat", duration: .milliseconds(40), at: Timestamp(nanoseconds: 0))
        return StreamConversation(WebSocketTracker(upgrade: upgrade))
    }

    private func violations(_ flow: FlowSnapshot) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: (flow.webSocket?.violations ?? []).map { ($0.name, $0.count) })
    }

    /// RFC 6455 sections 1.3 and 5.7.
    @Test func theExamplesOfTheRFC() throws {
        var talk = conversation()
        talk.say([UInt8](hex: "81 85 37fa213d 7f9f4d5158"))
        talk.say([UInt8](hex: "01 03 48656c 80 02 6c6f"), .fromServer)
        talk.say([UInt8](hex: "89 05 48656c6c6f"), .fromServer)
        talk.say([UInt8](hex: "8a 85 37fa213d 7f9f4d5158"))
        let socket = try #require(talk.flow.webSocket)
        #expect(socket.isAccepted == true && socket.upgrade == .milliseconds(40))
        #expect(socket.client.frames.map(\.name) == ["text", "pong"])
        #expect(socket.client.messages == 1 && socket.client.messageBytes == 5 && socket.client.payloadBytes == 10)
        #expect(socket.client.headerBytes == 12 && socket.client.maskedFrames == 2)
        #expect(socket.server.messages == 1 && socket.server.messageBytes == 5 && socket.server.payloadBytes == 10)
        #expect(socket.client.pingRoundTrip?.minimum == .milliseconds(1))
        #expect(socket.violations.isEmpty)
        #expect(talk.now.events == [.webSocketOpen(url: "http://h/chat")])
    }

    @Test func anyCutReadsTheSame() {
        func read(_ size: Int) -> WebSocketSnapshot? {
            var talk = conversation()
            talk.pieceSize = size
            talk.say(Bytes.client(1, "Grüße", final: false) + Bytes.client(9, "p") + Bytes.client(0, "!"))
            talk.say(Bytes.server(2, String(repeating: "x", count: 300)) + Bytes.server(10, "p"), .fromServer)
            talk.say(Bytes.frame(8, [0x03, 0xe8] + Array("bye".utf8), mask: Bytes.mask))
            return talk.flow.webSocket
        }
        let whole = read(.max)
        #expect(whole?.close == WebSocketCloseSnapshot(code: 1_000, reason: "bye", by: .fromClient))
        #expect(
            whole?.client.messageBytes == 8 && whole?.server.messageBytes == 300 && whole?.violations.isEmpty == true)
        #expect(whole?.comparison != nil)
        for size in 1...40 { #expect(read(size) == whole, "pieces of \(size)") }
    }

    /// RFC 7692 section 7.2.3: "Hello" twice, the second time out of the first one's window.
    @Test func compressedMessages() throws {
        let first = [UInt8](hex: "c1 07 f248cdc9c90700")
        let second = [UInt8](hex: "c1 05 f200110000")
        for (extensions, bytes) in [
            ("permessage-deflate", UInt64(10)), ("permessage-deflate; server_no_context_takeover", nil),
        ] {
            var talk = conversation(extensions)
            talk.say(first + second, .fromServer)
            let server = try #require(talk.flow.webSocket?.server)
            #expect(server.messageBytes == bytes && server.compressedMessages == 2 && server.messages == 2)
            #expect(talk.flow.webSocket?.violations.isEmpty == true)
        }
        // In two fragments, with a ping between them.
        var talk = conversation("permessage-deflate")
        talk.say([UInt8](hex: "41 03 f248cd 89 00 80 04 c9c90700"), .fromServer)
        #expect(talk.flow.webSocket?.server.messageBytes == 5)
        #expect(talk.flow.webSocket?.server.compressedMessages == 1)
    }

    @Test func whatWasNotAgreedIsNoCompression() {
        var talk = conversation()
        talk.say([UInt8](hex: "c1 07 f248cdc9c90700"), .fromServer)
        #expect(violations(talk.flow)["reserved_bits"] == 1)
    }

    /// Joined late, the window is not known: nothing is guessed.
    @Test func joinedLate() {
        var talk = StreamConversation(WebSocketTracker(upgrade: nil))
        talk.say(Bytes.client(1, "abc"))
        talk.say([UInt8](hex: "c1 07 f248cdc9c90700"), .fromServer)
        #expect(talk.flow.webSocket?.client.messageBytes == 3 && talk.flow.webSocket?.server.messageBytes == nil)
        #expect(talk.flow.webSocket?.comparison == nil && violations(talk.flow).isEmpty)
    }

    @Test func violationsHaveNames() {
        for (name, bytes, direction) in [
            ("unmasked_client", Bytes.server(1, "a"), Direction.fromClient),
            ("masked_server", Bytes.client(1, "a"), .fromServer),
            ("reserved_bits", Bytes.frame(1, [97], reserved: 2), .fromServer),
            ("reserved_opcode", Bytes.frame(3, []), .fromServer),
            ("non_minimal_length", [0x82, 126, 0, 5, 1, 2, 3, 4, 5], .fromServer),
            ("long_control", Bytes.frame(9, [UInt8](repeating: 1, count: 126)), .fromServer),
            ("fragmented_control", Bytes.server(9, "a", final: false), .fromServer),
            ("stray_continuation", Bytes.server(0, "a"), .fromServer),
            ("unfinished_message", Bytes.server(2, "a", final: false) + Bytes.server(2, "b"), .fromServer),
            ("invalid_utf8", Bytes.frame(1, [0xc3, 0x28]), .fromServer),
            ("invalid_utf8", Bytes.frame(1, [0xc3]), .fromServer),
            ("bad_close_code", Bytes.frame(8, [0x03, 0xed]), .fromServer),
            ("bad_close_code", Bytes.frame(8, [0x03]), .fromServer),
        ] {
            var talk = conversation()
            talk.say(bytes, direction)
            #expect(violations(talk.flow) == [name: 1], "\(name)")
        }
        var other = StreamConversation(
            WebSocketTracker(
                upgrade: HTTPUpgrade(
                    to: "websocket", request: [HTTPField("sec-websocket-key", "x")],
                    response: [HTTPField("sec-websocket-accept", "y")], url: nil, duration: nil,
                    at: Timestamp(nanoseconds: 0))))
        other.say(Bytes.client(1, "a"))
        #expect(violations(other.flow) == ["wrong_accept": 1])
    }

    @Test func whatLooksLikeAViolationAndIsNone() {
        var talk = conversation()
        // A character over two fragments, an empty message, 126 bytes that need their long form, an empty close.
        talk.say(Bytes.frame(1, [0xc3], final: false) + Bytes.frame(0, [0xa9]), .fromServer)
        talk.say(Bytes.server(1, "") + Bytes.server(1, String(repeating: "a", count: 126)), .fromServer)
        talk.say(Bytes.server(8, ""), .fromServer)
        #expect(violations(talk.flow).isEmpty)
        #expect(talk.flow.webSocket?.close == WebSocketCloseSnapshot(code: nil, reason: nil, by: .fromServer))
    }

    /// RFC 6455 section 5.5.3: a pong may answer the newest ping alone, and one that nobody asked for is no sample.
    @Test func pongsAndTheirPings() throws {
        var talk = conversation()
        talk.now.roundTrip.server = .milliseconds(5)
        talk.say(Bytes.client(9, "1") + Bytes.client(9, "2"))
        talk.wait(.milliseconds(19))
        talk.say(Bytes.server(10, "2"), .fromServer)
        talk.say(Bytes.server(10, "1") + Bytes.server(10, "3"), .fromServer)
        talk.say(Bytes.client(9, "") + Bytes.client(9, ""))
        talk.say(Bytes.server(10, ""), .fromServer)
        let server = try #require(talk.flow.webSocket?.server)
        #expect(server.pingRoundTrip?.samples == 1 && server.pingRoundTrip?.minimum == .milliseconds(20))
        #expect(server.eventLoopLag?.maximum == .milliseconds(15) && server.eventLoopLag?.samples == 1)
    }

    @Test func gapsInsidePayloads() throws {
        var talk = conversation("permessage-deflate")
        talk.say(Array(Bytes.server(2, String(repeating: "x", count: 100)).prefix(50)), .fromServer)
        talk.gap(52, .fromServer)
        talk.say(Bytes.server(1, "ok"), .fromServer)
        #expect(talk.flow.webSocket?.server.payloadBytes == 102 && talk.flow.webSocket?.server.messages == 2)
        #expect(talk.flow.webSocket?.server.messageBytes == 102)
        talk.gap(3, .fromServer)
        talk.say(Bytes.server(1, "lost"), .fromServer)
        #expect(talk.flow.webSocket?.server.hasLostStep == true && talk.flow.webSocket?.server.messages == 2)
        var other = conversation("permessage-deflate")
        other.say([UInt8](hex: "c1 07 f248"), .fromServer)
        other.gap(5, .fromServer)
        #expect(other.flow.webSocket?.server.messageBytes == nil)
    }

    @Test func damagedConversationsEnd() {
        let bytes =
            [UInt8](hex: "c1 07 f248cdc9c90700 41 03 f248cd 89 00 80 04 c9c90700")
            + Bytes.client(1, "Grüße") + Bytes.server(8, "ab")
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            var talk = conversation("permessage-deflate")
            talk.pieceSize = Int.random(in: 1...30, using: &random)
            talk.say(random.damaged(bytes), .fromServer)
            talk.say(random.damaged(bytes), .fromClient)
            _ = talk.flow
        }
    }
}
