import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopSecurity

/// Feeds a tracker pieces of stream, a millisecond apart.
struct TLSPlayer: ~Copyable {
    var tracker = TLSConnectionTracker()
    var tables = SecurityTables()
    var seen = Observation()
    var now: Int64 = 0
    var events: [FlowEvent.Kind] { seen.events }
    private var texts = BothDirections<[UInt8]>(client: [], server: [])

    init(secrets: SecretStore? = nil, awaits: Bool = false) {
        tables = SecurityTables(secrets: secrets, awaitsSecrets: awaits)
    }

    mutating func feed(_ bytes: [UInt8], _ direction: Direction) {
        now += 1_000_000
        let delivery = Delivery.bytes(bytes.count, from: direction, at: Timestamp(nanoseconds: now))
        seen.begin(from: direction, at: delivery.time)
        unsafe tracker.observe(bytes.span.bytes, delivery, tables: &tables, &seen)
    }

    mutating func play(_ records: [(direction: Direction, bytes: [UInt8])]) {
        for record in records { feed(record.bytes, record.direction) }
    }

    mutating func plaintext(_ direction: Direction) -> [UInt8] {
        for direction in Direction.allCases { texts[direction] += seen.delivered(from: direction).flatMap { $0 } }
        seen.deliveries.removeAll()
        defer { texts[direction] = [] }
        return texts[direction]
    }
}

@Suite struct TLSConnectionTrackerTests {
    private let publicSteps = [
        "client_hello/client", "server_hello/server", "encrypted_extensions/server", "certificate/server",
        "finished/server", "finished/client", "first_application_data/client", "first_application_data/server",
    ]

    private func steps(_ tls: TLSSnapshot) -> [String] {
        tls.handshake.timeline.map { "\($0.step.rawValue)/\($0.from == .fromClient ? "client" : "server")" }
    }

    @Test("RFC 8448 section 3 without secrets: what is clear, and what the shapes show")
    func withoutSecrets() {
        var player = TLSPlayer()
        player.play(RFC8448Trace.records)
        #expect(player.tracker.verdict == .tls)
        let tls = player.tracker.snapshot()
        #expect(tls.version == "1.3" && tls.cipherSuite == "TLS_AES_128_GCM_SHA256" && tls.group == "x25519")
        #expect(tls.serverName == "server" && tls.keySharesOffered == ["x25519"])
        #expect(tls.handshake.kind == .full && tls.handshake.roundTrips == 1)
        #expect(tls.handshake.duration == 3_000_000)
        #expect(steps(tls) == publicSteps)
        #expect(tls.handshake.timeline.map(\.inferred) == [false, false, true, true, true, true, true, true])
        #expect(tls.handshake.timeline[5].bytes == 36)
        #expect(!tls.isDecrypted && tls.alpn == nil && tls.certificates.isEmpty)
        #expect(tls.clientCertificate == nil && tls.sessionTicket == nil && tls.earlyData == nil)
        #expect(tls.records.count == 9)
        #expect(tls.records.overheadBytes == 9 * 5 + 7 * 17)
    }

