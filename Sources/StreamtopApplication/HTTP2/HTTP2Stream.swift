import StreamtopBase

/// One stream of HTTP/2 and the exchange that it carries (RFC 9113 section 8.1).
struct HTTP2Stream: Sendable {
    let identifier: UInt32
    /// The last time it moved, for choosing whom to forget.
    var lastTime: Timestamp
    var exchange: HTTPExchange
    var isPush = false
    var requestIsOver = false
    var responseIsOver = false
    /// The exchange was counted as over and told of.
    var isReported = false
    /// When a block passed that may have been the head of the response, while none was decoded.
    var undecidedHead: Timestamp?
    /// Bytes of each end on it waited for a hole of the connection.
    var hasWaited = BothDirections(client: false, server: false)
    /// It carries another protocol since an extended CONNECT (RFC 8441).
    var carries: HTTPUpgrade?

    init(identifier: UInt32, exchange: HTTPExchange, at time: Timestamp) {
        self.identifier = identifier
        self.exchange = exchange
        lastTime = time
    }

    var isOver: Bool { isReported || (requestIsOver && responseIsOver) }
}
