import StreamtopBase
import StreamtopModel

/// One exchange while it lasts. Its source, the reader of whichever version of HTTP, owns it and hands it to the
/// `HTTPExchangeLog` when it is over.
struct HTTPExchange: Sendable {
    let identifier: UInt64
    let stream: UInt64?
    var isPushed = false
    var isEarly = false
    var request: HTTPMessageHead?
    /// The final response's.
    var response: HTTPMessageHead?
    var requestTime: Timestamp?
    /// Last byte of the request; nil while it is under way.
    var requestEndTime: Timestamp?
    /// The request's end passed unseen.
    var isRequestEndLost = false
    /// First byte of the final response.
    var responseTime: Timestamp?
    var endTime: Timestamp?
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    var errorCode: UInt64?
    /// An end gave the stream of the exchange up.
    var isReset = false
    /// The connection ended before the exchange did.
    var isBrokenOff = false
    /// From the capture point to the server and back, when the response came.
    private var roundTrip: Nanoseconds?
    /// The response came in chunks (RFC 9112 section 7.1).
    var isChunked = false
    var chunks = HTTPChunkTimes()
    var media = ExchangeMedia()
    var signalling = ExchangeSignalling()
    /// Between the ends, when the response came.
    private var wholeTrip: Nanoseconds?

    init(identifier: UInt64, stream: UInt64?) {
        self.identifier = identifier
        self.stream = stream
    }

    /// Memory of an exchange that is under way. Inlined, as it is asked for with each packet: an exchange that is only read is
    /// copied for a call.
    @inline(__always)
    var heldBytes: Int {
        MemoryLayout<Self>.stride + (request?.textBytes ?? 0) + (response?.textBytes ?? 0) + chunks.heldBytes
            + media.heldBytes + signalling.heldBytes
    }

    /// Gives up the bytes that it holds, for want of memory.
    mutating func releaseHeldBytes() {
        media.release()
        signalling.release()
    }

    /// A response of an error class, or none because an end broke the exchange off.
    var isError: Bool { isReset || (response?.status ?? 0) >= 400 }

    /// The final response's head is known.
    mutating func answer(
        _ head: HTTPMessageHead, at time: Timestamp,
        roundTrip: BothDirections<Nanoseconds?> = BothDirections(client: nil, server: nil)
    ) {
        response = head
        responseTime = time
        self.roundTrip = roundTrip.server
        wholeTrip = roundTrip.server.map { saturatingAdd($0, roundTrip.client ?? 0) }
        media.answer(head, to: request)
        signalling.begin(head, from: .fromServer)
    }

    /// The response came before the request was over (RFC 9112 section 9.5, RFC 9113 section 8.1).
    var isAnsweredEarly: Bool {
        guard let responseTime, requestTime != nil, !isRequestEndLost else { return false }
        return requestEndTime.map { $0 > responseTime } ?? true
    }

    /// From the request's first byte; nil when a clock went backwards.
    func sinceRequest(_ time: Timestamp?) -> Nanoseconds? {
        guard let time, let requestTime, time >= requestTime else { return nil }
        return time - requestTime
    }

    /// First to last byte of the request, or to the response's first byte where that came sooner.
    var requestDuration: Nanoseconds? {
        isAnsweredEarly ? sinceRequest(responseTime) : sinceRequest(requestEndTime)
    }

    /// From the request's last byte to the response's first.
    var timeToFirstByte: Nanoseconds? {
        guard let request = requestDuration, let response = sinceRequest(responseTime) else { return nil }
        return response - request
    }

    /// The part of the time to the first byte that the round trip to the server took.
    private var roundTripPart: Nanoseconds? {
        guard let roundTrip, let first = timeToFirstByte else { return nil }
        return min(roundTrip, first)
    }

    /// What the server held back on purpose; nil while that cannot be told.
    var held: Nanoseconds? {
        // Media of which no chunk is whole yet do not say when they came to be.
        guard roundTripPart != nil, endTime != nil || !media.isRead || media.chunks > 0 else { return nil }
        return heldFor?.time ?? 0
    }

