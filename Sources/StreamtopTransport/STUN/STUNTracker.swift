import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// STUN and TURN on one flow, beside whatever else it carries (RFC 8489, RFC 8656, RFC 7983).
package struct STUNTracker: LayerState, ~Copyable {
    /// Addresses kept that servers reflected.
    static let mappedCapacity = 16
    static let errorCodeCapacity = 16
    static let methodCapacity = 16

    static let limits = [
        Limit("addresses that STUN reflected", mappedCapacity, per: .flow, policy: "more are not listed"),
        Limit(
            "STUN transactions under way", STUNTransactionLog.capacity, per: .direction, policy: "the oldest goes"),
        Limit("error codes of STUN", errorCodeCapacity, per: .flow, policy: "more are not told apart"),
        Limit("unknown methods of STUN", methodCapacity, per: .flow, policy: "more are not told apart"),
    ]

    private var clientRequests = STUNTransactionLog()
    private var serverRequests = STUNTransactionLog()
    private var serverRoundTrips = RoundTripRecord()
    private var clientRoundTrips = RoundTripRecord()
    private var counts = STUNSnapshot()
    private var relay: TURNRelay

    /// `transport`: how the client reaches the server, in the contract's words.
    package init(transport: String) { relay = TURNRelay(transport: transport) }

    /// A datagram of the flow belongs to STUN or TURN. On a flow without an allocation no channel data can come.
    package func accepts(_ datagram: RawSpan, wireLength: Int) -> Bool {
        guard let first = ByteReader(datagram).peekUInt8() else { return false }
        // Types of two bytes: messages of methods from 0x100 on begin with more than 3.
        if first & 0xc0 == 0 { return STUNProbe.isMessage(datagram) || (hasMessages && STUNProbe.isFollower(datagram)) }
        return first & 0xc0 == 0x40 && relay.isKnown && TURNChannelData.fills(datagram, wireLength: wireLength)
    }

    /// What stays of the connection is data of a peer (RFC 6062).
    package var isBound: Bool { relay.isBound }

    package mutating func observe(bound count: Int) { relay.observe(bound: count) }

    private var hasMessages: Bool { counts.requests + counts.responses + counts.indications > 0 }

    /// A datagram, or what a stream framed as one message.
    ///
    /// - Parameter relayed: what a relay carries in it is put there.
    package mutating func observe(
        _ bytes: RawSpan, wireLength: Int, relayed: inout RelayedDatagrams, _ now: inout Observation
    ) {
        var reader = ByteReader(bytes)
        if let first = reader.peekUInt8(), first & 0xc0 == 0x40 {
            guard let header = try? TURNChannelData(decoding: &reader) else { return }
            let data = bytes.extracting(droppingFirst: reader.consumed).extracting(first: header.dataLength)
            relay.observe(header, data, relayed: &relayed, now)
            return emitAllocation(&now)
        }
        guard let message = (try? STUNMessage(decoding: &reader)) ?? STUNMessage(decodingCut: bytes) else { return }
        observe(message, &now)
        signalClient(message.header, &now)
        relay.observe(message, bytes, wireLength: wireLength, relayed: &relayed, now)
        emitAllocation(&now)
    }

    private mutating func emitAllocation(_ now: inout Observation) {
        if let event = relay.takeEvent() { now.tell(.allocation(event)) }
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
        if !message.header.method.isKnown { count(message.header.method) }
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
    }

    /// Only a relay's client asks for its service and sends through it: it may have been taken for the server where the capture began
    /// with an answer.
    private func signalClient(_ header: STUNHeader, _ now: inout Observation) {
        guard header.method.isRelaying, header.method != .connectionAttempt else { return }
        let isFromClient: Bool
        switch header.messageClass {
        case .request: isFromClient = true
        case .success, .error: isFromClient = false
        case .indication: isFromClient = header.method == .send
        }
        if isFromClient == (now.direction == .fromServer) {
            now.signal(.clientIs(isFromClient ? now.direction : now.direction.reversed))
        }
    }

    private mutating func count(_ method: STUNMethod) {
        if let known = counts.unknownMethods.firstIndex(where: { $0.code == Int(method.rawValue) }) {
            counts.unknownMethods[known].count += 1
        } else if counts.unknownMethods.count < Self.methodCapacity {
            counts.unknownMethods.append(STUNErrorCount(code: Int(method.rawValue), count: 1))
        }
    }

    private mutating func takeAnswer(_ message: STUNMessage, _ now: inout Observation) {
        if now.direction == .fromServer {
            if let span = clientRequests.answer(message.header, at: now.time) { serverRoundTrips.record(span) }
        } else {
            if let span = serverRequests.answer(message.header, at: now.time) { clientRoundTrips.record(span) }
        }
    }

    private mutating func note(_ mapped: Endpoint?) {
        guard let mapped, counts.mapped.count < Self.mappedCapacity, !counts.mapped.contains(mapped) else { return }
        counts.mapped.append(mapped)
    }

    private mutating func count(_ code: Int?) {
        guard let code else { return }
        if let known = counts.errorCodes.firstIndex(where: { $0.code == code }) {
            counts.errorCodes[known].count += 1
        } else if counts.errorCodes.count < Self.errorCodeCapacity {
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
