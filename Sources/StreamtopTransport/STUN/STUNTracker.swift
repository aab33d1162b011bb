import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// STUN and TURN on one flow, beside whatever else it carries (RFC 8489, RFC 8656, RFC 7983).
package struct STUNTracker: LayerTracker, ~Copyable {
    /// Addresses kept that servers reflected.
    static let maximumMapped = 16
    static let maximumErrorCodes = 16

    private var clientRequests = STUNTransactionLog()
    private var serverRequests = STUNTransactionLog()
    private var serverRoundTrips = RoundTripRecord()
    private var clientRoundTrips = RoundTripRecord()
    private var counts = STUNSnapshot()
    private var relay: TURNRelay

    /// `transport`: how the client reaches the server, in the contract's words.
    package init(transport: String) { relay = TURNRelay(transport: transport) }

    /// A datagram of the flow belongs to STUN or TURN. On a flow without an allocation no channel data can come.
    package func accepts(_ datagram: RawSpan) -> Bool {
        switch MultiplexedDatagram(firstByte: ByteReader(datagram).peekUInt8() ?? .max) {
        case .stun: STUNProbe.isMessage(datagram)
        case .turnChannel, .quic: relay.isKnown && TURNChannelData.fills(datagram)
        default: false
        }
    }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        guard delivery.range != nil else { return }
        var reader = ByteReader(bytes)
        if let first = reader.peekUInt8(), first & 0xc0 == 0x40 {
            guard let header = try? TURNChannelData(decoding: &reader) else { return }
            let start = reader.consumed
            return relay.observe(header, start..<(start + min(header.dataLength, reader.remaining)), &now)
        }
        guard let message = try? STUNMessage(decoding: &reader) else { return }
        observe(message, &now)
    }

    package mutating func exchangeEnds() {
        swap(&clientRequests, &serverRequests)
        swap(&serverRoundTrips, &clientRoundTrips)
        (counts.clientSoftware, counts.serverSoftware) = (counts.serverSoftware, counts.clientSoftware)
    }

    private mutating func observe(_ message: STUNMessage, _ now: inout Observation) {
        if message.fingerprint == .wrong { counts.wrongFingerprints += 1 }
        if !message.header.hasCookie { counts.isClassic = true }
        if let software = message.software {
            if now.direction == .fromClient {
                counts.clientSoftware = software
            } else {
                counts.serverSoftware = software
            }
        }
        switch message.header.messageClass {
        case .request:
            counts.requests += 1
            let isRepeated =
                now.direction == .fromClient
                ? clientRequests.request(message.header, at: now.time)
                : serverRequests.request(message.header, at: now.time)
            if isRepeated { counts.retransmissions += 1 }
        case .indication: counts.indications += 1
        case .success:
            counts.responses += 1
            takeAnswer(message, &now)
            if message.header.method == .binding || message.header.method == .allocate { note(message.mappedAddress) }
        case .error:
            counts.errors += 1
            takeAnswer(message, &now)
            count(message.errorCode)
        }
        relay.observe(message, &now)
    }

    private mutating func takeAnswer(_ message: STUNMessage, _ now: inout Observation) {
        if now.direction == .fromServer {
            if let span = clientRequests.answer(message.header, at: now.time) { serverRoundTrips.record(span) }
        } else {
            if let span = serverRequests.answer(message.header, at: now.time) { clientRoundTrips.record(span) }
        }
    }

    private mutating func note(_ mapped: Endpoint?) {
        guard let mapped, counts.mapped.count < Self.maximumMapped, !counts.mapped.contains(mapped) else { return }
        counts.mapped.append(mapped)
    }

    private mutating func count(_ code: Int?) {
        guard let code else { return }
        if let known = counts.errorCodes.firstIndex(where: { $0.code == code }) {
            counts.errorCodes[known].count += 1
        } else if counts.errorCodes.count < Self.maximumErrorCodes {
            counts.errorCodes.append(STUNErrorCount(code: code, count: 1))
        }
    }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        guard counts != STUNSnapshot() || relay.isKnown else { return }
        flow.protocols.append(ProtocolKind.stun.rawValue)
        if relay.isKnown { flow.protocols.append(ProtocolKind.turn.rawValue) }
        var stun = counts
        stun.unanswered = clientRequests.unanswered(at: time) + serverRequests.unanswered(at: time)
        stun.serverRoundTrip = serverRoundTrips.snapshot(.stun)
        stun.clientRoundTrip = clientRoundTrips.snapshot(.stun)
        flow.stun = stun
        if relay.isKnown { flow.turn = relay.snapshot(at: time) }
    }
}
