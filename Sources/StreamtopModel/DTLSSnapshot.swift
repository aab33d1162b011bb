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
    package var connectionIDs = BothWays<String?>(client: nil, server: nil)

    package init() {}
}
