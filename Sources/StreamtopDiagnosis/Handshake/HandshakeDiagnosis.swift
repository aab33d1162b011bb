import StreamtopBase
import StreamtopModel

/// What a handshake cost, why it failed and what it put at risk: derived here, once, when the snapshot of a flow is made. Rules,
/// the score and the screens read what was derived.
package enum HandshakeDiagnosis {
    /// Judges the flow's handshake, where it has one. Everything else of the snapshot is filled in by then, but for the verdicts.
    package static func judge(_ flow: inout FlowSnapshot) {
        EarlyDataRisk.judge(&flow)
        let outcome = outcome(of: flow)
        guard outcome.cost != nil || outcome.failure != nil else {
            if flow.$handshake != nil { flow.handshake = nil }
            return
        }
        flow.handshake = outcome
    }

    static func outcome(of flow: FlowSnapshot) -> HandshakeOutcome {
        guard let security = flow.security else { return HandshakeOutcome(failure: unconnected(flow)) }
        return HandshakeOutcome(cost: cost(flow, security), failure: failure(flow, security))
    }

    // MARK: Failure

    private static func failure(_ flow: FlowSnapshot, _ security: TLSSnapshot) -> HandshakeFailure? {
        guard security.handshake.timeline.contains(where: { $0.step == .clientHello }) else { return unconnected(flow) }
        guard security.handshake.kind == .incomplete else { return nil }
        if let alert = security.alerts.first(where: { $0.level == "fatal" }) { return .alert(alert) }
        if let close = flow.$quic?.value.close { return .close(close) }
        return switch flow.state {
        case .reset: .reset
        case .closed: .closed
        case .expired: flow.server.packets > 0 ? .silent : .unanswered
        case .open, .halfOpen: nil
        }
    }

    /// Without a hello: TCP's own handshake.
    private static func unconnected(_ flow: FlowSnapshot) -> HandshakeFailure? {
        guard let tcp = flow.$tcp, flow.orientation == .syn else { return nil }
        if flow.state == .reset, flow.roundTrip.handshake == nil, flow.server.payloadBytes == 0,
            flow.client.payloadBytes == 0
        {
            return .refused
        }
        return flow.server.packets == 0 && tcp.value.synRetransmissions > 0 ? .unanswered : nil
    }

    // MARK: Cost

    private static func cost(_ flow: FlowSnapshot, _ security: TLSSnapshot) -> HandshakeCost? {
        let steps = security.handshake.timeline
        guard let first = steps.first else { return nil }
        let quic = flow.$quic
        let carrier: HandshakeCost.Carrier = quic != nil ? .quic : flow.transport == .tcp ? .tcp : .dtls
        let syn = steps.first { $0.step == .tcpSyn }?.time
        let synAck = steps.first { $0.step == .tcpSynAck }?.time
        let hello = steps.first { $0.step == .clientHello }?.time
        var transportTrips: Int? = 0
        if carrier == .tcp {
            transportTrips = syn == nil ? nil : 1
            if let hello, let synAck, hello < synAck { transportTrips = 0 }
        }
        // Repeated SYNs are part of what the client waited for.
        let start = carrier == .tcp && flow.orientation == .syn ? min(flow.start, first.time) : first.time
        var clientMaySend: Timestamp?
        if let hello {
            clientMaySend =
                security.handshake.kind == .zeroRTT ? hello : security.handshake.duration.map { hello + $0 }
        }
        let detours = [quic?.value.hasRetry, quic?.value.hasVersionNegotiation].count { $0 == true }
        return HandshakeCost(
            carrier: carrier, transportTrips: transportTrips, detourTrips: detours,
            securityTrips: security.handshake.roundTrips, roundTrip: roundTrip(flow, security, carrier), start: start,
            clientMaySend: clientMaySend)
    }

    private static func roundTrip(
        _ flow: FlowSnapshot, _ security: TLSSnapshot, _ carrier: HandshakeCost.Carrier
    ) -> Nanoseconds? {
        if carrier == .tcp, let handshake = flow.roundTrip.handshake { return handshake }
        return flow.roundTrip.base ?? (carrier == .dtls ? answers(in: security.handshake.timeline) : nil)
    }

    /// How soon each end answered the other in the handshake, both together: the way from the capture point to the server and
    /// back, and that to the client and back. A cookie is answered without thinking, so this is close to the path.
    private static func answers(in steps: [HandshakeStep]) -> Nanoseconds? {
        var shortest = BothDirections<Nanoseconds?>(client: nil, server: nil)
        for (asked, answered) in zip(steps, steps.dropFirst()) where asked.from != answered.from {
            let time = max(0, answered.time - asked.time)
            shortest[answered.from] = min(shortest[answered.from] ?? time, time)
        }
        guard let client = shortest.client, let server = shortest.server else { return nil }
        return saturatingAdd(client, server)
    }
}
