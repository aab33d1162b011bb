import StreamtopBase
import StreamtopModel

/// Makes one time that goes forward of the stamps that frames bear.
///
/// Stamps come from a clock that may be set while it is captured, from several queues that are a little out of order, from
/// two hosts, and from files with single wild values. After a clock was set back, time goes on from where it was:
/// what is added to the stamps from then on is `offset`. What lies across such a step measures nothing; `epoch` tells.
struct StampReader: Sendable {
    /// A stamp, as the analysis is to take it.
    struct Reading {
        var time: Timestamp
        /// The stamp is not believed: nothing may be measured from here to it or from it.
        var isTrusted = true
    }

    /// Latest time seen.
    private(set) var now = Timestamp(nanoseconds: .min)
    /// Added to stamps.
    private(set) var offset: Nanoseconds = 0
    /// Grows with each step.
    private(set) var epoch: UInt8 = 0
    private(set) var steps = ClockSteps()
    private var frames: UInt64 = 0

    /// A step back of at least this much is believed when the next stamp agrees (disorder among queues, hosts and files
    /// that are read together stays far below).
    static let certain: Nanoseconds = .seconds(5)
    /// Less than this is packets out of order.
    static let disorder: Nanoseconds = .milliseconds(1)
    /// Frames behind, of both directions of one flow, that make a step of less than that.
    static let run = 8
    /// A jump ahead of this much is believed when the next stamp agrees: captures are silent for hours, not for years.
    static let farAhead: Nanoseconds = .seconds(86_400)
    /// Frames within which a wild first stamp is forgotten.
    private static let beginning: UInt64 = 4

    private var behind = Behind()
    private var isFarBack = false
    private var pendingAhead: Timestamp?

    /// Frames behind in a row, without one that had caught up.
    private struct Behind: Sendable {
        var count = 0
        var flow: UInt32 = 0
        var isLow = false
        var hasBothDirections = false
    }

    init() {}

    /// Takes the next stamp. `flow` and `isLow` tell the directions of one flow apart.
    @inline(__always)
    mutating func read(_ stamp: Timestamp, flow: UInt32, isLow: Bool) -> Reading {
        frames &+= 1
        let time = stamp + offset
        if frames == 1 { now = time }
        if time >= now, time - now < Self.farAhead {
            now = time
            if behind.count > 0 || isFarBack || pendingAhead != nil { catchUp() }
            return Reading(time: time)
        }
        return readOdd(time, flow: flow, isLow: isLow)
    }

    /// The clock was set ahead by `lead` just before `time`, as the hosts' clocks tell.
    mutating func stepAhead(by lead: Nanoseconds, at time: Timestamp) {
        steps.record(ahead: time, by: lead)
        epoch &+= 1
    }

    private mutating func catchUp() {
        behind = Behind()
        isFarBack = false
        pendingAhead = nil
    }

    @inline(never)
    private mutating func readOdd(_ time: Timestamp, flow: UInt32, isLow: Bool) -> Reading {
        if time >= now {
            if let pending = pendingAhead, time >= pending - Self.certain {
                pendingAhead = nil
                now = time
                if frames > Self.beginning { steps.record(ahead: time, by: 0) }
                return Reading(time: time)
            }
            pendingAhead = time
            steps.outliers &+= 1
            return Reading(time: now, isTrusted: false)
        }
        let lag = now - time
        if lag >= Self.certain {
            guard isFarBack else {
                isFarBack = true
                steps.outliers &+= 1
                return Reading(time: now, isTrusted: false)
            }
            return step(by: lag)
        }
        guard lag > Self.disorder else { return Reading(time: time) }
        if behind.count == 0 {
            behind.flow = flow
            behind.isLow = isLow
        } else if flow == behind.flow, isLow != behind.isLow {
            behind.hasBothDirections = true
        }
        behind.count += 1
        guard behind.count >= Self.run, behind.hasBothDirections else { return Reading(time: time, isTrusted: false) }
        return step(by: lag)
    }

    /// The clock was set back by `lag`, less what passed since the newest stamp before.
    private mutating func step(by lag: Nanoseconds) -> Reading {
        if isFarBack { steps.outliers &-= 1 }
        catchUp()
        steps.record(back: now, by: lag)
        offset = saturatingAdd(offset, lag)
        epoch &+= 1
        return Reading(time: now, isTrusted: false)
    }
}
