import StreamtopBase

/// A queueing discipline, or a class of one, as rtnetlink answers (RTM_NEWQDISC, RTM_NEWTCLASS; linux/rtnetlink.h,
/// linux/pkt_sched.h, linux/gen_stats.h).
package struct QdiscMessage: Equatable, Sendable {
    package static let getQdisc: UInt16 = 38
    package static let qdisc: UInt16 = 36
    package static let getClass: UInt16 = 42
    package static let trafficClass: UInt16 = 40
    static let root: UInt32 = .max
    static let ingress: UInt32 = 0xffff_fff1

    package var kind: String
    package var interface: Int32
    /// Major and minor number, 16 bits each.
    package var handle: UInt32
    package var parent: UInt32
    package var isClass: Bool
    /// nil where the answer holds none, or a damaged one.
    package var counts: Counts?
    package var details: QdiscDetails?
    /// Configured limit, and what it counts.
    package var limit: QueueLimit?
    /// Configured rate in bytes a second (tbf, htb class).
    package var configuredRate: UInt64?

    /// What every discipline counts.
    package struct Counts: Equatable, Sendable {
        /// Of what left it. `packets` wrap at 2^32 where the kernel does not give 64 bits.
        package var bytes: UInt64
        package var packets: UInt64
        package var queued: UInt32
        package var backlog: UInt32
        package var drops: UInt32
        package var requeues: UInt32
        package var overlimits: UInt32
    }

    package enum QueueLimit: Equatable, Sendable {
        case bytes(UInt32)
        case packets(UInt32)
    }

    package var isRoot: Bool { parent == Self.root }
    package var isIngress: Bool { parent == Self.ingress }

    private static let kindAttribute: UInt16 = 1
    private static let options: UInt16 = 2
    private static let oldStatistics: UInt16 = 3
    private static let oldDetails: UInt16 = 4
    private static let statistics: UInt16 = 7

    /// `type`: of the netlink message. nil for another type, and for a message shorter than `tcmsg`.
    package init?(type: UInt16, _ bytes: RawSpan) {
        guard type == Self.qdisc || type == Self.trafficClass, let interface = bytes.int32(at: 4),
            let handle = bytes.uint32(at: 8), let parent = bytes.uint32(at: 12),
            let attributes = bytes.part(at: 20, count: bytes.byteCount - 20)
        else { return nil }
        var kind = ""
        Netlink.forEachAttribute(in: attributes) { type, value in if type == Self.kindAttribute { kind = value.text } }
        self.kind = kind
        self.interface = interface
        self.handle = handle
        self.parent = parent
        isClass = type == Self.trafficClass
        var old: Counts?
        var message = self
        let isClass = isClass
        Netlink.forEachAttribute(in: attributes) { type, value in
            switch type {
            case Self.statistics: message.read(statistics: value)
            case Self.oldStatistics: old = Self.old(value)
            case Self.oldDetails where message.details == nil:
                message.details = QdiscDetails(kind: kind, isClass: isClass, value)
            case Self.options: message.read(options: value)
            default: break
            }
        }
        if message.counts == nil { message.counts = old }
        self = message
    }

    /// TCA_STATS2: basic, queue, of the discipline itself, and 64 bits of packets.
    private mutating func read(statistics: RawSpan) {
        var basic: (bytes: UInt64, packets: UInt64)?
        var wide: UInt64?
        var queue: Counts?
        Netlink.forEachAttribute(in: statistics) { type, value in
            switch type {
            case 1:
                if let bytes = value.uint64(at: 0), let packets = value.uint32(at: 8) {
                    basic = (bytes, UInt64(packets))
                }
            case 3: queue = Self.queue(value)
            case 4: details = QdiscDetails(kind: kind, isClass: isClass, value) ?? details
            case 8: wide = value.uint64(at: 0)
            default: break
            }
        }
        guard var counts = queue, let basic else { return }
        counts.bytes = basic.bytes
        counts.packets = wide ?? basic.packets
        self.counts = counts
    }

    /// gnet_stats_queue.
    private static func queue(_ value: RawSpan) -> Counts? {
        guard let queued = value.uint32(at: 0), let backlog = value.uint32(at: 4), let drops = value.uint32(at: 8),
            let requeues = value.uint32(at: 12), let overlimits = value.uint32(at: 16)
        else { return nil }
        return Counts(
            bytes: 0, packets: 0, queued: queued, backlog: backlog, drops: drops, requeues: requeues,
            overlimits: overlimits)
    }

    /// tc_stats, before TCA_STATS2.
    private static func old(_ value: RawSpan) -> Counts? {
        guard let bytes = value.uint64(at: 0), let packets = value.uint32(at: 8), let drops = value.uint32(at: 12),
            let overlimits = value.uint32(at: 16), let queued = value.uint32(at: 28),
            let backlog = value.uint32(at: 32)
        else { return nil }
        return Counts(
            bytes: bytes, packets: UInt64(packets), queued: queued, backlog: backlog, drops: drops, requeues: 0,
            overlimits: overlimits)
    }

    private mutating func read(options: RawSpan) {
        switch kind {
        case "pfifo", "pfifo_head_drop":
            limit = options.uint32(at: 0).map { .packets($0) }
        case "netem":
            // tc_netem_qopt: latency, limit, …
            limit = options.uint32(at: 4).map { .packets($0) }
        case "bfifo":
            limit = options.uint32(at: 0).map { .bytes($0) }
        case "tbf":
            Netlink.forEachAttribute(in: options) { type, value in
                if type == 1 {
                    if let rate = value.uint32(at: 8) { configuredRate = configuredRate ?? UInt64(rate) }
                    limit = value.uint32(at: 24).map { .bytes($0) }
                }
                if type == 4 { configuredRate = value.uint64(at: 0) }
            }
        case "htb" where isClass:
            Netlink.forEachAttribute(in: options) { type, value in
                if type == 1, let rate = value.uint32(at: 8) { configuredRate = configuredRate ?? UInt64(rate) }
                if type == 6 { configuredRate = value.uint64(at: 0) }
            }
        case "fq_codel", "codel", "pie":
            Netlink.forEachAttribute(in: options) { type, value in
                if type == 2 { limit = value.uint32(at: 0).map { .packets($0) } }
            }
        case "fq":
            Netlink.forEachAttribute(in: options) { type, value in
                if type == 1 { limit = value.uint32(at: 0).map { .packets($0) } }
            }
        default: break
        }
    }
}

