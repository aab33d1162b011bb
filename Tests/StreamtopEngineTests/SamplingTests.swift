import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// Samples and series: what one consumer reads, the others have not read.
@Suite struct SamplingTests {
    let client: Endpoint = "192.0.2.1:50000"
    let server: Endpoint = "192.0.2.2:443"

    /// Bursts of 200 ms with a segment that is sent again in each, and pauses between them.
    private func transfer(interval: Nanoseconds?, keepsSeries: Bool) -> (samples: [FlowSample], series: MetricSeries?) {
        var options = EngineOptions()
        options.sampleInterval = interval
        options.keepsSeries = keepsSeries
        var driver = EngineDriver(options: options)
        driver.send(PacketBuilder.tcpFrame(from: client, to: server, sequence: 99, flags: 0x02))
        driver.send(
            PacketBuilder.tcpFrame(from: server, to: client, sequence: 999, acknowledgment: 100, flags: 0x12))
        driver.send(
            PacketBuilder.tcpFrame(from: client, to: server, sequence: 100, acknowledgment: 1_000, flags: 0x10))
        var sequence: UInt32 = 1_000
        let payload = [UInt8](repeating: 0, count: 1_000)
        for _ in 0..<6 {
            for number in 0..<20 {
                driver.send(
                    PacketBuilder.tcpFrame(
                        from: server, to: client, sequence: number == 10 ? sequence - 1_000 : sequence,
                        acknowledgment: 100, flags: 0x10, payload: payload),
                    after: .milliseconds(10))
                if number != 10 { sequence += 1_000 }
            }
            driver.send(
                PacketBuilder.tcpFrame(
                    from: client, to: server, sequence: 100, acknowledgment: sequence, flags: 0x10),
                after: .milliseconds(600))
        }
        let series = driver.finalFlows.first?.series
        return (driver.samples.map(\.sample), series)
    }

    @Test func samplesAndSeriesAreWhatEachIsAlone() {
        let samples = transfer(interval: .seconds(1), keepsSeries: false)
        let series = transfer(interval: nil, keepsSeries: true)
        let both = transfer(interval: .seconds(1), keepsSeries: true)
        #expect(samples.samples.count == 4)
        #expect(samples.samples.reduce(0) { $0 + $1.retransmissions.server } == 5)
        #expect(samples.samples.allSatisfy { $0.rate.server > 100_000 })
        #expect(both.samples == samples.samples)
        #expect(both.series == series.series)
        #expect(series.series?.values(.retransmissions, .fromServer).reduce(0) { $0 + ($1 ?? 0) } == 6)
    }

    @Test func readingChangesSidesWithTheFlow() {
        var cursor = SampleCursor()
        var counters = FlowCounters()
        var sample = FlowSample(time: Timestamp(nanoseconds: 0))
        counters.bytes = BothDirections(client: 1_000, server: 50)
        counters.zeroWindows = BothDirections(client: 3, server: 0)
        cursor.advance(to: counters, clientIsLow: true, over: .seconds(1), into: &sample)
        #expect(sample.rate == BothDirections(client: 8_000, server: 400))
        counters.bytes = BothDirections(client: 50, server: 1_125)
        counters.zeroWindows = BothDirections(client: 0, server: 4)
        cursor.advance(to: counters, clientIsLow: false, over: .seconds(1), into: &sample)
        #expect(sample.rate == BothDirections(client: 0, server: 1_000))
        #expect(sample.zeroWindows == BothDirections(client: 0, server: 1))
    }

    @Test func countsThatAreTakenBackAreNotNegative() {
        var cursor = SampleCursor()
        var counters = FlowCounters()
        var sample = FlowSample(time: Timestamp(nanoseconds: 0))
        var seen: [Int] = []
        for losses in [5, 3, 4] as [UInt32] {
            counters.losses.server = losses
            cursor.advance(to: counters, clientIsLow: true, over: .seconds(1), into: &sample)
            seen.append(sample.losses.server)
        }
        #expect(seen == [5, 0, 1])
    }
}
