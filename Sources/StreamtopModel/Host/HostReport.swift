import StreamtopBase

/// A message from whoever asks the kernel to whoever analyses: values with the time at which they held.
package struct HostReport: Sendable {
    package var time: Timestamp
    /// Answers about the sockets that were asked for, newest last.
    package var sockets: [KernelSocket] = []
    /// UDP sockets; nil where they were not asked this time.
    package var datagramSockets: [DatagramSocket]?
    package var host: HostSnapshot?
    /// Owners of sockets found since the report before, by inode.
    package var owners: [UInt32: ProcessSnapshot] = [:]
    /// Devices that packets to these addresses leave by, outermost first, as far as found since the report before.
    package var routes: [IPAddress: [String]] = [:]

    package init(time: Timestamp) { self.time = time }
}

/// A UDP socket of this host. One may serve many flows: what it holds and drops is the socket's, not a flow's.
package struct DatagramSocket: Equatable, Sendable {
    package var time: Timestamp
    package var local: Endpoint
    /// Unspecified unless the socket is connected.
    package var remote: Endpoint
    package var inode: UInt32
    package var user: UInt32
    package var memory: SocketMemory
    package var isElsewhere = false
    /// Packets that it dropped since this program began to read.
    package var droppedSince: UInt64 = 0
    package var dropsPerSecond: Double?

    package init(
        time: Timestamp, local: Endpoint, remote: Endpoint, inode: UInt32, user: UInt32, memory: SocketMemory
    ) {
        self.time = time
        self.local = local
        self.remote = remote
        self.inode = inode
        self.user = user
        self.memory = memory
    }

    /// The socket takes what arrives for `end` from `peer`.
    package func serves(_ end: Endpoint, from peer: Endpoint) -> Bool {
        guard local.port == end.port, isOpen(local.address) || local.address == end.address else { return false }
        return remote.port == 0 || remote == peer
    }

    private func isOpen(_ address: IPAddress) -> Bool { address.low == 0 && address.high == 0 }
}

/// What the analysis wants to know of the host.
package struct HostRequests: Sendable {
    /// TCP flows whose sockets are wanted, without encapsulation, those of most interest first.
    package var flows: [FlowKey] = []
    /// Addresses that flows without such sockets go to: by which device?
    package var peers: [IPAddress] = []

    package init() {}
}
