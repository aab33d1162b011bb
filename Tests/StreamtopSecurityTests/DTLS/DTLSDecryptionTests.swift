import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopSecurity

/// DTLS 1.3 records sealed by libcrypto alone, opened with a key log. DTLS 1.2 has a fixture of real peers (dtls12-cookie).
@Suite struct DTLSDecryptionTests {
    private static func secret(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    private static let secrets: SecretStore = {
        var store = SecretStore()
        if let random = HelloRandom([UInt8](repeating: 7, count: 32)) {
            store.insert(secret(1), as: .clientHandshakeTraffic, for: random)
            store.insert(secret(2), as: .serverHandshakeTraffic, for: random)
            store.insert(secret(3), as: .clientTraffic, for: random)
            store.insert(secret(4), as: .serverTraffic, for: random)
        }
        return store
    }()

    private static func hello(_ extensions: [(type: UInt16, body: [UInt8])], isServer: Bool) -> [UInt8] {
        var builder = HelloBuilder()
        builder.legacyVersion = 0xfefd
        builder.cookie = isServer ? nil : []
        builder.cipherSuites = [0x1301]
        builder.extensions = extensions
        return isServer ? builder.serverBody : builder.clientBody
    }

    /// A player with both hellos seen.
    private func begun(_ secrets: SecretStore?) -> DTLSPlayer {
        var player = DTLSPlayer()
        player.tables = SecurityTables(secrets: secrets)
        let client = Self.hello([(43, [2, 0xfe, 0xfc])], isServer: false)
        let server = Self.hello([(43, [0xfe, 0xfc])], isServer: true)
        player.feed(player.record(22, DTLSPlayer.fragment(1, 0, client)), .fromClient)
        player.feed(player.record(22, DTLSPlayer.fragment(2, 0, server)), .fromServer)
        return player
    }

    private func handshake(_ player: inout DTLSPlayer) {
        let server = RawKey(datagramSecret: Self.secret(2))
        let client = RawKey(datagramSecret: Self.secret(1))
        let extensions = DTLSPlayer.fragment(8, 1, [0, 0])
        let finished = DTLSPlayer.fragment(20, 2, [UInt8](repeating: 9, count: 32))
        player.feed(
            server.sealDatagram(extensions + [22], epoch: 2, number: 0)
                + server.sealDatagram(finished + [22], epoch: 2, number: 1), .fromServer)
        let answer = DTLSPlayer.fragment(20, 1, [UInt8](repeating: 8, count: 32))
        player.feed(client.sealDatagram(answer + [22], epoch: 2, number: 0), .fromClient)
    }

    private static let question = Array("a question of some length".utf8)
    private static let answer = Array("and its answer".utf8)

    @Test("DTLS 1.3: handshake and data opened, numbers unmasked, late and lost records told apart")
    func version13() {
        var player = begun(Self.secrets)
        handshake(&player)
        let client = RawKey(datagramSecret: Self.secret(3))
        let server = RawKey(datagramSecret: Self.secret(4))
        // Record 1 is overtaken by 2, 3 is lost, and numbers go past 16 bits.
        for number in [0, 2, 1, 4, 65_530, 65_540] {
            player.feed(client.sealDatagram(Self.question + [23], epoch: 3, number: number), .fromClient)
        }
        player.feed(server.sealDatagram(Self.answer + [23, 0, 0], epoch: 3, number: 0), .fromServer)
        let dtls = player.tracker.snapshot()
        #expect(dtls.tls.version == "1.3" && dtls.tls.isDecrypted && dtls.tls.hasSecrets)
        #expect(
            dtls.tls.handshake.timeline.map(\.step) == [
                .clientHello, .serverHello, .encryptedExtensions, .finished, .finished,
                .firstApplicationData, .firstApplicationData,
            ])
        #expect(dtls.tls.handshake.timeline.allSatisfy { !$0.inferred })
        #expect(dtls.tls.handshake.timeline[3].bytes == 12 + 32)
        #expect(dtls.tls.handshake.kind == .full && dtls.tls.handshake.roundTrips == 1)
        #expect(
            player.seen.delivered(from: .fromClient) == Array(repeating: Self.question, count: 6))
        #expect(player.seen.delivered(from: .fromServer) == [Self.answer])
        #expect(player.tracker.malformedCount == 0)
    }

    @Test("DTLS 1.3: a key update moves to the next epoch")
    func keyUpdate() {
        var player = begun(Self.secrets)
        handshake(&player)
        let first = RawKey(datagramSecret: Self.secret(3))
        player.feed(first.sealDatagram(Self.question + [23], epoch: 3, number: 0), .fromClient)
        let next = HKDF(.sha256).expandLabel(Self.secret(3), "traffic upd", length: 32, prefix: "dtls13")
        let second = RawKey(datagramSecret: next)
        player.feed(second.sealDatagram(Self.answer + [23], epoch: 4, number: 0), .fromClient)
        #expect(
            player.seen.delivered(from: .fromClient) == [Self.question, Self.answer])
        #expect(player.tracker.snapshot().tls.keyUpdates == 1)
    }

    @Test("Without secrets, or with others, nothing is opened and nothing is made up")
    func withoutSecrets() {
        for secrets in [nil, SecretStore()] {
            var player = begun(secrets)
            handshake(&player)
            let client = RawKey(datagramSecret: Self.secret(3))
            player.feed(client.sealDatagram(Self.question + [23], epoch: 3, number: 0), .fromClient)
            let dtls = player.tracker.snapshot()
            #expect(!dtls.tls.isDecrypted && !dtls.tls.hasSecrets)
            #expect(
                dtls.tls.handshake.timeline.dropFirst(2).allSatisfy {
                    $0.inferred || $0.step == .firstApplicationData
                })
            #expect(player.seen.delivered(from: .fromClient).isEmpty)
        }
    }

    @Test("One flipped bit anywhere in a record keeps it shut")
    func damage() {
        let client = RawKey(datagramSecret: Self.secret(3))
        let whole = client.sealDatagram(Self.question + [23], epoch: 3, number: 0)
        for position in whole.indices.dropFirst(3) {
            var player = begun(Self.secrets)
            handshake(&player)
            var damaged = whole
            damaged[position] ^= 1
            player.feed(damaged, .fromClient)
            #expect(player.seen.delivered(from: .fromClient).isEmpty, "byte \(position)")
        }
    }
}
