import StreamtopBase
import StreamtopCrypto
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

    @Test("The same hello with early data in a second connection is a replay; in the same one it is not")
    func replay() throws {
        let request = Array("POST /order HTTP/1.1\r\n\r\n".utf8)
        let flight = Self.hello(early: true) + Self.seal(request, 23, secret: Self.secret(5))
        var tables = SecurityTables(secrets: Self.secrets([UInt8](repeating: 7, count: 32)))
        var events: [FlowEvent.Kind] = []
        func early(_ bytes: [UInt8], _ tables: inout SecurityTables) throws -> EarlyDataSnapshot {
            var tracker = TLSConnectionTracker()
            unsafe tracker.observe(
                bytes.span.bytes, direction: .fromClient, at: Timestamp(nanoseconds: 1), tables: &tables,
                events: &events)
            return try #require(tracker.snapshot().earlyData)
        }
        let first = try early(flight, &tables)
        #expect(!first.isReplayed && first.bytes == UInt64(request.count))
        let second = try early(flight, &tables)
        #expect(second.isReplayed && second.replayRisk == .unsafe)
        let other = try early(Self.hello(random: 8, early: true), &tables)
        #expect(!other.isReplayed)
        #expect(tables.health.first?.used == 2)
        // Whether it can be read or not.
        var blind = SecurityTables()
        #expect(try !early(flight, &blind).isReplayed)
        #expect(try early(flight, &blind).isReplayed)
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

    @Test("QUIC: the same hello with early data in a second connection is a replay; after a Retry it is not")
    func replayOverQUIC() throws {
        var builder = HelloBuilder()
        builder.extensions = [(43, [2, 3, 4]), (42, [])]
        let hello = HelloBuilder.message(1, builder.clientBody)
        var tables = SecurityTables()
        var events: [FlowEvent.Kind] = []
        for isSecond in [false, true] {
            var tracker = QUICHandshakeTracker()
            for _ in 0..<2 {
                unsafe tracker.observe(
                    hello.span.bytes, from: .fromClient, at: Timestamp(nanoseconds: 1), encrypted: false,
                    tables: &tables, events: &events)
            }
            let early = try #require(
                tracker.snapshot(
                    early: 9, serverHandshake: nil, clientHandshake: nil, hasSecrets: false, serverRoundTrip: nil
                ).earlyData)
            #expect(early.isReplayed == isSecond && early.replayRisk == (isSecond ? .unsafe : .unknown))
        }
    }

    @Test("The table of hellos is bounded and forgets the oldest")
    func bounded() throws {
        var hellos = RecentHellos(capacity: 64)
        func random(_ number: Int) throws -> HelloRandom {
            try #require(HelloRandom([UInt8](repeating: 0, count: 24) + bigEndian(UInt64(number), 8)))
        }
        for number in 0..<(hellos.capacity + 10) { #expect(try !hellos.note(random(number))) }
        #expect(hellos.count == hellos.capacity && hellos.evicted == 10)
        #expect(try hellos.note(random(hellos.capacity)))
        #expect(try !hellos.note(random(0)))
    }
}
