import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct QUICHeaderTests {
    /// RFC 9001 appendix A.2: the unprotected bytes of the client's Initial, with a body of the length it states.
    static let initial = [UInt8](hex: "c300000001088394c8f03e5157080000449e") + [UInt8](repeating: 0x5a, count: 1182)
    /// RFC 9001 appendix A.4.
    static let retry = [UInt8](
        hex: "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba")
    /// RFC 9369 appendix A.2 and A.4.
    static let initialV2 = [UInt8](hex: "d36b3343cf088394c8f03e5157080000449e") + [UInt8](repeating: 1, count: 1182)
    static let retryV2 = [UInt8](
        hex: "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6")

    private func decode(_ bytes: [UInt8], missing: Int = 0) throws -> QUICLongHeader {
        var reader = ByteReader(unsafe bytes.span.bytes)
        return try QUICLongHeader(decoding: &reader, missing: missing)
    }

    @Test func readsTheInitialOfTheRFC() throws {
        let header = try decode(Self.initial)
        #expect(header.type == .initial)
        #expect(header.version == .v1)
        #expect(header.destination.description == "8394c8f03e515708")
        #expect(header.source.isEmpty)
        #expect(header.tokenLength == 0)
        #expect(header.packetNumberOffset == 18)
        #expect(header.packetLength == 1200)
        #expect(header.capturedLength == 1200)
    }

    @Test func readsRetryWithItsTokenBeforeTheTag() throws {
        for (bytes, version) in [(Self.retry, QUICVersion.v1), (Self.retryV2, .v2)] {
            let header = try decode(bytes)
            #expect(header.type == .retry)
            #expect(header.version == version)
            #expect(header.source.description == "f067a5502a4262b5")
            #expect(Array(bytes[header.tokenOffset..<header.tokenOffset + header.tokenLength]) == Array("token".utf8))
        }
    }

    @Test func version2MovesTheTypeBits() throws {
        #expect(try decode(Self.initialV2).type == .initial)
        let order: [QUICPacketType] = [.retry, .initial, .zeroRTT, .handshake]
        for (bits, type) in order.enumerated() {
            var bytes = Self.initialV2
            bytes[0] = 0xc0 | UInt8(bits) << 4
            // Only an Initial has a token length; for the others the zero there is their length, which is too short.
            if type == .initial || type == .retry { #expect(try decode(bytes).type == type) }
        }
        let handshake = [UInt8](hex: "f36b3343cf00004014") + [UInt8](repeating: 0, count: 20)
        #expect(try decode(handshake).type == .handshake)
    }

    @Test func coalescedPacketsAreFoundByTheirLengths() throws {
        let handshake = [UInt8](hex: "e300000001000401020304 4014") + [UInt8](repeating: 7, count: 20)
        let datagram = Self.initial + handshake + [0x41, 2, 3]
        var reader = ByteReader(unsafe datagram.span.bytes)
        let first = try QUICLongHeader(decoding: &reader)
        #expect(first.type == .initial)
        let second = try QUICLongHeader(decoding: &reader)
        #expect(second.type == .handshake)
        #expect(second.packetLength == handshake.count)
        let next = reader.peekUInt8()
        #expect(next == 0x41)
    }

    @Test func aCaptureThatCutsTheDatagramStillTellsTheWholeLength() throws {
        let header = try decode(Array(Self.initial.prefix(100)), missing: 1100)
        #expect(header.packetLength == 1200)
        #expect(header.capturedLength == 100)
        #expect(throws: DecodeError.self) { try decode(Array(Self.initial.prefix(100))) }
    }

    @Test func versionNegotiationListsVersions() throws {
        let bytes = [UInt8](hex: "8f00000000 02aabb 01cc 00000001 6b3343cf")
        let header = try decode(bytes)
        #expect(header.type == .versionNegotiation)
        #expect(header.destination.description == "aabb")
        #expect(header.source.description == "cc")
        #expect(header.tokenLength == 8)
    }

    @Test func foreignVersionsKeepTheirInvariants() throws {
        let header = try decode([UInt8](hex: "c00a1a2a3a 02aabb 01cc 0102030405"))
        #expect(header.type == .unknown)
        #expect(header.destination.description == "aabb")
        #expect(header.version.isGreased)
    }

    @Test(arguments: [
        (UInt32(1), "1"), (0x6b33_43cf, "2"), (0xff00_001d, "draft-29"), (0x5130_3436, "Q046"),
        (0x0a1a_2a3a, "0x0a1a2a3a"), (0xface_b002, "mvfst-2"),
    ])
    func versionNames(value: UInt32, name: String) {
        #expect(QUICVersion(rawValue: value).description == name)
    }

    @Test func connectionIDsKeepTwentyBytes() throws {
        let bytes = (1...20).map(UInt8.init)
        let whole = QUICConnectionID(bytes: bytes)
        #expect(whole.bytes == bytes)
        #expect(whole.description == "0102030405060708090a0b0c0d0e0f1011121314")
        #expect(QUICConnectionID(bytes: [1]) != QUICConnectionID(bytes: [1, 0]))
        #expect(throws: DecodeError.self) {
            try decode([UInt8](hex: "c000000001 15") + [UInt8](repeating: 0, count: 60))
        }
    }

    @Test func probeTellsQUICFromItsNeighbours() {
        func probe(_ bytes: [UInt8]) -> QUICProbe { QUICProbe(unsafe bytes.span.bytes) }
        #expect(probe(Self.initial) == .longHeader(.v1))
        #expect(probe([UInt8](hex: "8f00000000 02aabb 01cc 00000001")) == .negotiation)
        #expect(probe([UInt8](hex: "0d a04196d13f9d0001 51303433 01")) == .google(QUICVersion(rawValue: 0x5130_3433)))
        // An RTP packet, a DNS query, a STUN request, a DTLS record
        #expect(probe([UInt8](hex: "80601234 00000000 11223344 00112233")) == .none)
        #expect(probe([UInt8](hex: "abcd0100000100000000000003777777")) == .none)
        #expect(probe([UInt8](hex: "000100002112a442112233445566778899aabbcc")) == .none)
        #expect(probe([UInt8](hex: "16fefd0000000000000000002001")) == .none)
        #expect(probe([]) == .none)
    }

    @Test func everyCutAndManyDamagesAreSurvived() {
        for sample in [Self.initial, Self.retry, Self.initialV2, Self.retryV2] {
            for length in 0..<min(sample.count, 64) { _ = try? decode(Array(sample.prefix(length))) }
        }
        var random = SeededRandom(seed: 9000)
        for _ in 0..<4000 {
            let bytes = random.damaged(Array(Self.initial.prefix(60)))
            guard let header = try? decode(bytes, missing: Int.random(in: 0..<2000, using: &random)) else { continue }
            #expect(header.capturedLength <= bytes.count, "seed \(random.seed)")
            #expect(header.tokenOffset + header.tokenLength <= bytes.count, "seed \(random.seed)")
        }
    }
}
