import StreamtopBase

/// What HTTP/2 itself costs and announces, below the exchanges (RFC 9113).
package struct HTTP2Snapshot: Equatable, Sendable {
    package var client = HTTP2EndpointSnapshot()
    package var server = HTTP2EndpointSnapshot()
    /// Frames of both ends by name, in the order of their types.
    package var frames: [NamedCount] = []
    /// Streams seen.
    package var streams = 0
    package var pushPromises = 0
    /// Pushes that the client did not want, and what came of them in vain.
    package var pushesCancelled = 0
    package var pushesWastedBytes: UInt64 = 0
    package var resets = 0
    /// Header blocks that did not decode.
    package var undecodedBlocks = 0
    /// Times that the beginning of a frame was lost.
    package var lostSteps = 0
    package var violations = 0
    package var flowControl: HTTP2FlowControlSnapshot?
    /// By the end that sent what waited.
    package var headOfLine = BothDirections(client: HeadOfLineSnapshot(), server: HeadOfLineSnapshot())

    package init() {}

    /// Frame headers and header blocks, of both ends.
    package var overheadBytes: UInt64 { client.overheadBytes &+ server.overheadBytes }
    /// Content of DATA frames, of both ends.
    package var payloadBytes: UInt64 { client.payloadBytes &+ server.payloadBytes }
}

/// One end of an HTTP/2 connection as sender.
package struct HTTP2EndpointSnapshot: Equatable, Sendable {
    /// As announced last, by registered name.
    package var settings: [QUICParameter] = []
    package var overheadBytes: UInt64 = 0
    package var payloadBytes: UInt64 = 0
    /// The last stream that this end said it takes, and why it leaves.
    package var goAway: UInt64?
    package var goAwayError: String?
    /// From the capture point to this end and back, by the PINGs that it answered.
    package var pingRoundTrip: RoundTripSnapshot?

    package init() {}
}

/// Flow control as a buffer: what a receiver let its peer send, as that peer saw it (RFC 9113 section 5.2).
package struct HTTP2FlowControlSnapshot: Equatable, Sendable {
    /// Named after the end that grants it.
    package var client: HTTP2CreditSnapshot
    package var server: HTTP2CreditSnapshot
    /// The end with more DATA; the rest is about it. nil without DATA.
    package var sender: Direction?
    package var streamsBlocked = 0
    /// Time that it had DATA and no credit, by the level that held it back.
    package var blockedByConnection: Nanoseconds = 0
    package var blockedByStream: Nanoseconds = 0
    /// Bits a second that the window lets through at this round trip.
    package var cap: Double?

    package init(client: HTTP2CreditSnapshot, server: HTTP2CreditSnapshot) {
        self.client = client
        self.server = server
    }
}

package struct HTTP2CreditSnapshot: Equatable, Sendable {
    /// Credit of the connection.
    package var last: Int64
    package var minimum: Int64
    package var maximum: Int64
    /// What a new stream begins with.
    package var streamInitial: Int64
    /// The smallest credit of any stream; nil where there was none.
    package var streamMinimum: Int64?

    package init(last: Int64, minimum: Int64, maximum: Int64, streamInitial: Int64, streamMinimum: Int64?) {
        self.last = last
        self.minimum = minimum
        self.maximum = maximum
        self.streamInitial = streamInitial
        self.streamMinimum = streamMinimum
    }
}

/// Bytes of one end that had passed the capture point and waited for a hole before them (RFC 9113 section 1 calls that the head of
/// line; RFC 9114 section 2.3). Holes behind the capture point do not show there.
package struct HeadOfLineSnapshot: Equatable, Sendable {
    /// Over TCP, time in which anything waited; over QUIC, what each stream waited, added up.
    package var waited: Nanoseconds
    package var holes: Int
    /// Streams of which something waited.
    package var streams: Int

    package init(waited: Nanoseconds = 0, holes: Int = 0, streams: Int = 0) {
        self.waited = waited
        self.holes = holes
        self.streams = streams
    }
}
