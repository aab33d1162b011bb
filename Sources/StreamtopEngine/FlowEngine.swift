import StreamtopApplication
import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// The hallway of the house: takes frames, routes them to the trackers of their flow, and makes the picture of now.
///
/// One engine is one shard. It holds no global state, reads no clock and does no I/O: time comes in with the frames and
/// through `advance(to:)`, so a live capture and a replay of its file give the same answers. Thread-bound: one owner.
package struct FlowEngine: ~Copyable {
    let options: EngineOptions
    let decoder = FrameDecoder()

    var flows: FlowTable
    var tcpTrackers = Slab<TCPFlowTracker>()
    var rareFacts = Slab<RareFacts>()
    var series: SeriesStore
    var sampler: IntervalSampler
    var diagnoses = Slab<DiagnosisState>()
    var fragments: FragmentAssembler
    /// The flow that last sent fragments between two hosts.
    var fragmentedFlows: [FragmentPair: FlowKey] = [:]
    /// Outer fragments that carried fragments of a datagram that is not whole yet, by the hosts of the inner packet.
    var carriedFragments: [FragmentPair: Int] = [:]
    var secureStreams = Slab<SecureStream>()
    var secureDatagrams = Slab<SecureDatagrams>()
    var security: SecurityTables
    var quicFlows = Slab<QUICFlow>()
    var quicPaths: QUICPathTable
    var quicScratch = QUICScratch()
    var quicAttempts: QUICAttempts
    var http3Trackers = Slab<HTTP3ConnectionTracker>()
    /// Stream data being handed over; kept for its storage.
    var streamPieces: [QUICStreamPiece] = []
    var streamBytes: [UInt8] = []
    var hostNames: HostNames

    var flowsSeen: UInt64 = 0
    var totals = TrafficTotals()
    var decode = DecodeCounts()
    var undecoded = UndecodedCounter()
    var truncatedFrames: UInt64 = 0
    var timestampsBackwards: UInt64 = 0
    var protocolCounts = ProtocolCounter()
    var captureDrops = CaptureDrops()
    /// nil for a file, which nothing waits for.
    var behind: Nanoseconds?

    /// Capture time: the latest stamp seen.
    package private(set) var now = Timestamp(nanoseconds: .min)
    package private(set) var firstFrame: Timestamp?

    var outputs: [EngineOutput] = []
    var eventHistory: [FlowEvent] = []
    /// Reused while one frame is tracked.
    var pendingEvents: [FlowEvent.Kind] = []
    var activeForJudgement = ActiveFlows(.judgement)
    var undiagnosed: [UInt32] = []
    var nextSecond = Timestamp(nanoseconds: .max)
    var rateWindow = RateWindow()
    var hostDiagnosis = HostDiagnosis()
    var pathBases = PathBases()
    var hostVerdicts: [Verdict] = []
    /// `finish` was called; and every flow was judged after it.
    var isFinished = false
    var isJudged = false
    /// Snapshots made for the dashboard, kept while their flow is silent.
    var shown: [UInt32: ShownFlow] = [:]
    var turns = SnapshotTurns()
    private let place = AddressOnly()

    package init(options: EngineOptions = EngineOptions()) {
        self.options = options
        let limits = options.limits
        flows = FlowTable(capacity: limits.flows, seed: options.hashSeed)
        series = SeriesStore(isKept: options.keepsSeries)
        sampler = IntervalSampler(interval: options.sampleInterval)
        fragments = FragmentAssembler(limits: limits.fragments)
        security = SecurityTables(limits: limits.security)
        quicPaths = QUICPathTable(capacity: limits.quicConnectionIDs, pathCapacity: limits.quicPaths)
        quicAttempts = QUICAttempts(capacity: limits.quicAttempts)
        quicScratch.packetRoom = options.loggedPackets
        hostNames = HostNames(capacity: limits.hostNames)
    }

    /// The capture names a host.
    package mutating func note(_ name: HostName) { hostNames.note(name) }

    /// Takes over the names that another engine was told.
    package mutating func adoptHostNames(of other: borrowing FlowEngine) { hostNames = other.hostNames }

    /// Drops of the capture so far, as its source counts them, and how far the analysis is behind the wire.
    package mutating func observe(drops: CaptureDrops, behind: Nanoseconds) {
        captureDrops = drops
        self.behind = behind
    }

    /// Analyses a frame of the flow that `sought` names. Only putting fragments together changes `frame`.
    @inline(__always)
    mutating func observe(
        _ record: FrameRecord, _ frame: inout DecodedFrame, of sought: SoughtFlow, bytes: RawSpan
    ) {
        if firstFrame == nil { begin(at: record.time) }
        if record.time < now { timestampsBackwards &+= 1 } else { now = record.time }
        if isTickDue { tick() }

        totals.packets &+= 1
        totals.bytes &+= UInt64(max(record.wireLength, 0))
        totals.capturedBytes &+= UInt64(bytes.byteCount)
        rateWindow.record(bytes: record.wireLength)
        if bytes.byteCount < record.wireLength { truncatedFrames &+= 1 }

        if let stop = frame.stop { decode.record(stop.cause) }
        if frame.fragment != nil {
            observeFragment(&frame, bytes: bytes, at: record.time)
        } else {
            route(frame, to: sought, bytes: bytes, packets: 1, packetBytes: frame.ipLength, at: record.time)
        }
    }

    private mutating func begin(at time: Timestamp) {
        firstFrame = time
        now = time
        nextSecond = time + .seconds(1)
        sampler.begin(at: time)
        series.begin(at: time)
        rateWindow.begin(at: time)
    }

    /// Finds the flow of the decoded frame and gives the frame to its trackers.
    mutating func route(
        _ frame: borrowing DecodedFrame, to sought: SoughtFlow, bytes: RawSpan, packets: Int, packetBytes: Int,
        at time: Timestamp
    ) {
        guard frame.hasNetwork, frame.transport != .none, frame.transport != .other else {
            undecoded.record(frame)
            return
        }
        if frame.transport == .icmp { observeICMP(frame, at: time) }
        var position = flows.find(sought) ?? newFlow(frame, sought, bytes: bytes, at: time)
        if frame.transport == .tcp {
            if frame.tcp.flags.isSyn { position = reopenIfNew(frame, position, at: time) }
        } else if flows[position].quic != FlowEntry.none {
            position = reopenIfNewQUIC(
                frame, position, key: sought.key, hash: sought.hash, bytes: bytes, at: time)
        }

        let direction =
            frame.transport == .udp
            ? self.direction(of: position, frame, key: sought.key)
            : flows[position].direction(from: frame.sourceEndpoint)
        let turns = flows[position].record(
            direction, packets: packets, bytes: packetBytes, payload: frame.payloadLength, at: time)
        if !turns.isEmpty { follow(turns, of: position, at: time) }
        if let stop = frame.stop { countStop(stop, in: position) }
        if frame.transport == .tcp {
            observeTCP(frame, position, direction: direction, at: time)
            if flows[position].wantsSegment(payload: frame.payloadLength) {
                observeStream(frame, position, bytes: bytes, direction: direction, at: time)
            }
        } else if frame.transport == .udp {
            observeQUIC(frame, position, bytes: bytes, direction: direction, at: time)
            if flows[position].quic == FlowEntry.none {
                observeSecureDatagram(frame, position, bytes: bytes, direction: direction, at: time)
            }
        }
    }

    /// The flow of a frame whose key finds none: one that moved, one that is known in another encapsulation, or a new one.
    @inline(never)
    private mutating func newFlow(
        _ frame: borrowing DecodedFrame, _ sought: SoughtFlow, bytes: RawSpan, at time: Timestamp
    ) -> UInt32 {
        movedQUICFlow(frame, sought.key, bytes: bytes, at: time) ?? otherWay(frame, sought.key, hash: sought.hash)
            ?? open(frame, sought.key, hash: sought.hash, at: time)
    }

    /// A packet changed what its flow is.
    @inline(never)
    private mutating func follow(_ turns: FlowEntry.Turns, of position: UInt32, at time: Timestamp) {
        if turns.contains(.moved) { flows.touch(position, at: time) }
        if turns.contains(.active) { list(position) }
        if turns.contains(.proven) { flows.change(position, to: .proven) }
    }

    /// Moves capture time on without a frame, for timeouts and samples while the wire is silent.
    package mutating func advance(to time: Timestamp) {
        guard firstFrame != nil, time > now else { return }
        now = time
        if isTickDue { tick() }
    }

    /// Takes what was produced since the last call.
    package mutating func drainOutputs(_ body: (EngineOutput) -> Void) {
        for output in outputs { body(output) }
        outputs.removeAll(keepingCapacity: true)
    }

    package var hasOutputs: Bool { !outputs.isEmpty }

    package var flowCount: Int { flows.count }
}

/// Frames lost before analysis, as the capture source counts them.
package struct CaptureDrops: Equatable, Sendable {
    package var kernel: UInt64 = 0
    package var interface: UInt64 = 0
    package var own: UInt64 = 0

    package init(kernel: UInt64 = 0, interface: UInt64 = 0, own: UInt64 = 0) {
        self.kernel = kernel
        self.interface = interface
        self.own = own
    }
}
