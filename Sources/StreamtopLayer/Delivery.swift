import StreamtopBase

/// What a layer hands to the layer above it, whatever carries it: the bytes of a stream in order and each once, a datagram, or
/// what became of a stream.
package struct Delivery: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        /// The next bytes of the stream.
        case bytes(DeliveredRange)
        /// A whole message with borders of its own.
        case datagram(DeliveredRange)
        /// Bytes that were sent and will never be read: not captured, given up, or not opened.
        case gap(UInt64)
        /// The stream ended; nothing of it follows.
        case end
        /// The sender gave up (RST, RESET_STREAM); nothing of the stream follows.
        case reset(code: UInt64)
        /// The end that sends in `direction` wants no more of what comes the other way (STOP_SENDING).
        case stopSending(code: UInt64)
        /// Everything that `direction` sent so far is void, and its streams begin anew: the server refused early data (RFC 9001
        /// section 4.6.2).
        case restart
    }

    /// The number of the stream; 0 where there is one.
    package var stream: UInt64
    package var direction: Direction
    /// When the packet passed that completed it.
    package var time: Timestamp
    /// It came as early data, which may be replayed (RFC 8446 section 2.3).
    package var isEarly: Bool
    /// How long its bytes, or those that completed it, had been here and waited for a hole before them to fill; 0 where they did not.
    package var waited: Nanoseconds = 0
    package var content: Content

    package init(
        stream: UInt64 = 0, direction: Direction, time: Timestamp, isEarly: Bool = false, content: Content
    ) {
        self.stream = stream
        self.direction = direction
        self.time = time
        self.isEarly = isEarly
        self.content = content
    }

    /// Where its bytes are; nil for what has none.
    package var range: DeliveredRange? {
        switch content {
        case .bytes(let range), .datagram(let range): range
        case .gap, .end, .reset, .stopSending, .restart: nil
        }
    }
}

/// Where the bytes of a delivery are: in the bytes that its layer was given, or in the queue. What is in order already is not
/// copied.
package struct DeliveredRange: Equatable, Sendable {
    package enum Storage: Equatable, Sendable {
        /// The payload that the layer below was given.
        case payload
        case queue
    }

    package var storage: Storage
    package var start: Int
    package var count: Int

    package init(_ storage: Storage, start: Int, count: Int) {
        self.storage = storage
        self.start = start
        self.count = count
    }
}
