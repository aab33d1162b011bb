import StreamtopBase
import StreamtopModel

/// The exchanges of a flow that are over, the newest of them, and counts over all. The same for every version of HTTP.
struct HTTPExchangeLog: ~Copyable {
    /// Exchanges over and kept; the oldest go first.
    static let capacity = 128

    static let limits = [
        Limit("HTTP exchanges that are over", capacity, per: .flow, policy: "the oldest go; counts stay")
    ]

    private(set) var counts = HTTPCounts()
    private var newest = BoundedHistory<HTTPExchangeSnapshot>(capacity: HTTPExchangeLog.capacity)
    /// Text of the exchanges kept.
    private var textBytes = 0
    private var begun: UInt64 = 0
    private var firstBytes = LogHistogram()
    private var slowestFirstByte: Nanoseconds = 0
    /// Responses that came before their request was over.
    private(set) var earlyResponses = 0

    /// Of the last response that was FLV.
    private var flashVideo: FLVMeter?
    /// Kinds of the manifests that were read.
    private var manifests: [ProtocolKind] = []

    init() {}

    var isEmpty: Bool { begun == 0 }

    /// Of the last chunk that came.
    private var lastStamp: Timestamp?
    /// The server sends media as they are made.
    private var isProgressive = false
    /// Memory of the exchanges kept.
    var heldBytes: Int { newest.count * MemoryLayout<HTTPExchangeSnapshot>.stride + textBytes }

    /// A new exchange, numbered.
    mutating func begin(stream: UInt64?) -> HTTPExchange {
        begun &+= 1  // 2^64 exchanges do not happen
        var exchange = HTTPExchange(identifier: begun, stream: stream)
        exchange.media.isFromProgressiveServer = isProgressive
        exchange.media.stampBefore = lastStamp
        return exchange
    }

    /// The exchange just begun is none: its stream carries something else.
    mutating func withdraw(_ exchange: HTTPExchange) {
        if exchange.identifier == begun { begun &-= 1 }
    }

    mutating func countRequest() { counts.requests += 1 }

    mutating func countResponse(_ exchange: HTTPExchange) {
        counts.responses += 1
        if exchange.isAnsweredEarly { earlyResponses += 1 }
        // What a server waited for shows in the media themselves.
        if !exchange.media.isRead { countFirstByte(exchange) }
    }

    private mutating func countFirstByte(_ exchange: HTTPExchange) {
        guard let whole = exchange.timeToFirstByte else { return }
        // What a server holds back on purpose says nothing of how fast it is.
        let time = whole - (exchange.held ?? 0)
        firstBytes.record(time)
        slowestFirstByte = max(slowestFirstByte, time)
    }

    /// An exchange is over.
    mutating func end(_ exchange: HTTPExchange, _ snapshot: HTTPExchangeSnapshot) {
        countEnd(exchange)
        keep(snapshot)
    }

    /// An exchange is over; what is under way of it still counts to it.
    mutating func countEnd(_ exchange: HTTPExchange) {
        lastStamp = exchange.media.lastStamp ?? lastStamp
        if exchange.media.chunks >= 2, exchange.response?.contentLength == nil { isProgressive = true }
        if exchange.isError { counts.errors += 1 }
        if let meter = exchange.media.flashVideo { flashVideo = meter }
        if let kind = exchange.media.manifest, !manifests.contains(kind) { manifests.append(kind) }
        if exchange.media.isRead { countFirstByte(exchange) }
    }

    /// An exchange was given up while it was open.
    mutating func forget(_ snapshot: HTTPExchangeSnapshot) {
        counts.forgotten += 1
        keep(snapshot)
    }

    mutating func keep(_ snapshot: HTTPExchangeSnapshot) {
        if newest.count == Self.capacity { textBytes -= newest[age: Self.capacity - 1].textBytes }
        textBytes += snapshot.textBytes
        newest.append(snapshot)
    }

    /// What media say of the flow itself: FLV, also in an exchange under way, and the kinds of manifests.
    func reportMedia(open: FLVMeter?, into flow: inout FlowSnapshot) {
        (open ?? flashVideo)?.reportHTTP(into: &flow)
        flow.protocols += manifests.map(\.rawValue)
    }

    /// Everything known, with the exchanges that their source still holds.
    func snapshot(open: [HTTPExchangeSnapshot]) -> HTTPSnapshot {
        var http = HTTPSnapshot()
        http.exchanges = (newest.elements + open).sorted { $0.identifier < $1.identifier }
        http.counts = counts
        if let p50 = firstBytes.quantile(0.5), let p95 = firstBytes.quantile(0.95) {
            http.timeToFirstByte = DurationSpread(
                samples: firstBytes.count, p50: p50, p95: p95, maximum: slowestFirstByte)
        }
        return http
    }
}

extension HTTPExchangeSnapshot {
    /// Memory of its text.
    fileprivate var textBytes: Int {
        (url?.utf8.count ?? 0) + (method?.utf8.count ?? 0) + (contentType?.utf8.count ?? 0)
    }
}
