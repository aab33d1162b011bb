import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// What happens as capture time passes: samples, series, judgements, retirement.
extension FlowEngine {
    /// Some deadline has passed. Work here is bounded by the flows that were active, not by the flows there are.
    mutating func tick() {
        while let interval = options.sampleInterval, now >= nextSample {
            takeSamples(at: nextSample)
            let next = following(nextSample, step: interval)
            // A stamp at the end of time leaves no later deadline.
            guard next > nextSample else { break }
            nextSample = next
        }
        if now >= nextSeriesSample {
            recordSeries(at: now)
            nextSeriesSample = following(nextSeriesSample, step: SeriesRecorder.firstInterval)
        }
        if now >= nextSecond {
            rateWindow.roll(at: now)
            expireFragments()
            markForDiagnosis()
            diagnoseSome()
            retireSilentFlows()
            if options.sampleInterval == nil && !options.keepsSeries { clearActive() }
            nextSecond = following(nextSecond, step: .seconds(1))
        }
    }

    /// The next deadline on the same grid that lies ahead of now, or one step on when the capture is continuous. A long
    /// silence is skipped in one go: nothing was active in it.
    private func following(_ deadline: Timestamp, step: Nanoseconds) -> Timestamp {
        let next = deadline + step
        let behind = now - next
        guard behind > step else { return next }
        return next + (behind / step) * step  // at most `behind`, so it cannot pass `now`
    }

    /// One sample per flow that was active since the last, in order of first packet.
    private mutating func takeSamples(at time: Timestamp) {
        let interval = options.sampleInterval ?? .seconds(1)
        tidyActive()
        for position in active {
            let sample = sample(position, at: time, interval: interval)
            outputs.append(.sample(flows[position].identifier, start: flows[position].start, sample))
        }
        if !options.keepsSeries { clearActive() }
    }

    private mutating func recordSeries(at time: Timestamp) {
        tidyActive()
        for position in active {
            let sample = sample(position, at: time, interval: SeriesRecorder.firstInterval)
            if flows[position].series == FlowEntry.none {
                guard series.count < options.limits.series else { continue }
                flows[position].series = series.insert(SeriesRecorder())
            }
            series[flows[position].series].append(sample, capacity: options.limits.seriesSamples)
        }
        clearActive()
    }

    /// Flows that left the table are still listed, and their place may have been given to another: keep each flow that
    /// is there once, in order of first packet.
    private mutating func tidyActive() {
        active.removeAll { !flows.contains($0) || !flows[$0].isActive }
        active.sort { flows[$0].number < flows[$1].number }
        var kept = 0
        for index in active.indices where index == 0 || active[index] != active[kept - 1] {
            active[kept] = active[index]
            kept += 1
        }
        active.removeSubrange(kept...)
    }

    private mutating func clearActive() {
        markForDiagnosis()
        for position in active where flows.contains(position) { flows[position].isActive = false }
        active.removeAll(keepingCapacity: true)
    }

    private mutating func markForDiagnosis() {
        for position in active where flows.contains(position) && !flows[position].needsDiagnosis {
            let packets = flows[position].client.packets &+ flows[position].server.packets
            guard packets >= options.limits.packetsBeforeDiagnosis else { continue }
            flows[position].needsDiagnosis = true
            undiagnosed.append(position)
        }
    }

    /// The flow's values now; counts are those since the sample before.
    mutating func sample(_ position: UInt32, at time: Timestamp, interval: Nanoseconds) -> FlowSample {
        var sample = FlowSample(time: time)
        let seconds = max(interval.seconds, 1e-6)
        let client = flows[position].client.bytes
        let server = flows[position].server.bytes
        sample.rate.client = Double(client &- flows[position].sampledBytes.client) * 8 / seconds
        sample.rate.server = Double(server &- flows[position].sampledBytes.server) * 8 / seconds
        flows[position].sampledBytes.client = client
        flows[position].sampledBytes.server = server
        if flows[position].tcp != FlowEntry.none {
            sample.countsSegments = true
            tcpTrackers[flows[position].tcp].sample(at: time, into: &sample)
        }
        if flows[position].quic != FlowEntry.none {
            quicFlows[flows[position].quic].connection.sample(at: time, into: &sample)
        }
        return sample
    }
}
