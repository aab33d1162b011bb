import StreamtopBase
import StreamtopModel

/// What is measured of an end whose 1-RTT packets can be opened, in the terms of any sender (decision 0180).
struct QUICSenderMeters: Sendable {
    private var rate = RateMeter()
    private var queueLink = QueueLink()
    private var limits = LimitMeter()
    private var losses = LossMeter()
    private var idle = IdleMeter()
    private var pacing = PacingMeter()
    private var baseStep = BaseStepMeter()
    /// Packets that carry data, and those of them that came behind a later one.
    private(set) var packets = 0
    private var outOfOrder = 0
    private var reorderExtent = 0
    var timers = QUICTimerMeter()
    private var credit = QUICCreditMeter()
    private var isBlocked: Bool { credit.isSpent }
    /// Positions are counted in bytes sent, modulo 2^32: packet numbers tell no bytes.
    private var sentBytes: UInt32 = 0
    private var firstData = Timestamp(nanoseconds: .min)
    private var lastData = Timestamp(nanoseconds: .min)
    private var lastAnswer = Timestamp(nanoseconds: .min)
    private var recoveringUntil = Timestamp(nanoseconds: .min)

    init() {}

    /// A packet in flight, and how its sender stood with it.
    struct Sending {
        var size: Int
        /// Bytes in flight, this packet among them, and the window that they show.
        var flight: Int
        var window: Int
        /// Largest packet that the path is known to carry.
        var unit: Int
        /// Packets between the highest number seen and this one; 0 for the highest.
        var behind: Int
        /// Round trip between the capture point and the sender; nil where the capture lies too far from it to time it.
        var distance: Nanoseconds?
        /// The newest round trips are of now, not of an exchange long past.
        var isPathFresh: Bool
    }

    mutating func sent(_ sending: Sending, path: PathView, at time: Timestamp) {
        packets += 1
        credit.sent(at: time)
        if firstData.nanoseconds == .min { firstData = time }
        rate.record(sending.size, at: time)
        if sending.behind > 0 {
            outOfOrder += 1
            reorderExtent = max(reorderExtent, sending.behind)
        }
        let isAlone = sending.flight <= sending.size
        let start = sentBytes
        sentBytes &+= UInt32(truncatingIfNeeded: sending.size)
        if sending.isPathFresh {
            queueLink.observe(flight: sending.flight, queue: path.queue, roundTrip: path.smoothed, at: time)
        }
        losses.observe(
            window: sending.window / sending.unit, at: time, roundTrip: path.smoothed ?? .milliseconds(100))
        let isRecovering = time < recoveringUntil
        if let distance = sending.distance, !isRecovering {
            pacing.observe(
                length: sending.size, unit: sending.unit, idle: isAlone, answer: lastAnswer, distance: distance,
                at: time)
        }
        let endsPause = isAlone && lastData.nanoseconds != .min && time - lastData > path.timeout
        idle.observe(
            fresh: endsPause, start: start, next: sentBytes,
            acknowledged: sentBytes &- UInt32(truncatingIfNeeded: sending.flight), flight: sending.flight,
            hindered: isRecovering || isBlocked, unit: sending.unit, initial: 0)
        limits.enter(isBlocked ? .receiver : .network, at: time, delay: 0)
        lastData = time
    }

    /// The peer acknowledged something. `flight`: what that leaves at the sender; `delay`: until it knows.
    mutating func acknowledged(flight: Int, delay: Nanoseconds, at time: Timestamp) {
        lastAnswer = time
        guard packets > 0 else { return }
        limits.enter(flight > 0 ? .network : isBlocked ? .receiver : .application, at: time, delay: delay)
    }

    /// Everything sent has arrived: what the sample took above the base, no data of this sender was in the way.
    mutating func observeBase(
        _ sample: Nanoseconds, base: Nanoseconds, queue: Nanoseconds, flight: Int, at time: Timestamp
    ) -> BaseStepMeter.Step? {
        guard packets >= 24 else { return nil }
        baseStep.observe(sample, base: base, queue: queue, flight: flight, at: time)
        return baseStep.take()
    }

    /// The sender holds `count` packets for lost, the oldest of which left at `sent`.
    mutating func lost(_ count: Int, sent: Timestamp, window: Int, unit: Int, path: PathView, at time: Timestamp) {
        let (minimum, queue) = (path.minimum ?? 0, path.queue ?? 0)
        let loop = path.smoothed ?? .milliseconds(100)
        let share = minimum + queue > 0 ? Float(queue) / Float(minimum + queue) : 0
        _ = losses.record(
            LossMeter.Event(
                time: time, segments: Int32(clamping: count), queue: queue, ceiling: max(queue, path.ceiling ?? 0),
                minimum: minimum, backlog: Float(window) * share / Float(unit), delivered: UInt64(sentBytes),
                window: losses.windows.window(at: sent, roundTrip: loop), segmentSize: UInt16(clamping: unit)),
            span: max(loop, .milliseconds(1)))
        recoveringUntil = time + min(loop, .seconds(100))
    }

    /// `count` packets held for lost had arrived all the same.
    mutating func arrivedAfterAll(_ count: Int) {
        losses.withdraw(segments: UInt16(clamping: count), from: losses.newestNumber)
    }

    /// DATA_BLOCKED or STREAM_DATA_BLOCKED: flow control holds the sender (RFC 9000 section 4.1).
    mutating func blocked(at time: Timestamp) {
        credit.spent(at: time)
        if packets > 0 { limits.enter(.receiver, at: time, delay: 0) }
    }

    /// MAX_DATA or MAX_STREAM_DATA from the receiver.
    mutating func released(loop: Nanoseconds, at time: Timestamp) { credit.given(loop: loop, at: time) }

    /// A packet passed at its sender, whose timer is `timer`. `outstanding`: bytes under way before it; `lastHeard`: when the
    /// peer's newest datagram passed.
    mutating func followTimer(_ timer: Nanoseconds, outstanding: Int, lastHeard: Timestamp, at time: Timestamp) {
        timers.sent(timer: timer, outstanding: outstanding, lastHeard: lastHeard, at: time)
    }

    /// `loop`: the whole round trip.
    func report(into sender: inout SenderSnapshot, lost: Int, loop: Nanoseconds, at time: Timestamp) {
        guard packets > 0 else { return }
        sender.waits = waits(loop: loop, at: time)
        sender.dataPackets = packets
        sender.outOfOrder = outOfOrder
        sender.reorderExtent = reorderExtent
        sender.limitedBy = limits.shares(at: time)
        sender.flightDelayCorrelation = queueLink.value
        sender.pacing = pacing.isPaced
        sender.idlePeriods = Int(idle.periods)
        sender.idleRestarts = Int(idle.restarts)
        sender.loss = losses.counts()
        sender.lossRatio = Double(max(0, lost)) / Double(packets)
        if let last = rate.rate(at: time) {
            sender.lastRate = last
            sender.maxRate = max(rate.maximum, last)
        }
        let span = max(lastData, lastAnswer) - firstData
        if span > 0 {
            sender.goodput = Double(sender.uniqueBytes) * 8 / span.seconds
            sender.meanRate = sender.goodput
        }
    }

    private func waits(loop: Nanoseconds, at time: Timestamp) -> SenderWaits {
        var waits = timers.waits
        (waits.withoutCredit, waits.creditEpisodes) = credit.total(loop: loop, at: time)
        return waits
    }
}
