import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

@Suite struct SCTPAssociationTrackerTests {
    private static func word(_ value: UInt32) -> [UInt8] { RTPPacketBuilder.bytes(value, 4) }

    private func data(
        _ tsn: UInt32, stream: UInt32 = 0, protocolIdentifier: UInt32 = 0, _ payload: [UInt8] = [1, 2, 3, 4],
        flags: UInt8 = 3
    ) -> [UInt8] {
        [0, flags] + RTPPacketBuilder.bytes(UInt32(16 + payload.count), 2) + Self.word(tsn) + Self.word(stream << 16)
            + Self.word(protocolIdentifier) + payload + [UInt8](repeating: 0, count: -payload.count & 3)
    }

    private func ack(_ cumulative: UInt32, window: UInt32 = 100_000, gaps: [(UInt32, UInt32)] = []) -> [UInt8] {
        [3, 0] + RTPPacketBuilder.bytes(UInt32(16 + gaps.count * 4), 2) + Self.word(cumulative) + Self.word(window)
            + Self.word(UInt32(gaps.count) << 16) + gaps.flatMap { Self.word($0.0 << 16 | $0.1) }
    }

    private func observe(
        _ tracker: inout SCTPAssociationTracker, _ bytes: [UInt8], _ direction: Direction, _ milliseconds: Int64
    ) {
        var now = Observation(from: direction, at: Timestamp(nanoseconds: milliseconds * 1_000_000))
        unsafe tracker.observe(chunks: bytes.span.bytes, &now)
    }

    @Test("Chunks, messages, bytes and the window, from the middle of an association on")
    func counts() {
        var tracker = SCTPAssociationTracker()
        observe(&tracker, data(1, stream: 2, flags: 2), .fromClient, 0)
        observe(&tracker, data(2, stream: 2, [9], flags: 1), .fromClient, 1)
        observe(&tracker, ack(2, window: 500), .fromServer, 40)
        observe(&tracker, ack(2, window: 900), .fromServer, 50)
        let report = tracker.snapshot
        #expect(report.client.dataChunks == 2 && report.client.bytes == 5 && report.server.selectiveAcks == 2)
        #expect(report.streams.first?.identifier == 2 && report.streams.first?.client.messages == 1)
        #expect(report.streams.first?.client.bytes == 5 && report.streams.first?.server.messages == 0)
        #expect(report.server.receiveWindow?.minimum == 500 && report.server.receiveWindow?.last == 900)
        #expect(report.roundTrip?.samples == 1 && report.roundTrip?.last == .milliseconds(39))
    }

    @Test("Three gap reports and a fast retransmission; no sample from what was repeated")
    func fastRetransmission() {
        var tracker = SCTPAssociationTracker()
        for tsn in UInt32(1)...8 { observe(&tracker, data(tsn), .fromClient, Int64(tsn)) }
        for last in UInt32(2)...4 { observe(&tracker, ack(1, gaps: [(2, last)]), .fromServer, 20 + Int64(last)) }
        observe(&tracker, data(2), .fromClient, 30)
        observe(&tracker, ack(5), .fromServer, 60)
        let sender = tracker.snapshot.client
        #expect(sender.retransmitted == 1 && sender.fastRetransmissions == 1 && sender.timeouts == 0)
        #expect(tracker.snapshot.server.gapReports == 3)
        #expect(tracker.snapshot.roundTrip?.samples == 1, "TSN 1 alone; TSN 5 waited for the repair of 2")
    }

    @Test("A repeat after a silence is the timer's; the silence is told")
    func timeout() {
        var tracker = SCTPAssociationTracker()
        observe(&tracker, data(1), .fromClient, 0)
        observe(&tracker, ack(1), .fromServer, 50)
        observe(&tracker, data(2), .fromClient, 100)
        observe(&tracker, data(2), .fromClient, 1_100)
        let sender = tracker.snapshot.client
        #expect(sender.timeouts == 1 && sender.longestTimeout == .seconds(1) && sender.fastRetransmissions == 0)
    }

    @Test("FORWARD-TSN gives up what was not acknowledged")
    func forward() {
        var tracker = SCTPAssociationTracker()
        for tsn in UInt32(1)...3 { observe(&tracker, data(tsn), .fromClient, Int64(tsn)) }
        observe(&tracker, ack(1), .fromServer, 10)
        observe(&tracker, [192, 0, 0, 8] + Self.word(2), .fromClient, 20)
        #expect(tracker.snapshot.client.forwardTSNs == 1 && tracker.snapshot.client.abandoned == 1)
    }

