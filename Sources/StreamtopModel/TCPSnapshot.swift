import StreamtopBase

/// Facts of a TCP flow; one endpoint for each end as sender of data.
package struct TCPSnapshot: Equatable, Sendable {
    package var client = TCPEndpointSnapshot()
    package var server = TCPEndpointSnapshot()
    /// Where the capture was taken, inferred from the component RTTs; nil when it cannot be told.
    package var vantage: Vantage?
    /// Multipath TCP options were seen (RFC 8684).
    package var multipath = false
    /// SYN and SYN-ACK retransmissions.
    package var synRetransmissions = 0
    package var synAckRetransmissions = 0
    package var opening = TCPOpening()
    /// The end whose FIN came first.
    package var firstFin: Direction?
    private let position = PassedByAddress()

    package init() {}

    package subscript(direction: Direction) -> TCPEndpointSnapshot {
        get { direction == .fromClient ? client : server }
        set { if direction == .fromClient { client = newValue } else { server = newValue } }
    }

    /// What `body` makes of one endpoint, which is not copied for it.
    @inlinable
    @inline(__always)
    package func read<Value>(_ end: Direction, _ body: (borrowing TCPEndpointSnapshot) -> Value) -> Value {
        if end == .fromClient { body(client) } else { body(server) }
    }
}

/// When the packets of the three-way handshake passed; nil where not seen.
package struct TCPOpening: Equatable, Sendable {
    package var syn: Timestamp?
    package var synAck: Timestamp?
    package var ack: Timestamp?

    package init() {}
}

/// Place of the capture point on the path, seen from the flow's two ends.
package enum Vantage: String, Sendable {
    case client, server, middle
    /// Both ends are here.
    case loopback
}

/// One end of a TCP flow as sender of data; window facts are those it advertises as receiver.
@dynamicMemberLookup
package struct TCPEndpointSnapshot: Equatable, Sendable {
    /// What any sender has; reached as if it were the endpoint's own (`endpoint.goodput`).
    package var sender = SenderSnapshot()

    // Options of its SYN
    package var mssBytes: Int?
    package var windowScale: Int?
    /// The least scale of its window that a flight beyond the unscaled field has proven; nil where the scale is known, or
    /// nothing proved one.
    package var windowScaleMin: Int?
    /// Its SYN was captured with all of its options.
    package var areOptionsWhole = false
    package var sackPermitted: Bool?
    package var timestamps: Bool?
    package var ecnNegotiated: Bool?
    package var fastOpen: Bool?

    // Counts
    package var segments = 0
    package var dataSegments: Int {
        get { sender.dataPackets }
        set { sender.dataPackets = newValue }
    }
    /// Sequence space sent and not acknowledged, SYN and FIN included, whatever became of it.
    package var outstandingBytes = 0
    /// Segments with data that were sent again.
    package var retransmissions = RetransmissionCounts()
    /// SYN and FIN segments without data that were sent again, always by the sender's timer.
    package var controlRetransmissions = 0
    /// Everything sent again, as a sender's own counters have it.
    package var allRetransmissions: RetransmissionCounts {
        var counts = retransmissions
        counts.packets += controlRetransmissions
        counts.timeout += controlRetransmissions
        return counts
    }
    package var duplicateAcks = 0
    package var duplicatePackets = 0
    /// Segments that stand behind their own acknowledgment in the capture.
    package var displacedSegments = 0
    /// Segments that the other end acknowledged and we never captured.
    package var lostBeforeCapture = 0
    package var lostBeforeCaptureBytes: UInt64 {
        get { sender.missedBytes }
        set { sender.missedBytes = newValue }
    }
    package var zeroWindows = 0
    package var zeroWindowEpisodes = 0
    package var zeroWindowTime: Nanoseconds = 0
    package var windowFull = 0
    package var keepAlives = 0
    package var windowProbes = 0
    package var resets = 0
    package var fins = 0
    /// DSACK blocks this end received for its data: proven needless retransmissions (RFC 2883).
    package var dsacks = 0
    /// The SACK blocks for its data lie outside of what it sent, by so many bytes; nil where they make sense.
    package var brokenSACKOffset: Int?
    /// Small segments that it sent only when the delayed acknowledgment of the one before had come, of so many small ones.
    package var delayedAckWaits = 0
    package var smallSegments = 0
    /// Time that each of those waited, on the average.
    package var delayedAckWait: Nanoseconds?
    /// Data in its SYN that the other end did not take (RFC 7413).
    package var isEarlyDataDeclined = false
    /// Its peer has left or fallen silent, and data is sent to it again and again; nil while it answers.
    package var peerGone: PeerGone?
    /// What it offers as receiver.
    package var receiveWindow: ReceiveWindowSnapshot?
    /// Payload bytes of the largest segment; above the MSS it betrays segmentation offload at the capture point.
    package var largestSegment = 0
    /// Recoveries from loss in this direction, and those of them that repaired the last segment of a response by a
    /// tail probe or a timeout (RFC 8985 section 7).
    package var recoveries: Int?
    package var tailRecoveries: Int?
    /// Times that its timer fired; what it then sent again is in `retransmissions.timeout`.
    package var timeouts = 0
    /// Most timeouts in a row without new data acknowledged; each doubles the wait (RFC 6298 section 5.5).
    package var longestBackoff: Int?
    private let position = PassedByAddress()

    package init() {}

    package subscript<Value>(dynamicMember member: WritableKeyPath<SenderSnapshot, Value>) -> Value {
        get { sender[keyPath: member] }
        set { sender[keyPath: member] = newValue }
    }
}

/// A peer that takes no more data.
package struct PeerGone: Equatable, Sendable {
    /// It closed or reset the connection before.
    package var hasLeft: Bool
    /// Since its last segment.
    package var silence: Nanoseconds
    /// Repetitions since, and the bytes of the range that is repeated.
    package var repeats: Int
    package var bytes: Int
    /// It answered the handshake at most.
    package var isSinceHandshake: Bool

    package init(hasLeft: Bool, silence: Nanoseconds, repeats: Int, bytes: Int, isSinceHandshake: Bool) {
        self.hasLeft = hasLeft
        self.silence = silence
        self.repeats = repeats
        self.bytes = bytes
        self.isSinceHandshake = isSinceHandshake
    }
}

package struct RetransmissionCounts: Equatable, Sendable {
    package var packets = 0
    package var bytes: UInt64 = 0
    package var fast = 0
    package var timeout = 0
    package var tailProbe = 0
    package var spurious = 0
    package var unclassified = 0
    /// Sent to a peer that had left, or has not answered since.
    package var peerGone = 0

    package init() {}
}

package struct ReceiveWindowSnapshot: Equatable, Sendable {
    package var last: Int
    package var maximum: Int
    package var minimum: Int
    /// Largest window seen minus the one advertised now: data that the application has not read.
    package var occupied: Int
    /// The window scale was never seen; the values are lower bounds.
    package var scaleUnknown: Bool

    package init(last: Int, maximum: Int, minimum: Int, occupied: Int, scaleUnknown: Bool) {
        self.last = last
        self.maximum = maximum
        self.minimum = minimum
        self.occupied = occupied
        self.scaleUnknown = scaleUnknown
    }
}
