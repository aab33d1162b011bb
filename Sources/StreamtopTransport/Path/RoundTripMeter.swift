import StreamtopBase
import StreamtopModel

/// Round trips between the capture point and one end (or the whole loop), and the delay above their minimum.
///
/// Two series run side by side. The *network* samples (the last segment that an acknowledgment covers, delayed
/// acknowledgments set aside) make minimum, percentiles and queueing delay. The *sender* samples (the oldest one) make
/// the smoothed value, because that is what the sender itself works with.
struct RoundTripMeter: ~Copyable {
    private var samples: UInt32 = 0
    private var fromTimestamps: UInt32 = 0
    private var fromAcknowledgments: UInt32 = 0
    /// Slots of the first sample and of the newest that was counted, modulo 2^32.
    private var firstSlot: UInt32 = 0
    private var newestSlot: UInt32 = 0
    /// The base that other flows between these hosts have measured (decision 0181), in microseconds; the largest value for none.
    private var sharedMicroseconds: UInt32 = .max
    var count: Int { Int(samples) }
    /// Samples beside those of the handshake.
    var measured: UInt32 { fromTimestamps &+ fromAcknowledgments }
    private(set) var minimum: Nanoseconds = .max
    private(set) var last: Nanoseconds = 0
    private(set) var maximum: Nanoseconds = 0
    private(set) var lastTime = Timestamp(nanoseconds: .min)
    private var sum: Nanoseconds = 0
    private var jitterSum: Nanoseconds = 0
    private(set) var estimator = RoundTripEstimator()
    /// How long the path took how long. The first samples count one each; from then on time counts, in slots of 10 ms, for
    /// acknowledgments come in bursts, and most of them while a window grows.
    private var histogram = LogHistogram()
    private static let wholeSamples: UInt32 = 32
    private static let slot: Nanoseconds = .milliseconds(10)
    /// A sample holds for 100 ms at most: nothing is known of a longer silence.
    private static let slotCapacity = 10

    /// Round trip of the empty path as known now: the smallest since the path last changed.
    var ownBase: Nanoseconds { change.isEmpty ? minimum : change.value.base }
    private var sharedBase: Nanoseconds {
        sharedMicroseconds == .max ? .max : Nanoseconds(sharedMicroseconds) * 1000
    }
    var base: Nanoseconds { min(ownBase, sharedBase) }
    var hasShared: Bool { sharedBase < ownBase }
    private(set) var maximumQueue: Nanoseconds = 0
    /// The newest change of the path: when, the base until then, the samples by then, and the queueing delays since
    /// (without any change they are the round trips less the base).
    private var change = OnDemand<Change>()
    private struct Change: ~Copyable {
        var time: Timestamp
        /// The largest value where it was unknown.
        var before: Nanoseconds
        var count: Int
        /// The base since.
        var base: Nanoseconds = .max
        var queues = LogHistogram()
    }

    /// No connection outlives a longer round trip (RFC 9293 section 3.8.3 gives up after 100 s at the least; Linux after
    /// some 15 minutes of repeats): a greater span is a fault of the clock.
    static let longest = Nanoseconds.seconds(300)

    init() {}

    @inline(__always)
    var hasSample: Bool { count > 0 }

    /// Smoothed as the sender does; nil before the first sample.
    @inline(__always)
    var smoothed: Nanoseconds? { estimator.hasSample ? estimator.smoothed : count > 0 ? last : nil }

    /// Delay above the base path at the last sample.
    @inline(__always)
    var queue: Nanoseconds? { count > 0 ? max(0, last - base) : nil }

    /// The same above the shortest that this flow itself has met: what a clock of the flow's own can be held against.
    @inline(__always)
    var ownQueue: Nanoseconds? { count > 0 ? max(0, last - ownBase) : nil }

    /// A sample of the path alone.
    mutating func record(_ sample: Nanoseconds, source: RoundTripSource, at time: Timestamp) {
        guard sample <= Self.longest else { return }
        let sample = max(0, sample)
        if count > 0 { jitterSum = saturatingAdd(jitterSum, abs(sample - last)) }
        if samples < .max { samples += 1 }
        sum = saturatingAdd(sum, sample)
        minimum = min(minimum, sample)
        maximum = max(maximum, sample)
        let held = last
        last = sample
        lastTime = time
        let wasWhole = slotsHeld(at: time)
        if samples <= Self.wholeSamples {
            histogram.record(sample / 1000)
        } else {
            if samples == Self.wholeSamples + 1 { histogram.thin(to: Int(newestSlot &- firstSlot)) }
            histogram.record(held / 1000, times: wasWhole)
        }
        switch source {
        case .tcpTimestamps: fromTimestamps &+= 1
        case .tcpAck: fromAcknowledgments &+= 1
        default: break
        }
        if !change.isEmpty { change.value.base = min(change.value.base, sample) }
        let queue = sample - base
        maximumQueue = max(maximumQueue, queue)
        if !change.isEmpty, wasWhole > 0 || change.value.queues.count < Int(Self.wholeSamples) {
            change.value.queues.record(queue / 1000, times: max(1, wasWhole))
        }
    }

