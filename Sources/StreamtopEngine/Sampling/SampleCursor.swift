import StreamtopBase
import StreamtopModel

/// How far one consumer of a flow's counters has read. Consumers never share one: what one has read, the others have not.
struct SampleCursor: Sendable {
    private var read = FlowCounters()
    /// Which end was the client when the counters were read.
    private var clientIsLow = true

    init() {}

    /// Writes what was counted since the call before into `sample`, and rates over `interval`.
    ///
    /// - Parameter clientIsLow: the client is the low endpoint of the flow's key. The engine may learn late who opened a
    ///   flow; the counters then change sides, and so does what was read of them.
    mutating func advance(
        to counters: FlowCounters, clientIsLow: Bool, over interval: Nanoseconds, into sample: inout FlowSample
    ) {
        if clientIsLow != self.clientIsLow { exchangeEnds() }
        self.clientIsLow = clientIsLow
        let seconds = max(interval.seconds, 1e-6)
        for direction in Direction.allCases {
            let bytes = counters.bytes[direction]
            sample.rate[direction] = Double(bytes &- min(bytes, read.bytes[direction])) * 8 / seconds
            sample.retransmissions[direction] = rise(counters.retransmissions, read.retransmissions, direction)
            sample.losses[direction] = rise(counters.losses, read.losses, direction)
            sample.zeroWindows[direction] = rise(counters.zeroWindows, read.zeroWindows, direction)
        }
        sample.countsSegments = counters.countsSegments
        read = counters
    }

    /// Never negative: a count that was taken back only lowers what follows.
    private func rise(_ now: BothDirections<UInt32>, _ before: BothDirections<UInt32>, _ direction: Direction) -> Int {
        Int(now[direction] &- min(now[direction], before[direction]))
    }

    private mutating func exchangeEnds() {
        swap(&read.bytes.client, &read.bytes.server)
        swap(&read.retransmissions.client, &read.retransmissions.server)
        swap(&read.losses.client, &read.losses.server)
        swap(&read.zeroWindows.client, &read.zeroWindows.server)
    }
}
