import StreamtopBase

/// What the kernel of this host says of one of its TCP sockets, at one moment (NETLINK_SOCK_DIAG; field meanings in
/// handbook 2.1). nil is what this kernel, or these rights, do not tell.
///
/// Sizes in bytes are made here of the kernel's counts of segments, with the segment size of the same answer.
package struct KernelSocket: Equatable, Sendable {
    /// Of the kernel's answer.
    package var time: Timestamp
    package var local: Endpoint
    package var remote: Endpoint
    package var state: KernelSocketState
    /// Of the socket itself: two sockets of the same ends, one after the other, differ in it.
    package var cookie: UInt64 = 0
    /// 0 where no file belongs to it any more.
    package var inode: UInt32 = 0
    package var user: UInt32 = 0
    /// The socket is in another network namespace than the capture.
    package var isElsewhere = false
    /// The ends that the socket itself has, where NAT on this host shows others in the capture; `local` and `remote` are
    /// those of the capture.
    package var ownEnds: SocketEnds?

    // Window and flight
    package var segmentSize: Int?
    package var congestionWindow: Int?
    package var congestionWindowPackets: Int?
    /// nil while none was set: the first slow start goes on.
    package var slowStartThreshold: Int?
    package var inFlight: Int?
    package var lostPackets: Int?
    /// The window that the peer offers, and the one offered to it.
    package var peerWindow: Int?
    package var receiveWindow: Int?
    /// RFC 7323 shifts of the windows that the peer and this end advertise; nil without the option.
    package var peerScale: Int?
    package var ownScale: Int?

    // Time
    package var smoothedRoundTrip: Nanoseconds?
    package var roundTripVariation: Nanoseconds?
    /// Least of the last 300 s (net.ipv4.tcp_min_rtt_wlen).
    package var minimumRoundTrip: Nanoseconds?
    package var retransmissionTimeout: Nanoseconds?
    /// Timer firings in a row without an answer: the wait doubles with each.
    package var backoff: Int?

    // Rates, bits a second
    package var pacingRate: Double?
    package var deliveryRate: Double?
    /// `deliveryRate` is what the application gave, not what the path can carry.
    package var isApplicationLimited: Bool?

    // Queues, payload bytes
    /// Written by the application, not sent yet.
    package var notSent: Int?
    /// Written and not acknowledged: sent and not sent.
    package var sendQueue: Int?
    /// Arrived and not read by the application.
    package var unread: Int?
    package var memory: SocketMemory?

    // Counts since the connection began
    package var acknowledgedBytes: UInt64?
    package var receivedBytes: UInt64?
    package var sentBytes: UInt64?
    package var retransmissions: Int?
    package var deliveredPackets: Int?
    package var markedPackets: Int?

    // What held the sender, since the connection began
    package var busy: Nanoseconds?
    package var receiverLimited: Nanoseconds?
    package var sendBufferLimited: Nanoseconds?

    // Congestion control
    package var congestionControl: String?
    package var recovery: RecoveryState?
    package var bbr: BBRState?
    package var dctcp: DCTCPState?
    package var vegas: VegasState?

    // The rest
    package var trafficClass: UInt8?
    /// "tls", "mptcp", …
    package var upperProtocol: String?
    /// nil where the socket is no subflow of Multipath TCP.
    package var multipath: MultipathState?
    package var cgroup: UInt64?

    /// The flight fills the window, as far as bursts let it: then the window can be seen from outside. nil where either is not told.
    /// Four fifths: own; between two acknowledgments a sender has that much of a full window under way at least.
    package var fillsWindow: Bool? {
        guard let window = congestionWindow, let flight = inFlight else { return nil }
        return Double(flight) * 5 >= Double(window) * 4
    }

    package init(time: Timestamp, local: Endpoint, remote: Endpoint, state: KernelSocketState) {
        self.time = time
        self.local = local
        self.remote = remote
        self.state = state
    }

    /// Bytes that the application has taken so far.
    package var readBytes: UInt64? {
        guard let receivedBytes, let unread else { return nil }
        return receivedBytes >= UInt64(max(unread, 0)) ? receivedBytes - UInt64(max(unread, 0)) : 0
    }

    /// In the words of the contract; nil where the kernel tells too little.
    package var phase: CongestionPhase? {
        if let recovery, recovery == .recovery || recovery == .loss { return .recovery }
        guard let congestionWindow else { return nil }
        if isApplicationLimited == true, notSent == 0 { return .applicationLimited }
        if let slowStartThreshold { return congestionWindow < slowStartThreshold ? .slowStart : .congestionAvoidance }
        return .slowStart
    }
}

