import StreamtopBase

/// An MPEG transport stream inside a flow (ISO/IEC 13818-1).
package struct TransportStreamSnapshot: Equatable, Sendable {
    package struct Stream: Equatable, Sendable {
        package var pid: UInt16
        package var kind: String
        package var packets: UInt64
        package var continuityErrors: UInt64
        package var duplicates: UInt64

        package init(pid: UInt16, kind: String, packets: UInt64, continuityErrors: UInt64, duplicates: UInt64) {
            self.pid = pid
            self.kind = kind
            self.packets = packets
            self.continuityErrors = continuityErrors
            self.duplicates = duplicates
        }
    }

    /// Where packets went missing, as far as it can be told.
    package enum Break: String, Sendable {
        case network
        case beforeTap = "before_tap"
        case unknown
    }

    package var packets: UInt64 = 0
    package var bytes: UInt64 = 0
    package var streams: [Stream] = []
    /// nil where the capture cut packets off: then counters cannot be followed.
    package var continuityErrors: UInt64?
    /// Of those errors, those where the carrier's own numbering has no hole.
    package var errorsBeforeTap: UInt64 = 0
    package var duplicates: UInt64?
    /// Flagged by the source.
    package var discontinuities: UInt64?
    package var transportErrors: UInt64 = 0
    package var clockPID: UInt16?
    package var clockInterval: (p50: Nanoseconds, longest: Nanoseconds)?
    /// 95th percentile of how much later or sooner a clock reference came than its value says.
    package var clockJitter: Nanoseconds?
    /// Of the multiplex by its own clock, in bits a second.
    package var rate: Double?
    package var broken: Break?
    package var mediaClock: MediaClockSnapshot?

    package init() {}

    package static func == (left: TransportStreamSnapshot, right: TransportStreamSnapshot) -> Bool {
        left.packets == right.packets && left.streams == right.streams && left.broken == right.broken
            && left.continuityErrors == right.continuityErrors && left.mediaClock == right.mediaClock
    }
}

/// An SRT connection, by its clear headers (draft-sharabayko-srt).
package struct SRTSnapshot: Equatable, Sendable {
    package var version: String?
    package var isEncrypted = false
    /// Receive latency of each end, as agreed.
    package var latency = BothDirections<Nanoseconds?>(client: nil, server: nil)
    package var roundTrip: RoundTripSnapshot?
    package var dataPackets: UInt64 = 0
    package var retransmitted: UInt64 = 0
    /// Numbers missing at first sight, and what became of them.
    package var lost: UInt64 = 0
    /// nil where the receiver's latency is not known: then nothing says what came in time.
    package var recovered: UInt64?
    package var tooLate: UInt64?
    package var unrecovered: UInt64 = 0
    package var lossReports: UInt64 = 0
    /// The end that sends more data.
    package var sender: Direction = .fromClient
    /// The reason of a rejected handshake (section 4.3); nil where it was accepted.
    package var rejection: UInt32?

    package init() {}

    /// Latency of the receiving end in round trips.
    package var budget: Double? {
        guard let latency = latency[sender.reversed], let trip = roundTrip?.p50, trip > 0 else { return nil }
        return Double(latency) / Double(trip)
    }
}

/// Audio or video of RTMP or FLV.
package struct FLVTrackSnapshot: Equatable, Sendable {
    package var codec: String?
    package var messages: UInt64 = 0
    package var bytes: UInt64 = 0
    /// Bits a second of media time.
    package var bitrate: Double?

    package init() {}
}

/// An RTMP connection, or FLV over HTTP.
package struct RTMPSnapshot: Equatable, Sendable {
    package enum Role: String, Sendable { case publish, play }

    package var role: Role?
    package var app: String?
    package var handshake: Nanoseconds?
    package var connect: Nanoseconds?
    package var chunkSize = BothDirections<Int?>(client: nil, server: nil)
    package var acknowledgementWindow = BothDirections<UInt32?>(client: nil, server: nil)
    package var audio: FLVTrackSnapshot?
    package var video: FLVTrackSnapshot?
    package var keyFrameInterval: Nanoseconds?
    package var mediaClock: MediaClockSnapshot?
    /// The last error that the server named ("NetStream.Publish.BadName").
    package var error: String?
    /// Chunks could not be found after a hole: counts are lower bounds.
    package var hasLostStep = false

    package init() {}
}

/// An RTSP connection (RFC 2326, RFC 7826).
package struct RTSPSnapshot: Equatable, Sendable {
    package var methods: [NamedCount] = []
    /// udp or interleaved; nil before SETUP.
    package var transport: String?
    /// From the connection's start, or the first request where that was not seen, to the answer of PLAY or RECORD.
    package var setup: Nanoseconds?
    package var errors = 0
    package var mediaClock: MediaClockSnapshot?

    package init() {}
}
