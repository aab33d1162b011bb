import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

/// The messages of RFC 5769 section 2.
enum STUNVectors {
    static let request = [UInt8](
        hex: """
            0001 0058 2112a442 b7e7a701bc34d686fa87dfae  8022 0010 5354554e207465737420636c69656e74
            0024 0004 6e0001ff  8029 0008 932ff9b151263b36  0006 0009 6576746a3a68367659 202020
            0008 0014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2  8028 0004 e57a3bcf
            """)
    static let response = [UInt8](
        hex: """
            0101 003c 2112a442 b7e7a701bc34d686fa87dfae  8022 000b 7465737420766563746f72 20
            0020 0008 0001 a147 e112a643  0008 0014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7  8028 0004 c07d4c96
            """)
    static let response6 = [UInt8](
        hex: """
            0101 0048 2112a442 b7e7a701bc34d686fa87dfae  8022 000b 7465737420766563746f72 20
            0020 0014 0002 a147 0113a9faa5d3f179bc25f4b5bed2b9d9
            0008 0014 a382954e4be67bf11784c97c8292c275bfe3ed41  8028 0004 c8fb0b4c
            """)
}

@Suite struct STUNMessageTests {
    private func decode(_ bytes: [UInt8]) throws -> STUNMessage {
        var reader = ByteReader(unsafe bytes.span.bytes)
        return try STUNMessage(decoding: &reader)
    }

    @Test func theRequestOfTheRFC() throws {
        let message = try decode(STUNVectors.request)
        #expect(message.header.method == .binding && message.header.messageClass == .request)
        #expect(message.header.transaction == STUNTransaction(high: 0x2112_a442_b7e7_a701, low: 0xbc34_d686_fa87_dfae))
        #expect(message.software == "STUN test client")
        #expect(message.username == "evtj:h6vY")
        #expect(message.priority == 0x6e00_01ff)
        #expect(message.role == .controlled && message.tieBreaker == 0x932f_f9b1_5126_3b36)
        #expect(message.hasIntegrity && message.fingerprint == .valid)
        #expect(message.unknownRequired == 0)
    }

    @Test func theResponsesOfTheRFC() throws {
        let message = try decode(STUNVectors.response)
        #expect(message.header.messageClass == .success)
        #expect(message.mappedAddress?.description == "192.0.2.1:32853")
        #expect(message.software == "test vector" && message.fingerprint == .valid)
        let other = try decode(STUNVectors.response6)
        #expect(other.mappedAddress?.description == "[2001:db8:1234:5678:11:2233:4455:6677]:32853")
        #expect(other.fingerprint == .valid)
    }

    @Test func aWrongFingerprintIsSeen() throws {
        for position in STUNVectors.response.indices where position < STUNVectors.response.count - 8 {
            var bytes = STUNVectors.response
            bytes[position] ^= 0x40
            guard let message = try? decode(bytes) else { continue }
            #expect(message.fingerprint != .valid, "byte \(position)")
        }
    }

