import StreamtopBase
import StreamtopModel

/// How a sender stood when its peer fell silent: what it repeats from then on is loss only if the peer answers again (handbook
/// 14.4).
struct TCPSilence: Sendable {
    /// Repetitions without an answer that raise the question.
    static let repeats: UInt32 = 2
    /// Each wait of a timer is twice the one before (RFC 6298 section 5.5); timers are coarse.
    private static let growth = 1.7
    static let least: Nanoseconds = .seconds(3)
    /// Timeouts of the sender that a peer may take to answer.
    static let timeouts: Int64 = 3

    let counts: RetransmissionCounts
    let segments: UInt32
    let upstream: UInt32
    let downstream: UInt32
    let recoveries: TCPRecoveryCounts
    /// The newest loss event then, and the packets in it.
    let lossEvent: UInt32
    let lossPackets: Int32
    /// Bytes of the range that is repeated.
    private(set) var bytes = 0
    private var last: Timestamp
    private var gap: Nanoseconds = 0
    /// Waits in a row that grew so. The first repetition may be a probe, which comes sooner than the timer.
    private var growths: UInt8 = 0
    private var repeats: UInt32 = 0
    /// The sender's timer backs off; once seen, it stays so, for its longest wait does not grow.
    private(set) var isBackingOff = false

    init(_ rareMeters: borrowing TCPRareMeters, sent: Timestamp) {
        counts = rareMeters.repairs.counts
        segments = rareMeters.repairs.segments
        upstream = rareMeters.repairs.upstream
        downstream = rareMeters.repairs.downstream
        recoveries = rareMeters.repairs.recoveries
        lossEvent = rareMeters.losses.newestNumber
        lossPackets = rareMeters.losses.newestPackets
        last = sent
    }

    mutating func observeRepeat(bytes: Int, at time: Timestamp) {
        self.bytes = bytes
        let gap = time - last
        let isGrowing = self.gap > 0 && Double(gap) >= Self.growth * Double(self.gap)
        growths = isGrowing ? min(growths, 8) + 1 : 0
        repeats &+= 1
        if growths >= 2 || growths == 1 && repeats == Self.repeats { isBackingOff = true }
        self.gap = gap
        last = time
    }
}