    /// Whole slots of time since the sample before, in which that one held; 0 within one.
    private mutating func slotsHeld(at time: Timestamp) -> Int {
        let slot = UInt32(truncatingIfNeeded: time.nanoseconds / Self.slot)
        if samples <= 1 {
            firstSlot = slot
            newestSlot = slot
            return 0
        }
        let passed = Int(Int32(bitPattern: slot &- newestSlot))
        guard passed > 0 else { return 0 }
        newestSlot = slot
        return min(passed, Self.slotCapacity)
    }

    /// A sample will come soon.
    func prefetch() { histogram.prefetch(last / 1000) }

    /// A sample as the sender takes it.
    mutating func smooth(_ sample: Nanoseconds) {
        if sample <= Self.longest { estimator.record(sample) }
    }

    /// The path has changed: what was its minimum no longer holds.
    mutating func rebase(at time: Timestamp) {
        let before = ownBase != .max ? ownBase : change.map { $0.before } ?? .max
        change = OnDemand(Change(time: time, before: before, count: count))
        sharedMicroseconds = .max
    }

    /// Another flow on this path has met a shorter round trip: what exceeds it waited in a queue from the start.
    mutating func share(base: Nanoseconds) {
        guard count > 0, base < self.base else { return }
        sharedMicroseconds = UInt32(clamping: base / 1000)
        if change.isEmpty { maximumQueue = max(maximumQueue, maximum - base) }
    }

    /// When the base last changed; nil while the path has kept its length.
    var changed: Timestamp? { change.map { $0.time } }

    /// The path has been longer, or shorter, for a while: the samples since then met no queue but another base.
    mutating func rebase(to step: BaseStepMeter.Step) {
        let base = ownBase
        change = OnDemand(Change(time: step.since, before: step.before, count: count - step.samples, base: base))
        guard !step.isShorter else { return }
        change.value.base = step.base
        sharedMicroseconds = .max
        maximumQueue = max(step.queueBefore, step.highest - step.base)
    }

    /// The path has been longer by `size`: its empty length was not met since.
    mutating func lengthen(by size: Nanoseconds, since time: Timestamp) {
        guard ownBase != .max else { return }
        let before = ownBase
        change = OnDemand(Change(time: time, before: before, count: max(0, count - 20), base: before + size))
        sharedMicroseconds = .max
        maximumQueue = max(0, last - before - size)
    }

    /// The newest lasting jump of the base; nil while it rests on too little, or the path kept its length.
    var baseChange: BaseRoundTripChange? {
        guard let (time, before, earlier) = change.map({ ($0.time, $0.before, $0.count) }), before != .max,
            ownBase != .max, count - earlier >= 20, lastTime - time >= .seconds(1),
            abs(ownBase - before) >= max(.milliseconds(1), before / 10)
        else { return nil }
        return BaseRoundTripChange(time: time, before: before, after: ownBase)
    }

    var snapshot: RoundTripSnapshot? { snapshot(percentiles) }
    var queueSnapshot: QueueDelaySnapshot? { queueSnapshot(percentiles) }

    /// Both at once: finding the percentiles is most of the work.
    var snapshots: (roundTrip: RoundTripSnapshot?, queue: QueueDelaySnapshot?) {
        let percentiles = percentiles
        return (snapshot(percentiles), queueSnapshot(percentiles))
    }

    /// The 50th, 95th and 99th percentile of the samples.
    private var percentiles: InlineArray<3, Nanoseconds> {
        var percentiles = InlineArray<3, Nanoseconds>(repeating: last)
        histogram.quantiles([0.5, 0.95, 0.99]) { percentiles[$0] = $1 * 1000 }
        return percentiles
    }

    private func snapshot(_ percentiles: InlineArray<3, Nanoseconds>) -> RoundTripSnapshot? {
        guard count > 0 else { return nil }
        func bounded(_ value: Nanoseconds) -> Nanoseconds { min(maximum, max(minimum, value)) }
        let source: RoundTripSource =
            fromTimestamps == 0 && fromAcknowledgments == 0
            ? .tcpHandshake : fromTimestamps > fromAcknowledgments ? .tcpTimestamps : .tcpAck
        return RoundTripSnapshot(
            samples: count, minimum: minimum, last: last, smoothed: smoothed ?? last, mean: sum / Int64(count),
            p50: bounded(percentiles[0]), p95: bounded(percentiles[1]), p99: bounded(percentiles[2]), maximum: maximum,
            jitter: count > 1 ? jitterSum / Int64(count - 1) : 0, source: source)
    }

    /// The queue that this path gets to without what one sample in twenty met for reasons of its own (a host that was
    /// busy elsewhere): the largest delay, or a quarter more than the 95th percentile.
    var usualCeiling: Nanoseconds {
        guard let snapshot = queueSnapshot else { return 0 }
        return min(maximumQueue, saturatingAdd(snapshot.p95, snapshot.p95 / 4))
    }

    private func queueSnapshot(_ percentiles: InlineArray<3, Nanoseconds>) -> QueueDelaySnapshot? {
        guard let queue else { return nil }
        var (middle, high) = (max(0, percentiles[0] - base), max(0, percentiles[1] - base))
        if !change.isEmpty {
            (middle, high) = (0, 0)
            change.value.queues.quantiles([0.5, 0.95]) { if $0 == 0 { middle = $1 * 1000 } else { high = $1 * 1000 } }
        }
        return QueueDelaySnapshot(
            last: queue, p50: min(maximumQueue, middle), p95: min(maximumQueue, high), maximum: maximumQueue)
    }
}
