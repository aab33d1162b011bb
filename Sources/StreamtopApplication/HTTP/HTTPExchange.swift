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
    /// First byte of the final response.
    var responseTime: Timestamp?
    var endTime: Timestamp?
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    var errorCode: UInt64?
    var isReset = false

    init(identifier: UInt64, stream: UInt64?) {
        self.identifier = identifier
        self.stream = stream
    }

    /// A response of an error class, or none because an end broke the exchange off.
    var isError: Bool { isReset || (response?.status ?? 0) >= 400 }

    /// From the request's first byte to the response's; nil when a clock went backwards between them.
    var timeToFirstByte: Nanoseconds? { difference(responseTime) }

    private func difference(_ time: Timestamp?) -> Nanoseconds? {
        guard let time, let requestTime, time >= requestTime else { return nil }
        return time - requestTime
    }

    /// `errorName` names codes of the version that carried the exchange.
    func snapshot(errorName: (UInt64) -> String?) -> HTTPExchangeSnapshot {
        var exchange = HTTPExchangeSnapshot(identifier: identifier)
        exchange.stream = stream
        exchange.method = request?.method
        exchange.url = request?.url
        exchange.status = response?.status
        exchange.requestTime = requestTime
        exchange.timeToFirstByte = timeToFirstByte
        exchange.duration = difference(endTime)
        exchange.requestBytes = requestBytes
        exchange.responseBytes = responseBytes
        exchange.contentType = response?.contentType
        exchange.state = isReset ? .reset : endTime == nil ? .open : .complete
        exchange.errorCode = errorCode
        exchange.errorName = errorCode.flatMap(errorName)
        exchange.isPushed = isPushed
        exchange.isEarly = isEarly
        exchange.clientData = request?.clientData ?? []
        return exchange
    }
}
