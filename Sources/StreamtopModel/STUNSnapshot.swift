import StreamtopBase

/// Transactions of STUN that a flow carried (RFC 8489).
package struct STUNSnapshot: Equatable, Sendable {
    /// Packets, repeats included.
    package var requests = 0
    /// Success responses.
    package var responses = 0
    package var errors = 0
    package var indications = 0
    /// Requests whose transaction was seen before.
    package var retransmissions = 0
    /// Requests without an answer that were followed by another, or by five seconds.
    package var unanswered = 0
    /// Addresses that a server saw requests come from, in the order seen.
    package var mapped: [Endpoint] = []
    /// From the capture point to the end that answers and back; no sample from a transaction that was repeated.
    package var serverRoundTrip: RoundTripSnapshot?
    package var clientRoundTrip: RoundTripSnapshot?
    /// What the ends call themselves.
    package var clientSoftware: String?
    package var serverSoftware: String?
    /// Error answers by code.
    package var errorCodes: [STUNErrorCount] = []
    /// Messages of methods that nothing here knows, by number.
    package var unknownMethods: [STUNErrorCount] = []
    /// Messages of RFC 3489, without the cookie.
    package var isClassic = false
    /// Messages whose FINGERPRINT does not match.
    package var wrongFingerprints = 0

    package init() {}
}

package struct STUNErrorCount: Equatable, Sendable {
    package var code: Int
    package var count: Int

    package init(code: Int, count: Int) {
        self.code = code
        self.count = count
    }
}

/// What a relay did for a client over this flow (RFC 8656).
package struct TURNSnapshot: Equatable, Sendable {
    package var allocation: TURNAllocationSnapshot?
    /// Channels that were bound.
    package var channels = 0
    package var channelDataPackets = 0
    /// Send and Data indications.
    package var indications = 0

    package init() {}
}

package struct TURNAllocationSnapshot: Equatable, Sendable {
    /// What ran out while the client went on sending.
    package enum Lapse: String, Sendable {
        case allocation, permission, channel
    }

    package var relayed: Endpoint
    /// How the client reaches the relay.
    package var transport: String
    /// Seconds granted last.
    package var lifetime: UInt32
    /// Until the allocation runs out, at the time of the snapshot; below zero when it has.
    package var expiresIn: Nanoseconds
    package var lapsed: Lapse?
    /// When what lapsed had run out, and when the client last sent through it.
    package var lapsedAt: Timestamp?
    package var lastLapsedUse: Timestamp?
    /// Until the first of the permissions, and of the channels, runs out; nil where there is none.
    package var permissionExpiresIn: Nanoseconds?
    package var channelExpiresIn: Nanoseconds?
    /// The client gave it back, or the relay says that it is gone.
    package var isGone = false
    /// A renewal was not captured: when things run out is not known.
    package var missedRenewal = false
    /// Peers that may send to the client.
    package var permissions = 0
    package var channels = 0
    /// Relayed payload, both directions.
    package var bytes: UInt64 = 0

    package init(relayed: Endpoint, transport: String, lifetime: UInt32, expiresIn: Nanoseconds) {
        self.relayed = relayed
        self.transport = transport
        self.lifetime = lifetime
        self.expiresIn = expiresIn
    }
}
