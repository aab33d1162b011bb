import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// A capture's clock that is set ahead, and silences that look like it.
@Suite struct LeapWatchTests {
    private let client: Endpoint = "10.0.0.1:50000"
    private let server: Endpoint = "10.9.0.1:443"

    /// A download with timestamps of a millisecond: a segment and its acknowledgment every 20 ms. Before packet `at` the capture's
    /// clock and the hosts' clocks go on by the two amounts; what the server sends then was stamped `heldBack` before.
    private func steps(
        ticks: UInt32 = 1, capture: Nanoseconds, hosts: Nanoseconds, heldBack: Nanoseconds = 0
    ) -> ClockSteps {
        var driver = EngineDriver()
        var milliseconds: UInt32 = 5_000
        for round in 0..<400 {
            var after: Nanoseconds = .milliseconds(10)
            if round == 200 {
                after = capture
                milliseconds += UInt32(hosts / 1_000_000)
            }
            let held = round >= 200 && round < 210 ? UInt32(heldBack / 1_000_000) : 0
            func stamps(_ value: UInt32) -> [TCPOption] { [.timestamps(value * ticks, 1)] }
            driver.send(
                PacketBuilder.tcpFrame(
                    from: server, to: client, sequence: UInt32(1_000 + round * 100), acknowledgment: 1,
                    options: stamps(milliseconds - held), payload: [UInt8](repeating: 1, count: 100)), after: after)
            milliseconds += 10
            driver.send(
                PacketBuilder.tcpFrame(
                    from: client, to: server, sequence: 1, acknowledgment: UInt32(1_100 + round * 100),
                    options: stamps(milliseconds + 77)), after: .milliseconds(10))
            milliseconds += 10
        }
        driver.engine.finish()
        return driver.engine.health.clock
    }

    @Test func aStepAheadIsSeenAndMeasured() {
        let clock = steps(capture: .milliseconds(5_010), hosts: .milliseconds(10))
        #expect(clock.count == 1)
        #expect(abs(clock.lastBy - .seconds(5)) <= .milliseconds(20))
    }

    @Test func silenceIsNoStep() { #expect(steps(capture: .seconds(5), hosts: .seconds(5)).count == 0) }

    @Test func aStalledPathIsNoStep() {
        #expect(steps(capture: .seconds(1), hosts: .seconds(1), heldBack: .milliseconds(990)).count == 0)
    }

    @Test func aShortLeapIsNoStep() {
        #expect(steps(capture: .milliseconds(90), hosts: .milliseconds(10)).count == 0)
    }

    /// Clocks of another tick cannot be read.
    @Test func foreignTicksSayNothing() {
        #expect(steps(ticks: 10, capture: .seconds(5), hosts: .milliseconds(10)).count == 0)
    }
}
