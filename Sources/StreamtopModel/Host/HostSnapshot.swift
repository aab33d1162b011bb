import StreamtopBase

/// The buffers of this host, from NIC to socket, at one moment: what its kernel tells without a packet.
package struct HostSnapshot: Equatable, Sendable {
    /// Of the newest reading in it.
    package var time: Timestamp
    package var layers: [HostLayer] = []
    /// Layers that exist and cannot be read, and why.
    package var unread: [UnreadLayer] = []
    package var sockets = SocketTotals()
    /// The sockets that hold most bytes, the fullest first.
    package var fullest: [SocketHolding] = []
    /// Counters of the network stack that rose, by their kernel names ("TcpExt.TCPRcvQDrop").
    package var counters: [HostCounter] = []
    /// Share of time in which somebody waited for a processor, over 10 s (PSI "some"), 0 to 1; nil without PSI.
    package var processorPressure: Double?
    package var settings = HostSettings()
    /// Questions to the kernel that had to be asked again, and those given up.
    package var repeatedReadings: UInt64 = 0
    package var failedReadings: UInt64 = 0

    package init(time: Timestamp) { self.time = time }

    /// The layer's entry for `name`; the largest occupied where there are several (queues of a device).
    package func layer(_ layer: BufferSnapshot.Layer, named name: String) -> HostLayer? {
        layers.filter { $0.layer == layer && $0.name == name }.max { ($0.occupied ?? -1) < ($1.occupied ?? -1) }
    }

    /// Since this program began to read: the rise of a counter of the capture's namespace, by its name.
    package func rise(of counter: String) -> UInt64 { self.counter(counter)?.rise ?? 0 }

    /// That counter; nil while it stands still.
    package func counter(_ name: String) -> HostCounter? {
        counters.first { $0.name == name && $0.namespace == nil }
    }
}

/// One buffer of this host.
package struct HostLayer: Equatable, Sendable {
    package enum Unit: String, Sendable {
        case bytes, packets, descriptors, connections
    }

    package var layer: BufferSnapshot.Layer
    /// A device ("eth0", "player/eth0" in the namespace "player"), a processor ("cpu0"), a socket ("udp:5004") or a port.
    package var name: String
    /// Name of the network namespace; nil for the one of the capture.
    package var namespace: String?
    /// Of another namespace, and no flow of this capture is known to pass it: told, and not judged.
    package var isOffPath = false
    /// One of the members of this bond: a flow takes one of them, and which is not known.
    package var memberOf: String?
    /// Of a queueing discipline or device: "tbf", "fq_codel", "veth"; nil where there is none.
    package var kind: String?
    /// Where tc(8) attaches a discipline below this shaper ("8001:1"); nil where none can be.
    package var attachment: String?
    package var direction: BufferTravel
    package var occupied: Int?
    package var capacity: Int?
    /// What the capacity can be set to at most; nil where nobody tells.
    package var largestCapacity: Int?
    package var unit: Unit
    package var delay: Nanoseconds?
    package var bound: DelayBound = .unknown
    /// What left it in the last second, in its unit; nil before two readings.
    package var drainPerSecond: Double?
    /// Since it began to exist, as the kernel counts.
    package var drops: UInt64?
    /// Since this program began to read.
    package var droppedSince: UInt64 = 0
    package var dropsPerSecond: Double?
    /// Of a device: pauses (IEEE 802.3 annex 31B) that it was asked for, and that it asked its neighbour for; nil where the
    /// driver counts none.
    package var pauses: PauseFrames?
    /// Held back on purpose, by pacing: not a queue.
    package var isPaced = false
    package var trend: BufferTrend?
    /// Occupancy of the last readings, oldest first.
    package var history: [Int] = []
    package var confidence = 1.0

    package init(
        _ layer: BufferSnapshot.Layer, name: String, direction: BufferTravel, unit: Unit, occupied: Int? = nil,
        capacity: Int? = nil
    ) {
        self.layer = layer
        self.name = name
        self.direction = direction
        self.unit = unit
        self.occupied = occupied
        self.capacity = capacity
    }
}

/// Pause frames since this program began to read, and in the last second.
package struct PauseFrames: Equatable, Sendable {
    package var received: UInt64?
    package var sent: UInt64?
    package var receivedPerSecond: Double?
    package var sentPerSecond: Double?

    package init() {}
}

package struct UnreadLayer: Hashable, Sendable {
    package var layer: BufferSnapshot.Layer
    package var name: String
    /// In words, as a user should read it.
    package var reason: String

    package init(_ layer: BufferSnapshot.Layer, name: String, reason: String) {
        self.layer = layer
        self.name = name
        self.reason = reason
    }
}

package struct SocketTotals: Equatable, Sendable {
    package var tcp: Int?
    package var udp: Int?
    package var listening: Int?
    /// Bytes of memory that TCP holds, and where the kernel begins to press (tcp_mem).
    package var tcpMemory: Int?
    package var tcpMemoryPressure: Int?

    package init() {}
}

/// A socket that holds bytes.
package struct SocketHolding: Equatable, Sendable {
    package enum Transport: String, Sendable {
        case tcp, udp
    }

    package var transport: Transport
    package var local: Endpoint
    package var remote: Endpoint
    /// Bytes not read by the application, and bytes written and not acknowledged.
    package var unread: Int
    package var unsent: Int
    package var drops: UInt64?
    package var inode: UInt32
    package var process: ProcessSnapshot?
    /// Name of the network namespace; nil for the one of the capture.
    package var namespace: String?

    package init(transport: Transport, local: Endpoint, remote: Endpoint, unread: Int, unsent: Int, inode: UInt32) {
        self.transport = transport
        self.local = local
        self.remote = remote
        self.unread = unread
        self.unsent = unsent
        self.inode = inode
    }

    package var bytes: Int { unread &+ unsent }
}

/// A counter of the network stack.
package struct HostCounter: Equatable, Sendable {
    package var name: String
    /// Name of the network namespace; nil for the one of the capture.
    package var namespace: String?
    package var value: UInt64
    /// Since this program began to read.
    package var rise: UInt64
    /// In the last second.
    package var perSecond: Double

    package init(name: String, value: UInt64, rise: UInt64, perSecond: Double) {
        self.name = name
        self.value = value
        self.rise = rise
        self.perSecond = perSecond
    }
}

/// Settings of this host that advice depends on; nil where they cannot be read.
package struct HostSettings: Equatable, Sendable {
    package var congestionControl: String?
    package var defaultDiscipline: String?
    /// Largest receive and send buffers that autotuning may make, bytes.
    package var tcpReceiveMaximum: Int?
    package var tcpSendMaximum: Int?
    /// Largest that SO_RCVBUF may ask for.
    package var receiveMaximum: Int?
    package var maximumBacklog: Int?
    package var listenBacklog: Int?
    package var synBacklog: Int?
    package var slowStartAfterIdle: Bool?
    package var mtuProbing: Int?
    package var ecn: Int?
    /// Smallest and initial size of those buffers: what a command must repeat.
    package var tcpReceiveLower: [Int] = []
    package var tcpSendLower: [Int] = []
    /// Algorithms that may be chosen without loading one.
    package var availableControls: [String]?
    /// net.ipv4.tcp_notsent_lowat, bytes; 2^32 - 1 for no limit.
    package var notSentLowWater: Int?
    /// "6.1.0-13-amd64".
    package var kernelRelease: String?

    package init() {}
}
