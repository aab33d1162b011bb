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

    private var storage: [Entry] = []
    private var head = 0
    private var count = 0
    /// The newest view known to have reached the sender.
    private(set) var known: TCPSenderView?
    private var knownTimestamp: UInt32 = 0

    init() {}

    private subscript(index: Int) -> Entry {
        _read { yield storage[(head &+ index) & (storage.count &- 1)] }
        _modify { yield &storage[(head &+ index) & (storage.count &- 1)] }
    }

    var isEmpty: Bool { count == 0 && known == nil }

    /// The end of the log will be needed soon.
    func prefetch() { storage.prefetch((head &+ count) & (storage.count &- 1)) }

    mutating func removeAll() {
        storage = []
        head = 0
        count = 0
        known = nil
    }

    /// Adds what an acknowledgment told. Those of one timestamp tick share an entry: the time of the first, the
    /// knowledge of the last.
    mutating func append(_ view: TCPSenderView, timestampValue: UInt32?, at time: Timestamp) {
        if count > 0 {
            let last = self[count - 1]
            let sameTick = timestampValue != nil && last.timestampValue == timestampValue
            // A full log spends its places sparsely rather than forget the oldest.
            let crowded = count == Self.capacity && time - last.time < (last.time - self[0].time) / Int64(Self.capacity)
            if sameTick || crowded {
                self[count - 1].view = view
                return
            }
        }
        if count == Self.capacity { dropFirst() }
        if count == storage.count { grow() }
        count += 1
        self[count - 1] = Entry(time: time, view: view, timestampValue: timestampValue ?? 0)
    }

    /// A segment of the sender echoes `timestamp`: everything up to that tick has reached it. Returns when the tick's
    /// first acknowledgment passed, once for each tick.
    mutating func reached(echo timestamp: UInt32) -> Timestamp? {
        var passed: Timestamp?
        while count > 0, timestamp.isAtOrAfter(self[0].timestampValue) {  // drops an entry each turn
            if self[0].timestampValue == timestamp, known == nil || knownTimestamp != timestamp {
                passed = self[0].time
            }
            take()
        }
        return passed
    }

    /// Everything that passed at or before `time` has reached the sender.
    mutating func reached(before time: Timestamp) {
        while count > 0, self[0].time <= time { take() }  // drops an entry each turn
    }

    /// What the sender knows if everything that passed at or before `time` has reached it.
    func view(before time: Timestamp) -> TCPSenderView? {
        var low = 0
        var high = count
        while low < high {  // halves each turn
            let middle = (low &+ high) / 2
            if self[middle].time <= time { low = middle &+ 1 } else { high = middle }
        }
        return low == 0 ? known : self[low - 1].view
    }

    private mutating func take() {
        known = self[0].view
        knownTimestamp = self[0].timestampValue
        dropFirst()
    }

    private mutating func dropFirst() {
        head = (head + 1) & (storage.count - 1)
        count -= 1
    }

    private mutating func grow() {
        let size = max(4, storage.count * 2)
        var bigger: [Entry] = []
        bigger.reserveCapacity(size)
        for index in 0..<count { bigger.append(self[index]) }
        let blank = Entry(time: Timestamp(nanoseconds: 0), view: TCPSenderView(), timestampValue: 0)
        while bigger.count < size { bigger.append(blank) }
        storage = bigger
        head = 0
    }
}
