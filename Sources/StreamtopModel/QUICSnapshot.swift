import StreamtopBase

/// Facts of a QUIC connection. What only secrets can tell is nil without them.
package struct QUICSnapshot: Equatable, Sendable {
    /// "1", "2", "draft-29", …; hexadecimal when it has no name.
    package var version: String?
    /// What the server offered in Version Negotiation, or the client in its transport parameters.
    package var versionsOffered: [String] = []
    package var hasVersionNegotiation = false
    package var hasRetry = false
    /// The integrity tag of the Retry packet matched (RFC 9001 section 5.8); nil where it could not be checked.
    package var isRetryTagValid: Bool?
    package var zeroRTT: QUICZeroRTT?
    package var clientConnectionIDs: [String] = []
    package var serverConnectionIDs: [String] = []
    package var originalDestinationID: String?
    package var spin = QUICSpin()
    package var migrations: [QUICMigration] = []
    /// Key updates of the 1-RTT keys; nil without secrets.
    package var keyUpdates: Int?
    package var packets = QUICPacketCounts()
    /// Of the Initial packets, those that the client sent.
    package var clientInitials = 0
    package var clientParameters: [QUICParameter] = []
    package var serverParameters: [QUICParameter] = []
    package var client = QUICEndpointSnapshot()
    package var server = QUICEndpointSnapshot()
    /// Where the capture was taken, inferred from the component RTTs; nil when it cannot be told.
    package var vantage: Vantage?
    package var close: QUICClose?
    /// 1-RTT packets were opened.
    package var isDecrypted = false
    /// Answers of some size, as the lengths of unreadable packets show them; the newest.
    package var bursts: [AnswerBurst] = []
    /// Server bytes over client bytes before the client's address was proven (RFC 9000 section 8.1, limit 3).
    package var amplificationRatio: Double?
    /// Time in which the server stood at that limit waiting for the client.
    package var amplificationBlocked: Nanoseconds?
    /// A packet that no key opens, of the size and place of a stateless reset (RFC 9000 section 10.3).
    package var isResetSuspected = false
    package var handshake = QUICHandshakeTimes()
    /// The handshake was not finished when the client connected to the same service by TCP.
    package var fallback: Timestamp?
    /// The packets that were opened, where a log of them is kept, and how many found no room in it.
    package var packetLog: [QUICPacketRecord] = []
    package var packetsNotLogged = 0

    package init() {}

    package subscript(direction: Direction) -> QUICEndpointSnapshot {
        get { direction == .fromClient ? client : server }
        set { if direction == .fromClient { client = newValue } else { server = newValue } }
    }
}

/// Moments of the handshake after the first packet of the flow; nil where not seen.
package struct QUICHandshakeTimes: Equatable, Sendable {
    package var firstInitial: Timestamp?
    /// The client's newest Initial before anything came back, where its timer and not its size made it send several
    /// (RFC 9002 section 6.2).
    package var repeatedRequest: Timestamp?
    package var serverInitial: Timestamp?
    package var serverHandshake: Timestamp?
    package var clientHandshake: Timestamp?
    package var firstClientData: Timestamp?
    package var confirmed: Timestamp?

    package init() {}
}

package struct QUICZeroRTT: Equatable, Sendable {
    package var packets = 0
    package var bytes: UInt64 = 0
    /// 0-RTT packets that arrived before the Initial that explains them.
    package var beforeInitial = 0
    /// The server's EncryptedExtensions say; nil without secrets.
    package var accepted: Bool?

    package init() {}
}

/// Use of the spin bit (RFC 9000 section 17.4).
package struct QUICSpin: Equatable, Sendable {
    /// Both ends take part: the bit turns at the pace of the round trip.
    package var isUsed = false
    package var edges = 0
    /// Edges and samples set aside as reordering, idleness or noise.
    package var rejected = 0

    package init() {}
}

/// The connection went on over other addresses (RFC 9000 section 9).
package struct QUICMigration: Equatable, Sendable {
    package var time: Timestamp
    package var from: Endpoint
    package var to: Endpoint
    /// The new path was challenged and answered; nil when that cannot be seen.
    package var isValidated: Bool?

    package init(time: Timestamp, from: Endpoint, to: Endpoint, isValidated: Bool?) {
        self.time = time
        self.from = from
        self.to = to
        self.isValidated = isValidated
    }
}

package struct QUICPacketCounts: Equatable, Sendable {
    package var initial = 0
    package var handshake = 0
    package var zeroRTT = 0
    package var oneRTT = 0
    package var retry = 0
    package var versionNegotiation = 0
    /// Datagrams that held more than one packet.
    package var coalesced = 0
    /// Packets that had a key and did not open with it.
    package var undecryptable = 0
    /// Bytes that are no QUIC packet.
    package var undecodable = 0

    package init() {}
}

/// A transport parameter as sent.
package struct QUICParameter: Equatable, Sendable {
    package enum Value: Equatable, Sendable {
        case number(UInt64)
        case text(String)
        case flag
        case list([String])
    }
    /// The RFC's name in snake_case.
    package var name: String
    package var value: Value

    package init(name: String, value: Value) {
        self.name = name
        self.value = value
    }
}

/// How the connection ended.
package struct QUICClose: Equatable, Sendable {
    package var code: UInt64
    /// The code is the application's rather than QUIC's.
    package var isApplication: Bool
    package var reason: String
    package var by: Direction
    package var time: Timestamp

    package init(code: UInt64, isApplication: Bool, reason: String, by: Direction, time: Timestamp) {
        self.code = code
        self.isApplication = isApplication
        self.reason = reason
        self.by = by
        self.time = time
    }
}

/// One end of a QUIC connection as sender.
@dynamicMemberLookup
package struct QUICEndpointSnapshot: Equatable, Sendable {
    /// What any sender has; reached as if it were the endpoint's own (`endpoint.inFlight`). Most of it is known with secrets only.
    package var sender = SenderSnapshot()

    // Known with secrets only
    package var ackedPackets: Int?
    package var lostPackets: Int?
    /// Packets declared lost and acknowledged later.
    package var spuriousLosses: Int?
    /// Frames by name, in the order of their types.
    package var frames: [QUICFrameCount] = []
    /// Frames that say that flow control holds this end back (RFC 9000 sections 19.12 to 19.14).
    package var flowControlBlocked: Int?
    package var streams: Int?
    /// Streams that were no longer put in order, for want of room.
    package var forgottenStreams = 0
    /// Payload bytes of STREAM frames.
    package var streamBytes: UInt64?

    // Known in any case
    /// Largest UDP payload that was sent more than once: what the path is known to carry.
    package var pathMTU: Int?
    /// Datagrams larger than any before, sent alone (RFC 8899).
    package var mtuProbes = 0

    package init() {}

    package subscript<Value>(dynamicMember member: WritableKeyPath<SenderSnapshot, Value>) -> Value {
        get { sender[keyPath: member] }
        set { sender[keyPath: member] = newValue }
    }
}

package struct QUICFrameCount: Equatable, Sendable {
    package var name: String
    package var count: Int

    package init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}
