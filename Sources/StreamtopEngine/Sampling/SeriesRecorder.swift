import StreamtopBase
import StreamtopModel

/// Values of one flow over its whole life in a bounded number of samples: when full, neighbours are merged and the
/// step doubles, so a chart always reaches back to the first packet.
struct SeriesRecorder: Sendable {
    /// Step of a new series.
    static let firstInterval: Nanoseconds = .milliseconds(100)

    private(set) var series = FlowSeries(interval: SeriesRecorder.firstInterval, samples: [])
    private var pending: FlowSample?
    private var cursor = SampleCursor()
    private var pendingUntil = Timestamp(nanoseconds: .min)

    /// Adds the values of a moment about `firstInterval` after the one before.
    mutating func append(_ values: FlowSample, counters: FlowCounters, clientIsLow: Bool, capacity: Int) {
        var sample = values
        cursor.advance(to: counters, clientIsLow: clientIsLow, over: Self.firstInterval, into: &sample)
        guard var waiting = pending, sample.time < pendingUntil else {
            if let waiting = pending { store(waiting, capacity: capacity) }
            pending = sample
            pendingUntil = sample.time + (series.interval - Self.firstInterval / 2)
            return
        }
        waiting.merge(sample)
        pending = waiting
    }

    var snapshot: FlowSeries {
        var copy = series
        if let pending { copy.samples.append(pending) }
        return copy
    }

    /// The last `count` samples, for sparklines.
    func tail(_ count: Int) -> FlowSeries {
        var samples = Array(series.samples.suffix(count))
        if let pending { samples.append(pending) }
        return FlowSeries(interval: series.interval, samples: samples)
    }

    private mutating func store(_ sample: FlowSample, capacity: Int) {
        series.samples.append(sample)
        guard series.samples.count >= max(2, capacity) else { return }
        var halved: [FlowSample] = []
        halved.reserveCapacity(series.samples.count)
        var index = 0
        while index < series.samples.count {  // two steps each turn
            var merged = series.samples[index]
            if index + 1 < series.samples.count { merged.merge(series.samples[index + 1]) }
            halved.append(merged)
            index += 2
        }
        series.samples = halved
        series.interval = saturatingAdd(series.interval, series.interval)
    }
}

extension FlowSample {
    /// Joins a later sample into this one: the worst delays and fullest buffers win, counts add up, rates average.
    mutating func merge(_ later: FlowSample) {
        time = later.time
        for direction in Direction.allCases {
            roundTrip[direction] = larger(roundTrip[direction], later.roundTrip[direction])
            queueDelay[direction] = larger(queueDelay[direction], later.queueDelay[direction])
            inFlight[direction] = larger(inFlight[direction], later.inFlight[direction])
            congestionWindow[direction] = later.congestionWindow[direction] ?? congestionWindow[direction]
            receiveWindow[direction] = smaller(receiveWindow[direction], later.receiveWindow[direction])
            rate[direction] = (rate[direction] + later.rate[direction]) / 2
            retransmissions[direction] += later.retransmissions[direction]
            losses[direction] += later.losses[direction]
            zeroWindows[direction] += later.zeroWindows[direction]
        }
    }

    private func larger<Number: Comparable>(_ left: Number?, _ right: Number?) -> Number? {
        guard let left, let right else { return left ?? right }
        return max(left, right)
    }

    private func smaller<Number: Comparable>(_ left: Number?, _ right: Number?) -> Number? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }
}
