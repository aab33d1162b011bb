import StreamtopBase
import StreamtopWire

/// Tells a clock that was set ahead from a capture that was silent, by the clocks of the hosts: their TCP timestamps
/// (RFC 7323 section 4.1) go on at their own pace whatever is done to the capture's clock.
///
/// A stalled path looks like a step from one direction alone: what it held is stamped with times before the stall. The other
/// direction, which did not wait in it, tells the two apart; so both directions must have fallen behind.
struct LeapWatch: Sendable {
    /// A silence of at least this much may be a step (handbook 14.7).
    static let least: Nanoseconds = .milliseconds(100)
    /// How often the hosts' clocks are read.
    private static let pace: Nanoseconds = .milliseconds(10)
    /// Only ticks of a millisecond are read, those of all current systems; so long they must have agreed with the capture.
    private static let proof: Nanoseconds = .seconds(1)
    /// Within which both directions must have told.
    private static let patience: Nanoseconds = .seconds(2)

    /// Before this time there is nothing to look at.
    private(set) var next = Timestamp(nanoseconds: .min)
    private var clocks = [Clock](repeating: Clock(), count: 64)
    private var leap: Leap?

    /// What a host's clock showed last, in one direction of a flow.
    private struct Clock: Sendable {
        var flow: UInt32 = 0
        var value: UInt32 = 0
        var time = Timestamp(nanoseconds: .min)
        /// How long its milliseconds have agreed with the capture's.
        var agreed: Nanoseconds = 0

        /// Time by the capture since it was read, less time by the host.
        func lag(_ value: UInt32, at time: Timestamp) -> Nanoseconds {
            // Differences of stamps within a day of each other, and of 2^31 ticks at most.
            (time - self.time) - Int64(value.distance(after: self.value)) * 1_000_000
        }

        mutating func read(_ value: UInt32, flow: UInt32, at time: Timestamp) {
            if flow == self.flow, self.time.nanoseconds != .min {
                let elapsed = time - self.time
                // Queues come and go in between; another tick is off by a factor of four at least.
                let isRight = elapsed >= 0 && abs(lag(value, at: time)) <= elapsed / 4 + .milliseconds(20)
                agreed = isRight ? saturatingAdd(agreed, elapsed) : 0
            } else {
                agreed = 0
            }
            self.flow = flow
            self.value = value
            self.time = time
        }
    }

    private struct Leap: Sendable {
        var time: Timestamp
        var by: Nanoseconds
        /// How far the clocks of either direction have fallen behind.
        var low: Nanoseconds?
        var high: Nanoseconds?
    }

    init() {}

    /// Looks at a frame of `flow` stamped `time`, `silence` after the one before. By how much the clock was set ahead, once
    /// that is known.
    @inline(never)
    mutating func look(
        _ frame: borrowing DecodedFrame, flow: UInt32, isLow: Bool, at time: Timestamp, after silence: Nanoseconds
    ) -> Nanoseconds? {
        if silence >= Self.least { leap = Leap(time: time, by: silence) }
        if let leap, time - leap.time > Self.patience { self.leap = nil }
        next = leap == nil ? time + Self.pace : Timestamp(nanoseconds: .min)
        guard frame.transport == .tcp, frame.tcp.options.hasTimestamps, !frame.tcp.flags.isRst else { return nil }
        let value = frame.tcp.options.timestampValue
        let index = Int(flow & 31) * 2 + (isLow ? 1 : 0)
        let clock = clocks[index]
        let isKnown = clock.flow == flow && clock.agreed >= Self.proof
        guard let leap, isKnown else {
            clocks[index].read(value, flow: flow, at: time)
            return nil
        }
        let lag = clock.lag(value, at: time)
        guard lag >= max(Self.least, leap.by / 2) else {
            // A clock that has gone on with the capture's: it was a silence.
            self.leap = nil
            clocks[index].read(value, flow: flow, at: time)
            return nil
        }
        if isLow { self.leap?.low = lag } else { self.leap?.high = lag }
        guard let low = self.leap?.low, let high = self.leap?.high else { return nil }
        self.leap = nil
        for index in clocks.indices { clocks[index].agreed = 0 }
        return min(low, high)
    }
}
