import StreamtopBase
import StreamtopModel

/// A flow, wherever it is kept: by the frame that opened it, for a position may be given to another.
struct FlowReference: Hashable, Sendable {
    /// Ordinal of the opening frame.
    var ordinal: UInt64
    var position: UInt32
}

/// What an engine noticed of one flow that may concern another: a small value, consumed by the joiner in the order of frames.
struct JoinFact: Sendable {
    enum Kind: Sendable {
        /// A client asked for QUIC at a service.
        case askedForQUIC(client: IPAddress, server: Endpoint)
        /// A client connected to a service by TCP.
        case connected(client: IPAddress, server: Endpoint)
        /// A ClientHello with early data, by its random.
        case earlyHello(HelloRandom)
        /// A server says where it sees a socket.
        case reflected(socket: Endpoint, by: Endpoint, as: Endpoint, isBehindRouter: Bool)
    }

    /// Of the frame that showed it.
    var ordinal: UInt64
    var time: Timestamp
    var flow: FlowReference
    var kind: Kind
}

/// An answer of the joiner, applied by the engine that has the flow.
enum Join: Equatable, Sendable {
    /// The client of the QUIC flow turned to TCP for the same service.
    case fellBack(FlowReference, at: Timestamp)
    /// The flow's ClientHello with early data came before, in another connection.
    case replayed(FlowReference)
    /// What the servers of the flow's socket say together shows how the NAT before it gives out addresses.
    case mapped(FlowReference, CallSnapshot.Mapping, as: Endpoint, at: Timestamp)

    var flow: FlowReference {
        switch self {
        case .fellBack(let flow, _), .replayed(let flow), .mapped(let flow, _, as: _, at: _): flow
        }
    }
}

/// Facts between two ticks, capped: those beyond are counted, and what they would have told stays unknown.
struct JoinFacts {
    static let capacity = 65_536

    private var facts: [JoinFact] = []
    private(set) var refused: UInt64 = 0

    mutating func append(_ fact: JoinFact) {
        guard facts.count < Self.capacity else {
            refused &+= 1
            return
        }
        facts.append(fact)
    }

    mutating func take() -> [JoinFact] {
        defer { facts.removeAll(keepingCapacity: true) }
        return facts
    }
}
