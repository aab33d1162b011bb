import StreamtopBase
import StreamtopModel

/// Losses of one sender, joined into events of one round trip, each with a verdict on its cause.
struct TCPLossMeter: Sendable {
    /// One burst of losses and the state of the path when it began.
    struct Event: Sendable {
        var time: Timestamp
        var segments: Int32
        /// Queueing delay that the packets next to the lost ones met, and the usual peak of it.
        var queue: Nanoseconds
        var peak: Nanoseconds
        var minimum: Nanoseconds
        /// Segments of its own that the sender had waiting in the queue (TCP Veno's N).
        var backlog: Float
        var upstream: Bool
    }
    static let capacity = 128

    private(set) var events: [Event] = []
    /// Events beyond the capacity, by verdict.
    private var folded = LossCounts()
    private(set) var total: UInt32 = 0
    private var open = false

    init() {}

    /// Takes a loss. Losses within `span` of an event's first belong to it. Returns true when it opens an event.
    mutating func record(_ event: Event, span: Nanoseconds) -> Bool {
        if open, let last = events.indices.last, event.time - events[last].time <= span {
            events[last].segments = events[last].segments.addingReportingOverflow(event.segments).partialValue
            return false
        }
        if events.count == Self.capacity {
            fold(events[0])
            events.removeFirst()
        }
        events.append(event)
        open = true
        total &+= 1
        return true
    }

    private mutating func fold(_ event: Event) {
        folded.add(Self.verdict(on: event, in: events))
    }

    /// Counts of events by verdict.
    func counts() -> LossCounts {
        var result = folded
        for event in events { result.add(Self.verdict(on: event, in: events)) }
        result.events = Int(total)
        return result
    }

    /// What the newest event looks like now.
    var newestVerdict: LossVerdict { events.last.map { Self.verdict(on: $0, in: events) } ?? .unknown }

    /// Congestive: the packets around the lost one stood in a queue near its usual peak, with at least three segments
    /// of this sender in it (Veno's threshold). Random: there was no queue to speak of.
    static func verdict(on event: Event, in events: [Event]) -> LossVerdict {
        let queued = event.queue >= max(.milliseconds(5), event.peak / 2)
        let empty = event.queue <= max(.milliseconds(2), event.minimum / 10)
        if queued { return .congestive }
        if empty, event.backlog < 3 { return .random }
        if event.backlog >= 3 { return .congestive }
        return event.queue < event.peak / 2 ? .random : .unknown
    }
}

extension LossCounts {
    fileprivate mutating func add(_ verdict: LossVerdict) {
        switch verdict {
        case .random: random += 1
        case .congestive: congestive += 1
        case .policed: policed += 1
        case .unknown: unknown += 1
        }
    }
}