    /// What the server waited for, and how long: at most the time to the first byte less the round trip.
    private var heldFor: (reason: HTTPHeldBy, time: Nanoseconds)? {
        guard let trip = roundTripPart, let first = timeToFirstByte, first > trip else { return nil }
        let remainder = first - trip
        if case .number(let held)? = response?.serverData?.fixed.first(where: { $0.key == "ht" })?.value, held > 0 {
            return (.serverData, min(remainder, Nanoseconds(min(held, 1e9) * 1e6)))
        }
        if let reason = request?.heldBy { return (reason, remainder) }
        if response?.contentType?.hasPrefix("text/event-stream") == true { return (.eventStream, remainder) }
        guard let asked = requestTime, let request = requestDuration else { return nil }
        let isWhole = response?.contentLength != nil && !isChunked
        let wait = media.existed(after: asked + request + trip / 2, isWhole: isWhole)
        guard let wait else { return nil }
        let isHint = self.request?.range.map { $0.last == nil && $0.first > 0 } ?? false
        return (isHint ? .preloadHint : .notYetAvailable, min(remainder, wait))
    }

    // MARK: Media

    /// The request's head is known.
    mutating func ask(_ head: HTTPMessageHead, at time: Timestamp, _ reports: inout MediaReports) {
        request = head
        // What follows the head of a CONNECT is the tunnel's, and ends with it (RFC 9110 section 9.3.6).
        if head.method == "CONNECT" { requestEndTime = requestEndTime ?? time }
        signalling.begin(head, from: .fromClient)
        if media.begin(head) { reports.append(report(.asked, at: time)) }
    }

    /// The next bytes of the request's content.
    mutating func takeRequestContent(_ bytes: RawSpan) {
        media.takeRequestContent(bytes)
        signalling.take(bytes, from: .fromClient)
    }

    /// The next bytes of the response's content. `startsChunk`: the chunked coding says that a chunk begins with them.
    mutating func takeContent(
        _ bytes: RawSpan, startsChunk: Bool = false, at time: Timestamp, _ reports: inout MediaReports
    ) {
        let wasReported = media.isReported
        media.take(bytes, at: time, startsChunk: startsChunk, roundTrip: wholeTrip, into: &reports.contents)
        if media.isReported, !wasReported { reports.append(report(.answered, at: time)) }
        if !reports.contents.isEmpty { deliver(&reports, at: time) }
        signalling.take(bytes, from: .fromServer)
    }

    mutating func skipContent(_ count: UInt64, at time: Timestamp, _ reports: inout MediaReports) {
        guard count > 0 else { return }
        signalling.skip(from: .fromServer)
        media.gap(of: count, at: time, into: &reports.contents)
        deliver(&reports, at: time)
    }

    /// The request is over: what the player reports in it is read.
    mutating func endRequest(at time: Timestamp, _ reports: inout MediaReports) {
        requestEndTime = requestEndTime ?? time
        signalling.end(from: .fromClient, at: time, &reports)
        let event = media.takePlayerEvent()
        guard !event.isEmpty else { return }
        request?.clientData = event
        request?.clientDataMode = .event
        reports.append(report(.playerEvent(event), at: time))
    }

    /// The exchange is over, as well as it went.
    mutating func endMedia(at time: Timestamp, _ reports: inout MediaReports) {
        let isComplete = endTime != nil && !isReset && !isBrokenOff
        if isComplete {
            media.end(at: time, coding: response?.contentEncoding, url: request?.url, into: &reports.contents)
        }
        deliver(&reports, at: time)
        if isComplete { signalling.end(from: .fromServer, at: time, &reports) }
        guard media.isReported else { return }
        var transfer = MediaTransfer(bytes: responseBytes, isComplete: isComplete)
        transfer.codingChunks = isChunked ? chunks.count : nil
        (transfer.busyBytes, transfer.busyTime) = media.pace.busy(roundTrip: wholeTrip)
        transfer.held = held
        transfer.timeToFirstByte = timeToFirstByte
        if let first = timeToFirstByte, let trip = roundTripPart, let held { transfer.server = first - trip - held }
        transfer.isMedia = media.hasMedia
        transfer.mediaChunks = media.chunks
        (transfer.borders, transfer.alignedBorders) = media.borders
        reports.append(report(.ended(transfer), at: time))
    }

