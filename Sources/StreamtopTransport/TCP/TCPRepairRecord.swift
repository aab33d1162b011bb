import StreamtopBase
import StreamtopModel

/// Queueing delay when a segment last jumped a hole, and the time before: the repairs tell only later whether it was a
/// loss.
struct TCPJumpRecord: Sendable {
    private var newest = Timestamp(nanoseconds: .min)
    private var newestQueue: Nanoseconds = 0
    private var older = Timestamp(nanoseconds: .min)
    private var olderQueue: Nanoseconds = 0

    init() {}

    /// Jumps within `span` of one another count as one.
    mutating func record(_ queue: Nanoseconds, at time: Timestamp, span: Nanoseconds) {
        guard newest.nanoseconds == .min || time - newest > span else {
            newestQueue = max(newestQueue, queue)
            return
        }
        older = newest
        olderQueue = newestQueue
        newest = time
        newestQueue = queue
    }

    func queue(at time: Timestamp) -> Nanoseconds? {
        if newest.nanoseconds != .min, time >= newest { return newestQueue }
        return older.nanoseconds == .min ? nil : olderQueue
    }
}

/// Retransmissions of one sender, by what made it repeat, and the newest of them: needless ones turn out later.
struct TCPRepairRecord: Sendable {
    struct Repair: Sendable {
        var start: UInt32
        var end: UInt32
        var timestampValue: UInt32
        var identification: UInt16
        var cause: RetransmissionCause
        var upstream: Bool
        /// The range may have been lost; false where it had passed at its receiver, whose answer was lost instead.
        var isLoss = true
        /// Segments that it makes on the wire.
        var segments: UInt16
        /// Number of the recovery that it belongs to; 0 for one that was needless from the start.
        var recovery: UInt32 = 0
        /// Number of the loss event that it was taken for a part of; 0 for none.
        var loss: UInt32 = 0
    }
    static let capacity = 256

    static let limits = [
        Limit("TCP retransmissions remembered", capacity, per: .direction, policy: "the oldest go; counts stay")
    ]

    private(set) var counts = RetransmissionCounts()
    var recoveries = TCPRecoveryCounts()
    private var recent = BoundedHistory<Repair>(capacity: TCPRepairRecord.capacity)
    /// Segments sent again, with super-segments cut up, and how many of them were needless.
    private(set) var segments: UInt32 = 0
    private(set) var needlessSegments: UInt32 = 0
    /// Segments lost before they reached the capture point, and behind it.
    private(set) var upstream: UInt32 = 0
    private(set) var downstream: UInt32 = 0

    init() {}

    mutating func record(_ repair: Repair) {
        counts.packets += 1
        counts.bytes += UInt64(UInt32(bitPattern: repair.end.distance(after: repair.start)))
        count(repair.cause, by: 1)
        segments &+= UInt32(repair.segments)
        if !repair.isLoss {
            // Nothing was lost before the receiver.
        } else if repair.upstream {
            upstream &+= UInt32(repair.segments)
        } else {
            downstream &+= UInt32(repair.segments)
        }
        if repair.cause == .spurious {
            exonerate(repair)
            return
        }
        recent.append(repair)
    }

    /// The newest repair was taken for a part of loss event `number`.
    mutating func attributeNewest(to number: UInt32) {
        guard !recent.isEmpty else { return }
        recent[age: 0].loss = number
    }

    /// The range turned out to have arrived twice: the newest retransmission that overlaps it was needless. Returns it,
    /// nil when none is known (the network duplicated the packet).
    mutating func needless(_ start: UInt32, _ end: UInt32) -> Repair? {
        for age in 0..<recent.count {
            let repair = recent[age: age]
            guard repair.cause != .spurious, end.isAfter(repair.start), repair.end.isAfter(start) else { continue }
            count(repair.cause, by: -1)
            count(.spurious, by: 1)
            exonerate(repair)
            recoveries.exonerate(repair.recovery)
            recent[age: age].cause = .spurious
            return repair
        }
        return nil
    }

    /// Whether one of the newest retransmissions is this very packet, delivered twice by the network.
    func holdsCopy(start: UInt32, timestampValue: UInt32, identification: UInt16) -> Bool {
        for age in 0..<min(8, recent.count) {
            let repair = recent[age: age]
            if repair.start == start, repair.timestampValue == timestampValue, repair.identification == identification {
                return true
            }
        }
        return false
    }

    private mutating func exonerate(_ repair: Repair) {
        let segments = UInt32(repair.segments)
        needlessSegments &+= segments
        guard repair.isLoss else { return }
        if repair.upstream {
            upstream = upstream &- min(upstream, segments)
        } else {
            downstream = downstream &- min(downstream, segments)
        }
    }

    /// Segments sent again and not shown to be needless.
    var justified: UInt32 { segments &- needlessSegments }

    /// Segments that must have been lost.
    var lostSegments: Int { Int(upstream) + Int(downstream) }

    private mutating func count(_ cause: RetransmissionCause, by step: Int) {
        switch cause {
        case .fast: counts.fast += step
        case .timeout: counts.timeout += step
        case .tailProbe: counts.tailProbe += step
        case .spurious: counts.spurious += step
        case .unclassified: counts.unclassified += step
        }
    }
}
