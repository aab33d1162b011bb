import StreamtopBase

/// The RTCP packets of a flow.
package struct RTCPSnapshot: Equatable, Sendable {
    /// Datagrams, and their bytes without UDP and IP.
    package var packets: UInt64 = 0
    package var bytes: UInt64 = 0
    /// The content of some was unreadable: SRTCP without its keys.
    package var isEncrypted = false
    /// Some began with neither a sender's nor a receiver's report (RFC 5506).
    package var hasReducedSize = false
    /// Packets in compounds by what they are.
    package var types: [RTCPTypeCount] = []
    /// The newest report blocks, oldest first.
    package var reports: [RTCPReportRow] = []
    package var ecn: [RTCPCongestionMarks] = []
    package var voice: [VoiceMetricsRow] = []

    package init() {}
}

package struct RTCPTypeCount: Equatable, Sendable {
    package var name: String
    package var count: Int

    package init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}

package struct RTCPReportRow: Equatable, Sendable {
    package var time: Timestamp
    package var from: Direction
    /// The stream reported on.
    package var source: UInt32
    /// 0 to 1.
    package var fractionLost: Double
    package var lost: Int
    /// In clock units; the stream's clock turns it into time.
    package var jitterUnits: UInt32
    package var jitter: Nanoseconds?
    package var roundTrip: Nanoseconds?

    package init(
        time: Timestamp, from: Direction, source: UInt32, fractionLost: Double, lost: Int, jitterUnits: UInt32
    ) {
        self.time = time
        self.from = from
        self.source = source
        self.fractionLost = fractionLost
        self.lost = lost
        self.jitterUnits = jitterUnits
    }
}

/// ECN marks as a receiver reports them.
package struct RTCPCongestionMarks: Equatable, Sendable {
    package enum Source: String, Sendable {
        case rfc8888, rfc6679
    }

    package var from: Direction
    package var source: Source
    package var ect0: UInt64 = 0
    package var ect1: UInt64 = 0
    package var ce: UInt64 = 0

    package init(from: Direction, source: Source) {
        self.from = from
        self.source = source
    }
}

/// What a receiver says of the call itself (RFC 3611 section 4.7).
package struct VoiceMetricsRow: Equatable, Sendable {
    package var time: Timestamp
    package var from: Direction
    package var source: UInt32
    package var lossRatio: Double
    package var discardRatio: Double
    /// nil where the receiver has none.
    package var rFactor: Int?
    package var mos: Double?
    package var roundTrip: Nanoseconds?
    package var jitterBuffer: Nanoseconds?

    package init(time: Timestamp, from: Direction, source: UInt32, lossRatio: Double, discardRatio: Double) {
        self.time = time
        self.from = from
        self.source = source
        self.lossRatio = lossRatio
        self.discardRatio = discardRatio
    }
}
