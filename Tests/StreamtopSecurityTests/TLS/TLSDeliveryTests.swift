import StreamtopBase
import StreamtopLayer
import StreamtopTestSupport
import Testing

@testable import StreamtopSecurity

/// What TLS hands up of what it opened.
@Suite struct TLSDeliveryTests {
    private func deliveries(_ now: borrowing Observation) -> [Delivery] {
        (0..<now.deliveries.count).map { now.deliveries[$0] }
    }

    /// The connection of RFC 8448 section 3 up to its data.
    private func begun() -> TLSPlayer {
        var player = TLSPlayer(secrets: RFC8448Trace.secrets)
        // Hellos, the server's flight, the client's Finished, a ticket.
        player.play(Array(RFC8448Trace.records.prefix(5)))
        player.seen.clear()
        return player
    }

    @Test("Plain text has the time at which its record was whole")
    func time() {
        var player = begun()
        let half = RFC8448Trace.serverData.count / 2
        player.feed(Array(RFC8448Trace.serverData.prefix(half)), .fromServer)
        #expect(deliveries(player.seen).isEmpty)
        player.feed(Array(RFC8448Trace.serverData.dropFirst(half)), .fromServer)
        let found = deliveries(player.seen)
        #expect(found.count == 1)
        #expect(found.first?.time == Timestamp(nanoseconds: player.now))
        #expect(found.first?.direction == .fromServer && found.first?.isEarly == false)
        #expect(player.plaintext(.fromServer) == RFC8448Trace.data)
    }

    @Test("A record with a hole is a gap as long as what it carried")
    func gap() {
        var player = begun()
        let record = RFC8448Trace.serverData
        player.feed(Array(record.prefix(20)), .fromServer)
        let hole = Delivery(direction: .fromServer, time: Timestamp(nanoseconds: 1), content: .gap(10))
        player.tracker.observe(RawSpan(), hole, tables: &player.tables, &player.seen)
        player.feed(Array(record.dropFirst(30)), .fromServer)
        #expect(deliveries(player.seen).map(\.content) == [.gap(UInt64(RFC8448Trace.data.count))])
    }

    @Test("The end goes up, and nothing at all once nobody reads")
    func endAndSilence() {
        var player = begun()
        player.seen.begin(from: .fromServer, at: Timestamp(nanoseconds: 9))
        let end = Delivery(direction: .fromServer, time: Timestamp(nanoseconds: 9), content: .end)
        player.tracker.observe(RawSpan(), end, tables: &player.tables, &player.seen)
        #expect(deliveries(player.seen) == [end])
        player.seen.clear()
        player.tracker.isRead = false
        player.feed(RFC8448Trace.serverData, .fromServer)
        #expect(deliveries(player.seen).isEmpty)
    }

    @Test("A close_notify ends what its sender carries, once, and nothing follows")
    func closeNotify() {
        var player = begun()
        player.feed(RFC8448Trace.clientData, .fromClient)
        player.feed(RFC8448Trace.serverData, .fromServer)
        player.seen.clear()
        player.feed(RFC8448Trace.clientAlert, .fromClient)
        player.feed(RFC8448Trace.serverAlert, .fromServer)
        let found = deliveries(player.seen)
        #expect(found.map(\.content) == [.end, .end])
        #expect(found.map(\.direction) == [.fromClient, .fromServer])
        player.seen.clear()
        player.seen.begin(from: .fromServer, at: Timestamp(nanoseconds: 9))
        for content in [Delivery.Content.end, .reset(code: 0)] {
            let end = Delivery(direction: .fromServer, time: Timestamp(nanoseconds: 9), content: content)
            player.tracker.observe(RawSpan(), end, tables: &player.tables, &player.seen)
        }
        #expect(deliveries(player.seen).isEmpty)
    }

    @Test("What is not TLS says so")
    func refuted() {
        var player = TLSPlayer()
        player.feed(Array("SSH-2.0-OpenSSH_9.9\r\n".utf8), .fromClient)
        #expect(player.seen.signals == [.notThisProtocol])
    }
}
