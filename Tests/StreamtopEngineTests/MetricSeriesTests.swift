import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopEngine

/// Columns over time: what exists has one, and what is joined follows its rule.
@Suite struct MetricSeriesTests {
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: 0) + .milliseconds(milliseconds) }

    private func sample(_ milliseconds: Int64, _ fill: (inout FlowSample) -> Void = { _ in }) -> FlowSample {
        var sample = FlowSample(time: at(milliseconds))
        fill(&sample)
        return sample
    }

    @Test func whatIsNeverKnownTakesNoRoom() {
        var series = MetricSeries(interval: .milliseconds(100))
        series.append(sample(0))
        series.append(sample(100) { $0.roundTrip.server = .milliseconds(20) })
        series.append(sample(200) { $0.losses.server = 3 })
        #expect(series.columns.count == 4)  // the rates of both ends, a round trip, losses
        #expect(series.values(.roundTrip, .fromServer) == [nil, 20e6, nil])
        #expect(series.values(.losses, .fromServer) == [0, 0, 3])
        #expect(series.values(.losses, .fromClient) == [nil, nil, nil])
        #expect(!series.has(.zeroWindows))
    }

    @Test func stepsAreJoinedByTheRuleOfTheirMetric() {
        var series = MetricSeries(interval: .milliseconds(100))
        for (step, value) in [10, 30, 20].enumerated() {
            let sample = sample(Int64(step) * 100) {
                $0.roundTrip.client = Nanoseconds(value)
                $0.congestionWindow.client = value
                $0.receiveWindow.client = value
                $0.rate.client = Double(value)
                $0.retransmissions.client = value
            }
            if step == 0 { series.append(sample) } else { series.join(sample) }
        }
        #expect(series.count == 1)
        #expect(series.times == [at(200)])
        #expect(series.value(.roundTrip, .fromClient, at: 0) == 30)
        #expect(series.value(.congestionWindow, .fromClient, at: 0) == 20)
        #expect(series.value(.receiveWindow, .fromClient, at: 0) == 10)
        #expect(series.value(.rate, .fromClient, at: 0) == 20)
        #expect(series.value(.retransmissions, .fromClient, at: 0) == 60)
    }

    @Test(arguments: [2, 3, 7, 8])
    func halvingSpansTheSameTime(count: Int) {
        var series = MetricSeries(interval: .milliseconds(100))
        for step in 0..<count { series.append(sample(Int64(step) * 100) { $0.losses.server = 1 }) }
        series.halve()
        #expect(series.count == (count + 1) / 2)
        #expect(series.interval == .milliseconds(200))
        #expect(series.times.last == at(Int64(count - 1) * 100))
        #expect(series.values(.losses, .fromServer).reduce(0) { $0 + ($1 ?? 0) } == Double(count))
    }

    /// At the cap of 1,024 series of 600 steps, a record of everything took 147 MB: 144 kB each. What arrays reserve counts too.
    @Test func aDownloadTakesAThirdOfARecordOfEverything() {
        var recorder = SeriesRecorder()
        for step in 0..<5_000 {
            let values = sample(Int64(step) * 100) {
                $0.roundTrip = BothDirections(client: .milliseconds(1), server: .milliseconds(30))
                $0.queueDelay.server = .milliseconds(9)
                $0.inFlight.server = 90_000
                $0.congestionWindow.server = 100_000
                $0.receiveWindow = BothDirections(client: 4_000_000, server: 64_000)
            }
            recorder.append(values, counters: FlowCounters(), clientIsLow: true, capacity: 600)
        }
        #expect(recorder.series.count <= 600 && recorder.series.count >= 300)
        #expect(recorder.series.columns.count == 9)
        #expect(recorder.series.valueBytes <= 48_000)
        #expect(recorder.series.interval == .milliseconds(1_600))
    }

    @Test func theTailHasTheNewest() {
        var series = MetricSeries(interval: .milliseconds(100))
        for step in 0..<10 { series.append(sample(Int64(step) * 100) { $0.inFlight.client = step }) }
        let tail = series.tail(3, of: [.inFlight])
        #expect(tail.values(.inFlight, .fromClient) == [7, 8, 9])
        #expect(!tail.has(.rate))
    }
}