    @Test("A channel's label, order and reliability; its establishment is no message")
    func channel() {
        var tracker = SCTPAssociationTracker()
        let open: [UInt8] = [3, 0x82, 0, 0] + Self.word(500) + [0, 4, 0, 0] + Array("chat".utf8)
        observe(&tracker, data(1, stream: 4, protocolIdentifier: 50, open), .fromServer, 0)
        observe(&tracker, data(2, stream: 4, protocolIdentifier: 51, Array("hi".utf8)), .fromServer, 1)
        let stream = tracker.snapshot.streams.first
        #expect(stream?.label == "chat" && stream?.isOrdered == false && stream?.lifetime == 500)
        #expect(stream?.server.messages == 1 && stream?.server.bytes == 2)
    }

    @Test("Set-up: INIT to its answer, the cookie to its; a repeated INIT is no sample")
    func setUp() {
        func initiation(_ type: UInt8) -> [UInt8] {
            [type, 0, 0, 20] + Self.word(5) + Self.word(131_072) + Self.word(0x0005_0005) + Self.word(1)
        }
        var tracker = SCTPAssociationTracker()
        observe(&tracker, initiation(1), .fromServer, 0)
        observe(&tracker, initiation(2), .fromClient, 1)
        observe(&tracker, [10, 0, 0, 4], .fromServer, 41)
        observe(&tracker, [11, 0, 0, 4], .fromClient, 42)
        #expect(tracker.initiator == .fromServer && tracker.snapshot.handshake == .milliseconds(42))
        #expect(tracker.snapshot.client.maximumReceiveWindow == 131_072)
        #expect(
            tracker.componentRoundTrips.client?.samples == 2
                && tracker.componentRoundTrips.client?.last == .milliseconds(1))
        var repeated = SCTPAssociationTracker()
        observe(&repeated, initiation(1), .fromClient, 0)
        observe(&repeated, initiation(1), .fromClient, 1_000)
        observe(&repeated, initiation(2), .fromServer, 1_040)
        #expect(repeated.snapshot.roundTrip == nil)
    }

    @Test("Heartbeats: content answers content")
    func heartbeat() {
        var tracker = SCTPAssociationTracker()
        observe(&tracker, [4, 0, 0, 12] + Self.word(0x0001_0008) + Self.word(77), .fromClient, 0)
        observe(&tracker, [5, 0, 0, 12] + Self.word(0x0001_0008) + Self.word(78), .fromServer, 5)
        observe(&tracker, [5, 0, 0, 12] + Self.word(0x0001_0008) + Self.word(77), .fromServer, 30)
        #expect(tracker.snapshot.roundTrip?.samples == 1 && tracker.snapshot.roundTrip?.last == .milliseconds(30))
    }

    @Test("TSNs wrap")
    func wrap() {
        var tracker = SCTPAssociationTracker()
        for offset in UInt32(0)..<6 { observe(&tracker, data(UInt32.max - 2 &+ offset), .fromClient, Int64(offset)) }
        observe(&tracker, ack(2), .fromServer, 50)
        #expect(tracker.snapshot.client.dataChunks == 6 && tracker.snapshot.client.retransmitted == 0)
        #expect(tracker.snapshot.roundTrip?.samples == 1)
    }

    @Test("Between both ends the loop is the sum of the componentRoundTrips, at an end the far half")
    func loop() {
        var middle = SCTPAssociationTracker()
        observe(&middle, data(1), .fromClient, 0)
        observe(&middle, ack(1), .fromServer, 30)
        observe(&middle, data(1), .fromServer, 100)
        observe(&middle, ack(1), .fromClient, 120)
        #expect(middle.snapshot.roundTrip?.p50 == .milliseconds(50))
        var near = SCTPAssociationTracker()
        observe(&near, data(1), .fromClient, 0)
        observe(&near, ack(1), .fromServer, 80)
        observe(&near, data(1), .fromServer, 100)
        observe(&near, ack(1), .fromClient, 101)
        #expect(near.snapshot.roundTrip?.p50 == .milliseconds(80))
    }

    @Test("No bytes trap, and tables stay within their caps")
    func hostile() {
        var random = SeededRandom(seed: 41)
        var tracker = SCTPAssociationTracker()
        for round in 0..<20_000 {
            var bytes = data(UInt32(round), stream: UInt32(round & 0xffff)) + ack(UInt32(round / 2), gaps: [(2, 5)])
            for _ in 0..<2 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            observe(
                &tracker, Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))),
                round % 3 == 0 ? .fromServer : .fromClient, Int64(round))
        }
        #expect(tracker.snapshot.streams.count <= SCTPAssociationTracker.streamCapacity)
    }
}
