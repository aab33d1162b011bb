import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What the engine keeps of every flow, whatever its transport: identity, counts, and where its trackers are.
struct FlowEntry: ~Copyable {
    /// Which list of the flow table the flow is in; the order in which lists are emptied when room is needed.
    enum Standing: UInt8, CaseIterable {
        /// Closed or reset.
        case over
        /// No payload both ways yet: scans and SYN floods stay here.
        case unproven
        /// Carried payload both ways, or enough of it one way.
        case proven
        /// The same, and has lasted a second or more: what people watch.
        case lasting
    }

    static let none: UInt32 = .max

    // In the order of use: the first cache line finds the flow and says what it carries, the second counts a packet of the
    // client, the third one of the server; the rest is for few packets (decision 0146).

    let key: FlowKey
    /// Slab index of the TCP tracker, for TCP flows.
    var tcp: UInt32 = Self.none
    /// Slab index of the stack of layers, for flows of which somebody reads what they carry.
    var layers: UInt32 = Self.none
    /// The client is the key's low endpoint.
    var clientIsLow: Bool
    let transport: TransportKind
    var standing = Standing.unproven
    /// The lists of active flows that the flow stands on.
    var lists = ActivityLists()
    /// Looks for something to read in the first segments.
    var probe = SegmentProbe()
    var orientation: Orientation
    /// Both ends have spoken.
    private(set) var isAnswered = false
    /// The key finds the flow: no later one has taken it over.
    var isFound = true
    var tunnel = TunnelKind.none
    /// The part of the table that the flow takes room of.
    let bucket: UInt8
    /// As that bucket's.
    var grain = FlowBucket.coarseGrain

    var last: Timestamp
    /// Slice of capture time in which the flow last moved to the front of its list.
    var movedAt: Int64 = .min
    /// Of the client and of the server: chosen by place, for nobody can foretell which it will be.
    private var counters = [Counters(), Counters()] as InlineArray<2, Counters>

    let start: Timestamp
    /// The frame that opened the flow, by its number in the capture, and behind it which of the flows that it opened: the flow's
    /// identity, in whichever engine it is kept.
    let ordinal: UInt64
    /// Its number among all flows in the order of their opening frames; 0 until it was given.
    var rank: UInt64 = 0
    /// Neighbours in the list of its standing, newest first.
    var newer: UInt32 = Self.none
    var older: UInt32 = Self.none
    /// Slab index of facts that few flows have (fragments, too-big messages, anomalies of the engine's own).
    var rare: UInt32 = Self.none
    /// Memory of its trackers that the budget was charged with.
    var chargedBytes: UInt32 = 0
    /// Slab index of the series, when one is kept.
    var series: UInt32 = Self.none
    /// Slab index of how far the interval's samples have read the flow's counters, once there was one.
    var sampleCursor: UInt32 = Self.none
    /// Slab index of the diagnosis state.
    var diagnosis: UInt32 = Self.none
    var tunnelIdentifier: UInt32 = 0
    /// The encapsulation of the other direction, where it differs from the key's.
    var other: OtherEncapsulation?
    /// Touched since the last judgement.
    var needsDiagnosis = false
    /// ICMP type and code of the flow's first message, for Community ID.
    var icmpType: UInt8 = 0
    var icmpCode: UInt8 = 0
    /// Data of another flow, which counted its frames.
    var isRelayed = false
    /// Slab index of the reader of media, where no other reader of the flow's datagrams comes before it.
    var media: UInt32 = Self.none
    private let index = AddressOnly()

    /// Packets of one end as sender.
    struct Counters {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var payloadBytes: UInt64 = 0
        /// Bytes since `windowStart`, for the rate of the last second; 34 Gb/s fill it, and it stays full.
        private(set) var windowBytes: UInt32 = 0
        /// From `windowStart` to the newest packet, in nanoseconds; below a second.
        private var newest: UInt32 = 0
        var windowStart = Timestamp(nanoseconds: 0)
        /// Bits a second in the window before.
        var rate: Float = 0
        var smallest: UInt16 = .max
        var largest: UInt16 = 0

