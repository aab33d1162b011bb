import StreamtopBase

/// Media that one player fetched over HTTP: one presentation, over any number of connections and versions of HTTP.
package struct MediaSessionSnapshot: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case dash, hls
    }

    /// How chunks arrive against the spacing of their producer reference times (handbook 5.2).
    package enum Pacing: String, Sendable {
        /// As they were made.
        case encoder
        /// In bursts although they were made evenly: something on the way gathers them.
        case gathered
        /// Late because of the path.
        case network
    }

    package var number: Int
    package var kind: Kind
    package var start: Timestamp
    package var end: Timestamp
    /// The connections that carried it, in the order of their first requests.
    package var flows: [FlowIdentifier] = []
    package var client: IPAddress
    /// Host of the manifest, as the requests name it.
    package var origin: String?
    package var manifestURL: String?
    /// By its manifest; nil where none was read that says it.
    package var isLive: Bool?
    /// Chunks, or parts of segments, were fetched while their segment was still being made.
    package var isLowLatency: Bool?
    package var representations: [MediaRepresentation] = []
    /// In the order of their requests; the newest.
    package var segments: [MediaSegment] = []
    /// Segments of the whole session, those that are not kept among them.
    package var segmentCount = 0
    /// Changes of the representation of the video, or of the audio where there is no video.
    package var switches: [MediaSwitch] = []
    package var buffer: MediaBuffer?
    package var liveLatency: MediaLatency?
    package var arrival: MediaArrival?
    package var clockOffset = MediaClockOffset()
    package var mediaClock: MediaClock?
    package var pacing: Pacing?
    package var cadence: MediaCadence?
    /// What the playlists of low-latency HLS ask for, and how long their answers took; nil where there are none.
    package var partControl: MediaPartControl?
    /// Times that the player said it had nothing left while by every model it held this many seconds, at most.
    package var starvedThoughFed = 0
    package var heldWhileStarved = 0.0
    /// Segments came from bursts of encrypted bytes: no manifest and no box was readable.
    package var isInferred = false
    /// 0 to 1: how sure it is that these connections carried one player's media, and which.
    package var confidence = 0.0
    /// What the player said of itself that cannot be (CTA-5004), by the number of times.
    package var implausibleReports = 0
    package var verdicts: [Verdict] = []

    package init(number: Int, kind: Kind, start: Timestamp, end: Timestamp, client: IPAddress) {
        self.number = number
        self.kind = kind
        self.start = start
        self.end = end
        self.client = client
    }

    /// The representation with this name.
    package func representation(_ identifier: String?) -> MediaRepresentation? {
        representations.first { $0.identifier == identifier }
    }
}

package enum MediaType: String, Sendable {
    case video, audio, text
    /// Video and audio in one segment.
    case muxed
    case unknown
}

/// One encoding of a presentation (ISO/IEC 23009-1 section 5.3.5), or one media playlist of HLS.
package struct MediaRepresentation: Equatable, Sendable {
    /// `@id`, or the URI of the media playlist as the multivariant playlist names it.
    package var identifier: String
    package var type: MediaType
    /// Bits a second, as the manifest says.
    package var bandwidth: Int?
    package var codecs: String?
    package var width: Int?
    package var height: Int?
    package var mimeType: String?
    package var segmentCount = 0

    package init(identifier: String, type: MediaType) {
        self.identifier = identifier
        self.type = type
    }
}

/// One segment, whether it came in one response or part by part.
package struct MediaSegment: Equatable, Sendable {
    /// The flow and exchange that carried its first part.
    package var flow: FlowIdentifier?
    package var exchange: UInt64
    /// When its first request began.
    package var requestTime: Timestamp
    package var firstByteTime: Timestamp?
    /// When its last byte so far passed.
    package var endTime: Timestamp
    /// `$Number$`, the media sequence number, or the number in its URL.
    package var number: Int?
    package var representation: String?
    package var type: MediaType
    /// Presentation time of its first sample, in seconds of the presentation's clock.
    package var mediaTime: Double?
    /// Seconds of media.
    package var duration: Double?
    /// Content, without heads and framing.
    package var bytes: UInt64 = 0
    /// Responses that carried it.
    package var parts = 1
    /// Of the newest segments, and at most `chunkCapacity`.
    package var chunks: [MediaChunk] = []
    package var chunkCount = 0
    /// What the chunks say together, when all of them were listed.
    package var cadence: MediaSegmentCadence?
    /// Bits a second without the gaps in which there was nothing to send; nil where too little was sent to tell.
    package var throughput: Double?
    /// What that is made of.
    package var busyBytes: UInt64 = 0
    package var busyTime: Nanoseconds = 0
    package var isComplete = false
    /// HTTP's own chunks (RFC 9112 section 7.1), and those that began where a CMAF chunk did. They are made anew at every hop: a fact,
    /// and no verdict.
    package var codingChunks = 0
    package var alignedChunks = 0
    /// The server waited on purpose before it answered.
    package var held: Nanoseconds?
    /// What is left of the time to the first byte without the way and without what was held: work, or the filling of a cache.
    package var server: Nanoseconds?
    package var cache: HTTPCacheSnapshot.State?

    package static let chunkCapacity = 64

    package init(exchange: UInt64, requestTime: Timestamp, type: MediaType) {
        self.exchange = exchange
        self.requestTime = requestTime
        self.type = type
        endTime = requestTime
    }
}

