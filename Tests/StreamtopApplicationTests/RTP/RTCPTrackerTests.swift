import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopApplication

@Suite struct RTCPTrackerTests {
    private static let hosts: HostPair = {
        let end = Endpoint(address: .unspecified, port: 1)
        return HostPair(FlowKey(source: end, destination: end, transport: 17, vlan: FlowKey.noVLAN, tunnel: 0))
    }()

    private static func word(_ value: UInt32) -> [UInt8] { RTPPacketBuilder.bytes(value, 4) }

    /// A sender report of source 7 whose middle NTP time is `middle`.
    private func senderReport(_ middle: UInt32) -> [UInt8] {
        [0x80, 200, 0, 6] + Self.word(7) + Self.word(middle >> 16) + Self.word(middle << 16) + Self.word(0)
            + Self.word(1)
            + Self.word(100)
    }

    /// A receiver report on source 7 that quotes `middle` after `delay` units of 1/65536 s.
    private func receiverReport(_ middle: UInt32, delay: UInt32, lost: UInt32 = 0x4000_0003) -> [UInt8] {
        [0x81, 201, 0, 7] + Self.word(9) + Self.word(7) + Self.word(lost) + Self.word(100) + Self.word(48)
            + Self.word(middle) + Self.word(delay)
    }

    private func observe(
        _ tracker: inout RTCPTracker, _ table: inout RTCPSourceTable, _ bytes: [UInt8], _ direction: Direction,
        _ milliseconds: Int64, isProtected: Bool = false, cut: Int = 0
    ) {
        let now = Observation(from: direction, at: Timestamp(nanoseconds: milliseconds * 1_000_000))
        unsafe tracker.observe(
            bytes.span.bytes, wireLength: bytes.count + cut, isProtected: isProtected, sources: &table, now)
    }

    @Test("Round trip from the tap to the receiver: report out, quoted 500 ms later less the delay at the receiver")
    func roundTrip() {
        var tracker = RTCPTracker(between: Self.hosts)
        var table = RTCPSourceTable()
        observe(&tracker, &table, senderReport(0x1234_5678), .fromClient, 1_000)
        observe(&tracker, &table, receiverReport(0x1234_5678, delay: 0x6666), .fromServer, 1_440)
        let report = tracker.report { _ in 48_000 }
        #expect(report.reports.count == 1 && report.packets == 2)
        let row = report.reports.first
        #expect(row?.fractionLost == 0.25 && row?.lost == 3 && row?.from == .fromServer)
        #expect(row?.jitter == .milliseconds(1))
        #expect(abs((row?.roundTrip ?? 0).milliseconds - 40) < 0.1)
        #expect(table.facts(of: 7, between: Self.hosts)?.roundTrips.count == 1)
    }

    @Test("A report that quotes what did not pass here, or nothing, gives no round trip")
    func noRoundTrip() {
        var tracker = RTCPTracker(between: Self.hosts)
        var table = RTCPSourceTable()
        observe(&tracker, &table, senderReport(0x1234_5678), .fromClient, 1_000)
        observe(&tracker, &table, receiverReport(0x1234_5679, delay: 0), .fromServer, 1_440)
        observe(&tracker, &table, receiverReport(0, delay: 0), .fromServer, 1_441)
        observe(&tracker, &table, receiverReport(0x1234_5678, delay: 0x2_0000), .fromServer, 1_442)
        #expect(tracker.report { _ in nil }.reports.allSatisfy { $0.roundTrip == nil && $0.jitter == nil })
    }

