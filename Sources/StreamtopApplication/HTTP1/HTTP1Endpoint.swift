import StreamtopBase
import StreamtopWire

/// One direction of an HTTP/1.1 connection: the message in progress.
struct HTTP1Endpoint: Sendable {
    var reader = HTTP1MessageReader()
    /// When the first byte passed of the message in progress.
    var start = Timestamp(nanoseconds: 0)
    var isEarly = false
    /// The exchange that the message in progress belongs to.
    var exchange: UInt64?
    var isRequest = false
    /// The content to come begins a chunk (RFC 9112 section 7.1).
    var startsChunk = false

    init() {}
}
