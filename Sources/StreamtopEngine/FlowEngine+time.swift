import StreamtopApplication
import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// What happens as capture time passes: samples, series, judgements, retirement.
extension FlowEngine {
    /// Does what is due of what concerns each flow alone. Work here is bounded by the flows that were active, not by the flows there
    /// are. What chooses among the flows of all engines comes after it: `claims`, `judge`, `retireSilentFlows`.
    mutating func perform(_ tick: Tick) {
        now = tick.time
        if let interval = sampler.interval {
            for (number, time) in tick.samples.enumerated() {
                let buffers = number < sessions.playerBuffers.count ? sessions.playerBuffers[number] : [:]
                takeSamples(at: time, interval: interval, playerBuffers: buffers)
            }
        }
        if tick.isForSeries { recordSeries(at: now) }
        if tick.isSecond {
            counts.rates.roll(at: now)
            count(tick.lost)
            trackers.media.search(at: now)
            markForDiagnosis()
            callUp()
        }
    }

    /// The flow had a packet: it goes onto every list that it is not on yet and that somebody reads.
    mutating func list(_ position: UInt32) {
        let fresh = ActivityLists.all.subtracting(flows[position].lists)
        flows[position].lists = .all
        if fresh.contains(.judgement) { judgement.active.append(position) }
        if fresh.contains(.series), series.isKept { series.active.append(position) }
        if fresh.contains(.interval), sampler.interval != nil { sampler.active.append(position) }
        if fresh.contains(.host), options.asksHost { host.active.append(position) }
    }

    /// One sample per flow that was active since the last, in order of first packet.
    private mutating func takeSamples(
        at time: Timestamp, interval: Nanoseconds, playerBuffers: [UInt64: Double]
    ) {
        for position in sampler.active.take(from: &flows) {
            var sample = values(position, at: time)
            if flows[position].sampleCursor == FlowEntry.none {
                flows[position].sampleCursor = sampler.cursors.insert(SampleCursor())
            }
            sampler.cursors[flows[position].sampleCursor].advance(
                to: counters(position), clientIsLow: flows[position].clientIsLow, over: interval, into: &sample)
            if !playerBuffers.isEmpty { sample.playerBuffer = playerBuffers[flows[position].ordinal] }
            if host.isAsked {
                sample.kernel = kernelSample(position, beside: sample)
                withholdUnfilledWindow(&sample)
                if let kernel = sample.kernel { host.comparison.record(kernel) }
            }
            output.entries.append(.sample(flows[position].identifier, start: flows[position].start, sample))
        }
    }

    private mutating func recordSeries(at time: Timestamp) {
        for position in series.active.take(from: &flows) {
            if flows[position].series == FlowEntry.none {
                guard series.recorders.count < options.limits.series else { continue }
                flows[position].series = series.recorders.insert(SeriesRecorder())
            }
            var sample = values(position, at: time)
            if host.isAsked {
                sample.kernel = kernelSample(position, beside: sample)
                // Compared once: where samples are taken, those are.
                if sampler.interval == nil, let kernel = sample.kernel { host.comparison.record(kernel) }
            }
            series.recorders[flows[position].series].append(
                sample, counters: counters(position), clientIsLow: flows[position].clientIsLow,
                capacity: options.limits.seriesSamples)
        }
    }

    /// Somebody sees verdicts before the end: on a screen, or live.
    private var isLookedAt: Bool { series.isKept || options.retiresFlows }

    private mutating func markForDiagnosis() {
        for position in judgement.active.take(from: &flows) where !flows[position].needsDiagnosis {
            let packets = flows[position].client.packets &+ flows[position].server.packets
            // What was refused or broke off is over with a few packets, and is said while it happens to those who look on.
            let isBrief =
                isLookedAt && flows[position].standing == .over
                && packets >= options.limits.packetsBeforeLastDiagnosis
            guard packets >= options.limits.packetsBeforeDiagnosis || isBrief else { continue }
            flows[position].needsDiagnosis = true
            judgement.waiting.append(position)
        }
    }

    /// What holds of the flow at `time`; its counts are a cursor's business.
    private func values(_ position: UInt32, at time: Timestamp) -> FlowSample {
        var sample = FlowSample(time: time)
        if flows[position].tcp != FlowEntry.none {
            trackers.tcp[flows[position].tcp].read(into: &sample, at: time)
        }
        if let quic = trackers.index(of: .quic, in: flows[position].layers) {
            trackers.quic[quic].connection.read(into: &sample, at: time)
        }
        if let stun = trackers.index(of: .stun, in: flows[position].layers) {
            trackers.stun[stun].read(into: &sample, at: time)
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
        counters.bytes = BothDirections(client: flows[position].client.bytes, server: flows[position].server.bytes)
        if flows[position].tcp != FlowEntry.none { trackers.tcp[flows[position].tcp].count(into: &counters) }
        if let quic = trackers.index(of: .quic, in: flows[position].layers) {
            trackers.quic[quic].connection.count(into: &counters)
        }
        return counters
    }
}