/// What a discipline tells beside the common counts. Fields past the end of what the kernel gave are nil.
package enum QdiscDetails: Equatable, Sendable {
    case codel(Sojourn)
    /// Of the newest packet of one flow's queue.
    case fairQueueClass(Sojourn)
    case fairQueueCodel(marks: UInt32?, newFlows: UInt32?, oldFlows: UInt32?, memory: UInt32?)
    /// Flows that wait for their time to send, of all flows.
    case fairQueue(flows: UInt32?, throttled: UInt32?, unthrottleLatency: Nanoseconds?, marks: UInt64?)
    case pie(delay: Nanoseconds?, marks: UInt32?)
    case cake(memory: UInt32?, memoryLimit: UInt32?, tins: [Tin])

    package struct Sojourn: Equatable, Sendable {
        package var delay: Nanoseconds?
        package var marks: UInt32?
        package var isDropping: Bool?
    }

    package struct Tin: Equatable, Sendable {
        package var backlog: UInt32?
        package var drops: UInt32?
        package var marks: UInt32?
        package var averageDelay: Nanoseconds?
        package var peakDelay: Nanoseconds?
        package var baseDelay: Nanoseconds?
        package var bulkFlows: UInt32?
    }

    init?(kind: String, isClass: Bool, _ value: RawSpan) {
        switch kind {
        case "codel":
            // tc_codel_xstats
            self = .codel(
                Sojourn(
                    delay: Self.micro(value.uint32(at: 12)), marks: value.uint32(at: 24),
                    isDropping: value.uint32(at: 28).map { $0 != 0 }))
        case "fq_codel":
            // tc_fq_codel_xstats: a union, told by its first word
            switch value.uint32(at: 0) {
            case 0:
                self = .fairQueueCodel(
                    marks: value.uint32(at: 12), newFlows: value.uint32(at: 20), oldFlows: value.uint32(at: 24),
                    memory: value.uint32(at: 32))
            case 1 where isClass:
                self = .fairQueueClass(
                    Sojourn(
                        delay: Self.micro(value.uint32(at: 8)), marks: nil,
                        isDropping: value.uint32(at: 20).map { $0 != 0 }))
            default: return nil
            }
        case "fq":
            // tc_fq_qd_stats
            self = .fairQueue(
                flows: value.uint32(at: 64), throttled: value.uint32(at: 72),
                unthrottleLatency: value.uint32(at: 76).map(Nanoseconds.init), marks: value.uint64(at: 80))
        case "pie":
            // tc_pie_xstats: `delay` is in microseconds (sch_pie.c), whatever the header's comment says
            self = .pie(delay: Self.micro(value.uint32(at: 8)), marks: value.uint32(at: 36))
        case "cake": self = Self.cake(value)
        default: return nil
        }
    }

    private static func micro(_ value: UInt32?) -> Nanoseconds? { value.map { Nanoseconds($0) * 1_000 } }

    /// TCA_CAKE_STATS_*: attributes, with the tins nested in one of them. Never more than eight.
    private static func cake(_ value: RawSpan) -> QdiscDetails {
        var memory: UInt32?
        var limit: UInt32?
        var tins: [Tin] = []
        Netlink.forEachAttribute(in: value) { type, value in
            switch type {
            case 3: limit = value.uint32(at: 0)
            case 4: memory = value.uint32(at: 0)
            case 10:
                Netlink.forEachAttribute(in: value) { _, tin in if tins.count < 8 { tins.append(self.tin(tin)) } }
            default: break
            }
        }
        return .cake(memory: memory, memoryLimit: limit, tins: tins)
    }

    private static func tin(_ value: RawSpan) -> Tin {
        var tin = Tin()
        Netlink.forEachAttribute(in: value) { type, value in
            let number = value.uint32(at: 0)
            switch type {
            case 4: tin.drops = number
            case 8: tin.marks = number
            case 11: tin.backlog = number
            case 18: tin.peakDelay = micro(number)
            case 19: tin.averageDelay = micro(number)
            case 20: tin.baseDelay = micro(number)
            case 22: tin.bulkFlows = number
            default: break
            }
        }
        return tin
    }

    /// Time that the kernel itself measured between a packet's arrival and its leaving; nil where it does not.
    package var measuredDelay: Nanoseconds? {
        switch self {
        case .codel(let sojourn), .fairQueueClass(let sojourn): sojourn.delay
        case .pie(let delay, _): delay
        // Of the tin that waits longest: which one a flow is in is not known here.
        case .cake(_, _, let tins): tins.compactMap(\.averageDelay).max()
        case .fairQueueCodel, .fairQueue: nil
        }
    }
}

/// How one flow's wait follows from a discipline's backlog.
extension QdiscMessage {
    /// Each flow has a queue of its own: the backlog of all is at most a bound for one.
    package var isFair: Bool { ["fq", "fq_codel", "cake", "sfq", "sfb", "drr"].contains(kind) }
    /// Only holds its children.
    var isContainer: Bool { ["mq", "mqprio", "noqueue", "ingress", "clsact", "multiq", "taprio"].contains(kind) }
}
