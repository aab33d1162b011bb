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

    init(identifier: UInt64, stream: UInt64?) {
        self.identifier = identifier
        self.stream = stream
    }

    /// Memory of an exchange that is under way.
    var heldBytes: Int {
        MemoryLayout<Self>.stride + (request?.textBytes ?? 0) + (response?.textBytes ?? 0) + chunks.heldBytes
    }

    /// A response of an error class, or none because an end broke the exchange off.
    var isError: Bool { isReset || (response?.status ?? 0) >= 400 }

    /// The final response's head is known.
    mutating func answer(_ head: HTTPMessageHead, at time: Timestamp, roundTrip: Nanoseconds?) {
        response = head
        responseTime = time
        self.roundTrip = roundTrip
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

    /// The part of the time to the first byte that the way to the server and back took.
    private var roundTripPart: Nanoseconds? {
        guard let roundTrip, let first = timeToFirstByte else { return nil }
        return min(roundTrip, first)
    }

    /// What the server held back on purpose; nil while that cannot be told.
    var held: Nanoseconds? {
        guard let trip = roundTripPart, let first = timeToFirstByte else { return nil }
        return request?.heldBy == nil ? 0 : first - trip
    }

    /// `errorName` names codes of the version that carried the exchange.
    func snapshot(errorName: (UInt64) -> String?) -> HTTPExchangeSnapshot {
        var exchange = HTTPExchangeSnapshot(identifier: identifier)
        exchange.stream = stream
        exchange.method = request?.method
        exchange.url = request?.url
        exchange.status = response?.status
        exchange.requestTime = requestTime
        exchange.requestDuration = requestDuration
        exchange.timeToFirstByte = timeToFirstByte
        exchange.roundTrip = roundTripPart
        exchange.held = held
        exchange.heldBy = (held ?? 0) > 0 ? request?.heldBy : nil
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
        return exchange
    }
}
