import StreamtopBase
import StreamtopModel

/// What a tracker tells the engine, never people: the engine steers by signals and by nothing else.
package enum Signal: Equatable, Sendable {
    /// The connection was made.
    case established
    /// The connection is over; how.
    case closed(FlowState)
    /// The end that sends in this direction is the client. Where that is the server of the flow, the ends are exchanged.
    case clientIs(Direction)
    /// The bytes are not what the tracker reads. It is taken off the stack with everything above it, and whatever it said of
    /// them is forgotten.
    case notThisProtocol
    /// What the layer carries, by its name in TLS (RFC 7301).
    case applicationProtocol(String)
    /// From here on the layer hands another protocol up (Upgrade, CONNECT, STARTTLS).
    case upgraded(to: ProtocolKind)
    /// The owner chose the ID: packets to that end carry it, from whatever address.
    case connectionID(QUICConnectionID, owner: Direction)
    /// A step of the transport's that belongs to the handshake above it.
    case handshakeStep(HandshakeStepName, from: Direction, bytes: Int)
    /// Something by which flows are joined.
    case correlator(Correlator)
}

/// A fact by which flows are found to belong together (RFC 8445 section 5.3, RFC 8656 section 5, RFC 8446 section 8).
package enum Correlator: Hashable, Sendable {
    /// `remote:local` of a connectivity check, as the USERNAME attribute has it.
    case iceUserName(String)
    case relayedAddress(Endpoint)
    /// Where a server sees the flow's client (RFC 8489 section 14.2), whose packets passed a router before the tap or did not.
    case reflectedAddress(Endpoint, behindRouter: Bool)
    /// The random of a ClientHello that came with early data: seen twice, it was replayed.
    case earlyHello(HelloRandom)
}
