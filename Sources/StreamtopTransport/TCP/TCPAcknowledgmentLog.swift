import StreamtopBase

/// The acknowledgments on their way to a distant sender of data.
///
/// An acknowledgment that passes the capture point now reaches the sender half a round trip later, and the data that it
/// releases takes as long to come back. What the sender knew when it sent a segment is therefore an older entry of this
/// log: the one whose TSval the segment echoes (RFC 7323 section 4.1), or else the last one that passed at least the
/// round trip to the sender ago.
struct TCPAcknowledgmentLog: ~Copyable {
    struct Entry: Equatable, Sendable, BitwiseCopyable {
        var time: Timestamp
        var view: SenderView
        var timestampValue: UInt32
    }

    static let capacity = 512

    static let limits = [
        Limit("TCP acknowledgments remembered", capacity, per: .direction, policy: "the oldest are forgotten")
    ]

    private var entries = Ring<Entry>()
    /// The newest view known to have reached the sender.
    private(set) var known: SenderView?
    private var knownTimestamp: UInt32 = 0

    init() {}

    var count: Int { entries.count }

    /// The newest entry will be needed soon, and the place behind it.
    func prefetchEnd() {
        entries.prefetch(count &- 1)
        entries.prefetch(count)
    }

    /// The oldest entry will be needed soon.
    func prefetchOldest() { entries.prefetch(0) }

    /// Adds what an acknowledgment told. Those of one timestamp tick share an entry: the time of the first, the
    /// knowledge of the last. `isSettled`: the sender has nothing under way, as one that only listens; of the
    /// acknowledgments that then tell nothing new, and come with all that its peer sends, the first and the newest
    /// are kept.
    mutating func append(_ view: SenderView, timestampValue: UInt32?, isSettled: Bool, at time: Timestamp) {
        if !entries.isEmpty {
            let newest = entries.count &- 1
            let sameTick = timestampValue != nil && entries[newest].timestampValue == timestampValue
            if sameTick || entries.count == Self.capacity && isCrowded(at: time) {
                entries[newest].view = view
                return
            }
            if isSettled, view == entries[newest].view, view == (newest > 0 ? entries[newest &- 1].view : known) {
                entries[newest].time = time
                entries[newest].timestampValue = timestampValue ?? 0
                return
            }
        }
        if entries.count == Self.capacity { entries.removeFirst() }
        entries.append(Entry(time: time, view: view, timestampValue: timestampValue ?? 0))
    }

    /// Forgets everything: the sender's numbers begin anew.
    mutating func removeAll() {
        entries.removeAll()
        known = nil
    }

    /// A full log spends its places sparsely rather than forget the oldest.
    private func isCrowded(at time: Timestamp) -> Bool {
        let last = entries[entries.count - 1].time
        return time - last < (last - entries[0].time) / Int64(Self.capacity)
    }

    /// A segment of the sender echoes `timestamp`: everything up to that tick has reached it. Returns when the tick's
    /// first acknowledgment passed, once for each tick.
    mutating func reached(echo timestamp: UInt32) -> Timestamp? {
        var passed: Timestamp?
        while !entries.isEmpty, timestamp.isAtOrAfter(entries[0].timestampValue) {  // drops an entry each pass
            if entries[0].timestampValue == timestamp, known == nil || knownTimestamp != timestamp {
                passed = entries[0].time
            }
            take()
        }
        return passed
    }

    /// Everything that passed at or before `time` has reached the sender.
    mutating func reached(before time: Timestamp) {
        while !entries.isEmpty, entries[0].time <= time { take() }  // drops an entry each pass
    }

    /// What the sender knows if everything that passed at or before `time` has reached it.
    func view(before time: Timestamp) -> SenderView? {
        var low = 0
        var high = entries.count
        while low < high {  // halves each pass
            let middle = (low &+ high) / 2
            if entries[middle].time <= time { low = middle &+ 1 } else { high = middle }
        }
        return low == 0 ? known : entries[low - 1].view
    }

    private mutating func take() {
        known = entries[0].view
        knownTimestamp = entries[0].timestampValue
        entries.removeFirst()
    }
}