    @Test func cutMessagesAreTruncated() {
        for length in STUNVectors.request.indices {
            #expect(throws: DecodeError.self, "\(length) bytes") {
                try decode(Array(STUNVectors.request.prefix(length)))
            }
        }
    }

    @Test func damagedMessagesEnd() {
        for seed in UInt64(1)...2_000 {
            var random = SeededRandom(seed: seed)
            let bytes = random.damaged(STUNVectors.request)
            guard let message = try? decode(bytes) else { continue }
            #expect(message.header.messageLength <= bytes.count, "seed \(seed)")
            if let data = message.data { #expect(data.upperBound <= bytes.count) }
        }
    }

    /// An allocation as RFC 8656 section 15 has it, of which only the attributes' values matter here.
    @Test func attributesOfARelay() throws {
        let id = "2112a442 000102030405060708090a0b"
        let answer = try decode(
            [UInt8](
                hex: """
                    0103 0034 \(id)  0016 0008 0001 e012 e112a643  0020 0008 0001 a147 e112a643
                    000d 0004 00000258  0012 0008 0001 a147 e112a643  000c 0004 40010000
                    """))
        #expect(answer.header.method == .allocate && answer.header.messageClass == .success)
        #expect(answer.relayedAddress?.description == "192.0.2.1:49408")
        #expect(answer.lifetime == 600 && answer.channel == 0x4001 && answer.peerAddresses.count == 1)
        let error = try decode(
            [UInt8](hex: "0113 0014 \(id)  0009 0005 00000401 41 000000  0015 0003 616263 00"))
        #expect(error.errorCode == 401 && error.hasNonce && error.header.messageClass == .error)
        let data = try decode([UInt8](hex: "0017 000c \(id)  0013 0005 8001020304 000000"))
        #expect(data.header.messageClass == .indication && data.header.method == .data && data.data == 24..<29)
    }

    @Test func valuesOfTheWrongSizeSayNothing() throws {
        let id = "2112a442 000102030405060708090a0b"
        let message = try decode(
            [UInt8](
                hex: """
                    0101 0020 \(id)  0020 0004 00010000  0009 0002 0000 0000  000d 0000  0024 0002 0001 0000  7fff 0000
                    """))
        #expect(message.mappedAddress == nil && message.errorCode == nil && message.lifetime == nil)
        #expect(message.priority == nil && message.unknownRequired == 1)
        #expect(throws: DecodeError.self, "a length beyond the message") {
            try decode([UInt8](hex: "0101 0004 \(id)  0020 0008"))
        }
        #expect(throws: DecodeError.self, "a length that is no multiple of four") {
            try decode([UInt8](hex: "0101 0003 \(id)  000000"))
        }
    }

    /// RFC 3489: no cookie, addresses in the clear, all 128 bits tell transactions apart.
    @Test func classicMessages() throws {
        let message = try decode(
            [UInt8](
                hex: """
                    0101 0024 000102030405060708090a0b0c0d0e0f
                    0001 0008 0001 8055 c0000201  0004 0008 0001 0d96 c0000202  0005 0008 0001 0d97 c0000203
                    """))
        #expect(!message.header.hasCookie)
        #expect(message.mappedAddress?.description == "192.0.2.1:32853")
        #expect(message.responseOrigin?.port == 3_478 && message.otherAddress?.port == 3_479)
    }
}

@Suite struct STUNProbeTests {
    private func isMessage(_ bytes: [UInt8]) -> Bool { STUNProbe.isMessage(unsafe bytes.span.bytes) }

    @Test func messages() {
        #expect(isMessage(STUNVectors.request))
        #expect(isMessage([UInt8](hex: "0001 0000 000102030405060708090a0b0c0d0e0f")), "RFC 3489")
        #expect(isMessage([UInt8](hex: "0200 0000 2112a442 000102030405060708090a0b")), "GOOG_PING")
    }

    @Test func nearMisses() {
        for (name, hex) in [
            ("RTP", "8001 0000 2112a442 000102030405060708090a0b"),
            ("an unknown method with the cookie", "3fff 0000 2112a442 000102030405060708090a0b"),
            (
                "a DNS query of identifier 1",
                "0001 0100 0001 0000 0000 0000 03777777 07657861 6d706c65 03636f6d 00 0001 0001"
            ),
            ("no attribute where one must be", "0001 0004 000102030405060708090a0b0c0d0e0f 00000000"),
            ("a length that does not fit", "0001 0008 000102030405060708090a0b0c0d0e0f 00030004"),
            ("zeros", String(repeating: "00", count: 24)), ("nothing", ""),
        ] {
            #expect(!isMessage([UInt8](hex: hex)), "\(name)")
        }
    }

    @Test func channelData() throws {
        let bytes = [UInt8](hex: "4001 0005 0102030405")
        var reader = ByteReader(unsafe bytes.span.bytes)
        let header = try TURNChannelData(decoding: &reader)
        #expect(header.channel == 0x4001 && header.dataLength == 5)
        for (padding, fits) in [(0, true), (3, true), (4, false)] {
            let padded = bytes + [UInt8](repeating: 0, count: padding)
            #expect(
                TURNChannelData.fills(unsafe padded.span.bytes, wireLength: padded.count) == fits,
                "\(padding) bytes of padding")
        }
        for length in 0..<bytes.count {
            #expect(!TURNChannelData.fills(unsafe Array(bytes.prefix(length)).span.bytes, wireLength: length))
            let cut = TURNChannelData.fills(unsafe Array(bytes.prefix(length)).span.bytes, wireLength: bytes.count)
            #expect(cut == (length >= 4), "the header of a datagram that the capture cut says what it was")
        }
        #expect(!TURNChannelData.fills(unsafe [UInt8](hex: "3fff 0000").span.bytes, wireLength: 4))
        #expect(!TURNChannelData.fills(unsafe [UInt8](hex: "8000 0000").span.bytes, wireLength: 4))
    }
}
