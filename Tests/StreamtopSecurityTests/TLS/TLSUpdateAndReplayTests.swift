import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopSecurity

/// Keys that change where the capture has a hole, and hellos that come twice.
@Suite struct TLSUpdateAndReplayTests {
    private static func secret(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    private static func secrets(_ random: [UInt8]) -> SecretStore {
        var store = SecretStore()
        if let random = HelloRandom(random) {
            store.insert(secret(1), as: .clientHandshakeTraffic, for: random)
            store.insert(secret(2), as: .serverHandshakeTraffic, for: random)
            store.insert(secret(3), as: .clientTraffic, for: random)
            store.insert(secret(4), as: .serverTraffic, for: random)
            store.insert(secret(5), as: .clientEarlyTraffic, for: random)
        }
        return store
    }

    private static func hello(random: UInt8 = 7, early: Bool = false) -> [UInt8] {
        var builder = HelloBuilder()
        builder.random = [UInt8](repeating: random, count: 32)
        builder.extensions = [(43, [2, 3, 4])] + (early ? [(42, [])] : [])
        return HelloBuilder.record(22, HelloBuilder.message(1, builder.clientBody))
    }

    private static func seal(_ content: [UInt8], _ type: UInt8, secret: [UInt8], number: Int = 0) -> [UInt8] {
        RawKey(secret: secret, quic: false, sealing: true).sealRecord(content + [type], number: number)
    }

    /// A connection whose handshake is over.
    private func established() -> TLSPlayer {
        var player = TLSPlayer(secrets: Self.secrets([UInt8](repeating: 7, count: 32)))
        player.feed(Self.hello(), .fromClient)
        var builder = HelloBuilder()
        builder.extensions = [(43, [3, 4])]
        player.feed(HelloBuilder.record(22, HelloBuilder.message(2, builder.serverBody)), .fromServer)
        let finished = HelloBuilder.message(20, Self.secret(9))
        player.feed(
            Self.seal(HelloBuilder.message(8, [0, 0]) + finished, 22, secret: Self.secret(2)), .fromServer)
        player.feed(Self.seal(finished, 22, secret: Self.secret(1)), .fromClient)
        return player
    }

    private static func updated(_ secret: [UInt8], times: Int) -> [UInt8] {
        (0..<times).reduce(secret) { secret, _ in updatedTrafficSecret(secret, hash: .sha256) }
    }

    @Test("A KeyUpdate in a hole of the capture: the next generation is found", arguments: [0, 1, 2])
    func updateLost(_ lost: Int) {
        var player = established()
        player.feed(Self.seal([1, 2, 3], 23, secret: Self.secret(4)), .fromServer)
        player.tracker.gap(of: 5_000, direction: .fromServer)
        let later = Self.updated(Self.secret(4), times: lost)
        // With the update in the hole, some records of the new generation are there too.
        for number in 9...11 { player.feed(Self.seal([4, 5], 23, secret: later, number: number), .fromServer) }
        #expect(player.plaintext(.fromServer) == [1, 2, 3, 4, 5, 4, 5, 4, 5])
        #expect(player.tracker.snapshot().keyUpdates == lost)
        // And on from there, by what is said.
        player.feed(
            Self.seal(HelloBuilder.message(24, [0]), 22, secret: later, number: 12), .fromServer)
        player.feed(Self.seal([6], 23, secret: Self.updated(later, times: 1)), .fromServer)
        #expect(player.plaintext(.fromServer) == [6])
        #expect(player.tracker.snapshot().keyUpdates == lost + 1)
    }

    @Test("Without a hole no generation is guessed, and what cannot be opened is given up")
    func noHoleNoGuess() {
        var player = established()
        let later = Self.updated(Self.secret(4), times: 1)
        for number in 0..<40 { player.feed(Self.seal([4, 5], 23, secret: later, number: number), .fromServer) }
        #expect(player.plaintext(.fromServer).isEmpty)
        #expect(player.tracker.snapshot().keyUpdates == 0)
        player.tracker.gap(of: 100, direction: .fromClient)
        for number in 0..<40 {
            player.feed(Self.seal([4], 23, secret: Self.secret(77), number: number), .fromClient)
        }
        #expect(player.plaintext(.fromClient).isEmpty && player.tracker.ends[Direction.fromClient.index].isOpaque)
    }

    @Test("A hello with early data is named to whoever knows the others; told of an earlier one, the risk is said")
    func replay() throws {
        let request = Array("POST /order HTTP/1.1\r\n\r\n".utf8)
        let flight = Self.hello(early: true) + Self.seal(request, 23, secret: Self.secret(5))
        // Whether it can be read or not.
        for secrets in [Self.secrets([UInt8](repeating: 7, count: 32)), nil] {
            var player = TLSPlayer(secrets: secrets)
            player.feed(flight, .fromClient)
            #expect(try player.seen.signals == [.correlator(.earlyHello(Self.random(7)))])
            let first = try #require(player.tracker.snapshot().earlyData)
            #expect(!first.isReplayed)
            if secrets != nil { #expect(first.bytes == UInt64(request.count)) }
            player.tracker.noteReplay()
            let replayed = try #require(player.tracker.snapshot().earlyData)
            #expect(replayed.isReplayed && replayed.isOpened == (secrets != nil))
        }
        var other = TLSPlayer()
        other.feed(Self.hello(random: 8, early: true), .fromClient)
        #expect(try other.seen.signals == [.correlator(.earlyHello(Self.random(8)))])
        var none = TLSPlayer()
        none.feed(Self.hello(random: 8), .fromClient)
        #expect(none.seen.signals.isEmpty)
    }

    private static func random(_ byte: UInt8) throws -> HelloRandom {
        try #require(HelloRandom([UInt8](repeating: byte, count: 32)))
    }

    @Test("Data before the hello, as after a hole, makes no handshake of negative length")
    func dataBeforeTheHello() {
        var player = TLSPlayer()
        player.feed(HelloBuilder.record(22, HelloBuilder.message(16, [1, 9]), version: 0x0303), .fromClient)
        var builder = HelloBuilder()
        builder.cipherSuites = [0xc02f]
        player.feed(HelloBuilder.record(22, HelloBuilder.message(2, builder.serverBody)), .fromServer)
        player.feed(HelloBuilder.record(20, [1]) + HelloBuilder.record(23, Self.secret(1)), .fromClient)
        player.tracker.ends[Direction.fromClient.index].enter(.plain)
        player.feed(Self.hello(), .fromClient)
        #expect(player.tracker.snapshot().handshake.duration ?? 0 >= 0)
        #expect(player.tracker.facts.moments.firstClientHello != nil)
    }

    @Test("QUIC: a hello with early data is named once; after a Retry it comes again and is not")
    func replayOverQUIC() throws {
        var builder = HelloBuilder()
        builder.extensions = [(43, [2, 3, 4]), (42, [])]
        let hello = HelloBuilder.message(1, builder.clientBody)
        var tables = SecurityTables()
        var seen = Observation()
        for isSecond in [false, true] {
            var tracker = QUICHandshakeTracker()
            seen.clear()
            if isSecond { tracker.noteReplay() }
            for _ in 0..<2 {
                unsafe tracker.observe(
                    hello.span.bytes, from: .fromClient, at: Timestamp(nanoseconds: 1), encrypted: false,
                    tables: &tables, &seen)
            }
            #expect(seen.signals.count == 1)
            let early = try #require(
                tracker.snapshot(
                    early: 9, serverHandshake: nil, clientHandshake: nil, hasSecrets: false, serverRoundTrip: nil
                ).earlyData)
            #expect(early.isReplayed == isSecond)
        }
    }
}
