import StreamtopBase

/// Number of a flow within a run, by first packet, from 1.
package struct FlowIdentifier: Hashable, Comparable, Sendable {
    package var number: UInt64
    package init(number: UInt64) { self.number = number }
    package static func < (left: FlowIdentifier, right: FlowIdentifier) -> Bool { left.number < right.number }
}

package enum FlowTransport: String, Sendable {
    case tcp, udp, sctp, icmp
}

/// How client and server were told apart.
package enum Orientation: String, Sendable {
    case syn
    case quicInitial = "quic_initial"
    case request
    case firstPacket = "first_packet"
    /// No SYN was seen; the end with the better known port is taken for the server.
    case port
}

package enum FlowState: String, Sendable {
    case open, closed, reset, expired
    case halfOpen = "half_open"
}

/// One end of a flow as sender of packets.
package struct EndpointSnapshot: Equatable, Sendable {
    package var endpoint: Endpoint
    /// What this end is called by name, where the capture says so (its name resolution records); bytes that are not UTF-8
    /// were replaced, control characters were not.
    package var name: String?
    package var packets: UInt64 = 0
    /// IP total length on the wire.
    package var bytes: UInt64 = 0
    /// Transport payload, retransmissions included.
    package var payloadBytes: UInt64 = 0
    /// Bits a second over the last second of capture time.
    package var rate: Double = 0
    /// When its newest packet passed; nil before the first.
    package var lastPacket: Timestamp?

    package init(endpoint: Endpoint) { self.endpoint = endpoint }
}

/// Everything known of one flow at one moment.
package struct FlowSnapshot: Sendable {
    package var identifier: FlowIdentifier
    package var transport: FlowTransport
    /// Outermost to innermost, in the contract's words: "ipv4", "tcp", "tls", …
    package var protocols: [String]
    /// IP protocol number, and type and code of a flow of ICMP's first message: what Community ID is made of besides
    /// the ends.
    package var protocolNumber: UInt8
    package var icmpType: UInt8 = 0
    package var icmpCode: UInt8 = 0
    package var client: EndpointSnapshot
    package var server: EndpointSnapshot
    package var orientation: Orientation
    package var start: Timestamp
    package var end: Timestamp
    package var state: FlowState
    /// Now, when this was made: a flow that is silent has no other clock.
    package var time: Timestamp
    package var isFinal = false
    /// The flow table was full and this flow had to go; it may have continued.
    package var isEvicted = false
    package var vlan: UInt16?
    package var tunnel: TunnelSnapshot?
    /// The flow whose data this one is (what a relay carries), and the flows that are data of this one.
    package var parent: FlowIdentifier?
    package var children: [FlowIdentifier] = []
    package var roundTrip = FlowRoundTrip()
    package var queueDelay = BothDirections<QueueDelaySnapshot?>(client: nil, server: nil)
    @Boxed package var tcp: TCPSnapshot?
    @Boxed package var tls: TLSSnapshot?
    @Boxed package var dtls: DTLSSnapshot?
    @Boxed package var quic: QUICSnapshot?
    @Boxed package var http: HTTPSnapshot?
    @Boxed package var http2: HTTP2Snapshot?
    @Boxed package var http3: HTTP3Snapshot?
    @Boxed package var webSocket: WebSocketSnapshot?
    @Boxed package var stun: STUNSnapshot?
    @Boxed package var turn: TURNSnapshot?
    /// In the order of their first packets.
    package var rtp: [RTPStreamSnapshot] = []
    @Boxed package var rtcp: RTCPSnapshot?
    @Boxed package var sctp: SCTPSnapshot?
    @Boxed package var ice: ICESnapshot?
    @Boxed package var srt: SRTSnapshot?
    @Boxed package var transportStream: TransportStreamSnapshot?
    @Boxed package var rtmp: RTMPSnapshot?
    @Boxed package var rtsp: RTSPSnapshot?
    @Boxed package var sip: SIPSnapshot?
    @Boxed package var moq: MediaOverQUICSnapshot?
    package var fragmentation: FragmentationSnapshot?
    @Boxed package var unreachable: UnreachableSnapshot?
    package var buffers: [BufferSnapshot] = []
    /// What the buffers come to, a direction each; nil where nothing of them is known.
    @Boxed package var ladder: LadderSnapshot?
    /// What the kernel of this host says of the flow's socket, live.
    @Boxed package var kernel: KernelSample?
    /// What this host's kernel says of all its buffers and settings, where an end of the flow is in the capture's namespace;
    /// shared by all such flows.
    @Boxed package var host: HostSnapshot?
    /// The end on the host that captures, live; nil where none is, or both are.
    package var hostEnd: Direction?
    /// Owners of the ends that are on this host, live.
    @Boxed package var processes: BothDirections<ProcessSnapshot?>?
    /// What the handshake cost, or why it failed; nil where there is nothing to say.
    @Boxed package var handshake: HandshakeOutcome?
    package var verdicts: [Verdict] = []
    /// How well the flow does; nil when too little is known.
    package var score: HealthScore?
    package var anomalies = AnomalyCounts()
    package var decode = DecodeCounts()
    /// Sizes of UDP datagrams, of both directions.
    package var datagramSizes: BothDirections<DatagramSizes>?
    /// Values over time for charts; only when the engine was asked to keep them.
    package var series: MetricSeries?
    private let position = PassedByAddress()

    package init(
        identifier: FlowIdentifier, transport: FlowTransport, protocols: [String], protocolNumber: UInt8,
        client: EndpointSnapshot, server: EndpointSnapshot, orientation: Orientation, start: Timestamp, end: Timestamp,
        state: FlowState
    ) {
        self.identifier = identifier
        self.transport = transport
        self.protocols = protocols
        self.protocolNumber = protocolNumber
        self.client = client
        self.server = server
        self.orientation = orientation
        self.start = start
        self.end = end
        time = end
        self.state = state
    }
}

