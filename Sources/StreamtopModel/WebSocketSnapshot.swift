import StreamtopBase

/// What a WebSocket connection carried (RFC 6455).
package struct WebSocketSnapshot: Equatable, Sendable {
    package var url: String?
    /// As agreed.
    package var subprotocol: String?
    package var extensions: String?
    /// From the request's first byte to the response's.
    package var upgrade: Nanoseconds?
    /// The proof in the response is the one that the request's key asks for; nil where one of them was not seen.
    package var isAccepted: Bool?
    package var client = WebSocketEndpointSnapshot()
    package var server = WebSocketEndpointSnapshot()
    package var close: WebSocketCloseSnapshot?
    /// Against RFC 6455 or RFC 7692, by the contract's names.
    package var violations: [NamedCount] = []
    package var comparison: WebSocketComparison?
    /// What binary messages carry: "fmp4", "flv" or "mpegts"; nil where it is none of these.
    package var media: String?
    /// The end that sends it.
    package var mediaFrom = Direction.fromServer
    package var mediaClock: MediaClockSnapshot?
    /// What messages say of calls.
    package var descriptions: [CallDescription] = []

    package init() {}
}

/// One end of a WebSocket connection as sender.
package struct WebSocketEndpointSnapshot: Equatable, Sendable {
    /// Frames by name, of those that were seen.
    package var frames: [NamedCount] = []
    package var messages = 0
    /// As on the wire: masked and not inflated; control frames, too.
    package var payloadBytes: UInt64 = 0
    package var headerBytes: UInt64 = 0
    package var maskedFrames = 0
    package var compressedMessages = 0
    /// Text and binary messages after inflating; nil once one could not be inflated.
    package var messageBytes: UInt64?
    /// From the capture point to this end and back, by the pings that it answered.
    package var pingRoundTrip: RoundTripSnapshot?
    /// How much longer its answers took than the path did.
    package var eventLoopLag: DurationSpread?
    /// Frames that could not be found after a hole.
    package var hasLostStep = false

    package init() {}
}

package struct WebSocketCloseSnapshot: Equatable, Sendable {
    /// nil where the frame has none (code 1005 of RFC 6455 section 7.4.1).
    package var code: Int?
    package var reason: String?
    /// Who sent it first.
    package var by: Direction

    package init(code: Int?, reason: String?, by: Direction) {
        self.code = code
        self.reason = reason
        self.by = by
    }
}

/// What the same messages would have cost on the wire in other ways.
package struct WebSocketComparison: Equatable, Sendable {
    package var http2Bytes: UInt64
    package var longPollingBytes: UInt64
    package var method: String

    package init(http2Bytes: UInt64, longPollingBytes: UInt64, method: String) {
        self.http2Bytes = http2Bytes
        self.longPollingBytes = longPollingBytes
        self.method = method
    }
}

/// How often something happened that has a name.
package struct NamedCount: Equatable, Sendable {
    package var name: String
    package var count: Int

    package init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}
