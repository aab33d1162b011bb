import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// A QUIC connection with the TLS handshake inside it: QUIC takes the handshake's bytes out of its packets and does not read
/// them, TLS reads them and does not care who carried them (RFC 9001 section 3).
struct QUICFlow: LayerState, ~Copyable {
    var connection: QUICConnectionTracker
    var handshake = QUICHandshakeTracker()
    /// When the client first connected to the same service by TCP after it had asked for QUIC.
    var fallback: Timestamp?
    /// The engine was told what the connection carries.
    private var hasNamedProtocol = false
    private let depth = AddressOnly()

    /// Memory that it takes, with the bytes it holds.
    var heldBytes: Int { MemoryLayout<Self>.stride + connection.heldBytes }

    /// Gives up the bytes that wait for something, for want of memory.
    mutating func releaseHeldBytes() { connection.releaseHeldBytes() }

    init(start: Timestamp) {
        connection = QUICConnectionTracker(start: start)
    }

    /// Takes one UDP payload; `wireLength` is its length on the wire.
    mutating func observe(
        _ datagram: RawSpan, wireLength: Int, ecn: UInt8, tables: inout SecurityTables, scratch: inout QUICScratch,
        _ now: inout Observation
    ) {
        scratch.clear()
        connection.observe(
            datagram, wireLength: wireLength, ecn: ecn, secrets: tables.secrets, scratch: &scratch, &now)
        for signal in now.signals {
            switch signal {
            case .handshakeStep(let step, let from, let bytes):
                handshake.add(step, from: from, at: now.time, bytes: bytes)
            case .established: handshake.applicationData(from: .fromClient, at: now.time)
            case .closed, .clientIs, .notThisProtocol, .applicationProtocol, .upgraded, .connectionID, .correlator:
                break
            }
        }
        if !scratch.messages.isEmpty { readHandshake(tables: &tables, scratch: &scratch, &now) }
    }

    private mutating func readHandshake(
        tables: inout SecurityTables, scratch: inout QUICScratch, _ now: inout Observation
    ) {
        let (messages, bytes) = scratch.takeMessages()
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let span = unsafe bytes.span.bytes
        for message in messages {
            handshake.observe(
                span.extracting(message.start..<(message.start + message.count)), from: message.direction,
                at: message.time, encrypted: message.level != .initial, tables: &tables, &now)
        }
        guard !hasNamedProtocol, let name = handshake.alpn else { return }
        hasNamedProtocol = true
        now.signal(.applicationProtocol(name))
    }

    mutating func exchangeEnds() {
        connection.exchangeEnds()
        handshake = QUICHandshakeTracker()
        hasNamedProtocol = false
    }

    func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        // Nothing is on the way any more once the connection is over: what was stays as it stood at its last packet.
        let isOver = flow.state == .closed || flow.state == .reset
        flow.quic = connection.snapshot(at: isOver ? min(time, flow.end) : time)
        flow.roundTrip = connection.roundTrip
        flow.queueDelay = connection.queueDelay
        flow.protocols.append(ProtocolKind.quic.rawValue)
        let gaps = connection.streamGaps
        flow.decode.gaps += gaps.count
        flow.decode.gapBytes &+= gaps.bytes
        flow.quic?.fallback = fallback
        let times = connection.handshakeTimes
        guard !handshake.isEmpty else { return }
        flow.tls = handshake.snapshot(
            early: flow.quic?.zeroRTT?.bytes ?? 0, serverHandshake: times.serverHandshake,
            clientHandshake: times.clientHandshake, hasSecrets: flow.quic?.isDecrypted ?? false,
            serverRoundTrip: flow.roundTrip.server?.minimum)
        if let alpn = flow.tls?.alpn, ProtocolKind(applicationProtocol: alpn) == .http3 {
            flow.protocols.append(ProtocolKind.http3.rawValue)
        }
    }
}

extension TrackerStore {
    /// Gives a datagram to its connection.
    mutating func observeQUIC(
        _ index: UInt32, _ payload: RawSpan, _ frame: borrowing DecodedFrame, _ now: inout Observation
    ) {
        quic[index].observe(
            payload, wireLength: frame.payloadLength, ecn: frame.ecn, tables: &security, scratch: &quicScratch, &now)
    }
}
