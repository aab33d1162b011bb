import StreamtopApplication
import StreamtopBase
import StreamtopDiagnosis
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// The hallway of the house: takes frames, routes them to the trackers of their flow, and makes the picture of now.
///
/// One engine is one shard, used through `EngineGroup`. It holds no global state, reads no clock and does no I/O: time and ticks come
/// from whoever feeds it, so a live capture and a replay of its file give the same answers. Thread-bound: one owner.
struct FlowEngine: ~Copyable {
    let options: EngineOptions
    let decoder = FrameDecoder()

    var flows: FlowTable
    /// What is known of the layers of each flow.
    var trackers: TrackerStore
    var rareFacts = Slab<RareFacts>()
    var series: SeriesStore
    var sampler: IntervalSampler
    var judgement = Judgement()
    var fragmentation: Fragmentation
    var quicPaths: QUICPathTable
    /// What may concern flows of other engines, since the last tick.
    var facts = JoinFacts()
    /// What exchanges told of media since the last part of a batch.
    var mediaReports = MediaReportList()
    /// Seconds that players hold, at the deadlines of the samples to come, by the ordinal of their flows.
    var playerBuffers: [[UInt64: Double]] = []
    var hostNames: HostNames
    var counts = CaptureCounts()
    var output = EngineOutputs()
    var pictures = FlowPictures()
    /// What trackers may hold of the wire's bytes, and who does.
    var memory: MemoryBudget
    var holders: FlowHolders
    /// Flows with connectivity checks that are over, for the calls they belong to.
    var callFlows: [FlowSnapshot] = []
    var callCount = 0
    /// Where servers see sockets, over all flows of a socket.
    var reflections = ReflectionTable()
    /// Connections that are over and may have carried media nobody could read.
    var encryptedConnections: [EncryptedConnection] = []

    /// What the kernel of this host says, and the flows that it is asked about.
    var host = HostFacts()
    var hostActive = ActiveFlows(.host)
    var hostWatched: [FlowKey: Timestamp] = [:]

    /// The number of the frame being analysed.
    var frameOrdinal: UInt64 = 0
    /// Flows that this frame has opened so far.
    var opened: (frame: UInt64, count: UInt64) = (0, 0)
    /// Capture time as of the frame being analysed; between frames, of the clock.
    var now = Timestamp(nanoseconds: .min)
    /// What whoever feeds the engine knows of the whole capture.
    var capture = CaptureFacts()
    /// Reused while one frame is tracked.
    var observation = Observation()
    var ascent = Ascent()
    /// Stamps as the analysis takes them, and packets that the capture holds more than once.
    var stamps = StampReader()
    var leaps = LeapWatch()
    var copies = CopyFilter()
    /// The stamp of the frame at hand can be measured by.
    var isStampTrusted = true
    /// What is wrong with the source right now, in words, as its owner says.
    var sourceProblem: String?
    var watch = FlowWatch()
    private let depth = AddressOnly()

    init(options: EngineOptions = EngineOptions()) {
        self.options = options
        let limits = options.limits
        flows = FlowTable(capacity: limits.flows, seed: options.hashSeed)
        series = SeriesStore(isKept: options.keepsSeries)
        sampler = IntervalSampler(interval: options.sampleInterval)
        fragmentation = Fragmentation(limits: limits.fragments, pairs: limits.fragmentedPairs)
        trackers = TrackerStore(limits: limits, loggedPackets: options.loggedPackets)
        memory = MemoryBudget(capacity: limits.memory)
        holders = FlowHolders(capacity: limits.flows)
        quicPaths = QUICPathTable(capacity: limits.quicConnectionIDs, pathCapacity: limits.quicPaths)
        hostNames = HostNames(capacity: limits.hostNames)
    }

    /// The capture names a host.
    mutating func note(_ name: HostName) { hostNames.note(name) }

    /// Takes over the names that another engine was told.
    mutating func adoptHostNames(of other: borrowing FlowEngine) { hostNames = other.hostNames }

    /// Drops of the capture so far, as its source counts them, and how far the analysis is behind the wire.
    mutating func observe(drops: CaptureDrops, behind: Nanoseconds) {
        counts.drops = drops
        counts.behind = behind
    }

    /// Analyses a frame of the flow that `sought` names. Only putting fragments together changes `frame`.
    @inline(__always)
    mutating func observe(
        _ record: FrameRecord, _ frame: inout DecodedFrame, of sought: SoughtFlow, bytes: RawSpan
    ) {
        let before = stamps.now
        let reading = stamps.read(record.time, flow: sought.hash, isLow: sought.isSourceLow)
        let time = reading.time
        isStampTrusted = reading.isTrusted
        if time >= leaps.next, reading.isTrusted { lookForLeap(frame, of: sought, from: before, to: time) }
        now = max(capture.now, time)
        counts.totals.packets &+= 1
        counts.totals.bytes &+= UInt64(max(record.wireLength, 0))
        counts.totals.capturedBytes &+= UInt64(bytes.byteCount)
        if bytes.byteCount < record.wireLength { counts.truncatedFrames &+= 1 }
        switch copies.examine(
            record, frame, conversation: flows.conversation(sought), isSourceLow: sought.isSourceLow, bytes: bytes)
        {
        case .original: break
        case .copy: return
        case .movesPoint: forget(sought)
        case .copyAfterOthers:
            forget(sought)
            return
        }
        counts.rates.record(bytes: record.wireLength)

        if let stop = frame.stop { counts.decode.record(stop.cause) }
        if watch.isOn { watch.begin(record, frame) }
        if frame.fragment != nil {
            observeFragment(&frame, bytes: bytes, at: time)
        } else {
            route(frame, to: sought, bytes: bytes, packets: 1, packetBytes: frame.ipLength, at: time)
        }
    }