    @Test("RFC 8448 section 3 with its secrets: every message, both payloads, both alerts")
    func withSecrets() {
        var player = TLSPlayer(secrets: RFC8448Trace.secrets)
        player.play(RFC8448Trace.records)
        let tls = player.tracker.snapshot()
        #expect(tls.isDecrypted && tls.hasSecrets)
        #expect(
            steps(tls) == [
                "client_hello/client", "server_hello/server", "encrypted_extensions/server", "certificate/server",
                "certificate_verify/server", "finished/server", "finished/client", "new_session_ticket/server",
                "first_application_data/client", "first_application_data/server",
            ])
        #expect(tls.handshake.timeline.prefix(8).map(\.bytes) == [196, 90, 40, 445, 136, 36, 36, 205])
        #expect(tls.handshake.timeline.allSatisfy { !$0.inferred })
        #expect(tls.certificates.map(\.subject) == ["CN=rsa"])
        #expect(tls.certificates.first?.key == "RSA 1024")
        #expect(tls.signatureAlgorithm == "rsa_pss_rsae_sha256")
        #expect(tls.sessionTicket == true && tls.clientCertificate == false)
        #expect(tls.alerts.map(\.description) == ["close_notify", "close_notify"])
        #expect(player.plaintext(.fromClient) == RFC8448Trace.data)
        #expect(player.plaintext(.fromServer) == RFC8448Trace.data)
    }

    @Test("Cut into pieces of any size the answer is the same", arguments: [1, 2, 3, 5, 64, 1000])
    func pieces(_ size: Int) {
        var whole = TLSPlayer(secrets: RFC8448Trace.secrets)
        whole.play(RFC8448Trace.records)
        var cut = TLSPlayer(secrets: RFC8448Trace.secrets)
        for record in RFC8448Trace.records {
            for start in stride(from: 0, to: record.bytes.count, by: size) {
                cut.feed(Array(record.bytes[start..<min(record.bytes.count, start + size)]), record.direction)
            }
        }
        let left = whole.tracker.snapshot()
        let right = cut.tracker.snapshot()
        #expect(left.ja4 == right.ja4 && left.ja3 == right.ja3 && left.ja3s == right.ja3s)
        #expect(left.certificates == right.certificates && left.records == right.records)
        #expect(left.handshake.timeline.map(\.step) == right.handshake.timeline.map(\.step))
        #expect(cut.plaintext(.fromServer) == RFC8448Trace.data)
    }

    @Test("Secrets that arrive late open what waited for them; what never comes is given up within bounds")
    func lateSecrets() {
        var player = TLSPlayer(secrets: SecretStore(), awaits: true)
        player.play(Array(RFC8448Trace.records.prefix(6)))
        #expect(!player.tracker.snapshot().isDecrypted)
        #expect(player.tracker.ends[Direction.fromServer.index].waitingBytes > 0)
        player.tables.secrets?.append(keyLogText: Array(RFC8448Trace.keyLog.utf8))
        player.play(Array(RFC8448Trace.records.suffix(3)))
        let tls = player.tracker.snapshot()
        #expect(tls.isDecrypted && tls.certificates.count == 1)
        #expect(player.plaintext(.fromClient) == RFC8448Trace.data)
        #expect(player.plaintext(.fromServer) == RFC8448Trace.data)

        var never = TLSPlayer(secrets: SecretStore(), awaits: true)
        never.play(Array(RFC8448Trace.records.prefix(4)))
        for _ in 0..<10 { never.feed(HelloBuilder.record(23, Array(repeating: 1, count: 16000)), .fromServer) }
        #expect(
            never.tracker.ends[Direction.fromServer.index].isOpaque
                && never.tracker.ends[Direction.fromServer.index].waiting.isEmpty)
    }

    @Test("A lost record: the next one opens under its own number")
    func gap() {
        var player = TLSPlayer(secrets: RFC8448Trace.secrets)
        player.play(Array(RFC8448Trace.records.prefix(4)))
        player.tracker.gap(of: RFC8448Trace.serverTicket.count, direction: .fromServer)
        player.feed(RFC8448Trace.serverData, .fromServer)
        #expect(player.plaintext(.fromServer) == RFC8448Trace.data)
        #expect(player.tracker.gaps == 1)
    }

    @Test("A hole inside a record is stepped over; the next record is found where it must begin")
    func holeInRecord() {
        var player = TLSPlayer()
        player.play(Array(RFC8448Trace.records.prefix(2)))
        player.feed(Array(RFC8448Trace.serverFlight.prefix(100)), .fromServer)
        player.tracker.gap(of: 300, direction: .fromServer)
        player.feed(Array(RFC8448Trace.serverFlight.suffix(279)) + RFC8448Trace.serverTicket, .fromServer)
        #expect(player.tracker.snapshot().records.count == 4)
        #expect(player.tracker.malformed == 0)
    }

    @Test("JA4 and JA3 of a browser's hello, in three segments")
    func fingerprints() throws {
        var builder = HelloBuilder()
        builder.cipherSuites = [
            0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ]
        let schemes: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
        builder.extensions = [
            (0xfafa, []), (0x001b, [2, 0, 2]), HelloBuilder.serverName("example.com"),
            (
                0x0033,
                HelloBuilder.vector(
                    [0x11, 0xec] + HelloBuilder.vector(Array(repeating: 3, count: 1216), lengthBytes: 2), lengthBytes: 2
                )
            ),
            (0x0005, []), HelloBuilder.alpn([Array("h2".utf8), Array("http/1.1".utf8)]), (0x4469, []), (0x0017, []),
            (0x002d, [1, 1]), (0x000d, HelloBuilder.vector(HelloBuilder.numbers(schemes), lengthBytes: 2)),
            (0x0023, []), (0x0012, []),
            (0x002b, HelloBuilder.vector(HelloBuilder.numbers([0x1a1a, 0x0304, 0x0303]), lengthBytes: 1)),
            (0xff01, [0]), (0x000b, [1, 0]), (0x000a, [0, 2, 0, 29]), (0x0015, [0, 0, 0]),
        ]
        let record = HelloBuilder.record(22, HelloBuilder.message(1, builder.clientBody))
        var player = TLSPlayer()
        for part in [record[..<500], record[500..<1300], record[1300...]] { player.feed(Array(part), .fromClient) }
        let tls = player.tracker.snapshot()
        #expect(tls.ja4 == "t13d1516h2_8daaf6152771_e5627efa2ab1")
        #expect(tls.keySharesOffered == ["X25519MLKEM768"])

        var old = HelloBuilder()
        old.legacyVersion = 769
        old.cipherSuites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
        old.extensions = [
            HelloBuilder.serverName("x"),
            (10, HelloBuilder.vector(HelloBuilder.numbers([23, 24, 25]), lengthBytes: 2)), (11, [1, 0]),
        ]
        var second = TLSPlayer()
        second.feed(HelloBuilder.record(22, HelloBuilder.message(1, old.clientBody)), .fromClient)
        #expect(second.tracker.snapshot().ja3 == "ada70206e40642a3e4461f35503241d5")
    }

    @Test("Truncated at every byte, and every byte changed: no trap")
    func hostile() {
        let stream = RFC8448Trace.records
        for cut in stride(from: 0, to: 600, by: 1) {
            var player = TLSPlayer(secrets: RFC8448Trace.secrets)
            for record in stream { player.feed(Array(record.bytes.prefix(cut)), record.direction) }
            _ = player.tracker.snapshot()
        }
        for index in 0..<250 {
            var player = TLSPlayer(secrets: RFC8448Trace.secrets)
            for record in stream {
                var bytes = record.bytes
                if index < bytes.count { bytes[index] ^= UInt8(truncatingIfNeeded: index &* 37 | 1) }
                player.feed(bytes, record.direction)
            }
            let tls = player.tracker.snapshot()
            #expect(tls.handshake.timeline.count <= HandshakeFacts.stepCapacity)
        }
    }
}
