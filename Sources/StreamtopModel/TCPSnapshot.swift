import StreamtopBase

/// Facts of a TCP flow; one side for each end as sender of data.
package struct TCPSnapshot: Equatable, Sendable {
    package var client = TCPSideSnapshot()
    package var server = TCPSideSnapshot()
    /// Where the capture was taken, inferred from the halves of the round trip; nil when it cannot be told.
    package var vantage: Vantage?
    /// Multipath TCP options were seen (RFC 8684).
    package var multipath = false
    /// SYN and SYN-ACK retransmissions.
    package var synRetransmissions = 0
    package var synAckRetransmissions = 0
    private let place = PassedByAddress()

    package init() {}

    package subscript(direction: Direction) -> TCPSideSnapshot {
        get { direction == .fromClient ? client : server }
        set { if direction == .fromClient { client = newValue } else { server = newValue } }
    }
}

/// Place of the capture point on the path, seen from the flow's two ends.
package enum Vantage: String, Sendable {
    case client, server, middle
    /// Both ends are here.
    case loopback
}

/// Phase of a sender's congestion control, as far as it shows on the wire.
package enum CongestionPhase: String, Sendable {
    case slowStart = "slow_start"
    case congestionAvoidance = "congestion_avoidance"
    case recovery
    case applicationLimited = "application_limited"
    case receiverLimited = "receiver_limited"
}

/// Congestion controls we can name from the trace.
package enum CongestionControlName: String, Sendable {
    case cubic, bbr, reno, unknown
}

/// One end of a TCP flow as sender of data; window facts are those it advertises as receiver.
package struct TCPSideSnapshot: Equatable, Sendable {
    // Options of its SYN
    package var mssBytes: Int?
    package var windowScale: Int?
    package var sackPermitted: Bool?
    package var timestamps: Bool?
    package var ecnNegotiated: Bool?
    package var fastOpen: Bool?

    // Counts
    package var cePackets = 0
    package var ectPackets = 0
    package var segments = 0
    package var dataSegments = 0
    /// Payload bytes without retransmissions.
    package var uniqueBytes: UInt64 = 0
    /// Segments with data that were sent again.
    package var retransmissions = RetransmissionCounts()
    /// SYN and FIN segments without data that were sent again, always by the sender's timer.
    package var controlRetransmissions = 0
    /// Everything sent again, as a sender's own counters have it.
    package var allRetransmissions: RetransmissionCounts {
        var counts = retransmissions
        counts.packets += controlRetransmissions
        counts.timeout += controlRetransmissions
        return counts
    }
    package var outOfOrder = 0
    /// Largest reordering extent in segments (RFC 4737 section 4.2.1 in segments of the path's size).
    package var reorderExtent = 0
    package var duplicateAcks = 0
    package var duplicatePackets = 0
    /// Segments that the other end acknowledged and we never captured.
    package var lostBeforeCapture = 0
    package var lostBeforeCaptureBytes: UInt64 = 0
    package var zeroWindows = 0
    package var zeroWindowEpisodes = 0
    package var zeroWindowTime: Nanoseconds = 0
    package var windowFull = 0
    package var keepAlives = 0
    package var windowProbes = 0
    package var resets = 0
    package var fins = 0
    /// DSACK blocks this end received for its data: proven needless retransmissions (RFC 2883).
    package var dsacks = 0

    // Windows
    package var initialWindowBytes: Int?
    package var inFlight: InFlightSnapshot?
    package var congestionWindow: CongestionWindowSnapshot?
    package var congestionControl: CongestionControlSnapshot?
    /// Slow-start threshold events: cuts of the window with their ratio after / before.
    package var windowCuts: [WindowCut] = []
    package var receiveWindow: ReceiveWindowSnapshot?
    package var limitedBy: LimitShares?
    package var pacing: Bool?

    // Rates, bits a second
    package var lastRate: Double?
    package var maxRate: Double?
    package var meanRate: Double?
    package var goodput: Double?

    // Loss
    package var loss = LossCounts()
    /// Lost data segments over data segments sent; nil when nothing was sent or the capture itself lost too much.
    package var lossRatio: Double?
    /// Payload bytes of the largest segment; above the MSS it betrays segmentation offload at the capture point.
    package var largestSegment = 0

    // Figures for judgement; nil while not measured or on too little data
    /// Rank correlation (Spearman) of bytes in flight and queue delay over at least 20 round trips: near 1 when this
    /// sender's own data is the queue.
    package var flightDelayCorrelation: Double?
    /// Recoveries from loss in this direction, and those of them that repaired the last segment of a response by a
    /// tail probe or a timeout (RFC 8985 section 7).
    package var recoveries: Int?
    package var tailRecoveries: Int?
    /// Most timeouts in a row without new data acknowledged; each doubles the wait (RFC 6298 section 5.5).
    package var longestBackoff: Int?
    /// Idle periods after which the first flight was cut back to a restart window (RFC 5681 section 4.1), out of those
    /// idle periods that had enough data after them to tell.
    package var idleRestarts: Int?
    package var idlePeriods: Int?
    /// Time during which the sender's own socket buffer held it back.
    package var sendBufferLimited: Nanoseconds?
    private let place = PassedByAddress()

    package init() {}
}

