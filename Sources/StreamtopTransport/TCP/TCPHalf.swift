import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What one step of the analysis needs to know of the whole path.
struct TCPPathView: Sendable {
    /// Capture point to the sender of the data and back; nil while unknown.
    var toSender: Nanoseconds?
    /// The capture point is at the sender: what passes here is what the sender knows.
    var senderIsNear = false
    /// The whole loop: smallest and smoothed; nil while unknown.
    var minimum: Nanoseconds?
    var smoothed: Nanoseconds?
    var variation: Nanoseconds = 0
    /// Largest queueing delay of the last round trip, and its usual peak (95th percentile).
    var queue: Nanoseconds?
    var peakQueue: Nanoseconds?

    /// When a sender gives up waiting (RFC 6298, with the Linux floor of 200 ms above the smoothed round trip).
    var timeout: Nanoseconds {
        guard let smoothed else { return .seconds(1) }
        return saturatingAdd(smoothed, max(4 * variation, .milliseconds(200)))
    }
}

/// One end of a TCP flow as sender of data, with the acknowledgments that its peer returns.
///
/// Split over files by what happens to it: `+transmission` (its segments), `+acknowledgment` (its peer's answers),
/// `+report`.
struct TCPHalf: Sendable {
    // Options of its SYN
    var synSeen = false
    var sackPermitted = false
    var timestampsOffered = false
    var windowScale: UInt8?
    var offeredSegmentSize: UInt16 = 0
    var fastOpen = false
    /// The peer's segment size option, 0 when unknown, and whether timestamps take 12 bytes of every segment.
    var peerSegmentSize: UInt32 = 0
    var timestampsInUse = false
    var ecn = TCPEcnMeter()

    // Sequence space; valid when `started`
    var started = false
    var initialSequence: UInt32 = 0
    /// One past the highest sequence number seen.
    var next: UInt32 = 0
    /// Highest acknowledgment of the peer seen.
    var acknowledged: UInt32 = 0
    var finSequence: UInt32?
    var segments = TCPSegmentQueue()
    var log = TCPAcknowledgmentLog()
    /// Highest byte that SACK has reported, valid while `sackedBytes > 0`.
    var highestSacked: UInt32 = 0
    var sackedBytes: Int32 = 0
    /// Running counts of bytes held for lost and of those repeated since; modulo 2^32, only their distance counts.
    var lostTotal: UInt32 = 0
    var repairedTotal: UInt32 = 0
    var duplicateAcknowledgmentRun: Int32 = 0
    var recoveryPoint: UInt32?
    var recoveryByTimeout = false

    // Times
    var lastData = Timestamp(nanoseconds: .min)
    var lastNewData = Timestamp(nanoseconds: .min)
    var firstData: Timestamp?
    var lastProgress = Timestamp(nanoseconds: .min)

    // Counts
    var segmentCount: UInt32 = 0
    var dataSegments: UInt32 = 0
    var uniqueBytes: UInt64 = 0
    var repeated = TCPRepairRecord()
    var outOfOrder: UInt32 = 0
    var reorderExtent: UInt32 = 0
    var duplicateAcks: UInt32 = 0
    var duplicatePackets: UInt32 = 0
    var lostBeforeCapture: UInt32 = 0
    var lostBeforeCaptureBytes: UInt64 = 0
    var keepAlives: UInt32 = 0
    var windowProbes: UInt32 = 0
    var resets: UInt32 = 0
    var fins: UInt32 = 0
    var dsacks: UInt32 = 0
    /// Largest payload, and the payload of full segments as the capture shows them.
    var largestSegment: UInt32 = 0
    var fullSegment: UInt32 = 0

    // IP header
    var hopLimit: UInt8 = 0
    var hopLimitChanges: UInt8 = 0
    var lastIdentification: UInt16 = 0
    /// Consecutive new segments whose IP identification grew by a little: the sender counts its packets.
    var identificationRun: UInt8 = 0

