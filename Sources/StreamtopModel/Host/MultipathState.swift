/// A TCP socket that is one subflow of a Multipath TCP connection (RFC 8684), and what the kernel tells of that connection.
package struct MultipathState: Equatable, Sendable {
    /// Names the connection on this host (RFC 8684 section 3.2): all its subflows have it in common.
    package var token: UInt32?
    /// The token that the peer chose; nil where this subflow has not used it.
    package var peerToken: UInt32?
    /// Identifiers of the two addresses in this connection; 0 is the first subflow's.
    package var addressIdentifier: UInt8?
    package var peerAddressIdentifier: UInt8?
    /// One of the ends wants this subflow to be used only when others fail.
    package var isBackup = false
    /// What the connection's own socket answers; nil where it was not asked, or has gone.
    package var connection: MultipathConnection?

    package init() {}
}

/// `mptcp_info` of a connection's own socket: bytes of the stream that the application sees, over all subflows.
package struct MultipathConnection: Equatable, Sendable {
    package var subflows: Int?
    /// Written by the application and given to no subflow yet.
    package var notSent: Int?
    /// Memory that bytes take which the application has not read: true size, packet overhead included.
    package var unreadMemory: Int
    package var acknowledgedBytes: UInt64?
    package var retransmissions: Int?

    package init(unreadMemory: Int) { self.unreadMemory = unreadMemory }
}
