import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// What happens as capture time passes: samples, series, judgements, retirement.
extension FlowEngine {
    var isTickDue: Bool { now >= nextSecond || now >= sampler.next || now >= series.next }

    /// Some deadline has passed. Work here is bounded by the flows that were active, not by the flows there are.
    mutating func tick() {
        while let interval = sampler.interval, now >= sampler.next {
            takeSamples(at: sampler.next, interval: interval)
            let next = following(sampler.next, step: interval)
            // A stamp at the end of time leaves no later deadline.
            guard next > sampler.next else { break }
            sampler.next = next
        }
        if now >= series.next {
            recordSeries(at: now)
            series.next = following(series.next, step: SeriesRecorder.firstInterval)
        }
        if now >= nextSecond {
            rateWindow.roll(at: now)
            expireFragments()
            markForDiagnosis()
            diagnoseSome()
            retireSilentFlows()
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

    /// The flow had a packet: it goes onto every list that it is not on yet and that somebody reads.
    mutating func list(_ position: UInt32) {
        let fresh = ActivityLists.all.subtracting(flows[position].lists)
        flows[position].lists = .all
        if fresh.contains(.judgement) { activeForJudgement.append(position) }
        if fresh.contains(.series), series.isKept { series.active.append(position) }
        if fresh.contains(.interval), sampler.interval != nil { sampler.active.append(position) }
    }

    /// One sample per flow that was active since the last, in order of first packet.
    private mutating func takeSamples(at time: Timestamp, interval: Nanoseconds) {
        for position in sampler.active.take(from: &flows) {
            var sample = values(position, at: time)
            if flows[position].sampleCursor == FlowEntry.none {
                flows[position].sampleCursor = sampler.cursors.insert(SampleCursor())
            }
            sampler.cursors[flows[position].sampleCursor].advance(
                to: counters(position), clientIsLow: flows[position].clientIsLow, over: interval, into: &sample)
            outputs.append(.sample(flows[position].identifier, start: flows[position].start, sample))
        }
    }

    private mutating func recordSeries(at time: Timestamp) {
        for position in series.active.take(from: &flows) {
            if flows[position].series == FlowEntry.none {
                guard series.recorders.count < options.limits.series else { continue }
                flows[position].series = series.recorders.insert(SeriesRecorder())
            }
            series.recorders[flows[position].series].append(
                values(position, at: time), counters: counters(position), clientIsLow: flows[position].clientIsLow,
                capacity: options.limits.seriesSamples)
        }
    }

    private mutating func markForDiagnosis() {
        for position in activeForJudgement.take(from: &flows) where !flows[position].needsDiagnosis {
            let packets = flows[position].client.packets &+ flows[position].server.packets
            guard packets >= options.limits.packetsBeforeDiagnosis else { continue }
            flows[position].needsDiagnosis = true
            undiagnosed.append(position)
        }
    }

    /// What holds of the flow at `time`; its counts are a cursor's business.
    private func values(_ position: UInt32, at time: Timestamp) -> FlowSample {
        var sample = FlowSample(time: time)
        if flows[position].tcp != FlowEntry.none {
            tcpTrackers[flows[position].tcp].read(into: &sample, at: time)
        }
        if flows[position].quic != FlowEntry.none {
            quicFlows[flows[position].quic].connection.read(into: &sample, at: time)
        }
        // A part cannot exceed the whole: the queue is that of the newest packet, the round trip is smoothed.
        for end in Direction.allCases {
            if let queue = sample.queueDelay[end], let trip = sample.roundTrip[end], queue > trip {
                sample.queueDelay[end] = trip
            }
        }
        return sample
    }

    /// What was counted of the flow since its first packet.
    private func counters(_ position: UInt32) -> FlowCounters {
        var counters = FlowCounters()
        counters.bytes = BothWays(client: flows[position].client.bytes, server: flows[position].server.bytes)
        if flows[position].tcp != FlowEntry.none { tcpTrackers[flows[position].tcp].count(into: &counters) }
        if flows[position].quic != FlowEntry.none {
            quicFlows[flows[position].quic].connection.count(into: &counters)
        }
        return counters
    }
}
