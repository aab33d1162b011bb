import StreamtopApplication
import StreamtopBase
import StreamtopDiagnosis
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// Takes frames, routes them to the trackers of their flow, and makes snapshots.
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
    /// Values over time: for charts, and at the interval that was asked for.
    var series: SeriesStore
    var sampler: IntervalSampler
    var judgement = Judgement()
    var quicPaths: QUICPaths
    /// What may concern flows of other engines, since the last tick.
    var facts = JoinFacts()
    /// What flows tell of sessions.
    var sessions = SessionParts()
    var hostNames: HostNames
    var counts = CaptureCounts()
    var output = EngineOutputs()
    var pictures = FlowPictures()
    /// What trackers may hold of the wire's bytes, and who does.
    var memory: FlowMemory
    /// What the kernel of this host says, and the flows that it is asked about.
    var host = HostFacts()
    /// The frame being analysed.
    var frameAtHand = FrameAtHand()
    /// Capture time as of the frame being analysed; between frames, of the clock.
    var now = Timestamp(nanoseconds: .min)
    /// What whoever feeds the engine knows of the whole capture.
    var capture = CaptureFacts()
    /// Reused while one frame is tracked.
    var observation = Observation()
    var ascent = Ascent()
    /// Packets that the capture holds more than once.
    var copies = CopyFilter()
    var watch = FlowWatch()
    private let depth = AddressOnly()

    init(options: EngineOptions = EngineOptions()) {
        self.options = options
        let limits = options.limits
        flows = FlowTable(capacity: limits.flows, seed: options.hashSeed)
        series = SeriesStore(isKept: options.keepsSeries)
        sampler = IntervalSampler(interval: options.sampleInterval)
        trackers = TrackerStore(limits: limits, loggedPackets: options.loggedPackets)
        memory = FlowMemory(capacity: limits.memory, flows: flows.capacity)
        quicPaths = QUICPaths(capacity: limits.quicPaths)
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
        _ record: FrameRecord, _ frame: inout DecodedFrame, of sought: SoughtFlow, bytes: RawSpan,
        _ intake: inout Intake
    ) {
        let reading = intake.read(record.time, frame, of: sought)
        let time = reading.time
        frameAtHand.isTimed = reading.isTrusted
        frameAtHand.clockEpoch = intake.stamps.epoch
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
            observeFragment(&frame, bytes: bytes, at: time, &intake)
        } else {
            route(frame, to: sought, bytes: bytes, packets: 1, packetBytes: frame.ipLength, at: time, &intake)
        }
    }

    /// Takes what holds between two parts of a batch.
    mutating func settle(_ capture: CaptureFacts) {
        if self.capture.firstFrame == nil, let first = capture.firstFrame { counts.rates.begin(at: first) }
        self.capture = capture
        memory.heldByIntake = capture.intake.heldBytes
        now = capture.now
    }

    /// Finds the flow of the decoded frame and gives the frame to its trackers.
    mutating func route(
        _ frame: borrowing DecodedFrame, to sought: SoughtFlow, bytes: RawSpan, packets: Int, packetBytes: Int,
        at time: Timestamp, _ intake: inout Intake
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
            : flows.find(sought.key, hash: sought.hash) ?? newFlow(frame, sought, bytes: bytes, at: time, &intake)
        if frame.transport == .tcp {
            if frame.tcp.flags.isSyn { position = reopenIfNew(frame, position, at: time) }
        } else if mayBeQUIC(position) {
            position = reopenIfNewQUIC(frame, position, sought, bytes: bytes, at: time)
        }

        if watch.isOn { watch.count(in: flows[position].identifier) }
        let isFromLow =
            frame.transport == .udp && !isWhereLikely
            ? isFromLow(frame, sought, in: position) : sought.isSourceLow
        let counted = flows[position].count(
            isFromLow: isFromLow, packets: packets, bytes: packetBytes, payload: frame.payloadLength, at: time)
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
        } else {
            observeDatagramFrame(frame, position, bytes: bytes, direction: direction, at: time)
        }
    }

    /// A frame of another transport than TCP.
    @inline(never)
    private mutating func observeDatagramFrame(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        if frame.transport == .sctp {
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
        _ frame: borrowing DecodedFrame, _ sought: SoughtFlow, bytes: RawSpan, at time: Timestamp,
        _ intake: inout Intake
    ) -> UInt32 {
        movedQUICFlow(frame, sought.key, bytes: bytes, at: time, &intake) ?? reverseFlow(
            frame, sought.key, hash: sought.hash)
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
    var intake = IntakeFacts()
}

/// What is known of the frame being analysed, beside what it holds.
struct FrameAtHand {
    /// Its number in the capture.
    var ordinal: UInt64 = 0
    /// Its stamp can be measured by.
    var isTimed = true
    /// As `StampReader.epoch`.
    var clockEpoch: UInt8 = 0
    /// Flows that were opened by the frame with a number.
    var opened: (ordinal: UInt64, count: UInt64) = (0, 0)
}
