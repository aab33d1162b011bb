import StreamtopBase

/// One RTP stream: one synchronisation source in one direction of a flow.
package struct RTPStreamSnapshot: Equatable, Sendable {
    package var source: UInt32
    package var from: Direction
    package var start: Timestamp
    package var end: Timestamp
    /// In the order in which they came.
    package var payloadTypes: [UInt8] = []
    /// By static payload type, signalling or content; nil when none of them says it.
    package var codec: String?
    package var isVideo: Bool?
    package var clockRate: Int?
    /// nil: nothing says whether the payload is protected.
    package var isEncrypted: Bool?

    /// Packets seen, repeats included.
    package var packets: UInt64 = 0
    /// RTP packets without UDP and IP.
    package var bytes: UInt64 = 0
    /// Sequence numbers between the lowest and the highest seen.
    package var expected: UInt64 = 0
    /// Of those, never seen at the tap.
    package var lost: UInt64 = 0
    package var duplicates: UInt64 = 0
    package var reordered: UInt64 = 0
    /// The sender began its numbers anew.
    package var restarts = 0
    /// Flows that the stream was in before, by the frames that opened them: the call changed its path.
    package var movedFrom: [UInt64] = []
    /// How often so many numbers in a row were missing, ascending; the last length stands for all that are longer.
    package var bursts: [RTPBurstCount] = []
    package var longestBurst = 0
    /// Of the lost ones, those that came again in time by retransmission or could be worked out from FEC; nil while
    /// nothing repairs.
    package var lostRepaired: UInt64?
    /// Of the lost ones, those that came again when it was too late.
    package var repairedLate: UInt64 = 0

    /// RFC 3550 section 6.4.1 over every packet in order of arrival; nil while the clock is unknown.
    package var jitter: Nanoseconds?
    package var meanJitter: Nanoseconds?
    package var maximumJitter: Nanoseconds?
    /// The same over the first packet of each timestamp, for video.
    package var frameJitter: Nanoseconds?
    /// Timestamps went back at least once in ten frames: pictures are not sent in the order in which they are shown.
    package var timestampsGoBack = false

    /// Bits a second over the last second, and since the start.
    package var bitrate: Double?
    package var meanBitrate: Double?
    package var frames: RTPFrameSnapshot?
    package var freezes: RTPFreezeSnapshot?
    package var keyFrames: Int?
    package var keyFrameInterval: Nanoseconds?
    package var playout: RTPPlayoutSnapshot?
    package var voice: VoiceQualitySnapshot?
    /// The stream that this one repeats packets of.
    package var repeats: UInt32?
    /// Packets of a repeat stream that filled a gap here; those that repeat what came here and was asked for, lost behind the
    /// tap; and those that only probe for bandwidth.
    package var repairs = 0
    package var requested = 0
    package var probes = 0
    package var fec: RTPForwardErrorCorrectionSnapshot?
    /// The stream holds nothing but FlexFEC for others (RFC 8627), and for which, as far as that is known.
    package var isParity = false
    package var protects: [UInt32] = []
    /// What told that it protects others: "signalling", "packets" or "lengths"; nil where it is not known to.
    package var paritySource: String?
    /// From a gap to the packet of another source that filled it.
    package var repairTimes: DurationSpread?
    package var layer: RTPLayerSnapshot?
    package var transportWide: TransportWideSnapshot?
    /// The stream that this one carries on, through a box at the tap.
    package var leg: RTPLegSnapshot?

    /// Packets expected and lost for the decoder in the last ten seconds or so; nil while the stream is younger.
    package var recent: RTPRecentLoss?

    // From RTCP about this stream
    package var roundTrip: RoundTripSnapshot?
    package var nacks: Int?
    /// Sequence numbers that NACKs asked for, and those asked for again.
    package var nackedNumbers = 0
    package var nackedAgain = 0
    /// From the first NACK that asks for a packet to that packet's passing.
    package var answerTimes: DurationSpread?
    package var pictureLossIndications: Int?
    package var fullIntraRequests: Int?
    /// Bits a second that the receiver asked for last.
    package var receiverEstimate: UInt64?
    /// Audio against its video, + = audio early.
    package var lipSync: Nanoseconds?
    package var mediaClock: MediaClockSnapshot?

    /// The newest seconds with packets, oldest first.
    package var seconds: [RTPSecondSnapshot] = []
    /// When the first key frame began; nil where none was recognised.
    package var firstKeyFrame: Timestamp?

    package init(source: UInt32, from: Direction, start: Timestamp, end: Timestamp) {
        self.source = source
        self.from = from
        self.start = start
        self.end = end
    }

    /// It only serves other streams: no media, and its losses are nobody's.
    package var isRepair: Bool { repeats != nil || isParity }
    /// Share of the expected packets that were missing at the tap, 0 to 1.
    package var lossRatio: Double { expected > 0 ? Double(lost) / Double(expected) : 0 }
    /// What was lost for the decoder, as far as the tap can see.
    package var lostFinal: UInt64 { lost - min(lost, lostRepaired ?? 0) }
}

/// A stream that came in and goes on as another one.
package struct RTPLegSnapshot: Equatable, Sendable {
    /// The flow that it came in, by the frame that opened it, and its source there.
    package var flow: UInt64
    package var source: UInt32
    /// Payloads were compared, not only their sizes.
    package var isHashed = false
    package var lostIn: UInt64 = 0
    package var lostInBox: UInt64 = 0
    package var lostOut: UInt64?
    package var delay: CallLegDelay?
    package var confidence = 0.0

    package init(flow: UInt64, source: UInt32) {
        self.flow = flow
        self.source = source
    }
}