    // Meters
    var roundTrip = TCPRoundTripMeter()
    var window = TCPReceiveWindowMeter()
    var flight = TCPFlightMeter()
    var limits = TCPLimitMeter()
    var losses = TCPLossMeter()
    var rate = RateMeter()
    var blackHole = TCPBlackHoleMeter()
    var queueLink = TCPQueueLink()
    var congestion: [TCPCongestionMeter] = []
    var windowFull: UInt32 = 0
    var sampled = TCPSampledCounts()

    init() {}

    /// Segment size to count with: what full segments carry, else what the peer's option allows, else the least that
    /// every host must take (RFC 9293 section 3.7.1).
    var unit: Int {
        if fullSegment > 0 { return Int(fullSegment) }
        return 536
    }

    /// Segments that `bytes` make on the wire; a capture on the host sees them before they are cut (offload).
    func segments(in bytes: Int) -> Int { max(1, (bytes + unit - 1) / unit) }

    /// Bytes sent and not acknowledged, whatever became of them.
    var outstanding: Int { started ? max(0, Int(next.distance(after: acknowledged))) : 0 }

    var isInRecovery: Bool { recoveryPoint != nil }

    /// What the sender knows, were it here.
    func currentView(edge: UInt32) -> TCPSenderView {
        TCPSenderView(acknowledged: acknowledged, edge: edge, sacked: sackedBytes, lost: lostTotal)
    }

    /// Bytes in the network as the sender counts them (RFC 6675 "pipe") when it knows `view`.
    func pipe(_ view: TCPSenderView) -> Int {
        let sent = Int(next.distance(after: view.acknowledged))
        let missing = max(0, Int(view.lost.distance(after: repairedTotal)))
        return max(0, sent - Int(view.sacked) - missing)
    }

    mutating func anchor(at sequence: UInt32) {
        started = true
        initialSequence = sequence
        next = sequence
        acknowledged = sequence
        segments.removeAll()
    }
}

/// Retransmissions of one sender, by what made it repeat, and the newest of them: needless ones turn out later.
struct TCPRepairRecord: Sendable {
    struct Repair: Sendable {
        var start: UInt32
        var end: UInt32
        var timestampValue: UInt32
        var cause: RetransmissionCause
        var hasTimestamp: Bool
        var upstream: Bool
        /// Which loss event it was counted in.
        var segments: UInt16
    }
    static let capacity = 256

    private(set) var counts = RetransmissionCounts()
    private var recent: [Repair] = []
    private var oldest = 0
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
        if repair.upstream { upstream &+= UInt32(repair.segments) } else { downstream &+= UInt32(repair.segments) }
        if repair.cause == .spurious {
            exonerate(repair)
            return
        }
        if recent.count < Self.capacity {
            recent.append(repair)
        } else {
            recent[oldest] = repair
            oldest = (oldest + 1) % Self.capacity
        }
    }

    /// The range turned out to have arrived twice: the newest retransmission that overlaps it was needless. Returns its
    /// first sequence number, nil when none is known (the network duplicated the packet).
    mutating func needless(_ start: UInt32, _ end: UInt32) -> UInt32? {
        for back in 0..<recent.count {
            // newest first
            let index = (oldest + recent.count - 1 - back) % recent.count
            let repair = recent[index]
            guard repair.cause != .spurious, end.isAfter(repair.start), repair.end.isAfter(start) else { continue }
            count(repair.cause, by: -1)
            count(.spurious, by: 1)
            exonerate(repair)
            recent[index].cause = .spurious
            return repair.start
        }
        return nil
    }

    private mutating func exonerate(_ repair: Repair) {
        let segments = UInt32(repair.segments)
        needlessSegments &+= segments
        if repair.upstream {
            upstream = upstream &- min(upstream, segments)
        } else {
            downstream = downstream &- min(downstream, segments)
        }
    }

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
