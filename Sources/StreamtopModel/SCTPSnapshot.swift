import StreamtopBase

/// An SCTP association.
package struct SCTPSnapshot: Equatable, Sendable {
    /// One end as sender of data.
    package struct End: Equatable, Sendable {
        /// DATA and I-DATA chunks, repeats included.
        package var dataChunks: UInt64 = 0
        /// User bytes of distinct chunks, on all streams.
        package var bytes: UInt64 = 0
        package var retransmitted: UInt64 = 0
        /// Of those, sent after three gap reports, and after a timeout.
        package var fastRetransmissions: UInt64 = 0
        package var timeouts: UInt64 = 0
        /// Longest silence before a timeout's retransmission while data was waiting.
        package var longestTimeout: Nanoseconds?
        package var selectiveAcks: UInt64 = 0
        package var gapReports: UInt64 = 0
        /// TSNs that this end reports as received twice.
        package var duplicates: UInt64 = 0
        package var forwardTSNs: UInt64 = 0
        /// Chunks that this end gave up by moving its cumulative TSN on.
        package var abandoned: UInt64 = 0
        /// As advertised in SACKs.
        package var receiveWindow: Range?
        package var maximumReceiveWindow: UInt32?

        package init() {}
    }

    package struct Range: Equatable, Sendable {
        package var last: UInt32
        package var minimum: UInt32
        package var maximum: UInt32

        package init(_ value: UInt32) {
            last = value
            minimum = value
            maximum = value
        }
    }

    /// Messages of one stream and one sender.
    package struct Messages: Equatable, Sendable {
        package var messages: UInt64 = 0
        package var bytes: UInt64 = 0

        package init() {}
    }

    package struct Stream: Equatable, Sendable {
        package var identifier: UInt16
        package var client = Messages()
        package var server = Messages()
        /// From its data channel's establishment; nil for a stream that has none (RFC 8832), or whose start was not seen.
        package var label: String?
        package var subprotocol: String?
        package var isOrdered: Bool?
        package var maximumRetransmissions: UInt32?
        /// Milliseconds.
        package var lifetime: UInt32?
        package var resets = 0

        package init(identifier: UInt16) { self.identifier = identifier }

        package mutating func exchangeEnds() { (client, server) = (server, client) }
    }

    package var client = End()
    package var server = End()
    package var streams: [Stream] = []
    package var roundTrip: RoundTripSnapshot?
    package var handshake: Nanoseconds?
    package var chunks: [SCTPChunkCount] = []
    package var state = FlowState.open
    /// More streams were used than are kept.
    package var streamsLeftOut = 0

    package init() {}
}

package struct SCTPChunkCount: Equatable, Sendable {
    package var name: String
    package var count: UInt64

    package init(name: String, count: UInt64) {
        self.name = name
        self.count = count
    }
}
