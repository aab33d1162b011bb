import StreamtopBase
import StreamtopModel

/// Losses of one sender, joined into events of one round trip, each with a verdict on its cause.
struct LossMeter: Sendable {
    /// One burst of losses and the state of the path when it began.
    struct Event: Sendable {
        var time: Timestamp
        /// Nothing was measured of the queue: it tells no cause.
        var isQueueKnown = true
        var segments: Int32
        /// Queueing delay that the packets next to the lost ones met, and the largest that the path usually
        /// gets to.
        var queue: Nanoseconds
        var ceiling: Nanoseconds
        var minimum: Nanoseconds
        /// Segments of its own that the sender had waiting in the queue (TCP Veno's N).
        var backlog: Float
        /// Payload bytes that had passed by then.
        var delivered: UInt64
        /// The window when the lost packet was sent, in segments of `segmentSize` bytes; nil when not known.
        var window: UInt16?
        var segmentSize: UInt16
        /// What was lost may have been too large for the path.
        var isOversize = false
        /// Counts the events of this meter from 1.
        var number: UInt32 = 0
    }
    static let capacity = 128

    // Thresholds. Where nothing else is named they are own: they lie between what the lab's drop-tail queues, queue managers,
    // policers and paths that lose by chance show.

    /// A queue shorter than this is none that has to be waited for (CoDel's target, RFC 8289 section 4.4).
    private static let shortQueue: Nanoseconds = .milliseconds(5)
    /// A queue shorter than this, or than a tenth of the base, cannot be told from none.
    private static let noQueue: Nanoseconds = .milliseconds(2)
    private static let noQueueShare: Nanoseconds = 10
    /// Segments of its own in the queue below which a loss is by chance (C. P. Fu and S. C. Liew, "TCP Veno", 2003).
    private static let venoBacklog: Float = 3
    /// Events from which on they are compared with each other.
    private static let comparable = 5
    /// Standard deviation over mean below which queues are alike, and below which rates are the same.
    private static let alikeSpread = 0.25
    private static let pinnedSpread = 0.1
    /// Rates that are enough for that, and for three in four of them to lie within a tenth of their median.
    private static let pinnedRates = 4
    private static let mostlyPinnedRates = 5
    /// Packets of a mean event from which on it is a burst.
    private static let burst = 3
    /// Round trips by which one train of losses lies behind another.
    private static let trainGap: Nanoseconds = 4
    /// Events in queues far below the largest that make it unlikely that one of them met another limit.
    private static let belowLimitEvents = 3
    /// Of a path's usual ceiling: a queue that is full, and one that is far from it.
    private static let fullShare = (numerator: Nanoseconds(3), denominator: Nanoseconds(4))
    private static let belowShare = (numerator: Nanoseconds(6), denominator: Nanoseconds(10))

    private(set) var events: [Event] = []
    /// Events beyond the capacity, by verdict.
    private var folded = LossCounts()
    private(set) var total: UInt32 = 0
    /// Events ever opened.
    private var opened: UInt32 = 0
    var newestNumber: UInt32 { events.last?.number ?? 0 }
    var newestPackets: Int32 { events.last?.segments ?? 0 }
    private var open = false
    private(set) var windows = WindowSamples()

    init() {}

    /// A packet was sent while the window was `segments`, and nothing was being repaired.
    mutating func observe(window segments: Int, at time: Timestamp, roundTrip: Nanoseconds) {
        windows.record(segments, at: time, roundTrip: roundTrip)
    }

    /// Takes a loss. Losses within `span` of an event's first belong to it, and so does one that `repeats` the newest: the same
    /// range was lost again. Returns true when it opens an event.
    mutating func record(_ event: Event, span: Nanoseconds, repeats: Bool = false) -> Bool {
        if open, let last = events.indices.last, repeats || event.time - events[last].time <= span {
            if event.isOversize { events[last].isOversize = true }
            events[last].segments = events[last].segments.addingReportingOverflow(event.segments).partialValue
            return false
        }
        if events.count == Self.capacity {
            fold(events[0])  // with what its neighbours show now
            events.removeFirst()
        }
        events.append(event)
        opened &+= 1
        events[events.count - 1].number = opened
        open = true
        total &+= 1
        return true
    }