    /// Asks the hosts' clocks whether the capture's was set ahead since the frame before.
    @inline(never)
    private mutating func lookForLeap(
        _ frame: borrowing DecodedFrame, of sought: SoughtFlow, from before: Timestamp, to time: Timestamp
    ) {
        let silence = counts.totals.packets == 0 ? 0 : time - before
        let isLow = sought.key.isLow(frame.sourceEndpoint)
        if let lead = leaps.look(frame, flow: sought.hash, isLow: isLow, at: time, after: silence) {
            stamps.stepAhead(by: lead, at: time)
        }
    }

    /// Takes what holds between two parts of a batch.
    mutating func settle(_ capture: CaptureFacts) {
        if self.capture.firstFrame == nil, let first = capture.firstFrame { counts.rates.begin(at: first) }
        self.capture = capture
        now = capture.now
    }

    /// Finds the flow of the decoded frame and gives the frame to its trackers.
    mutating func route(
        _ frame: borrowing DecodedFrame, to sought: SoughtFlow, bytes: RawSpan, packets: Int, packetBytes: Int,
        at time: Timestamp
    ) {
        guard frame.hasNetwork, frame.transport != .none, frame.transport != .other else {
            counts.undecoded.record(frame)
            return
        }
        if frame.transport == .icmp { observeICMP(frame, at: time) }
        let isWhereLikely = flows.isWhereLikely(sought)
        var position =
            isWhereLikely
            ? sought.likely
            : flows.find(sought.key, hash: sought.hash) ?? newFlow(frame, sought, bytes: bytes, at: time)
        if frame.transport == .tcp {
            if frame.tcp.flags.isSyn { position = reopenIfNew(frame, position, at: time) }
        } else if mayBeQUIC(position) {
            position = reopenIfNewQUIC(
                frame, position, key: sought.key, hash: sought.hash, bytes: bytes, at: time)
        }

        if watch.isOn { watch.count(in: flows[position].identifier) }
        let counted =
            frame.transport == .udp && !isWhereLikely
            ? flows[position].count(
                direction(of: position, frame, key: sought.key), packets: packets, bytes: packetBytes,
                payload: frame.payloadLength, at: time, grain: flows.grain)
            : flows[position].count(
                isFromLow: sought.isSourceLow, packets: packets, bytes: packetBytes, payload: frame.payloadLength,
                at: time, grain: flows.grain)
        let direction = counted.direction
        if !counted.dueWork.isEmpty { follow(counted.dueWork, of: position, at: time) }
        if let stop = frame.stop { countStop(stop, in: position) }
        if frame.transport == .tcp {
            observeTCP(frame, position, tracker: counted.tcp, direction: direction, at: time)
            if counted.wantsSegment {
                observeStream(frame, position, bytes: bytes, direction: direction, at: time)
                if !trackers.relayed.isEmpty { routeRelayed(by: position) }
                if flows[position].layers != FlowEntry.none || flows[position].chargedBytes > 0 {
                    chargeMemory(of: position)
                }
            }
        } else if frame.transport == .sctp {
            observeSCTP(frame, position, bytes: bytes, direction: direction, at: time)
        } else if frame.transport == .udp {
            observeDatagram(frame, position, bytes: bytes, direction: direction, at: time)
        }
    }

    @inline(__always)
    private func mayBeQUIC(_ position: UInt32) -> Bool {
        let stack = flows[position].layers
        return stack != FlowEntry.none && trackers.stacks[stack].kinds.contains(.exclusive)
    }

    /// The flow of a frame whose key finds none: one that moved, one that is known in another encapsulation, or a new one.
    @inline(never)
    private mutating func newFlow(
        _ frame: borrowing DecodedFrame, _ sought: SoughtFlow, bytes: RawSpan, at time: Timestamp
    ) -> UInt32 {
        movedQUICFlow(frame, sought.key, bytes: bytes, at: time) ?? reverseFlow(frame, sought.key, hash: sought.hash)
            ?? open(frame, sought.key, hash: sought.hash, at: time)
    }

    /// A packet changed what its flow is.
    @inline(never)
    mutating func follow(_ dueWork: FlowEntry.DueWork, of position: UInt32, at time: Timestamp) {
        if dueWork.contains(.moved) {
            flows.touch(position, at: time)
            if flows[position].standing == .proven, time - flows[position].start >= .seconds(1) {
                flows.change(position, to: .lasting)
            }
        }
        if dueWork.contains(.active) { list(position) }
        if dueWork.contains(.proven) { flows.change(position, to: .proven) }
        if dueWork.contains(.answered), flows[position].transport != .icmp { counts.directions.answer() }
    }

    /// Takes what was produced since the last call.
    mutating func drainOutputs(_ body: (EngineOutput) -> Void) {
        for output in output.entries { body(output) }
        output.entries.removeAll(keepingCapacity: true)
        output.settled = 0
    }

    var hasOutputs: Bool { !output.entries.isEmpty }

    var flowCount: Int { flows.count }
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

/// What whoever feeds the engines knows of the whole capture.
struct CaptureFacts {
    var now = Timestamp(nanoseconds: .min)
    var firstFrame: Timestamp?
    var timestampsBackwards: UInt64 = 0
    /// Tables that are nobody's flows'.
    var tables: [TableHealth] = []
}