package struct RetransmissionCounts: Equatable, Sendable {
    package var packets = 0
    package var bytes: UInt64 = 0
    package var fast = 0
    package var timeout = 0
    package var tailProbe = 0
    package var spurious = 0
    package var unclassified = 0

    package init() {}
}

package struct LossCounts: Equatable, Sendable {
    package var events = 0
    package var random = 0
    package var congestive = 0
    package var policed = 0
    package var unknown = 0
    /// Of the lost segments: those lost between sender and capture point, and those lost behind it.
    package var upstream = 0
    package var downstream = 0

    package init() {}
}

package struct InFlightSnapshot: Equatable, Sendable {
    package var last: Int
    package var maximum: Int
    package var p50: Int
    /// The capture point is far from the sender and its distance is unknown: the value is a lower bound.
    package var isLowerBound: Bool

    package init(last: Int, maximum: Int, p50: Int, isLowerBound: Bool) {
        self.last = last
        self.maximum = maximum
        self.p50 = p50
        self.isLowerBound = isLowerBound
    }
}

package struct CongestionWindowSnapshot: Equatable, Sendable {
    package var bytes: Int
    package var packets: Int?
    package var maximum: Int
    package var source: EstimateSource
    package var confidence: Double
    package var phase: CongestionPhase?
    /// The sender was not held back by its window: the true one is at least this.
    package var isLowerBound: Bool

    package init(
        bytes: Int, packets: Int?, maximum: Int, source: EstimateSource, confidence: Double, phase: CongestionPhase?,
        isLowerBound: Bool
    ) {
        self.bytes = bytes
        self.packets = packets
        self.maximum = maximum
        self.source = source
        self.confidence = confidence
        self.phase = phase
        self.isLowerBound = isLowerBound
    }
}

package struct CongestionControlSnapshot: Equatable, Sendable {
    package var name: CongestionControlName
    package var source: EstimateSource
    package var confidence: Double
    /// Plain sentences, each with the figures behind it.
    package var evidence: [String]

    package init(name: CongestionControlName, source: EstimateSource, confidence: Double, evidence: [String]) {
        self.name = name
        self.source = source
        self.confidence = confidence
        self.evidence = evidence
    }
}

/// A reduction of the sender's window after loss or ECE.
package struct WindowCut: Equatable, Sendable {
    package var time: Timestamp
    package var beforeBytes: Int
    package var afterBytes: Int

    package init(time: Timestamp, beforeBytes: Int, afterBytes: Int) {
        self.time = time
        self.beforeBytes = beforeBytes
        self.afterBytes = afterBytes
    }
}

package struct ReceiveWindowSnapshot: Equatable, Sendable {
    package var last: Int
    package var maximum: Int
    package var minimum: Int
    /// Largest window seen minus the one advertised now: data that the application has not read.
    package var occupied: Int
    /// The window scale was never seen; the values are lower bounds.
    package var scaleUnknown: Bool

    package init(last: Int, maximum: Int, minimum: Int, occupied: Int, scaleUnknown: Bool) {
        self.last = last
        self.maximum = maximum
        self.minimum = minimum
        self.occupied = occupied
        self.scaleUnknown = scaleUnknown
    }
}

/// Shares of the flow's time by what held the sender back; the three sum up to the time analysed.
package struct LimitShares: Equatable, Sendable {
    package var network: Nanoseconds
    package var receiver: Nanoseconds
    package var application: Nanoseconds

    package init(network: Nanoseconds, receiver: Nanoseconds, application: Nanoseconds) {
        self.network = network
        self.receiver = receiver
        self.application = application
    }
}