        /// When the newest packet passed.
        var last: Timestamp { windowStart + Nanoseconds(newest) }

        mutating func record(packets number: Int, bytes count: Int, payload: Int, at time: Timestamp) {
            // Counts of packets and bytes: 2^64 is out of reach of any capture, wrapping is the safe way to say so. The
            // three come from lengths, which are not negative.
            packets &+= UInt64(truncatingIfNeeded: number)
            bytes &+= UInt64(truncatingIfNeeded: count)
            payloadBytes &+= UInt64(truncatingIfNeeded: payload)
            let size = UInt16(clamping: payload)
            smallest = min(smallest, size)
            largest = max(largest, size)
            let elapsed = time - windowStart
            if elapsed >= .seconds(1) {
                rate = elapsed < .seconds(2) ? Float(Double(windowBytes) * 8 / elapsed.seconds) : 0
                windowBytes = 0
                newest = 0
                windowStart = time
            } else if elapsed > 0 {
                newest = max(newest, UInt32(truncatingIfNeeded: elapsed))  // below a second
            }
            let (sum, isFull) = windowBytes.addingReportingOverflow(UInt32(clamping: count))
            windowBytes = isFull ? .max : sum
        }

        /// Bits a second over about the last second.
        func rate(at time: Timestamp) -> Double {
            let elapsed = time - windowStart
            if elapsed >= .seconds(2) || packets == 0 { return 0 }
            return elapsed >= .seconds(1) ? Double(windowBytes) * 8 / elapsed.seconds : Double(rate)
        }
    }

    init(
        key: FlowKey, bucket: UInt8, ordinal: UInt64, clientIsLow: Bool, orientation: Orientation,
        transport: TransportKind, time: Timestamp
    ) {
        self.key = key
        self.bucket = bucket
        self.ordinal = ordinal
        self.clientIsLow = clientIsLow
        self.orientation = orientation
        self.transport = transport
        start = time
        last = time
        counters[0].windowStart = time
        counters[1].windowStart = time
    }

    /// A direction that travels in another VLAN or tunnel than the one that opened the flow, or in none.
    struct OtherEncapsulation {
        var tunnel: UInt32
        var vlan: UInt16
    }

    /// The key in the encapsulation of the other direction, where that differs.
    var otherKey: FlowKey? {
        guard let other else { return nil }
        return FlowKey(
            low: key.low, high: key.high, transport: key.transport, vlan: other.vlan, tunnel: other.tunnel)
    }

    /// The key finds this flow.
    func answers(to key: FlowKey) -> Bool { self.key == key || (other != nil && otherKey == key) }

    /// What the client sent.
    var client: Counters { counters[0] }

    /// What the server sent.
    var server: Counters { counters[1] }

    /// What the flow is called: its rank; until it has one a name for the engine's own use.
    var identifier: FlowIdentifier {
        rank == 0 ? FlowIdentifier(number: FlowRanks.unranked | ordinal) : FlowIdentifier(number: rank)
    }

    func reference(at position: UInt32) -> FlowReference { FlowReference(ordinal: ordinal, position: position) }
    var clientEndpoint: Endpoint { clientIsLow ? key.low : key.high }
    var serverEndpoint: Endpoint { clientIsLow ? key.high : key.low }

    /// Bytes both ways in the second that runs.
    var windowBytes: UInt64 { UInt64(client.windowBytes) + UInt64(server.windowBytes) }

    /// Counts a packet and says what it makes of the flow.
    @inline(__always)
    @discardableResult
    mutating func record(
        _ direction: Direction, packets: Int, bytes: Int, payload: Int, at time: Timestamp
    ) -> DueWork {
        counters[direction == .fromClient ? 0 : 1].record(packets: packets, bytes: bytes, payload: payload, at: time)
        if time > last { last = time }
        return dueWork(at: time)
    }