    @Test("A NACK counts once however many numbers it lists; those asked for again are told apart")
    func nacks() {
        var tracker = RTCPTracker(between: Self.hosts)
        var table = RTCPSourceTable()
        let nack: [UInt8] = [0x81, 205, 0, 4] + Self.word(9) + Self.word(7) + [0, 100, 0, 5] + [0, 200, 0, 0]
        let pli: [UInt8] = [0x81, 206, 0, 2] + Self.word(9) + Self.word(7)
        let fir: [UInt8] = [0x84, 206, 0, 4] + Self.word(9) + Self.word(0) + Self.word(7) + [1, 0, 0, 0]
        let remb: [UInt8] =
            [0x8f, 206, 0, 5] + Self.word(9) + Self.word(0) + Array("REMB".utf8) + [1, 0x0f, 0xff, 0xff]
            + Self.word(7)
        observe(&tracker, &table, nack + pli, .fromServer, 1)
        observe(&tracker, &table, nack + fir + remb, .fromServer, 2)
        let facts = table.facts(of: 7, between: Self.hosts)
        #expect(facts?.nacks == 2 && facts?.askedNumbers == 8 && facts?.askedAgain == 4)
        #expect(facts?.pictureLoss == 1 && facts?.intraRequests == 1 && facts?.estimate == 2_097_144)
        let report = tracker.report { _ in nil }
        #expect(report.hasReducedSize && !report.isEncrypted)
        #expect(report.types.map(\.name) == ["fir", "nack", "pli", "remb"])
    }

    @Test("SRTCP: counted, its content unknown; authenticated only, it is read")
    func protected() {
        var tracker = RTCPTracker(between: Self.hosts)
        var table = RTCPSourceTable()
        let trailer = [UInt8](repeating: 0xa7, count: 10)
        observe(
            &tracker, &table, senderReport(1) + [0x80, 0, 0, 1] + trailer, .fromClient, 1, isProtected: true)
        #expect(tracker.report { _ in nil }.isEncrypted && tracker.readable == 0)
        #expect(table.count == 0)
        observe(
            &tracker, &table, senderReport(1) + [0x00, 0, 0, 2] + trailer, .fromClient, 2, isProtected: true)
        #expect(tracker.readable == 1 && tracker.report { _ in nil }.types == [RTCPTypeCount(name: "sr", count: 1)])
        #expect(table.facts(of: 7, between: Self.hosts) != nil)
        // Some ends send in clear what they agreed to protect: without a trailer it is read, and most of it decides what is said.
        observe(&tracker, &table, senderReport(3), .fromClient, 3, isProtected: true)
        #expect(tracker.readable == 2 && !tracker.report { _ in nil }.isEncrypted)
        // Of a packet that the capture cut nobody knows whether there was a trailer.
        observe(&tracker, &table, senderReport(4), .fromClient, 4, isProtected: true, cut: 20)
        #expect(tracker.readable == 2 && tracker.report { _ in nil }.types == [RTCPTypeCount(name: "sr", count: 2)])
        observe(&tracker, &table, senderReport(4), .fromClient, 5, cut: 20)
        #expect(tracker.readable == 3)
    }

    @Test("The table of sources is capped: the oldest goes")
    func capped() {
        var table = RTCPSourceTable(capacity: 10)
        for source in UInt32(0)..<3_000 { _ = table.entry(source, between: Self.hosts) }
        #expect(table.count == 10 && table.evicted == 2_990)
        #expect(
            table.facts(of: 2_999, between: Self.hosts) != nil && table.facts(of: 2_989, between: Self.hosts) == nil)
    }

    @Test("Cut at every byte and with any byte changed nothing traps")
    func hostile() {
        let whole = senderReport(5) + receiverReport(5, delay: 1)
        for length in 0...whole.count {
            var tracker = RTCPTracker(between: Self.hosts)
            var table = RTCPSourceTable()
            observe(&tracker, &table, Array(whole.prefix(length)), .fromClient, 1)
        }
        var random = SeededRandom(seed: 31)
        var tracker = RTCPTracker(between: Self.hosts)
        var table = RTCPSourceTable()
        for round in 0..<4_000 {
            var bytes = whole
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes[1] = UInt8.random(in: 200...207, using: &random)
            observe(&tracker, &table, bytes, .fromClient, Int64(round))
        }
        #expect(tracker.report { _ in 1 }.reports.count <= RTCPTracker.reportCapacity)
    }
}
