import StreamtopBase

/// What a sender of data knew at one moment from the acknowledgments that had reached it.
struct TCPSenderView: Equatable, Sendable {
    /// Highest cumulative acknowledgment.
    var acknowledged: UInt32 = 0
    /// Right edge of the window offered to it.
    var edge: UInt32 = 0
    /// Bytes reported by SACK above `acknowledged`.
    var sacked: Int32 = 0
    /// Running count of bytes held for lost, modulo 2^32.
    var lost: UInt32 = 0
}

/// The acknowledgments on their way to a distant sender of data.
///
/// An acknowledgment that passes the capture point now reaches the sender half a round trip later, and the data that it
/// releases takes as long to come back. What the sender knew when it sent a segment is therefore an older entry of this
/// log: the one whose TSval the segment echoes (RFC 7323 section 4.1), or else the last one that passed at least the
/// round trip to the sender ago.
struct TCPAcknowledgmentLog: Sendable {
    struct Entry: Equatable, Sendable {
        var time: Timestamp
        var view: TCPSenderView
        var timestampValue: UInt32
    }

    static let capacity = 512

    private var entries = Ring<Entry>()
    /// The newest view known to have reached the sender.
    private(set) var known: TCPSenderView?
    private var knownTimestamp: UInt32 = 0

    init() {}

    var isEmpty: Bool { entries.isEmpty && known == nil }

    /// The end of the log will be needed soon.
    func prefetch() { entries.prefetch() }

    mutating func removeAll() {
        entries = Ring()
        known = nil
    }

    /// Adds what an acknowledgment told. Those of one timestamp tick share an entry: the time of the first, the
    /// knowledge of the last.
    mutating func append(_ view: TCPSenderView, timestampValue: UInt32?, at time: Timestamp) {
        if !entries.isEmpty {
            let last = entries[entries.count - 1]
            let sameTick = timestampValue != nil && last.timestampValue == timestampValue
            // A full log spends its places sparsely rather than forget the oldest.
            let crowded =
                entries.count == Self.capacity
                && time - last.time < (last.time - entries[0].time) / Int64(Self.capacity)
            if sameTick || crowded {
                entries[entries.count - 1].view = view
                return
            }
        }
        if entries.count == Self.capacity { entries.removeFirst() }
        entries.append(Entry(time: time, view: view, timestampValue: timestampValue ?? 0))
    }

    /// A segment of the sender echoes `timestamp`: everything up to that tick has reached it. Returns when the tick's
    /// first acknowledgment passed, once for each tick.
    mutating func reached(echo timestamp: UInt32) -> Timestamp? {
        var passed: Timestamp?
        while !entries.isEmpty, timestamp.isAtOrAfter(entries[0].timestampValue) {  // drops an entry each turn
            if entries[0].timestampValue == timestamp, known == nil || knownTimestamp != timestamp {
                passed = entries[0].time
            }
            take()
        }
        return passed
    }

    /// Everything that passed at or before `time` has reached the sender.
    mutating func reached(before time: Timestamp) {
        while !entries.isEmpty, entries[0].time <= time { take() }  // drops an entry each turn
    }

    /// What the sender knows if everything that passed at or before `time` has reached it.
    func view(before time: Timestamp) -> TCPSenderView? {
        var low = 0
        var high = entries.count
        while low < high {  // halves each turn
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
