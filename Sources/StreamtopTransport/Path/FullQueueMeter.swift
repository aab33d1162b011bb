import StreamtopBase

/// Notices that the path of a busy sender became longer.
///
/// Such a sender never shows the empty path again. But a full queue loses at the same round trip each time, as long as
/// buffer, rate and path are what they were: where the next loss comes at a longer one, at the same rate, after a round trip
/// that jumped by as much from one sample to the next, the path is longer and the queue is not. A queue fills step by step;
/// a link that became slower shows in the rate.
struct FullQueueMeter: Sendable {
    /// Own: what `BaseStepMeter` asks for, too.
    static let least: Nanoseconds = BaseStepMeter.least
    /// Round trips at full queues, and rates, are alike within a twentieth; own, measured at the lab's drop-tail queues, which
    /// vary by a hundredth.
    private static let alike = 0.05
    /// Part of the step that one sample must have jumped: by then the queue has drained a little.
    private static let jumpShare = 0.6

    /// Round trip at the last loss, and at how many in a row it was alike.
    private var roundTrip: Nanoseconds = 0
    private var count: UInt8 = 0
    private var rate = 0.0
    private var lossTime = Timestamp(nanoseconds: 0)
    private var lossDelivered: UInt64 = 0

    private var last: Nanoseconds = 0
    private var jump: Nanoseconds = 0
    private var jumpTime = Timestamp(nanoseconds: 0)
    private(set) var step: (size: Nanoseconds, since: Timestamp)?

    // The largest jump of the flow's life and the next one, the least round trip before it and since.
    private var largest: Nanoseconds = 0
    private var second: Nanoseconds = 0
    private var lowest: Nanoseconds = .max
    private var highest: Nanoseconds = 0
    private var lowestBefore: Nanoseconds = .max
    private var lowestSince: Nanoseconds = .max
    private var samplesSince: UInt32 = 0
    /// Samples after a jump that show whether it was a passing one: own, twice what a flow of the lab has in flight.
    private static let settled: UInt32 = 100

    init() {}

    /// So many times shorter than the jump, the round trip before it was not that of the path: a flow that was joined late is first
    /// measured next to the capture point alone. Own.
    private static let shortest: Nanoseconds = 16

    /// The round trip jumped once by so much, and never came down by most of it since: the path may be longer, and the queue not
    /// as large as it seems. Nil where jumps are usual, as on radio.
    var unsettled: Nanoseconds? {
        guard largest >= Self.least, second <= largest / 2, samplesSince >= Self.settled, lowestBefore != .max,
            lowestBefore >= largest / Self.shortest,
            Double(lowestSince - lowestBefore) >= Self.jumpShare * Double(largest)
        else { return nil }
        return largest
    }

    /// A round trip, or the component of it that holds the queue.
    mutating func observe(_ sample: Nanoseconds, at time: Timestamp) {
        let size = last > 0 ? sample - last : 0
        if size > jump {
            jump = size
            jumpTime = time
        }
        // Back to where it was after a dip, as after a probe of BBR, is no jump of the path.
        if size > largest, sample > highest {
            second = largest
            largest = size
            lowestBefore = lowest
            lowestSince = sample
            samplesSince = 0
        } else {
            second = max(second, size)
            lowestSince = min(lowestSince, sample)
            if samplesSince < .max { samplesSince += 1 }
        }
        lowest = min(lowest, sample)
        highest = max(highest, sample)
        last = sample
    }

    /// A packet was lost while the newest round trip was of a full queue; `delivered`: bytes that had arrived by then.
    mutating func observeLoss(delivered: UInt64, at time: Timestamp) {
        guard last > 0 else { return }
        let span = time - lossTime
        // One burst is one loss.
        guard count == 0 || span > 4 * last else { return }
        let now = count > 0 && span > 0 ? Double(delivered &- lossDelivered) / span.seconds : 0
        let size = last - roundTrip
        if count > 0, isAlike(Double(last), Double(roundTrip)) {
            count = min(count, 100) + 1
        } else {
            if count >= 2, size >= Self.least, isAlike(now, rate), Double(jump) >= Self.jumpShare * Double(size) {
                step = (size, jumpTime)
            }
            count = 1
        }
        roundTrip = last
        if now > 0 { rate = now }
        lossTime = time
        lossDelivered = delivered
        jump = 0
    }

    private func isAlike(_ one: Double, _ other: Double) -> Bool {
        abs(one - other) <= Self.alike * max(one, other)
    }

    /// The step, once.
    mutating func take() -> (size: Nanoseconds, since: Timestamp)? {
        guard let found = step else { return nil }
        step = nil
        // The jump is explained.
        largest = 0
        second = 0
        lowest = last
        return found
    }
}
