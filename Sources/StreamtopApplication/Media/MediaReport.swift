import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What an exchange of HTTP says to the session it may belong to: a small value, made when something is complete. Sessions eat
/// these and never bytes.
package struct MediaReport: Sendable {
    package enum Content: Sendable {
        /// The request is known.
        case asked
        /// The response's head is known.
        case answered
        /// The tracks of the segments to come.
        case initialization(InitializationSegment)
        /// The last byte of a CMAF chunk passed.
        case chunk(MediaFragment)
        /// The whole of a manifest was read.
        case dash(DASHManifest, bytes: Int)
        case hls(HLSPlaylist, bytes: Int)
        /// A whole segment of MPEG-TS.
        case transportStream(MediaTransportFacts)
        /// The whole content was a time of day (ISO/IEC 23009-1 section 5.8.5.7).
        case timeOfDay(Timestamp)
        /// The player's own report (CTA-5004 version 2).
        case playerEvent([HTTPClientDatum])
        /// The exchange is over.
        case ended(MediaTransfer)
    }

    package var time: Timestamp
    package var exchange: MediaExchange
    package var content: Content

    package init(time: Timestamp, exchange: MediaExchange, content: Content) {
        self.time = time
        self.exchange = exchange
        self.content = content
    }
}

/// What a segment of MPEG-TS says of its media: presentation times in seconds.
package struct MediaTransportFacts: Equatable, Sendable {
    package var firstTime: Double?
    package var lastTime: Double?
    package var hasVideo = false
    package var hasAudio = false

    package init() {}
}

/// How an exchange came over.
package struct MediaTransfer: Equatable, Sendable {
    package var bytes: UInt64
    /// All of it came.
    package var isComplete: Bool
    /// Chunks of the chunked coding; nil where there were none.
    package var codingChunks: Int?
    /// Bytes that came while there was something to send, and how long that took.
    package var busyBytes: UInt64 = 0
    package var busyTime: Nanoseconds = 0
    package var held: Nanoseconds?
    package var server: Nanoseconds?
    /// From the request's last byte to the response's first.
    package var timeToFirstByte: Nanoseconds?
    /// Media came, not a manifest or anything else.
    package var isMedia = false
    /// CMAF chunks that came whole.
    package var mediaChunks = 0
    /// Beginnings of chunks of the coding that were seen in media, and those at the beginning of a CMAF chunk.
    package var borders = 0
    package var alignedBorders = 0

    package init(bytes: UInt64, isComplete: Bool) {
        self.bytes = bytes
        self.isComplete = isComplete
    }

    /// Bits a second while there was something to send; nil where too little was sent.
    package var throughput: Double? { DeliveryPace.throughput(busyBytes, busyTime) }
}

/// An exchange as far as a session needs it.
package struct MediaExchange: Sendable {
    package var identifier: UInt64
    package var method: String?
    package var url: String?
    package var userAgent: String?
    package var requestTime: Timestamp?
    package var status: Int?
    package var responseTime: Timestamp?
    package var contentType: String?
    /// Where the content begins within what the URL names.
    package var rangeStart: UInt64?
    /// The range that was asked for; without an end it goes to the largest number.
    package var requestRange: ClosedRange<UInt64>?
    package var date: Timestamp?
    package var cache: HTTPCacheSnapshot?
    package var clientData: [HTTPClientDatum] = []
    /// From the capture point to the server and back.
    package var roundTrip: Nanoseconds?

    package init(identifier: UInt64) { self.identifier = identifier }
}
