import StreamtopBase

/// What a flow paid before its client could send application data, in round trips and in time, and what it would have
/// paid at best. Derived from the facts of one flow; nil where the capture does not show it.
package struct HandshakeCost: Equatable, Sendable {
    package enum Carrier: String, Sendable {
        case tcp, quic, dtls
    }

    package var carrier: Carrier
    /// Round trips of the connection below the keys: TCP's handshake. 0 for datagrams and when the first hello went with
    /// the SYN (RFC 7413); nil when the beginning was not captured.
    package var transportTrips: Int?
    /// Round trips for proving an address or agreeing on a version before QUIC's handshake began (RFC 9000 sections 6
    /// and 8.1.2). DTLS cookies are in `securityTrips`.
    package var detourTrips: Int
    /// Round trips of TLS or DTLS itself.
    package var securityTrips: Int?
    /// One round trip between the ends: TCP's handshake, else the shortest seen. For DTLS the shortest answers of both ends
    /// within the handshake, with what the ends took to think.
    package var roundTrip: Nanoseconds?
    /// The first packet that the client waited for an answer to.
    package var start: Timestamp
    /// From here on the client may send application data, seen from the capture point.
    package var clientMaySend: Timestamp?

    /// Everything together.
    package var trips: Int? {
        guard let transportTrips, let securityTrips else { return nil }
        return transportTrips + detourTrips + securityTrips
    }

    /// From the first packet until the client may send.
    package var time: Nanoseconds? { clientMaySend.map { max(0, $0 - start) } }

    /// Round trips of a TLS 1.3 handshake over this carrier with nothing in its way, and of a resumed one with early data.
    package var bestTrips: (full: Int, early: Int) { carrier == .tcp ? (2, 1) : (1, 0) }

    /// What that many round trips take here.
    package func time(ofTrips trips: Int) -> Nanoseconds? {
        guard let roundTrip else { return nil }
        let (time, overflow) = roundTrip.multipliedReportingOverflow(by: Int64(trips))
        return overflow ? nil : time
    }
}

extension FlowSnapshot {
    /// The TLS facts of the flow, whatever carries them.
    package var security: TLSSnapshot? { tls ?? dtls?.tls }

    /// The end that sent the ClientHello; for DTLS not always the flow's client.
    package var securityClient: Direction { tls == nil ? dtls?.active ?? .fromClient : .fromClient }

    /// nil for flows without a TLS, DTLS or QUIC handshake in the capture.
    package var handshakeCost: HandshakeCost? {
        guard let security, let first = security.handshake.timeline.first else { return nil }
        let steps = security.handshake.timeline
        let carrier: HandshakeCost.Carrier = quic != nil ? .quic : transport == .tcp ? .tcp : .dtls
        let syn = steps.first { $0.step == .tcpSyn }?.time
        let synAck = steps.first { $0.step == .tcpSynAck }?.time
        let hello = steps.first { $0.step == .clientHello }?.time
        var transportTrips: Int? = 0
        if carrier == .tcp {
            transportTrips = syn == nil ? nil : 1
            if let hello, let synAck, hello < synAck { transportTrips = 0 }
        }
        // Repeated SYNs are part of what the client waited for.
        let start = carrier == .tcp && orientation == .syn ? min(self.start, first.time) : first.time
        var clientMaySend: Timestamp?
        if let hello {
            clientMaySend =
                security.handshake.kind == .zeroRTT ? hello : security.handshake.duration.map { hello + $0 }
        }
        let detours = [quic?.hasRetry, quic?.hasVersionNegotiation].count { $0 == true }
        return HandshakeCost(
            carrier: carrier, transportTrips: transportTrips, detourTrips: detours,
            securityTrips: security.handshake.roundTrips, roundTrip: handshakeRoundTrip(carrier), start: start,
            clientMaySend: clientMaySend)
    }

    private func handshakeRoundTrip(_ carrier: HandshakeCost.Carrier) -> Nanoseconds? {
        if carrier == .tcp, let handshake = roundTrip.handshake { return handshake }
        return roundTrip.base ?? (carrier == .dtls ? answersRoundTrip : nil)
    }

    /// How soon each end answered the other in the handshake, both together: the way from the capture point to the server and
    /// back, and that to the client and back. A cookie is answered without thinking, so this is close to the path.
    private var answersRoundTrip: Nanoseconds? {
        guard let steps = security?.handshake.timeline else { return nil }
        var shortest = BothDirections<Nanoseconds?>(client: nil, server: nil)
        for (asked, answered) in zip(steps, steps.dropFirst()) where asked.from != answered.from {
            let time = max(0, answered.time - asked.time)
            shortest[answered.from] = min(shortest[answered.from] ?? time, time)
        }
        guard let client = shortest.client, let server = shortest.server else { return nil }
        return saturatingAdd(client, server)
    }
}