package struct RTPRecentLoss: Equatable, Sendable {
    package var expected: UInt64
    package var lost: UInt64

    package init(expected: UInt64, lost: UInt64) {
        self.expected = expected
        self.lost = lost
    }
}

/// What a stream was within one second of capture time. A packet that comes later than its second is taken from the losses
/// of the second it comes in.
package struct RTPSecondSnapshot: Equatable, Sendable {
    /// The second's beginning.
    package var time: Timestamp
    package var expected: Int
    /// Missing at the tap, and of those missing for the decoder.
    package var lost: Int
    package var lostFinal: Int
    package var keyFrames: Int

    package init(time: Timestamp, expected: Int, lost: Int, lostFinal: Int, keyFrames: Int) {
        self.time = time
        self.expected = expected
        self.lost = lost
        self.lostFinal = lostFinal
        self.keyFrames = keyFrames
    }
}

package struct RTPBurstCount: Equatable, Sendable {
    package var length: Int
    package var count: Int

    package init(length: Int, count: Int) {
        self.length = length
        self.count = count
    }
}

/// Packets of one timestamp, put together.
package struct RTPFrameSnapshot: Equatable, Sendable {
    package var count: Int
    /// Frames a second of media time.
    package var rate: Double?
    package var medianBytes: Int?

    package init(count: Int, rate: Double?, medianBytes: Int?) {
        self.count = count
        self.rate = rate
        self.medianBytes = medianBytes
    }
}

/// Pauses between frames longer than max(3 × average, average + 150 ms) (W3C webrtc-stats freezeCount).
package struct RTPFreezeSnapshot: Equatable, Sendable {
    package var count: Int
    package var total: Nanoseconds
    package var longest: Nanoseconds

    package init(count: Int, total: Nanoseconds, longest: Nanoseconds) {
        self.count = count
        self.total = total
        self.longest = longest
    }
}

/// What a jitter buffer behind the tap would do, by a model.
package struct RTPPlayoutSnapshot: Equatable, Sendable {
    package var buffer: Nanoseconds
    /// Packets that came after their time.
    package var late: UInt64
    package var underruns: Int

    package init(buffer: Nanoseconds, late: UInt64, underruns: Int) {
        self.buffer = buffer
        self.late = late
        self.underruns = underruns
    }
}

/// Speech quality by the E-model (ITU-T G.107), an interval of five seconds each.
package struct VoiceQualitySnapshot: Equatable, Sendable {
    /// Mean opinion score of the latest full interval, 1 to 4.5.
    package var last: Double
    package var worst: Double
    /// No round trip is known, so the term for delay is missing.
    package var isWithoutDelay: Bool
    /// The codec's impairment factors are assumed, not standardised.
    package var isAssumed: Bool

    package init(last: Double, worst: Double, isWithoutDelay: Bool, isAssumed: Bool) {
        self.last = last
        self.worst = worst
        self.isWithoutDelay = isWithoutDelay
        self.isAssumed = isAssumed
    }
}

package struct RTPForwardErrorCorrectionSnapshot: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case ulpfec, flexfec, red
        case opusInband = "opus_inband"
    }

    package var kind: Kind
    package var packets: UInt64
    package var bytes: UInt64
    /// Lost packets that the FEC packets seen would bring back; nil where these cannot be read.
    package var recovered: Int?

    package init(kind: Kind, packets: UInt64, bytes: UInt64, recovered: Int?) {
        self.kind = kind
        self.packets = packets
        self.bytes = bytes
        self.recovered = recovered
    }
}

/// Which layer of a source a stream is, by its header extensions.
package struct RTPLayerSnapshot: Equatable, Sendable {
    package var restriction: String?
    package var media: String?
    package var spatial: Int?
    package var temporal: Int?

    package init() {}
}

/// What transport-wide sequence numbers and send times tell without any key.
package struct TransportWideSnapshot: Equatable, Sendable {
    package var packets: UInt64
    package var lost: UInt64
    /// Delay between sender and tap above its minimum, by abs-send-time; nil without that extension.
    package var queueDelay: Nanoseconds?
    package var queueDelayMaximum: Nanoseconds?
    /// How often the delay's trend said that more is sent than the path carries: within the last ten seconds, and within any ten.
    package var recentOveruses = 0
    package var mostOveruses = 0

    package init(packets: UInt64, lost: UInt64) {
        self.packets = packets
        self.lost = lost
    }
}

/// Media time of a stream against capture time.
package struct MediaClockSnapshot: Equatable, Sendable {
    /// First to last timestamp received, in seconds of media.
    package var advance: Double
    /// Capture time between the same two packets, in seconds.
    package var wall: Double
    /// How far media has fallen behind while it kept coming, above the least of it; nil where that was not followed.
    package var backlog: Nanoseconds?

    package init(advance: Double, wall: Double) {
        self.advance = advance
        self.wall = wall
    }

    /// Milliseconds that the media falls behind in a minute; nil for less than a second.
    package var driftPerMinute: Double? { wall >= 1 ? 60_000 * (wall - advance) / wall : nil }
}
