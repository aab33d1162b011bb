import StreamtopBase
import StreamtopModel
import StreamtopWire

/// One end of a TCP flow as sender of data, with the acknowledgments that its peer returns.
///
/// Split over files by what happens to it: `+transmission` (its segments), `+acknowledgment` (its peer's answers),
/// `+report`. Not copyable: it is large, holds a dozen buffers, and lives in one place.
struct TCPEndpoint: ~Copyable {
    // The order is that of use: what every segment touches comes first and lies together, in as few cache lines as it
    // takes; what few segments touch comes last.

    var started = false
    var synSeen = false
    var sackPermitted = false
    /// Timestamps take 12 bytes of every segment.
    var timestampsInUse = false
    var windowScale: UInt8?
    var hopLimit: UInt8 = 0
    var hopLimitChanges: UInt8 = 0
    /// Consecutive new segments whose IP identification grew by a little: the sender counts its packets.
    var identificationRun: UInt8 = 0
    var recoveryByTimeout = false
    var lastIdentification: UInt16 = 0

    // Sequence space; valid when `started`
    var initialSequence: UInt32 = 0
    /// One past the highest sequence number seen.
    var next: UInt32 = 0
    /// Highest acknowledgment of the peer seen.
    var acknowledged: UInt32 = 0
    var recoveryPoint: UInt32?
    /// Bytes that SACK has reported above `acknowledged`.
    var sackedBytes: Int32 = 0
    /// Running counts of bytes held for lost and of those repeated since; modulo 2^32, only their distance counts.
    var lostTotal: UInt32 = 0
    var repairedTotal: UInt32 = 0
    var duplicateAcknowledgmentRun: Int32 = 0

    var segmentCount: UInt32 = 0
    var dataSegments: UInt32 = 0
    /// Largest payload, and the payload of full segments as the capture shows them.
    var largestSegment: UInt32 = 0
    var fullSegment: UInt32 = 0
    /// Largest segment that was acknowledged after being sent once: the path takes it.
    var largestDelivered: UInt32 = 0
    /// The peer's segment size option, 0 when unknown.
    var peerSegmentSize: UInt32 = 0
    var uniqueBytes: UInt64 = 0

    var lastData = Timestamp(nanoseconds: .min)
    var lastNewData = Timestamp(nanoseconds: .min)
    var lastAnswer = Timestamp(nanoseconds: .min)
    var lastProgress = Timestamp(nanoseconds: .min)

    var segments = TCPSegmentQueue()
    var log = TCPAcknowledgmentLog()
    /// Meters that only a sender of many segments needs, and those of one that had trouble. Most flows are short and
    /// well, and their trackers stay small.
    var bulk = OnDemand<TCPBulkMeters>()
    var trouble = OnDemand<TCPTroubleMeters>()

    var roundTrip = RoundTripMeter()
    var window = TCPReceiveWindowMeter()
    var flight = FlightMeter()
    var limits = LimitMeter()

    // What few segments touch

    var ecn = TCPEcnMeter()
    var timestampsOffered = false
    var fastOpen = false
    var offeredSegmentSize: UInt16 = 0
    var finSequence: UInt32?
    var duplicateAcks: UInt32 = 0
    var windowFull: UInt32 = 0
    var resets: UInt32 = 0
    var fins: UInt32 = 0
    /// The SYN or FIN last seen: when, and its IP identification, to know a copy made by the network.
    private var controlTime = Timestamp(nanoseconds: .min)
    private var controlIdentification: UInt16 = 0
    /// What most senders never have: disorder, copies, probes, holes in the capture.
    var rare = OnDemand<TCPRareCounts>()
    private let place = AddressOnly()

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

    /// Its packets came with a hop limit that systems begin with.
    var isUnrouted: Bool { hopLimit == 64 || hopLimit == 128 || hopLimit == 255 }

    /// A segment was larger than its peer accepts: offload had not cut it yet, or had joined it already.
    var isOversized: Bool { peerSegmentSize > 0 && largestSegment > peerSegmentSize }

    /// Retransmissions so far, without those shown to be needless.
    var justifiedRepairs: UInt32 { trouble.isEmpty ? 0 : trouble.value.repairs.justified }

    /// The meters of trouble, from now on.
    mutating func openTrouble() { trouble.fill(TCPTroubleMeters()) }

    /// Counts something that few senders have.
    mutating func note(_ change: (inout TCPRareCounts) -> Void) {
        rare.fill(TCPRareCounts())
        change(&rare.value)
    }

    /// This end sends a segment soon.
    func prefetchSending(hasPayload: Bool) {
        roundTrip.prefetch()
        guard hasPayload else { return }
        segments.prefetchEnd()
        log.prefetchOldest()
        flight.prefetch()
        bulk.prefetch()
    }

    /// The other end sends a segment soon, with an acknowledgment for this one.
    func prefetchAnswered() {
        segments.prefetchOldest()
        log.prefetchEnd()
    }

    /// What the sender knows, were it here.
    func currentView(edge: UInt32) -> SenderView {
        SenderView(acknowledged: acknowledged, edge: edge, sacked: sackedBytes, lost: lostTotal)
    }

    /// Bytes in the network as the sender counts them (RFC 6675 "pipe") when it knows `view`.
    func pipe(_ view: SenderView) -> Int {
        let sent = Int(next.distance(after: view.acknowledged))
        let missing = max(0, Int(view.lost.distance(after: repairedTotal)))
        return max(0, sent - Int(view.sacked) - missing)
    }

    /// A SYN or FIN passes, for another time when `isRepeat`. The network's copies of it are nobody's retransmissions.
    mutating func noteControl(isRepeat: Bool, identification: UInt16, at time: Timestamp) {
        let lag = time - controlTime
        let isCopy =
            identification == controlIdentification
            && (identification == 0 ? lag < .milliseconds(1) : lag < .milliseconds(100))
        if isRepeat, !isCopy { note { $0.controlRepeats &+= 1 } }
        controlTime = time
        controlIdentification = identification
    }

    mutating func anchor(at sequence: UInt32) {
        started = true
        initialSequence = sequence
        next = sequence
        acknowledged = sequence
        segments.removeAll()
    }
}

/// Meters of a sender of many segments.
struct TCPBulkMeters: Sendable {
    /// Data segments before these are kept: twice an initial window (RFC 6928) and more.
    static let leastSegments: UInt32 = 24

    var congestion: CongestionMeter
    var rate = RateMeter()
    var queueLink = QueueLink()
    var idle = IdleMeter()
    var pacing = PacingMeter()
    var baseStep = BaseStepMeter()
    var oneWay = TCPOneWayMeter()
    /// When an echo last told the round trip to this sender.
    var lastEcho = Timestamp(nanoseconds: .min)
}

/// Meters of a sender whose segments were lost, repeated or overtaken.
struct TCPTroubleMeters: Sendable {
    var repairs = TCPRepairRecord()
    var losses = LossMeter()
    var jumps = TCPJumpRecord()
    var blackHole = TCPBlackHoleMeter()

    /// The range arrived twice: the repair of it was needless, and what it was taken for was no loss. Returns the
    /// repair's first sequence number, nil when none is known.
    mutating func needless(_ start: UInt32, _ end: UInt32) -> UInt32? {
        guard let repair = repairs.needless(start, end) else { return nil }
        losses.withdraw(segments: repair.segments, from: repair.loss)
        return repair.start
    }
}
