import StreamtopBase

/// A range of one end's sequence space that its peer has not acknowledged yet, or only just has.
struct TCPSegment: Equatable, Sendable {
    struct Marks: OptionSet, Equatable, Sendable {
        var rawValue: UInt8
        /// No segment with these bytes has passed the capture point yet; `passed` is when a later one did.
        static let hole = Marks(rawValue: 1)
        /// The peer reported the range as received out of order (RFC 2018).
        static let sacked = Marks(rawValue: 2)
        /// The sender has every reason to hold the range for lost, and has not repeated it since.
        static let lost = Marks(rawValue: 4)
        /// Passed more than once, or late into a hole: its round trip is ambiguous (Karn's rule).
        static let ambiguous = Marks(rawValue: 8)
        static let hasTimestamp = Marks(rawValue: 16)
        /// Counted as lost already.
        static let counted = Marks(rawValue: 32)
    }

    var start: UInt32
    var end: UInt32
    /// When the range last passed the capture point.
    var passed: Timestamp
    /// TSval of the segment that carried it (of the segment that jumped it, for a hole).
    var timestampValue: UInt32 = 0
    /// Low 16 bits of the IP identification, likewise.
    var identification: UInt16 = 0
    var marks: Marks = []

    /// Ranges in the queue never span 2^31 or more.
    var length: Int { Int(end.distance(after: start)) }
}

/// The ranges between the oldest byte of interest and the highest sequence number seen: contiguous, in order, each
/// either carried by a segment or a hole. The first `retained` of them are acknowledged and kept for a while, so that a
/// packet duplicated by the network is recognised.
///
/// A ring that grows in powers of two up to `capacity`; beyond it neighbours are merged, and the oldest dropped.
struct TCPSegmentQueue: Sendable {
    static let capacity = 2048

    private var storage: [TCPSegment] = []
    private var head = 0
    private(set) var count = 0
    /// Number of acknowledged ranges at the front.
    var retained = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    /// The end of the queue will be needed soon.
    func prefetch() { storage.prefetch((head &+ count) & (storage.count &- 1)) }

    /// Index is 0 for the oldest range; callers stay below `count`.
    subscript(index: Int) -> TCPSegment {
        _read { yield storage[(head &+ index) & (storage.count &- 1)] }
        _modify { yield &storage[(head &+ index) & (storage.count &- 1)] }
    }

    /// Index of the first range that ends after `sequence`; `count` when there is none.
    func firstIndex(endingAfter sequence: UInt32) -> Int {
        var low = 0
        var high = count
        while low < high {  // halves each turn
            let middle = (low &+ high) / 2
            if self[middle].end.isAfter(sequence) { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    /// Adds a range at the end. Returns false when it had to be merged into the last one.
    mutating func append(_ segment: TCPSegment) {
        if count == Self.capacity {
            if retained == 0, count > 0 {
                let last = count - 1
                if self[last].marks.contains(.hole) == segment.marks.contains(.hole) {
                    self[last].end = segment.end
                    self[last].passed = segment.passed
                    return
                }
            }
            removeFirst(1)
        }
        if count == storage.count { grow() }
        count += 1
        self[count - 1] = segment
    }

    mutating func removeFirst(_ number: Int) {
        let number = min(number, count)
        guard number > 0 else { return }
        head = (head + number) & (storage.count - 1)
        count -= number
        retained = max(0, retained - number)
    }

    mutating func removeAll() {
        head = 0
        count = 0
        retained = 0
    }

    /// Cuts the range at `index` in two at `sequence`, which lies inside it. Without room nothing is cut.
    @discardableResult
    mutating func split(at index: Int, sequence: UInt32) -> Bool {
        guard count < Self.capacity, sequence.isAfter(self[index].start), self[index].end.isAfter(sequence) else {
            return false
        }
        if count == storage.count { grow() }
        count += 1
        var place = count - 1
        while place > index + 1 {  // towards `index`
            self[place] = self[place - 1]
            place -= 1
        }
        var tail = self[index]
        tail.start = sequence
        self[index].end = sequence
        self[index + 1] = tail
        return true
    }

    private mutating func grow() {
        let size = max(4, storage.count * 2)
        var bigger: [TCPSegment] = []
        bigger.reserveCapacity(size)
        for index in 0..<count { bigger.append(self[index]) }
        let blank = TCPSegment(start: 0, end: 0, passed: Timestamp(nanoseconds: 0))
        while bigger.count < size { bigger.append(blank) }
        storage = bigger
        head = 0
    }
}
