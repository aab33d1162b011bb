import StreamtopBase
import StreamtopModel

/// The longest queue among the flows, beside the round trip that holds it.
struct LargestQueue {
    /// 95th percentile over the flow's life.
    var delay: Nanoseconds
    var roundTrip: Nanoseconds
    var flow: FlowIdentifier
    var position: String
    /// The spin bit also turns late because an end had nothing to send.
    var isGuess: Bool

    /// Samples below which a queue is chance. The spin bit gives one a round trip, acknowledgments many.
    private static func leastSamples(_ source: RoundTripSource) -> Int { source == .quicSpin ? 8 : 20 }

    /// A queue that forbids "ok" though no rule named it: what a person on a call begins to notice, and a third of the
    /// round trip.
    var isLarge: Bool { delay >= .milliseconds(30) && delay >= roundTrip / 3 }

    /// nil where the flow has none longer than `least`.
    init?(of flow: __shared FlowSnapshot, longerThan least: Nanoseconds = -1) {
        var largest: (delay: Nanoseconds, trip: Nanoseconds, isGuess: Bool)?
        for end in Direction.allCases where end != flow.hostEnd {
            // What is no longer than that need not be looked at further.
            guard let queue = flow.queueDelay[end], queue.p95 > least,
                let trip = end == .fromClient ? flow.roundTrip.client : flow.roundTrip.server,
                trip.samples >= Self.leastSamples(trip.source)
            else { continue }
            if let largest, largest.delay >= queue.p95 { continue }
            // Pauses make single spins late, a queue most of them.
            if trip.source == .quicSpin, queue.p50 < queue.p95 / 2 { continue }
            largest = (queue.p95, trip.p95, trip.source == .quicSpin)
        }
        guard let largest, min(largest.delay, largest.trip) > least else { return nil }
        // Both are percentiles of the same samples, one of them above its base: the part cannot exceed the whole.
        delay = min(largest.delay, largest.trip)
        roundTrip = largest.trip
        isGuess = largest.isGuess
        self.flow = flow.identifier
        position = HeadlineWords.ends(flow)
    }
}
