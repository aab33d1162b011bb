import StreamtopBase

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

/// Losses of a sender: events, each a burst within one round trip, and the lost packets in them, by cause.
package struct LossCounts: Equatable, Sendable {
    package var events = 0
    package var random = 0
    package var congestive = 0
    package var policed = 0
    package var unknown = 0
    /// The lost packets of the events of each kind.
    package var randomPackets = 0
    package var congestivePackets = 0
    package var policedPackets = 0
    package var unknownPackets = 0
    /// Queueing delay that the packets around congestive losses met, median; nil without such.
    package var queueAtCongestion: Nanoseconds?
    /// Of the lost segments: those lost between sender and capture point, and those lost behind it.
    package var upstream = 0
    package var downstream = 0

    package init() {}

    /// The causes cannot be known: the counts stay, the kinds become unknown.
    package mutating func withholdCauses() {
        unknown += random + congestive + policed
        unknownPackets += randomPackets + congestivePackets + policedPackets
        (random, congestive, policed) = (0, 0, 0)
        (randomPackets, congestivePackets, policedPackets) = (0, 0, 0)
        queueAtCongestion = nil
    }
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
