import StreamtopBase
import StreamtopModel
import StreamtopSecurity
import StreamtopWire

/// A DTLS association of a UDP flow. Who is the client of DTLS is decided by its ClientHello, whoever opened the flow: in
/// WebRTC either end may be.
struct SecureDatagrams: ~Copyable, Sendable {
    var dtls = DTLSConnectionTracker()
    /// The flow's server is the client of DTLS.
    var isReversed: Bool
    private let place = AddressOnly()

    init(isReversed: Bool) { self.isReversed = isReversed }

    func role(of direction: Direction) -> Direction { isReversed ? direction.reversed : direction }
}

/// DTLS over UDP, told from what else uses the port by content (RFC 7983).
extension FlowEngine {
    /// A UDP datagram of the flow at `position`.
    mutating func observeSecureDatagram(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        let payload = frame.payload(in: bytes)
        guard let first = ByteReader(payload).peekUInt8(), first == 1 || MultiplexedDatagram(firstByte: first) == .dtls
        else { return }
        if flows[position].secureDatagrams == FlowEntry.none {
            guard DTLSConnectionTracker.canBegin(payload) else { return }
            let isHello = DTLSConnectionTracker.isClientHello(payload)
            if isHello, direction == .fromServer, flows[position].orientation == .port {
                // Port numbers were only a guess.
                flows[position].flip()
                flows[position].orientation = .request
            }
            let from = flows[position].direction(from: frame.sourceEndpoint)
            flows[position].secureDatagrams = secureDatagrams.insert(
                SecureDatagrams(isReversed: isHello && from == .fromServer))
        }
        let place = flows[position].secureDatagrams
        let from = flows[position].direction(from: frame.sourceEndpoint)
        let role = secureDatagrams[place].role(of: from)
        secureDatagrams[place].dtls.observe(
            payload, direction: role, at: time, tables: &security, events: &pendingEvents)
        guard !pendingEvents.isEmpty else { return }
        if secureDatagrams[place].isReversed { pendingEvents = pendingEvents.map(\.reversed) }
        flushEvents(of: position, at: time)
    }

    /// Fills in what the flow's DTLS association shows.
    func fillDTLS(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry) {
        let place = entry.secureDatagrams
        guard secureDatagrams[place].dtls.isConvincing else { return }
        let seen = secureDatagrams[place].dtls.snapshot()
        flow.dtls = secureDatagrams[place].isReversed ? seen.reversed : seen
        flow.decode.malformed += secureDatagrams[place].dtls.malformedCount
        flow.protocols.append("dtls")
    }
}

extension FlowEvent.Kind {
    /// The same event with the ends exchanged.
    fileprivate var reversed: FlowEvent.Kind {
        switch self {
        case .handshakeStep(let step, let from, let bytes, let encrypted):
            .handshakeStep(step: step, from: from.reversed, bytes: bytes, encrypted: encrypted)
        case .dtlsRetransmit(let from): .dtlsRetransmit(from: from.reversed)
        default: self
        }
    }
}
