import StreamtopBase

/// How a round-trip time was obtained; the words of the JSON contract.
package enum RoundTripSource: String, Sendable, CaseIterable {
    case tcpTimestamps = "tcp_timestamps"
    case tcpAck = "tcp_ack"
    case tcpHandshake = "tcp_handshake"
    case quicAck = "quic_ack"
    case quicSpin = "quic_spin"
    case quicHandshake = "quic_handshake"
    case rtcp, stun, sctp, srt
    case websocketPing = "websocket_ping"
    case http2Ping = "http2_ping"
    case httpExchange = "http_exchange"
    case kernel
}

/// A series of round-trip samples, condensed. All times in nanoseconds.
package struct RoundTripSnapshot: Equatable, Sendable {
    package var samples: Int
    package var minimum: Nanoseconds
    package var last: Nanoseconds
    /// RFC 6298 section 2 (gain 1/8).
    package var smoothed: Nanoseconds
    package var mean: Nanoseconds
    package var p50: Nanoseconds
    package var p95: Nanoseconds
    package var p99: Nanoseconds
    package var maximum: Nanoseconds
    /// Mean absolute difference of consecutive samples.
    package var jitter: Nanoseconds
    package var source: RoundTripSource

    package init(
        samples: Int, minimum: Nanoseconds, last: Nanoseconds, smoothed: Nanoseconds, mean: Nanoseconds,
        p50: Nanoseconds, p95: Nanoseconds, p99: Nanoseconds, maximum: Nanoseconds, jitter: Nanoseconds,
        source: RoundTripSource
    ) {
        self.samples = samples
        self.minimum = minimum
        self.last = last
        self.smoothed = smoothed
        self.mean = mean
        self.p50 = p50
        self.p95 = p95
        self.p99 = p99
        self.maximum = maximum
        self.jitter = jitter
        self.source = source
    }
}

/// The parts of a flow's round trip as the capture point sees it.
package struct FlowRoundTrip: Equatable, Sendable {
    /// From the capture point to the server and back.
    package var server: RoundTripSnapshot?
    /// From the capture point to the client and back.
    package var client: RoundTripSnapshot?
    /// The whole loop as one end sees it; measured, not the sum of the two summaries.
    package var total: RoundTripSnapshot?
    /// First packet of the handshake to its completion, end to end; nil when not seen or ambiguous.
    package var handshake: Nanoseconds?
    /// The latest lasting jump of the base round trip, up or down; nil when the path kept its length.
    package var baseChange: BaseRoundTripChange?

    /// The base of both components where another flow between the same hosts has measured a shorter one; nil where none has.
    package var sharedBase: Nanoseconds?

    package init() {}

    /// The component RTT between the capture point and `end`.
    package subscript(end: Direction) -> RoundTripSnapshot? { end == .fromClient ? client : server }

    /// Round trip of the empty path, end to end: the one derivation of it. nil while a component is unknown.
    package var base: Nanoseconds? {
        if let sharedBase { return sharedBase }
        if let total { return total.minimum }
        guard let client, let server else { return nil }
        return saturatingAdd(client.minimum, server.minimum)
    }
}

/// The base of the round trip moved and stayed: the path became another one.
package struct BaseRoundTripChange: Equatable, Sendable {
    package var time: Timestamp
    package var before: Nanoseconds
    package var after: Nanoseconds

    package init(time: Timestamp, before: Nanoseconds, after: Nanoseconds) {
        self.time = time
        self.before = before
        self.after = after
    }
}

/// Round-trip time above its windowed minimum (RFC 8289 calls the like "sojourn"): delay that waits in a buffer.
package struct QueueDelaySnapshot: Equatable, Sendable {
    package var last: Nanoseconds
    package var p50: Nanoseconds
    package var p95: Nanoseconds
    package var maximum: Nanoseconds
    /// Of this delay, the share that packets met on their way from the end to the capture point, 0 to 1; the rest was met
    /// on the way there. nil where no clock of the end tells (RFC 7323 timestamps).
    package var inboundShare: Double?

    package init(
        last: Nanoseconds, p50: Nanoseconds, p95: Nanoseconds, maximum: Nanoseconds, inboundShare: Double? = nil
    ) {
        self.last = last
        self.p50 = p50
        self.p95 = p95
        self.maximum = maximum
        self.inboundShare = inboundShare
    }
}

/// Where a number comes from when it is not counted directly.
package enum EstimateSource: String, Sendable {
    case estimate, kernel
}

extension RoundTripSnapshot {
    /// nil without samples.
    package init?(_ samples: borrowing RoundTripSamples, source: RoundTripSource) {
        guard let smoothed = samples.smoothed, let mean = samples.mean, let p50 = samples.quantile(0.5),
            let p95 = samples.quantile(0.95), let p99 = samples.quantile(0.99)
        else { return nil }
        self.init(
            samples: samples.count, minimum: samples.minimum, last: samples.last, smoothed: smoothed, mean: mean,
            p50: p50, p95: p95, p99: p99, maximum: samples.maximum, jitter: samples.meanStep, source: source)
    }
}
