import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopSecurity

/// Builds DTLS 1.2 datagrams and feeds a tracker, a millisecond apart unless told otherwise.
struct DTLSPlayer: ~Copyable {
    var tracker = DTLSConnectionTracker()
    var tables = SecurityTables()
    var seen = Observation()
    var now: Int64 = 0
    var events: [FlowEvent.Kind] { seen.events }
    private var number: UInt64 = 0

    init() {}

    mutating func feed(_ datagram: [UInt8], _ direction: Direction, after milliseconds: Int64 = 1) {
        now += milliseconds * 1_000_000
        let delivery = Delivery.datagram(datagram.count, from: direction, at: Timestamp(nanoseconds: now))
        seen.begin(from: direction, at: delivery.time)
        unsafe tracker.observe(datagram.span.bytes, delivery, tables: &tables, &seen)
    }

    /// A record of the plain form; numbers go up by themselves.
    mutating func record(_ type: UInt8, _ fragment: [UInt8], epoch: UInt16 = 0) -> [UInt8] {
        number += 1
        return [type, 0xfe, 0xfd] + HelloBuilder.numbers([epoch]) + bigEndian(number, 6)
            + HelloBuilder.vector(fragment, lengthBytes: 2)
    }

    /// One fragment of a handshake message.
    static func fragment(_ type: UInt8, _ sequence: UInt64, _ body: [UInt8], _ range: Range<Int>? = nil) -> [UInt8] {
        let range = range ?? 0..<body.count
        return [type] + bigEndian(UInt64(body.count), 3) + bigEndian(sequence, 2)
            + bigEndian(UInt64(range.lowerBound), 3) + bigEndian(UInt64(range.count), 3) + body[range]
    }

    static var clientHello: [UInt8] {
        var builder = HelloBuilder()
        builder.legacyVersion = 0xfefd
        builder.cookie = []
        builder.cipherSuites = [0xc02b]
        builder.extensions = [
            (14, HelloBuilder.vector(HelloBuilder.numbers([7, 1]), lengthBytes: 2) + [0]),
            HelloBuilder.serverName("media.example"),
        ]
        return builder.clientBody
    }

    static var serverHello: [UInt8] {
        var builder = HelloBuilder()
        builder.legacyVersion = 0xfefd
        builder.cipherSuites = [0xc02b]
        builder.extensions = [(14, HelloBuilder.vector(HelloBuilder.numbers([7]), lengthBytes: 2) + [0])]
        return builder.serverBody
    }
}

@Suite struct DTLSConnectionTrackerTests {
    @Test("A cookie exchange: one more round trip, SRTP profile, finished flights inferred")
    func cookie() {
        var player = DTLSPlayer()
        let hello = DTLSPlayer.clientHello
        player.feed(player.record(22, DTLSPlayer.fragment(1, 0, hello)), .fromClient)
        player.feed(player.record(22, DTLSPlayer.fragment(3, 0, [0xfe, 0xfd, 2, 1, 2])), .fromServer)
        player.feed(player.record(22, DTLSPlayer.fragment(1, 1, hello)), .fromClient)
        let flight =
            player.record(22, DTLSPlayer.fragment(2, 1, DTLSPlayer.serverHello))
            + player.record(22, DTLSPlayer.fragment(12, 2, [3, 0, 29, 1, 9, 4, 3, 0, 0]))
            + player.record(22, DTLSPlayer.fragment(14, 3, []))
        player.feed(flight, .fromServer)
        let answer =
            player.record(22, DTLSPlayer.fragment(16, 2, [1, 9])) + player.record(20, [1])
            + player.record(22, Array(repeating: 5, count: 48), epoch: 1)
        player.feed(answer, .fromClient)
        player.feed(
            player.record(20, [1]) + player.record(22, Array(repeating: 5, count: 48), epoch: 1), .fromServer)
        let dtls = player.tracker.snapshot()
        #expect(dtls.tls.version == "1.2" && dtls.tls.group == "x25519" && dtls.tls.serverName == "media.example")
        #expect(dtls.cookie && dtls.srtpProfile == "SRTP_AEAD_AES_128_GCM")
        #expect(dtls.tls.handshake.kind == .full && dtls.tls.handshake.roundTrips == 3)
        #expect(dtls.retransmittedFlights == 0 && dtls.reorderedMessages == 0)
        #expect(
            dtls.tls.handshake.timeline.map(\.step) == [
                .clientHello, .helloVerifyRequest, .clientHello, .serverHello, .serverKeyExchange,
                .serverHelloDone, .clientKeyExchange, .changeCipherSpec, .finished, .changeCipherSpec,
                .finished,
            ])
        #expect(player.tracker.malformedCount == 0)
    }

    @Test("Fragments backwards, messages swapped, then the whole flight again")
    func disorder() {
        var player = DTLSPlayer()
        let hello = DTLSPlayer.clientHello
        let cuts = [0, 20, 60, hello.count]
        for index in [2, 0, 1] {
            player.feed(
                player.record(22, DTLSPlayer.fragment(1, 0, hello, cuts[index]..<cuts[index + 1])), .fromClient)
        }
        #expect(player.tracker.facts.clientHellos == 1)
        #expect(player.tracker.snapshot().fragments == 2)
        player.feed(player.record(22, DTLSPlayer.fragment(2, 0, DTLSPlayer.serverHello)), .fromServer)
        player.feed(player.record(22, DTLSPlayer.fragment(14, 2, [])), .fromServer)
        player.feed(player.record(22, DTLSPlayer.fragment(12, 1, [3, 0, 29, 1, 9, 4, 3, 0, 0])), .fromServer)
        #expect(player.tracker.snapshot().reorderedMessages == 1)
        #expect(
            player.tracker.snapshot().tls.handshake.timeline.map(\.step.rawValue).sorted() == [
                "client_hello", "server_hello", "server_hello_done", "server_key_exchange",
            ])
        player.feed(player.record(22, DTLSPlayer.fragment(2, 0, DTLSPlayer.serverHello)), .fromServer, after: 1000)
        player.feed(player.record(22, DTLSPlayer.fragment(12, 1, [3, 0, 29, 1, 9, 4, 3, 0, 0])), .fromServer)
        player.feed(player.record(22, DTLSPlayer.fragment(14, 2, [])), .fromServer)
        #expect(player.tracker.snapshot().retransmittedFlights == 1)
        player.feed(player.record(22, DTLSPlayer.fragment(2, 0, DTLSPlayer.serverHello)), .fromServer, after: 2000)
        #expect(player.tracker.snapshot().retransmittedFlights == 2)
        #expect(player.events.count { $0 == .dtlsRetransmit(from: .fromServer) } == 2)
    }

    @Test("Truncated at every byte and damaged by seed: no trap, bounded", arguments: 0..<50 as Range<UInt64>)
    func hostile(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var player = DTLSPlayer()
        let flight =
            player.record(22, DTLSPlayer.fragment(1, 0, DTLSPlayer.clientHello))
            + player.record(22, DTLSPlayer.fragment(2, 0, DTLSPlayer.serverHello)) + [0x2e, 0, 1, 0, 3, 1, 2, 3]
        for length in 0..<flight.count { player.feed(Array(flight.prefix(length)), .fromClient) }
        for _ in 0..<50 { player.feed(random.damaged(flight), .fromServer) }
        #expect(player.tracker.snapshot().tls.handshake.timeline.count <= HandshakeFacts.stepCapacity, "seed \(seed)")
    }
}