    private func deliver(_ reports: inout MediaReports, at time: Timestamp) {
        for content in reports.contents { reports.append(report(content, at: time)) }
        reports.contents.removeAll(keepingCapacity: true)
    }

    func report(_ content: MediaReport.Content, at time: Timestamp) -> MediaReport {
        var exchange = MediaExchange(identifier: identifier)
        exchange.method = request?.method
        exchange.url = request?.url
        exchange.userAgent = request?.userAgent
        exchange.requestTime = requestTime
        exchange.status = response?.status
        exchange.responseTime = responseTime
        exchange.contentType = response?.contentType
        exchange.rangeStart = response?.status == 206 ? response?.range?.first ?? request?.range?.first : nil
        exchange.requestRange = request?.range.map { $0.first...max($0.first, $0.last ?? .max) }
        exchange.date = response?.date
        exchange.cache = response?.cache
        exchange.clientData = request?.clientData ?? []
        exchange.roundTrip = roundTrip
        return MediaReport(time: time, exchange: exchange, content: content)
    }

    /// `errorName` names codes of the version that carried the exchange.
    func snapshot(errorName: (UInt64) -> String?) -> HTTPExchangeSnapshot {
        var exchange = HTTPExchangeSnapshot(identifier: identifier)
        exchange.stream = stream
        exchange.method = request?.method
        exchange.url = URLSecrets.masked(request?.url)
        exchange.status = response?.status
        exchange.requestTime = requestTime
        exchange.requestDuration = requestDuration
        exchange.timeToFirstByte = timeToFirstByte
        exchange.roundTrip = roundTripPart
        exchange.held = held
        exchange.heldBy = heldFor?.reason
        if let gaps = media.gaps {
            exchange.stall = gaps.stall
            exchange.idle = gaps.idle
        }
        if let first = timeToFirstByte, let trip = roundTripPart, let held { exchange.server = first - trip - held }
        exchange.duration = sinceRequest(endTime)
        if let whole = exchange.duration, let first = sinceRequest(responseTime) { exchange.transfer = whole - first }
        exchange.requestBytes = requestBytes
        exchange.responseBytes = responseBytes
        exchange.contentType = response?.contentType
        exchange.cache = response?.cache
        if isChunked {
            exchange.chunks = chunks.count
            exchange.chunkIntervals = chunks.snapshot
        }
        exchange.state = isReset || isBrokenOff ? .reset : endTime == nil ? .open : .complete
        exchange.errorCode = errorCode
        exchange.errorName = errorCode.flatMap(errorName)
        exchange.isPushed = isPushed
        exchange.isEarly = isEarly
        exchange.clientData = request?.clientData ?? []
        exchange.clientDataMode = request?.clientDataMode ?? .header
        exchange.serverData = response?.serverData
        exchange.descriptions = signalling.found
        return exchange
    }
}

/// What the exchanges of a connection have to tell sessions, until the engine takes it.
struct MediaReports: Sendable {
    /// Reports between two deliveries; what is beyond is counted.
    static let capacity = 4_096

    static let limits = [
        Limit("reports of media in one delivery", capacity, per: .flow, policy: "more are left out, counted")
    ]

    private(set) var list: [MediaReport] = []
    private(set) var refused: UInt64 = 0
    /// What one exchange found in the content at hand; empty between two deliveries.
    var contents: [MediaReport.Content] = []
    private var descriptions: [CallDescription] = []
    /// A call was ever described on the connection.
    private(set) var hasDescribed = false

    init() {}

    var isEmpty: Bool { list.isEmpty && descriptions.isEmpty }

    mutating func append(_ added: [CallDescription]) {
        guard !added.isEmpty else { return }
        hasDescribed = true
        descriptions += added.prefix(Self.capacity - min(Self.capacity, descriptions.count))
    }

    mutating func takeDescriptions() -> [CallDescription] {
        var taken: [CallDescription] = []
        swap(&taken, &descriptions)
        return taken
    }

    mutating func append(_ report: MediaReport) {
        guard list.count < Self.capacity else {
            refused &+= 1
            return
        }
        list.append(report)
    }

    mutating func take() -> [MediaReport] {
        var taken: [MediaReport] = []
        swap(&taken, &list)
        return taken
    }
}