/// How the chunks of a segment came.
package struct MediaSegmentCadence: Equatable, Sendable {
    /// From the last byte of one chunk to that of the next; nil of a single chunk.
    package var intervals: (p50: Nanoseconds, maximum: Nanoseconds)?
    /// From the request to the last byte of the first chunk.
    package var first: Nanoseconds
    /// From their stamps to their last bytes; nil without stamps.
    package var ages: (p50: Nanoseconds, maximum: Nanoseconds)?

    /// nil where there are no chunks, or not all of them are listed.
    package init?(of segment: MediaSegment) {
        guard segment.chunks.count == segment.chunkCount, let first = segment.chunks.first else { return nil }
        self.first = first.lastByteTime - segment.requestTime
        let ends = segment.chunks.map(\.lastByteTime)
        let spans = zip(ends, ends.dropFirst()).map { $1 - $0 }.sorted()
        if let longest = spans.last { intervals = (spans[spans.count / 2], longest) }
        let old = segment.chunks.compactMap(\.age).sorted()
        if let oldest = old.last { ages = (old[old.count / 2], oldest) }
    }

    package static func == (left: MediaSegmentCadence, right: MediaSegmentCadence) -> Bool {
        left.first == right.first && left.intervals?.p50 == right.intervals?.p50
            && left.intervals?.maximum == right.intervals?.maximum && left.ages?.p50 == right.ages?.p50
            && left.ages?.maximum == right.ages?.maximum
    }
}

/// One CMAF chunk (ISO/IEC 23000-19 section 7.3.2.3): boxes up to and with one mdat.
package struct MediaChunk: Equatable, Sendable {
    package var firstByteTime: Timestamp
    package var lastByteTime: Timestamp
    /// Seconds: presentation time of its first sample, and how much media it holds.
    package var mediaTime: Double?
    package var duration: Double
    package var bytes: UInt64
    /// The clock of its producer reference time (ISO/IEC 14496-12 section 8.16.5).
    package var producerTime: Timestamp?
    /// From its stamp to its last byte.
    package var age: Nanoseconds?

    package init(firstByteTime: Timestamp, lastByteTime: Timestamp, duration: Double, bytes: UInt64) {
        self.firstByteTime = firstByteTime
        self.lastByteTime = lastByteTime
        self.duration = duration
        self.bytes = bytes
    }
}

/// A response with media is complete.
package struct MediaSegmentEvent: Equatable, Sendable {
    package var exchange: UInt64
    package var url: String?
    package var bytes: UInt64
    package var chunks: Int
    package var download: Nanoseconds?
    package var throughput: Double?

    package init(exchange: UInt64, url: String?, bytes: UInt64, chunks: Int) {
        self.exchange = exchange
        self.url = url
        self.bytes = bytes
        self.chunks = chunks
    }
}

/// The player went over to another representation.
package struct MediaSwitch: Equatable, Sendable {
    /// What the figures of that moment show; nil where they show nothing.
    package enum Cause: String, Sendable {
        case throughputRose = "throughput_rose"
        case throughputFell = "throughput_fell"
        case bufferLow = "buffer_low"
    }

    /// When the first request for the new one began.
    package var time: Timestamp
    package var flow: FlowIdentifier?
    package var from: String
    package var to: String
    package var fromBandwidth: Int?
    package var toBandwidth: Int?
    package var cause: Cause?
    /// Figures of that moment.
    package var throughput: Double?
    package var buffer: Double?

    package init(time: Timestamp, from: String, to: String) {
        self.time = time
        self.from = from
        self.to = to
    }
}

