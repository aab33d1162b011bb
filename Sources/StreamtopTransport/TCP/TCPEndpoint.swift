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
    /// What its window field is shifted by; nil where the SYNs do not tell.
    var windowShift: UInt8? {
        get { shiftCode == .max ? nil : shiftCode }
        set { shiftCode = newValue ?? .max }
    }
    private var shiftCode: UInt8 = .max
    /// The newest acknowledgment of its peer came without payload.
    var isLastAnswerPure = false
    /// The capture cut off its options: it may have reported ranges (SACK) that nobody saw.
    var isLastAnswerCut = false
    /// It was started by an acknowledgment of its peer: where its own data begins is not known yet.
    private(set) var isAnchoredByAnswer = false
    var hopLimit: UInt8 = 0
    var hopLimitChanges: UInt8 = 0
    /// Consecutive new segments whose IP identification grew by a little: the sender counts its packets.
    var identificationRun: UInt8 = 0
    var recoveryByTimeout = false
    /// Repetitions since the peer's last segment; 255 for that and more.
    var unanswered: UInt8 = 0
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
    /// Meters that only a sender of many segments needs, and those of one that lost or repeated. Most flows are short and
    /// well, and their trackers stay small.
    var bulk = OnDemand<TCPBulkMeters>()
    var rareMeters = OnDemand<TCPRareMeters>()

    var roundTrip = RoundTripMeter()
    var window = TCPReceiveWindowMeter()
    var flight = FlightMeter()
    var limits = LimitMeter()

    // What few segments touch

    var ecn = TCPEcnMeter()
    var timestampsOffered = false
    /// It sent the SYN-ACK, and its options were captured whole.
    var isAnswerer = false
    var areOptionsWhole = false
    /// The least scale of its window that a flight beyond the field has proven.
    private(set) var leastScale: UInt8 = 0
    var fastOpen = false
    private(set) var isEarlyDataDeclined = false
    var offeredSegmentSize: UInt16 = 0
    var finSequence: UInt32?
    var duplicateAcks: UInt32 = 0
    var windowFull: UInt32 = 0
    var resets: UInt16 = 0
    var fins: UInt16 = 0
    /// The SYN or FIN last seen: when, and its IP identification, to know a copy made by the network.
    private var controlTime = Timestamp(nanoseconds: .min)
    private var controlIdentification: UInt16 = 0
    /// What most senders never have: disorder, copies, probes, holes in the capture.
    var rare = OnDemand<TCPRareCounts>()
    private let position = AddressOnly()

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

    /// Its peer acknowledged something: both directions are in the capture.
    var isAnswered: Bool { lastAnswer.nanoseconds != .min }

    /// Its packets came with a hop limit that systems begin with.
    var isUnrouted: Bool { hopLimit == 64 || hopLimit == 128 || hopLimit == 255 }

    /// A segment was larger than its peer accepts: offload had not cut it yet, or had joined it already.
    var isOversized: Bool { peerSegmentSize > 0 && largestSegment > peerSegmentSize }

    /// Retransmissions so far, without those shown to be needless.
    var justifiedRepairs: UInt32 { rareMeters.isEmpty ? 0 : rareMeters.value.repairs.justified }

    /// Segments that one sample of the round trip to their sender can speak for: own, about a window's worth.
    private static let segmentsForSample: UInt32 = 32

    /// It sends much, from far away, and nothing tells how long that takes: without timestamps (RFC 7323) a capture near the
    /// receiver measures the round trip in the handshake only, and where the receiver sends data of its own.
    func lacksRoundTrips(answering receiver: borrowing TCPEndpoint) -> Bool {
        guard !timestampsInUse, dataSegments >= TCPBulkMeters.leastSegments,
            UInt64(roundTrip.measured) * UInt64(Self.segmentsForSample) < UInt64(dataSegments)
        else { return false }
        return receiver.roundTrip.hasSample && receiver.roundTrip.minimum < roundTrip.minimum
            || !roundTrip.hasSample && !receiver.roundTrip.hasSample
    }

    /// A segment of this distant end passes, stamped by its clock.
    mutating func followInbound(stamp: UInt32, at time: Timestamp) {
        guard segmentCount >= TCPBulkMeters.leastSegments else { return }
        rare.fill(TCPRareCounts())
        guard rare.value.inbound.observe(stamp: stamp, at: time) else { return }
        let isFresh = time - roundTrip.lastTime <= max(.milliseconds(500), 2 * min(roundTrip.last, .seconds(100)))
        if isFresh, let queue = roundTrip.ownQueue { rare.value.inbound.look(queue, stamp: stamp, at: time) }
    }

    /// The SYN-ACK acknowledges up to `acknowledgment`: true where that covers data of the SYN. Data that it leaves out was not
    /// lost but declined, and is sent again after the handshake.
    mutating func settleEarlyData(_ acknowledgment: UInt32) -> Bool {
        guard synSeen, dataSegments > 0, acknowledged == initialSequence &+ 1 else { return false }
        if acknowledgment.isAfter(initialSequence &+ 1) { return true }
        guard acknowledgment == initialSequence &+ 1 else { return false }
        isEarlyDataDeclined = true
        segments.removeAll()
        next = initialSequence &+ 1
        uniqueBytes = 0
        dataSegments = 0
        return false
    }

    /// A marked packet passes: true where the last one that was told of is 100 ms past.
    mutating func beginsMarks(at time: Timestamp) -> Bool {
        rare.fill(TCPRareCounts())
        let last = rare.value.lastMark
        guard last.nanoseconds == .min || time - last > .milliseconds(100) else { return false }
        rare.value.lastMark = time
        return true
    }

    /// Its peer has `flight` bytes under way, in answer to a field without a known scale (handbook 14.1).
    mutating func noteScale(provenBy flight: Int) {
        let field = Int(window.largestField)
        while field > 0, leastScale < 14, field << Int(leastScale) < flight { leastScale += 1 }
    }

    /// A SYN without the option, seen whole: neither end scales (RFC 7323 section 2.2).
    private var refusesScaling: Bool { synSeen && windowScale == nil && areOptionsWhole }

    /// What is known of the scale of the window that this end offers to `peer`, once a SYN was seen.
    func shift(towards peer: borrowing TCPEndpoint) -> UInt8? {
        if refusesScaling || peer.refusesScaling { return 0 }
        guard synSeen, let windowScale else { return nil }
        // A SYN-ACK has the option only where the SYN had it; a SYN alone only offers.
        return isAnswerer || peer.synSeen && peer.windowScale != nil ? windowScale : nil
    }

    /// The meters of losses and repeats, from now on.
    mutating func openRareMeters() { rareMeters.fill(TCPRareMeters()) }

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

    /// Its numbers begin at `sequence`, as far as the capture shows; what was on its way before counts no more.
    mutating func anchor(at sequence: UInt32, byAnswer: Bool = false) {
        started = true
        isAnchoredByAnswer = byAnswer
        sackedBytes = 0
        repairedTotal = lostTotal
        recoveryPoint = nil
        log.removeAll()
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
    var nagle = TCPNagleMeter()
    var fullQueue = FullQueueMeter()
    /// When an echo last told the round trip to this sender.
    var lastEcho = Timestamp(nanoseconds: .min)
}

/// Meters of a sender whose segments were lost, repeated or overtaken.
struct TCPRareMeters: Sendable {
    var repairs = TCPRepairRecord()
    var losses = LossMeter()
    var jumps = TCPJumpRecord()
    var blackHole = TCPBlackHoleMeter()
    /// More was missing at once than ever was in flight: acknowledgments are missing with it, and until one for what came
    /// after has passed, the flight is not known.
    var flightUnknownUntil: UInt32?
    /// Since the first repetition after the peer's last segment.
    var silence: TCPSilence?

    /// The range arrived twice: the repair of it was needless, and what it was taken for was no loss. Returns the
    /// repair's first sequence number, nil when none is known.
    mutating func needless(_ start: UInt32, _ end: UInt32) -> UInt32? {
        guard let repair = repairs.needless(start, end) else { return nil }
        losses.withdraw(segments: repair.segments, from: repair.loss)
        return repair.start
    }
}
