import StreamtopBase

/// Facts of a DTLS association: those of TLS, and what datagrams add.
package struct DTLSSnapshot: Equatable, Sendable {
    package var tls = TLSSnapshot()
    /// Flights sent again because the answer did not come in time.
    package var retransmittedFlights = 0
    /// Handshake messages that arrived before an earlier one.
    package var reorderedMessages = 0
    /// Handshake fragments seen beyond one per message.
    package var fragments = 0
    /// The server asked the client to prove its address.
    package var cookie = false
    /// SRTP protection profile agreed on (use_srtp), by IANA name.
    package var srtpProfile: String?
    package var srtpProfilesOffered: [String] = []
    /// Connection IDs that records to each end carry, in hex; nil when not agreed on.
    package var connectionIDs = BothDirections<String?>(client: nil, server: nil)

    /// The end that sent the ClientHello; in SDP its setup is "active".
    package var active = Direction.fromClient

    package init() {}

    /// The same facts with the flow's ends exchanged: the trackers speak of DTLS's client, a flow of its own.
    package var reversed: DTLSSnapshot {
        var other = self
        other.active = active.reversed
        other.connectionIDs = BothDirections(client: connectionIDs.server, server: connectionIDs.client)
        for index in other.tls.handshake.timeline.indices {
            other.tls.handshake.timeline[index].from = tls.handshake.timeline[index].from.reversed
        }
        for index in other.tls.alerts.indices { other.tls.alerts[index].from = tls.alerts[index].from.reversed }
        return other
    }
}
