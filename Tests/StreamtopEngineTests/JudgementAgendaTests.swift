import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// What hangs is judged while it hangs.
@Suite struct JudgementAgendaTests {
    static let client = CopyFilterTests.client
    static let server = CopyFilterTests.server

    private func rules(_ engine: inout EngineGroup) -> [String] {
        engine.snapshot().flows.flatMap(\.verdicts).map(\.rule)
    }

    @Test func aClosedWindowIsNamedWithinThreeSeconds() {
        var driver = EngineDriver()
        for packet in CopyFilterTests.connection(40) { driver.send(packet.frame, after: .milliseconds(3)) }
        driver.send(
            PacketBuilder.tcpFrame(
                from: Self.client, to: Self.server, sequence: 100, acknowledgment: 40_500, window: 0,
                identification: 999))
        let shut = driver.time
        for second in 1...3 {
            driver.engine.advance(to: shut + .seconds(Int64(second)))
            driver.engine.advance(to: shut + .seconds(Int64(second)) + .milliseconds(500))
        }
        let said = rules(&driver.engine)
        #expect(said.contains("zero_window"))
        let verdict = driver.engine.snapshot().flows.first?.verdicts.first { $0.rule == "zero_window" }
        let longest = verdict?.evidence.map(\.value).max() ?? 0
        #expect(longest >= 2)
    }

    @Test func aRefusedConnectionIsNamedThoughItHasTwoPackets() {
        var driver = EngineDriver()
        driver.send(PacketBuilder.tcpFrame(from: Self.client, to: Self.server, sequence: 99, flags: 2))
        driver.send(
            PacketBuilder.tcpFrame(from: Self.server, to: Self.client, acknowledgment: 100, flags: 0x14),
            after: .milliseconds(12))
        for second in 1...5 { driver.engine.advance(to: driver.time + .seconds(Int64(second))) }
        let said = rules(&driver.engine)
        #expect(said == ["connections_refused"])
        let line = driver.engine.snapshot().headline
        #expect(line.rule == "connections_refused" && line.state == .act)
    }

    /// Forty callers, one after the other: who looks at a screen reads of nearly all of them, not of those of three seconds ago.
    @Test func refusedConnectionsAreCountedWhileItHappens() {
        var options = EngineOptions()
        options.keepsSeries = true
        var driver = EngineDriver(options: options)
        for port in 0..<40 {
            let caller = Endpoint(address: Self.client.address, port: UInt16(40_000 + port))
            driver.send(
                PacketBuilder.tcpFrame(from: caller, to: Self.server, sequence: 99, flags: 2),
                after: .milliseconds(199))
            driver.send(PacketBuilder.tcpFrame(from: Self.server, to: caller, acknowledgment: 100, flags: 0x14))
        }
        driver.engine.advance(to: driver.time + .milliseconds(900))
        let line = driver.engine.snapshot().headline
        #expect(line.rule == "connections_refused")
        let failed = line.text.split(separator: " ").compactMap { Int($0) }.first ?? 0
        #expect(failed >= 34, "\(line.text)")
    }

    @Test func onlyWhatIsOpenIsLookedAtAgain() {
        var agenda = JudgementAgenda()
        let time = Timestamp(nanoseconds: 1_000_000_000_000)
        agenda.add(3, 7, at: time)
        #expect(agenda.take(at: time + .seconds(2)).isEmpty)
        #expect(agenda.take(at: time + .seconds(3)).map(\.position) == [3])
        #expect(agenda.isEmpty)
        agenda.keep(3, 7, at: time)
        #expect(agenda.take(at: time + .milliseconds(900)).isEmpty)
        #expect(agenda.take(at: time + .seconds(1)).count == 1 && agenda.isEmpty)
    }

    @Test func atTheCapTheOldestIsLetGo() {
        var agenda = JudgementAgenda()
        let time = Timestamp(nanoseconds: 1_000_000_000_000)
        for index in 0..<20_000 { agenda.add(UInt32(index), UInt64(index), at: time) }
        #expect(agenda.forgotten == 20_000 - 8_192)
        #expect(agenda.take(at: time + .seconds(3)).count == 8_192)
    }
}