/// What the player holds and has not played (handbook 5.7), in seconds of media.
package struct MediaBuffer: Equatable, Sendable {
    package enum Source: String, Sendable {
        case model, cmcd
    }

    /// The level at one moment, and the band in which it lies: when playback began is not on the wire.
    package struct Point: Equatable, Sendable {
        package var time: Timestamp
        package var level: Double
        package var low: Double
        package var high: Double

        package init(time: Timestamp, level: Double, low: Double, high: Double) {
            self.time = time
            self.level = level
            self.low = low
            self.high = high
        }
    }

    package struct Stall: Equatable, Sendable {
        package var start: Timestamp
        /// nil while it lasts.
        package var end: Timestamp?

        package init(start: Timestamp, end: Timestamp?) {
            self.start = start
            self.end = end
        }
    }

    package var last = 0.0
    /// Smallest while it played.
    package var minimum = 0.0
    package var maximum = 0.0
    package var stalls: [Stall] = []
    package var stallCount = 0
    package var stallTime: Nanoseconds = 0
    /// Time without anything to play even for a player that began as late as players do.
    package var certainStallTime: Nanoseconds = 0
    package var series: [Point] = []
    package var source = Source.model
    /// Median of how far the model was from what the player said; nil where it said nothing.
    package var modelError: Double?

    package init() {}
}

/// Age of the media under the playhead (contract, Readings).
package struct MediaLatency: Equatable, Sendable {
    package enum Source: String, Sendable {
        case prft, availability, cmcd, manifest
    }

    package var last: Nanoseconds
    package var p50: Nanoseconds
    package var p95: Nanoseconds
    package var source: Source
    /// How fast it grows, in milliseconds a minute; nil where it was followed for less than a minute.
    package var drift: Double?
    /// What `last` is made of; nil where that is not known of one and the same moment.
    package var parts: Parts?

    /// Of the media under the playhead: how old the newest that came was when it came, and how much lay between it and the playhead
    /// then. Both of one moment, so that they add up.
    package struct Parts: Equatable, Sendable {
        package var time: Timestamp
        package var arrival: Nanoseconds
        package var buffer: Nanoseconds

        package init(time: Timestamp, arrival: Nanoseconds, buffer: Nanoseconds) {
            self.time = time
            self.arrival = arrival
            self.buffer = buffer
        }
    }

    package init(last: Nanoseconds, p50: Nanoseconds, p95: Nanoseconds, source: Source) {
        self.last = last
        self.p50 = p50
        self.p95 = p95
        self.source = source
    }
}

/// Age of chunks, or of segments, when their last byte passed the capture point.
package struct MediaArrival: Equatable, Sendable {
    package var minimum: Nanoseconds
    package var p50: Nanoseconds
    package var p95: Nanoseconds
    package var maximum: Nanoseconds
    package var source: MediaLatency.Source

    package init(
        minimum: Nanoseconds, p50: Nanoseconds, p95: Nanoseconds, maximum: Nanoseconds, source: MediaLatency.Source
    ) {
        self.minimum = minimum
        self.p50 = p50
        self.p95 = p95
        self.maximum = maximum
        self.source = source
    }
}

/// How evenly chunks were made and came.
package struct MediaCadence: Equatable, Sendable {
    /// Chunks that can be judged: with a stamp, made after they were asked for.
    package var chunks: Int
    /// 95th percentile of the time from one to the next as they were made, in lengths of a chunk.
    package var made: Double
    /// Median time that a chunk took to come, in lengths of a chunk.
    package var transfer: Double
    /// Segments of which chunks came in a burst, and the longest pause before one.
    package var gatheredSegments: Int
    package var longestPause: Nanoseconds

    package init(chunks: Int, made: Double, transfer: Double, gatheredSegments: Int, longestPause: Nanoseconds) {
        self.chunks = chunks
        self.made = made
        self.transfer = transfer
        self.gatheredSegments = gatheredSegments
        self.longestPause = longestPause
    }
}

/// What the playlists of low-latency HLS say (RFC 8216bis section 4.4.3.8), and how long a blocking reload took at most.
package struct MediaPartControl: Equatable, Sendable {
    package var partTarget: Nanoseconds
    package var targetDuration: Nanoseconds?
    package var partHoldBack: Nanoseconds?
    package var longestReload: Nanoseconds?

    package init(partTarget: Nanoseconds) { self.partTarget = partTarget }
}

/// Their clock less the capture's; nil where it was not seen.
package struct MediaClockOffset: Equatable, Sendable {
    /// By the time source that the manifest names.
    package var timeSource: Nanoseconds?
    /// By Date, which has whole seconds: exact to half a second, or better where many answers agree.
    package var date: Nanoseconds?
    package var dateSamples = 0
    /// A lower bound: chunks came before their stamp.
    package var producer: Nanoseconds?

    package init() {}
}

/// Media time received against the time it took.
package struct MediaClock: Equatable, Sendable {
    /// Seconds of media, and of capture time.
    package var advance: Double
    package var wall: Double

    package init(advance: Double, wall: Double) {
        self.advance = advance
        self.wall = wall
    }

    /// Milliseconds a minute; above 0 the media fall behind.
    package var drift: Double? { wall > 0 ? 60_000 * (wall - advance) / wall : nil }
}