    /// What the engine needs to know of the flow of a packet that was counted.
    struct Counted {
        var direction: Direction
        var dueWork: DueWork
        /// As `FlowEntry.tcp`.
        var tcp: UInt32
        var wantsSegment: Bool
    }

    /// Counts a packet from the key's low endpoint, or from the high one, and says all that the engine asks next: to look for an entry is
    /// dearer than what is read of it.
    @inline(__always)
    mutating func count(isFromLow: Bool, packets: Int, bytes: Int, payload: Int, at time: Timestamp) -> Counted {
        let direction = direction(isFromLow: isFromLow)
        let dueWork = record(direction, packets: packets, bytes: bytes, payload: payload, at: time)
        return Counted(
            direction: direction, dueWork: dueWork, tcp: tcp, wantsSegment: wantsSegment(payload: payload))
    }

    /// What a packet makes of its flow, beside counts; for most packets nothing.
    struct DueWork: OptionSet {
        let rawValue: UInt8

        /// The first packet since some list of active flows was emptied.
        static let active = DueWork(rawValue: 1)
        /// The first packet in its slice of capture time.
        static let moved = DueWork(rawValue: 2)
        /// The packet that shows that the flow is no scan.
        static let proven = DueWork(rawValue: 4)
        /// The first packet of the other end.
        static let answered = DueWork(rawValue: 8)
    }

    @inline(__always)
    private mutating func dueWork(at time: Timestamp) -> DueWork {
        var dueWork = DueWork()
        if lists != .all { dueWork.insert(.active) }
        if movedAt != Self.slice(of: time, grain: grain) { dueWork.insert(.moved) }
        if standing == .unproven {
            if !isAnswered, client.packets > 0, server.packets > 0 {
                isAnswered = true
                dueWork.insert(.answered)
            }
            if isSettled { dueWork.insert(.proven) }
        }
        return dueWork
    }

    /// Payload both ways, or a good deal one way.
    private var isSettled: Bool {
        (client.payloadBytes > 0 && server.payloadBytes > 0) || max(client.payloadBytes, server.payloadBytes) >= 16_384
    }

    /// Slice of capture time, of 2^grain nanoseconds each.
    @inline(__always)
    static func slice(of time: Timestamp, grain: UInt8) -> Int64 { time.nanoseconds &>> Int64(grain) }

    /// A segment with `payload` bytes is looked at for something to read, or read.
    func wantsSegment(payload: Int) -> Bool { layers != Self.none || (payload > 0 && !probe.isOver) }

    /// What a segment may begin, and whether it is the first that was looked at.
    @inline(__always)
    mutating func examine(_ payload: RawSpan) -> (answer: SegmentProbe.Answer, isFirst: Bool) {
        let isFirst = probe.isFresh
        return (probe.examine(payload), isFirst)
    }

    /// Direction of a packet from `source`.
    @inline(__always)
    func direction(from source: Endpoint) -> Direction {
        key.isLow(source) == clientIsLow ? .fromClient : .fromServer
    }

    /// Direction of a packet that comes from the key's low endpoint, or from the high one.
    @inline(__always)
    func direction(isFromLow: Bool) -> Direction { isFromLow == clientIsLow ? .fromClient : .fromServer }

    /// Direction of a packet from `address`, where ports are not known.
    func direction(fromAddress address: IPAddress) -> Direction {
        (address == key.low.address) == clientIsLow ? .fromClient : .fromServer
    }

    /// The other way round: the engine learned late who opened the flow.
    mutating func exchangeEnds() {
        clientIsLow.toggle()
        counters.swapAt(0, 1)
    }
}

/// Facts that few flows have.
struct RareFacts {
    var fragmentation = FragmentationSnapshot()
    var hasFragmentation = false
    var unreachable: UnreachableSnapshot?
    var anomalies = AnomalyCounts()
    var decode = DecodeCounts()
    /// The flow that carries this one, and those that this one carries.
    var carrier: Kin?
    var carried: [Kin] = []
}