extension FlowSnapshot {
    /// The end that sends in `direction` as a sender of data; nil where no transport was followed.
    package func sender(_ direction: Direction) -> SenderSnapshot? {
        if let tcp = $tcp { return direction == .fromClient ? tcp.value.client.sender : tcp.value.server.sender }
        if let quic = $quic { return direction == .fromClient ? quic.value.client.sender : quic.value.server.sender }
        return nil
    }

    /// What `body` makes of an end as a sender of data, which is not copied for it; nil where no transport was followed.
    @inlinable
    @inline(__always)
    package func readSender<Value>(_ direction: Direction, _ body: (borrowing SenderSnapshot) -> Value) -> Value? {
        if let tcp = $tcp { return tcp.value.read(direction) { body($0.sender) } }
        guard let quic = $quic else { return nil }
        return direction == .fromClient ? body(quic.value.client.sender) : body(quic.value.server.sender)
    }

    /// Payload bytes that the end sent, each once; 0 where no transport was followed.
    package func uniqueBytes(_ direction: Direction) -> UInt64 {
        if let tcp = $tcp { return tcp.value.read(direction) { $0.sender.uniqueBytes } }
        guard let quic = $quic else { return 0 }
        return direction == .fromClient ? quic.value.client.sender.uniqueBytes : quic.value.server.sender.uniqueBytes
    }

    /// Packets that rings and processors of this host dropped before the capture, of all flows together; nil where nobody
    /// counts them.
    package var droppedOnArrival: UInt64? {
        let counts = buffers.filter { $0.direction == .inward && ($0.layer == .nic || $0.layer == .softnet) }
            .compactMap(\.drops)
        return counts.isEmpty ? nil : counts.reduce(0) { $0 &+ $1 }
    }

    /// Where on the path the capture was taken; nil where it cannot be told.
    package var vantage: Vantage? {
        if let tcp = $tcp { return tcp.value.vantage }
        return $quic?.value.vantage
    }

    /// The flow's name in other tools. It takes a hash, so it is made when somebody asks; nil for ends of two families,
    /// which no flow has.
    package var communityID: CommunityID? {
        CommunityID(
            source: client.endpoint, destination: server.endpoint, transport: protocolNumber, icmpType: icmpType,
            icmpCode: icmpCode)
    }
}

package struct TunnelSnapshot: Equatable, Sendable {
    /// "gre", "vxlan", "geneve", "gtp", "ipip", "teredo", …
    package var kind: String
    /// GRE key, VNI or TEID.
    package var identifier: UInt32?

    package init(kind: String, identifier: UInt32?) {
        self.kind = kind
        self.identifier = identifier
    }
}

package struct DatagramSizes: Equatable, Sendable {
    package var minimum: Int
    package var maximum: Int
    package var mean: Double

    package init(minimum: Int, maximum: Int, mean: Double) {
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
    }
}

/// IP fragmentation and path-MTU facts of a flow.
package struct FragmentationSnapshot: Equatable, Sendable {
    package var fragments = 0
    package var datagrams = 0
    package var incomplete = 0
    /// Data bytes of fragments whose datagram never became whole.
    package var wastedBytes: UInt64 = 0
    package var tooBig: [TooBigMessage] = []
    package var blackHoleSuspected = false

    package init() {}
}

/// An ICMP "fragmentation needed" or ICMPv6 "packet too big" that quotes the flow.
package struct TooBigMessage: Equatable, Sendable {
    package var time: Timestamp
    package var mtu: UInt32
    package init(time: Timestamp, mtu: UInt32) {
        self.time = time
        self.mtu = mtu
    }
}

/// One rung of the buffer ladder: what waits where, and for how long.
package struct BufferSnapshot: Equatable, Sendable {
    package enum Layer: String, Sendable {
        case nic
        /// Handed to the device and not completed: byte queue limits.
        case driver
        case softnet, qdisc
        case acceptQueue = "accept_queue"
        case socketSend = "socket_send"
        case path
        case socketReceive = "socket_receive"
        case application, player
    }
    package var layer: Layer
    /// Which end or stretch of the path: "client", "server", or "host".
    package var location: String
    package var occupiedBytes: Int?
    package var capacityBytes: Int?
    package var delay: Nanoseconds?
    /// How it was obtained: "rtt", "receive_window", "kernel", …
    package var source: String
    package var confidence: Double
    /// nil where the flow has no end at the capture point.
    package var direction: BufferTravel?
    package var bound: DelayBound = .unknown
    package var drops: UInt64?
    package var dropsPerSecond: Double?
    package var trend: BufferTrend?
    /// Of `delay`, the part above what the empty path takes; only the path has such a part.
    package var queue: Nanoseconds?
    /// Held back on purpose by pacing: not a queue.
    package var isPaced = false
    /// A device, where that is more than the layer says.
    package var name: String?

    package init(
        layer: Layer, location: String, occupiedBytes: Int?, capacityBytes: Int?, delay: Nanoseconds?, source: String,
        confidence: Double
    ) {
        self.layer = layer
        self.location = location
        self.occupiedBytes = occupiedBytes
        self.capacityBytes = capacityBytes
        self.delay = delay
        self.source = source
        self.confidence = confidence
    }
}

/// Outcomes of decoding that are not success, kept apart: cut by the capture, against the rules, not known to us.
package struct DecodeCounts: Equatable, Sendable {
    package var truncated = 0
    package var malformed = 0
    package var unsupported = 0
    /// Holes in a byte stream that the capture never filled.
    package var gaps = 0
    package var gapBytes: UInt64 = 0

    package init() {}
}