/// The ends of a socket.
package struct SocketEnds: Equatable, Sendable {
    package var local: Endpoint
    package var remote: Endpoint

    package init(local: Endpoint, remote: Endpoint) {
        self.local = local
        self.remote = remote
    }
}

/// States of include/net/tcp_states.h, by their numbers there.
package enum KernelSocketState: UInt8, Sendable {
    case established = 1
    case synSent, synReceived, finWait1, finWait2, timeWait, closed, closeWait, lastAck, listening, closing
    case newSynReceived
}

/// tcpi_ca_state.
package enum RecoveryState: UInt8, Sendable {
    case open = 0
    case disorder, reduced, recovery, loss
}

/// SK_MEMINFO: what the kernel spends on a socket. In true size, packet overhead included: for a fill against the limit,
/// not for delays.
package struct SocketMemory: Equatable, Sendable {
    package var received: Int
    package var receiveLimit: Int
    /// Handed down to queueing discipline and device, not completed yet.
    package var handedDown: Int
    package var sendLimit: Int
    package var queued: Int?
    /// Of packets that came while the application held the socket.
    package var backlog: Int?
    /// Packets that this socket dropped.
    package var drops: UInt64?

    package init(received: Int, receiveLimit: Int, handedDown: Int, sendLimit: Int) {
        self.received = received
        self.receiveLimit = receiveLimit
        self.handedDown = handedDown
        self.sendLimit = sendLimit
    }
}

/// tcp_bbr_info. Gains as multiples of 1.
package struct BBRState: Equatable, Sendable {
    /// Bits a second.
    package var bandwidth: Double
    package var minimumRoundTrip: Nanoseconds?
    package var pacingGain: Double?
    package var windowGain: Double?

    package init(bandwidth: Double) { self.bandwidth = bandwidth }

    /// By the gains of the implementation (net/ipv4/tcp_bbr.c); nil for those of none.
    package var phase: String? {
        guard let pacingGain, let windowGain else { return nil }
        if pacingGain > 2, windowGain > 2 { return "startup" }
        if pacingGain < 0.5, windowGain > 2 { return "drain" }
        if windowGain <= 1 { return "probe_rtt" }
        return pacingGain > 1.1 ? "probe_up" : pacingGain < 0.9 ? "probe_down" : "cruise"
    }
}

/// tcp_dctcp_info.
package struct DCTCPState: Equatable, Sendable {
    package var isEnabled: Bool
    /// Share of marked bytes, 0 to 1.
    package var markedShare: Double

    package init(isEnabled: Bool, markedShare: Double) {
        self.isEnabled = isEnabled
        self.markedShare = markedShare
    }
}

/// tcpvegas_info; Westwood, Veno, YeAH, Illinois and others answer with it, too.
package struct VegasState: Equatable, Sendable {
    package var isEnabled: Bool
    package var roundTrips: UInt32
    package var roundTrip: Nanoseconds
    package var minimumRoundTrip: Nanoseconds

    package init(isEnabled: Bool, roundTrips: UInt32, roundTrip: Nanoseconds, minimumRoundTrip: Nanoseconds) {
        self.isEnabled = isEnabled
        self.roundTrips = roundTrips
        self.roundTrip = roundTrip
        self.minimumRoundTrip = minimumRoundTrip
    }
}

/// Who owns a socket of this host. Without rights over other users' processes only the user is known.
package struct ProcessSnapshot: Hashable, Sendable {
    package var pid: Int?
    package var name: String?
    package var user: String?
    /// Container identifier, by its cgroup.
    package var container: String?

    package init(pid: Int? = nil, name: String? = nil, user: String? = nil, container: String? = nil) {
        self.pid = pid
        self.name = name
        self.user = user
        self.container = container
    }
}
