import StreamtopBase

/// HTTP exchanges of a flow, whichever version of HTTP carried them.
package struct HTTPSnapshot: Equatable, Sendable {
    /// In the order of their requests: the newest that are over, and those that are not.
    package var exchanges: [HTTPExchangeSnapshot] = []
    package var counts = HTTPCounts()
    /// Times to the first byte over all exchanges.
    package var timeToFirstByte: DurationSpread?

    package init() {}
}

extension FlowSnapshot {
    /// Adds the exchanges of one more layer of HTTP (in a CONNECT tunnel, or after an upgrade), numbered after those below it.
    package mutating func add(_ more: HTTPSnapshot) {
        guard var all = http else {
            http = more
            return
        }
        let last = all.exchanges.map(\.identifier).max() ?? 0
        all.exchanges += more.exchanges.map { exchange in
            var exchange = exchange
            exchange.identifier &+= last  // counts of a flow
            return exchange
        }
        all.counts.requests += more.counts.requests
        all.counts.responses += more.counts.responses
        all.counts.errors += more.counts.errors
        all.counts.forgotten += more.counts.forgotten
        // Quantiles of two sets do not add up: those of the larger stand.
        if (more.timeToFirstByte?.samples ?? 0) > (all.timeToFirstByte?.samples ?? 0) {
            all.timeToFirstByte = more.timeToFirstByte
        }
        http = all
    }
}

package struct HTTPCounts: Equatable, Sendable {
    /// Requests whose head was seen.
    package var requests = 0
    /// Requests that got a final response head.
    package var responses = 0
    /// Responses of status 400 and above, and exchanges that an end broke off.
    package var errors = 0
    /// Exchanges that were given up for want of room.
    package var forgotten = 0

    package init() {}
}

/// One request and its response.
package struct HTTPExchangeSnapshot: Equatable, Sendable {
    package enum State: String, Sendable {
        /// Request or response are still under way, as far as was seen.
        case open
        case complete
        /// An end broke it off.
        case reset
    }

    /// Number within the flow, by request, from 1.
    package var identifier: UInt64
    /// The stream that carried it, where HTTP has streams.
    package var stream: UInt64?
    package var method: String?
    /// Scheme, authority and path as far as the request names them, tokens and passwords masked; bytes that are not UTF-8 were replaced.
    package var url: String?
    /// Of the final response.
    package var status: Int?
    /// When the request's first byte passed; nil when only the response was seen.
    package var requestTime: Timestamp?
    /// First to last byte of the request, or to the response's first where that came sooner.
    package var requestDuration: Nanoseconds?
    /// From the end of the request to the first byte of the final response: the three spans that follow.
    package var timeToFirstByte: Nanoseconds?
    /// From the capture point to the server and back at that moment.
    package var roundTrip: Nanoseconds?
    /// What the server held back on purpose, and why.
    package var held: Nanoseconds?
    package var heldBy: HTTPHeldBy?
    /// What is left: work, filling a cache, a queue.
    package var server: Nanoseconds?
    /// First to last byte of the response.
    package var transfer: Nanoseconds?
    /// From the request's first byte to the end of the response; nil while it is open.
    package var duration: Nanoseconds?
    /// Content of the request, without its head, its framing and what the transport repeated.
    package var requestBytes: UInt64 = 0
    /// The same of the response. Bytes the capture missed count where the framing tells how many they were.
    package var responseBytes: UInt64 = 0
    package var contentType: String?
    /// Chunks of the response (RFC 9112 section 7.1); nil where it did not come in chunks.
    package var chunks: Int?
    /// From the end of one chunk to the end of the next.
    package var chunkIntervals: DurationSpread?
    package var cache: HTTPCacheSnapshot?
    package var state = State.open
    /// The error an end broke the exchange off with.
    package var errorCode: UInt64?
    /// The registered name of `errorCode`.
    package var errorName: String?
    /// The server sent it unasked.
    package var isPushed = false
    /// The request began in early data, which can be replayed (RFC 8470).
    package var isEarly = false
    /// Common Media Client Data (CTA-5004) of the request, in the order sent.
    package var clientData: [HTTPClientDatum] = []
    package var clientDataMode = HTTPClientDataMode.header
    package var serverData: HTTPServerDataSnapshot?
    /// Of `transfer`: gaps in which more of what had begun was still to come, and gaps in which there was nothing to send. nil
    /// where the content does not show which.
    package var stall: Nanoseconds?
    package var idle: Nanoseconds?
    /// What request and response say of a call.
    package var descriptions: [CallDescription] = []

    package init(identifier: UInt64) { self.identifier = identifier }

    /// Of CTA-5004, as the request says it: 1 where it does not.
    package var clientDataVersion: Int {
        guard case .number(let version)? = clientData.first(where: { $0.key == "v" })?.value else { return 1 }
        return Int(exactly: version.rounded()) ?? 1
    }
}

