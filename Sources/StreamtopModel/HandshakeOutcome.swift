import StreamtopBase

/// What became of a flow's handshake, as Diagnosis judged it when the snapshot was made.
package struct HandshakeOutcome: Equatable, Sendable {
    /// nil for flows without a handshake of TLS, DTLS or QUIC in the capture.
    package var cost: HandshakeCost?
    /// nil while the handshake may still end, when it did, and where its beginning was not seen.
    package var failure: HandshakeFailure?

    package init(cost: HandshakeCost? = nil, failure: HandshakeFailure? = nil) {
        self.cost = cost
        self.failure = failure
    }
}

/// Why a handshake did not come to its end.
package enum HandshakeFailure: Equatable, Sendable {
    /// An end gave up with a fatal alert (RFC 8446 section 6.2).
    case alert(TLSAlertSnapshot)
    /// An end closed the QUIC connection (RFC 9000 section 10.2).
    case close(QUICClose)
    /// Below the handshake: the connection was reset, or closed in order.
    case reset, closed
    /// A reset answered the SYN.
    case refused
    /// The server sent nothing at all, or no more after its first packets.
    case unanswered, silent
}

/// What a flow paid before its client could send application data, in round trips and in time, and what it would have
/// paid at best; nil where the capture does not show it.
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

    package init(
        carrier: Carrier, transportTrips: Int?, detourTrips: Int, securityTrips: Int?, roundTrip: Nanoseconds?,
        start: Timestamp, clientMaySend: Timestamp?
    ) {
        self.carrier = carrier
        self.transportTrips = transportTrips
        self.detourTrips = detourTrips
        self.securityTrips = securityTrips
        self.roundTrip = roundTrip
        self.start = start
        self.clientMaySend = clientMaySend
    }

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

    package var handshakeCost: HandshakeCost? { $handshake?.value.cost }
}
