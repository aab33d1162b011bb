import StreamtopBase
import Testing

@testable import StreamtopTransport

@Suite struct WindowSamplesTests {
    private func time(_ milliseconds: Int) -> Timestamp { Timestamp(nanoseconds: Int64(milliseconds) * 1_000_000) }

    @Test func ranksAmongAllPacketsHoweverMany() throws {
        var samples = WindowSamples()
        #expect(samples.rank(of: 5) == nil)
        // Windows 0 to 99 over and over: a rank is a hundredth of the window, after 100 packets and after 100,000.
        for packet in 0..<100_000 {
            samples.record(packet * 37 % 100, at: time(packet), roundTrip: .milliseconds(8))
            if packet == 100 || packet == 99_999 {
                for window in [10, 50, 90] as [UInt16] {
                    let rank = try #require(samples.rank(of: window))
                    #expect(abs(rank - Double(window) / 100) < 0.12, "packet \(packet)")
                }
            }
        }
        #expect(samples.rank(of: 1_000) == 1)
    }

    @Test func equalWindowsRankInTheMiddle() {
        var samples = WindowSamples()
        for packet in 0..<50 { samples.record(7, at: time(packet), roundTrip: .milliseconds(8)) }
        #expect(samples.rank(of: 7) == 0.5)
    }

    @Test func windowsOfTheLastRoundTripsAreFoundByTime() {
        var samples = WindowSamples()
        for packet in 0..<1_000 { samples.record(packet, at: time(packet), roundTrip: .milliseconds(80)) }
        // Eight in 80 ms: every tenth packet.
        #expect(samples.window(at: time(955), roundTrip: .milliseconds(80)) == 950)
        #expect(samples.window(at: time(999), roundTrip: .milliseconds(80)) == 990)
        #expect(samples.window(at: time(700), roundTrip: .milliseconds(80)) == 700)
        // Too long ago, and long after the last.
        #expect(samples.window(at: time(600), roundTrip: .milliseconds(80)) == nil)
        #expect(samples.window(at: time(1_100), roundTrip: .milliseconds(80)) == nil)
    }
}