/// Why a server waits before it answers: what is asked for does not exist yet.
package enum HTTPHeldBy: String, Sendable {
    /// The server says that it held the answer (CMSD `ht`, CTA-5006).
    case serverData = "cmsd"
    /// A playlist that does not exist yet (draft-pantos-hls-rfc8216bis section 6.2.5.2).
    case blockingReload = "blocking_reload"
    /// A part that a playlist announced (EXT-X-PRELOAD-HINT).
    case preloadHint = "preload_hint"
    /// Media that was asked for before they were made.
    case notYetAvailable = "not_yet_available"
    /// An answer that ends when something happens (text/event-stream).
    case eventStream = "event_stream"
}

/// How a client sent its data (CTA-5004).
package enum HTTPClientDataMode: String, Sendable {
    case query, header, event
}

/// Common Media Server Data of a response (CTA-5006).
package struct HTTPServerDataSnapshot: Equatable, Sendable {
    /// One hop's part of the dynamic data.
    package struct Hop: Equatable, Sendable {
        /// The name of the server that added it.
        package var name: String
        package var data: [HTTPClientDatum] = []

        package init(name: String) { self.name = name }
    }

    package var fixed: [HTTPClientDatum] = []
    /// Nearest to the origin first.
    package var hops: [Hop] = []
    /// What servers say of the time they took (W3C Server Timing), in the order sent: `dur` in milliseconds, `desc`.
    package var timings: [Hop] = []

    package init() {}
}

/// What a response says of the caches it came through.
package struct HTTPCacheSnapshot: Equatable, Sendable {
    package enum State: String, Sendable {
        case hit, miss, stale, revalidated, bypass, unknown
    }

    /// The field that says so.
    package enum Source: String, Sendable {
        case cacheStatus = "cache-status"
        case otherField = "x-cache"
        case age
    }

    package var state: State
    /// Seconds.
    package var age: Int?
    package var source: Source

    package init(state: State, age: Int?, source: Source) {
        self.state = state
        self.age = age
        self.source = source
    }
}

/// A key of Common Media Client Data with its value.
package struct HTTPClientDatum: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        case number(Double)
        case text(String)
        case flag(Bool)
        /// Values with the kind of object that each is of (version 2).
        indirect case list([Member])
    }

    package struct Member: Equatable, Sendable {
        package var value: Value
        package var type: String?

        package init(value: Value, type: String?) {
            self.value = value
            self.type = type
        }
    }

    package var key: String
    package var value: Value

    package init(key: String, value: Value) {
        self.key = key
        self.value = value
    }
}

/// What HTTP/3 itself costs and announces, below the exchanges.
package struct HTTP3Snapshot: Equatable, Sendable {
    package var client = HTTP3EndpointSnapshot()
    package var server = HTTP3EndpointSnapshot()
    /// Request streams and pushes seen.
    package var streams = 0
    package var pushPromises = 0
    /// Field sections that did not decode, and those that still wait for the table they refer to.
    package var undecodedSections = 0
    /// Streams that a hole in the capture made unreadable.
    package var lostStreams = 0
    /// By the end that sent what waited: each stream for holes of its own.
    package var headOfLine = BothDirections(client: HeadOfLineSnapshot(), server: HeadOfLineSnapshot())
    /// Field sections that waited for insertions into the table they refer to (RFC 9204 section 2.1.2), and for how long together.
    package var blockedSections = 0
    package var blockedTime: Nanoseconds = 0
    package var webTransport: [WebTransportSnapshot] = []
    /// Against RFC 9114 or RFC 9204: frames where they may not be, streams that may not close, and the like.
    package var violations = 0

    package init() {}

    package subscript(direction: Direction) -> HTTP3EndpointSnapshot {
        get { direction == .fromClient ? client : server }
        set { if direction == .fromClient { client = newValue } else { server = newValue } }
    }
}

/// One end of an HTTP/3 connection as sender.
package struct HTTP3EndpointSnapshot: Equatable, Sendable {
    /// Frames by name, in the order of their types.
    package var frames: [QUICFrameCount] = []
    /// As announced, by registered name; nil until seen.
    package var settings: [QUICParameter]?
    /// Frame headers, header blocks and everything else that is no content.
    package var overheadBytes: UInt64 = 0
    /// Content of DATA frames.
    package var payloadBytes: UInt64 = 0
    /// Of the overhead: QPACK's encoder and decoder streams.
    package var qpackStreamBytes: UInt64 = 0
    /// The last identifier that this end said it takes (RFC 9114 section 5.2).
    package var goAway: UInt64?

    package init() {}
}