    /// `segments` held for lost in event `number` had arrived all the same, as their receiver said later. An event of
    /// which nothing is left was none.
    mutating func withdraw(segments: UInt16, from number: UInt32) {
        guard let index = events.lastIndex(where: { $0.number == number }) else { return }
        events[index].segments -= min(events[index].segments, Int32(segments))
        guard events[index].segments == 0 else { return }
        if index == events.count - 1 { open = false }
        events.remove(at: index)
        total -= min(total, 1)
    }

    private mutating func fold(_ event: Event) {
        folded.add(verdict(on: event, pool: pool), packets: Int(event.segments))
    }

    /// Counts of events by verdict. `last`: as they stood when this was the newest event, with so many packets.
    func counts(upTo last: (number: UInt32, packets: Int32)? = nil) -> LossCounts {
        if let last {
            var earlier = self
            earlier.events.removeAll { $0.number > last.number }
            earlier.total -= min(earlier.total, UInt32(events.count - earlier.events.count))
            if let index = earlier.events.indices.last, earlier.events[index].number == last.number {
                earlier.events[index].segments = min(earlier.events[index].segments, last.packets)
            }
            return earlier.counts()
        }
        var result = folded
        let pool = pool
        var queues: [Nanoseconds] = []
        for event in events {
            let verdict = verdict(on: event, pool: pool)
            result.add(verdict, packets: Int(event.segments))
            if verdict == .congestive { queues.append(event.queue) }
        }
        queues.sort()
        if !queues.isEmpty { result.queueAtCongestion = queues[queues.count / 2] }
        result.events = Int(total)
        return result
    }

    /// What the newest event looks like now.
    var newestVerdict: LossVerdict { events.last.map { verdict(on: $0, pool: pool) } ?? .unknown }

    // MARK: Verdict

    /// What all events together show.
    private struct Pool {
        /// The queue was alike at every loss: they share a cause that depends on it (a full buffer, or its manager).
        var isQueueAlike = false
        /// Between losses in an empty queue the same rate came through every time: a token bucket.
        var isRatePinned = false
        /// Losses come when most is under way, or after the same amount of data each time: something takes what is too
        /// much.
        var isAtLimit = false
        /// At the losses not even half a segment was waiting, at the highest rate that came through: no buffer, however
        /// short, ran over.
        var isUnbuffered = false
        /// Several losses in queues shorter than what the path carries: one alone may be of another limit than before.
        var isOftenBelowLimit = false
    }

    private var pool: Pool {
        var pool = Pool()
        pool.isOftenBelowLimit = events.count { isBelowLimit($0) } >= Self.belowLimitEvents
        guard events.count >= Self.comparable else { return pool }
        pool.isQueueAlike = Self.variation(events.map { Double($0.queue) }) < Self.alikeSpread
        let rates = ratesBetween
        pool.isAtLimit = isAtPeak || isRegular
        if let highest = rates.max(), highest > 0 {
            let queues = events.map(\.queue).sorted()
            let segment = Double(events[events.count - 1].segmentSize) / highest * 1e9
            pool.isUnbuffered = Double(queues[queues.count / 2]) < segment / 2
        }
        let bursts = events.reduce(0) { $0 + Int($1.segments) }
        guard bursts >= Self.burst * events.count else { return pool }
        pool.isRatePinned = Self.isPinned(rates)
        return pool
    }

    /// Bytes a second that came through from one event to the next that lies four round trips or more behind it: losses of one
    /// train are one after the other, and a sender that answers none of them has long trains.
    private var ratesBetween: [Double] {
        var rates: [Double] = []
        guard var earlier = events.first else { return rates }
        for later in events {
            let span = later.time - earlier.time
            guard span > Self.trainGap * max(earlier.minimum, 1) else { continue }
            rates.append(Double(later.delivered &- earlier.delivered) / span.seconds)
            earlier = later
        }
        return rates
    }

