import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// The STUN of one flow: transactions and relaying, and the connectivity checks among them. Over a stream it is cut out first.
struct STUNFlow: LayerState, ~Copyable {
    private var stun: STUNTracker
    private var checks = ICECheckTracker()
    private let ordinal: UInt64
    /// The framing of the flow's stream; nil for datagrams.
    private var stream: STUNStream?
    /// Where in the datagram at hand DTLS lies that was put into a check.
    private(set) var embedded: Range<Int>?

    /// `ordinal` is the flow's identity.
    init(transport: ProtocolKind, ordinal: UInt64) {
        stun = STUNTracker(transport: transport.rawValue)
        if transport != .udp { stream = STUNStream() }
        self.ordinal = ordinal
    }

    /// A datagram of the flow belongs to STUN or TURN.
    func accepts(_ datagram: RawSpan, wireLength: Int) -> Bool { stun.accepts(datagram, wireLength: wireLength) }

    /// Names of the checks in the flow: signalling describes the ends by them.
    var userNames: [ICEUserName] { checks.userNames }

    var heldBytes: Int { (stream?.heldBytes ?? 0) + checks.heldBytes }

    mutating func releaseHeldBytes() { stream?.release() }

    /// A datagram; `wireLength` is its length on the wire.
    mutating func observe(
        _ datagram: RawSpan, wireLength: Int, relayed: inout RelayedDatagrams, _ now: inout Observation
    ) {
        stun.observe(datagram, wireLength: wireLength, relayed: &relayed, &now)
        embedded = nil
        guard let first = ByteReader(datagram).peekUInt8(), first & 0xc0 == 0 else { return }
        var reader = ByteReader(datagram)
        guard let message = (try? STUNMessage(decoding: &reader)) ?? STUNMessage(decodingCut: datagram) else { return }
        embedded = message.embeddedDTLS
        checks.observe(message, &now)
    }

    /// The next bytes of a stream.
    mutating func observe(
        _ bytes: RawSpan, _ delivery: borrowing Delivery, relayed: inout RelayedDatagrams, _ now: inout Observation
    ) {
        guard var stream else { return observe(bytes, wireLength: bytes.byteCount, relayed: &relayed, &now) }
        // Out of this value while its parts are changed, so that the buffer is not copied.
        self.stream = nil
        defer { self.stream = stream }
        switch delivery.content {
        case .bytes, .datagram: break
        case .gap: return stream.noteGap(delivery.direction)
        case .end, .reset, .stopSending, .restart: return
        }
        if stun.isBound { return stun.observe(bound: bytes.byteCount) }
        stream.append(bytes, delivery.direction)
        while let piece = stream.next(delivery.direction) {  // each turn takes bytes of the buffer
            switch piece {
            case .message(let range), .channelData(let range):
                let message = stream.bytes(range, delivery.direction)
                observe(message, wireLength: range.count, relayed: &relayed, &now)
            case .packet(let range):
                relayed.append(
                    framed: stream.bytes(range, delivery.direction), from: delivery.direction, at: delivery.time)
            }
            if stun.isBound { break }
        }
        if stream.isBroken { now.signal(.notThisProtocol) }
    }

    mutating func exchangeEnds() {
        stun.exchangeEnds()
        checks.exchangeEnds()
        stream?.exchangeEnds()
    }

    func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        stun.report(into: &flow, at: time)
        guard checks.isKnown else { return }
        if !flow.protocols.contains(ProtocolKind.stun.rawValue) { flow.protocols.append(ProtocolKind.stun.rawValue) }
        var ice = checks.report
        ice.ordinal = ordinal
        flow.ice = ice
        flow.roundTrip.server = flow.roundTrip.server ?? ice.client.roundTrip
        flow.roundTrip.client = flow.roundTrip.client ?? ice.server.roundTrip
    }

    /// The newest round trips of checks and transactions, for values over time.
    func read(into sample: inout FlowSample, at time: Timestamp) {
        sample.roundTrip.server = sample.roundTrip.server ?? checks.newestRoundTrip(.fromClient, at: time)
        sample.roundTrip.client = sample.roundTrip.client ?? checks.newestRoundTrip(.fromServer, at: time)
    }
}
