import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What the header extensions of all streams of one direction say of their common path.
struct RTPTransport {
    private static let window: Nanoseconds = .seconds(30)

    private var sequence = RTPSequence()
    private var first: UInt16?
    private var firstTime = Timestamp(nanoseconds: 0)
    private var lastSend: AbsoluteSendTime?
    /// Send time since the first, in 2^-18 s.
    private var sent: Int64 = 0
    private var base = WindowedMinimum()
    private var delay: Nanoseconds?
    private var largest: Nanoseconds = 0
    private var trend = DelayTrend()

    mutating func observe(_ number: UInt16?, _ sendTime: AbsoluteSendTime?, at time: Timestamp) {
        // Numbers before the first that was known for one belong to packets that were not counted.
        if let number {
            first = first ?? number
            if sequence.packets > 1_024 || number &- (first ?? number) < 0x8000 { _ = sequence.observe(number) }
        }
        guard let sendTime else { return }
        defer { lastSend = sendTime }
        guard let lastSend else {
            firstTime = time
            return
        }
        sent += Int64(sendTime.distance(after: lastSend))
        let sentAt = Nanoseconds(Double(sent) * 1e9 / AbsoluteSendTime.unitsPerSecond)
        trend.observe(sent: sentAt, at: time)
        let transit = (time - firstTime) - sentAt
        base.record(transit, at: time, window: Self.window)
        delay = max(0, transit - (base.value ?? transit))
        largest = max(largest, delay ?? 0)
    }

    func snapshot(at time: Timestamp) -> TransportWideSnapshot? {
        guard sequence.packets > 0 || delay != nil else { return nil }
        var result = TransportWideSnapshot(packets: sequence.packets, lost: sequence.lost)
        result.queueDelay = delay
        if delay != nil { result.queueDelayMaximum = largest }
        result.recentOveruses = trend.recentOveruses(at: time)
        result.mostOveruses = trend.mostOveruses
        return result
    }
}