    /// Nearly the same rate came through each time: they vary by less than a tenth, or three in four lie within a tenth of
    /// their median (own).
    private static func isPinned(_ rates: [Double]) -> Bool {
        guard rates.count >= pinnedRates else { return false }
        if variation(rates) < pinnedSpread { return true }
        let median = rates.sorted()[rates.count / 2]
        return rates.count >= mostlyPinnedRates
            && rates.count { abs($0 - median) <= median / 10 } * 4 >= rates.count * 3
    }

    /// The windows at the events rank higher among all than chance puts them: the mean of n ranks is one half with a
    /// deviation of 0.29 over the root of n; three of those are met once in 700 times.
    private var isAtPeak: Bool {
        let ranks = events.compactMap { $0.window.flatMap { windows.rank(of: $0) } }
        guard ranks.count >= 8 else { return false }
        let mean = ranks.reduce(0, +) / Double(ranks.count)
        return mean >= 0.5 + 3 * 0.29 / Double(ranks.count).squareRoot()
    }

    /// The same amount of data passes again and again from one event to the next, as with a sender that walks into the
    /// same limit. Between losses by chance it varies as much as it is large: one in thirty is within a fortieth of the
    /// median. One in five, of twelve and more, is not met in ten thousand tries.
    private var isRegular: Bool {
        let gaps = zip(events.dropFirst(), events).map { Double($0.delivered &- $1.delivered) }.sorted()
        guard gaps.count >= 12 else { return false }
        let median = gaps[gaps.count / 2]
        let alike = gaps.count { abs($0 - median) <= median / 40 }
        return median > 0 && alike >= max(5, gaps.count / 5)
    }

    /// Standard deviation over mean; large where the mean is nothing.
    private static func variation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        guard mean > 0 else { return .infinity }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count)).squareRoot() / mean
    }

    /// Congestive: the packets around the lost one stood in a queue as long as this path's get, or as long as at every
    /// other loss; or losses come at a limit, however short the buffer in front of it is. Random: there was no queue to
    /// speak of, or one that the path carries without losing. Policed: bursts of loss without a queue, and always the
    /// same rate in between; or losses at a limit, and no trace of a buffer.
    private func verdict(on event: Event, pool: Pool) -> LossVerdict {
        if event.isOversize || !event.isQueueKnown { return .unknown }
        let isSmall = event.queue < Self.shortQueue && event.backlog < Self.venoBacklog
        if isSmall, pool.isRatePinned || pool.isAtLimit && pool.isUnbuffered { return .policed }
        if pool.isAtLimit { return .congestive }
        if event.queue <= max(Self.noQueue, event.minimum / Self.noQueueShare) && event.backlog < Self.venoBacklog {
            return .random
        }
        if event.queue >= Self.shortQueue {
            if event.queue >= event.ceiling / Self.fullShare.denominator * Self.fullShare.numerator || pool.isQueueAlike
            {
                return .congestive
            }
        } else if event.backlog < Self.venoBacklog {
            return .random
        }
        return isBelowLimit(event) && pool.isOftenBelowLimit ? .random : .unknown
    }

    /// The path carries more than what waited there, without losing.
    private func isBelowLimit(_ event: Event) -> Bool {
        event.queue < event.ceiling / Self.belowShare.denominator * Self.belowShare.numerator
    }
}

extension LossCounts {
    fileprivate mutating func add(_ verdict: LossVerdict, packets: Int) {
        switch verdict {
        case .random:
            random += 1
            randomPackets += packets
        case .congestive:
            congestive += 1
            congestivePackets += packets
        case .policed:
            policed += 1
            policedPackets += packets
        case .unknown:
            unknown += 1
            unknownPackets += packets
        }
    }
}
