import StreamtopBase

/// Something that happened in a flow at a moment of capture time.
package struct FlowEvent: Equatable, Sendable {
    package var time: Timestamp
    package var flow: FlowIdentifier
    /// Time since the flow's first packet.
    package var sinceStart: Nanoseconds
    package var kind: Kind

    package init(time: Timestamp, flow: FlowIdentifier, sinceStart: Nanoseconds, kind: Kind) {
        self.time = time
        self.flow = flow
        self.sinceStart = sinceStart
        self.kind = kind
    }

    package enum Kind: Equatable, Sendable {
        case flowOpen
        case flowClose(FlowState)
        case handshakeStep(step: HandshakeStepName, from: Direction, bytes: Int, encrypted: Bool)
        case established(handshake: Nanoseconds?)
        /// Early data was seen to be taken or refused; nil while that cannot be told.
        case earlyData(bytes: UInt64, accepted: Bool?)
        /// A DTLS flight came again.
        case dtlsRetransmit(from: Direction)
        case retransmission(from: Direction, sequence: UInt32, bytes: Int, cause: RetransmissionCause)
        case loss(from: Direction, segments: Int, verdict: LossVerdict, location: LossLocation?)
        case spurious(from: Direction, sequence: UInt32)
        case zeroWindow(by: Direction)
        case windowOpen(by: Direction, bytes: Int, after: Nanoseconds)
        case ecnCE(from: Direction)
        case icmpTooBig(mtu: UInt32)
        /// A QUIC connection went on over other addresses.
        case migration(QUICMigration)
        case keyUpdate(by: Direction)
        /// The server answered with the versions it speaks.
        case versionNegotiation(offered: [String])
        /// An exchange is over, or was broken off.
        indirect case httpExchange(HTTPExchangeSnapshot)
        case webSocketOpen(url: String?)
        /// The first close frame passed.
        case webSocketClose(WebSocketCloseSnapshot)
        /// A stream was recognised.
        case rtpStart(source: UInt32, from: Direction, payloadType: UInt8)
        /// A gap in a stream's numbers stayed open.
        case rtpLoss(source: UInt32, from: Direction, packets: Int)
        /// A pair of addresses was chosen for a call; by the end that may choose.
        case nominated(by: Direction)
        /// Checks of a pair began, or the first was answered.
        case icePair(CallSnapshot.PairState)
        /// What servers said of the client's socket tells how the NAT before it gives out addresses.
        case natMapping(CallSnapshot.Mapping, mapped: Endpoint)
        case allocation(RelayAllocationEvent)
        case keyFrame(source: UInt32, from: Direction)
        /// The last byte of a CMAF chunk passed.
        case mediaChunk(exchange: UInt64, bytes: UInt64, age: Nanoseconds?)
        /// The last byte of a media segment, or of a part of one.
        indirect case mediaSegment(MediaSegmentEvent)
        /// The player went over to another representation: at this time it first asked for it.
        indirect case mediaSwitch(MediaSwitch)
        /// By the model of the player's buffer nothing is left to play.
        case mediaStall
        case verdict(rule: String, severity: Verdict.Severity, summary: String)
    }
}

/// What became of a relay's allocation (RFC 8656).
package struct RelayAllocationEvent: Equatable, Sendable {
    package enum State: String, Sendable {
        case granted, refused, released
        /// The client went on sending when its allocation, or a permission or channel, had run out.
        case lapsed
    }

    package var state: State
    package var relayed: Endpoint?
    /// In seconds, as granted.
    package var lifetime: UInt32?
    package var errorCode: Int?
    package var lapse: TURNAllocationSnapshot.Lapse?

    package init(
        _ state: State, relayed: Endpoint? = nil, lifetime: UInt32? = nil, errorCode: Int? = nil,
        lapse: TURNAllocationSnapshot.Lapse? = nil
    ) {
        self.state = state
        self.relayed = relayed
        self.lifetime = lifetime
        self.errorCode = errorCode
        self.lapse = lapse
    }
}

/// Why a sender repeated a segment (RFC 5681, RFC 6298, RFC 8985).
package enum RetransmissionCause: String, Sendable {
    case fast, timeout
    case tailProbe = "tail_probe"
    case spurious, unclassified
}

package enum LossVerdict: String, Sendable {
    case random, congestive, policed, unknown
}

/// Where a segment was lost, seen from the capture point.
package enum LossLocation: String, Sendable {
    case upstream, downstream
}
