import StreamtopBase

/// What became known of a QUIC stream in one direction, in the order of the stream.
package struct QUICStreamPiece: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        /// The next bytes; where they are in `QUICScratch.streamBytes`.
        case bytes(start: Int, count: Int)
        /// Bytes that never came.
        case gap(UInt64)
        /// The stream ended; nothing of it follows.
        case end
        /// The sender gave up (RESET_STREAM); nothing of the stream follows.
        case reset(code: UInt64)
        /// The server refused the early data: everything sent so far is void, and streams begin anew (RFC 9001
        /// section 4.6.2).
        case restart
        /// The end that sends in `direction` wants no more of what comes the other way (STOP_SENDING).
        case stopSending(code: UInt64)
    }

    package var stream: UInt64
    package var direction: Direction
    package var content: Content
    /// When the packet passed that brought it.
    package var time: Timestamp
    /// It came in a 0-RTT packet.
    package var isEarly: Bool

    init(stream: UInt64, direction: Direction, content: Content, time: Timestamp, isEarly: Bool = false) {
        self.stream = stream
        self.direction = direction
        self.content = content
        self.time = time
        self.isEarly = isEarly
    }
}
