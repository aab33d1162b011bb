import StreamtopBase

/// A range of one end's sequence space that its peer has not acknowledged yet, or only just has.
struct TCPSegment: Equatable, Sendable, BitwiseCopyable {
    struct Marks: OptionSet, Equatable, Sendable, BitwiseCopyable {
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
struct TCPSegmentQueue: ~Copyable {
    static let capacity = 2048

    static let limits = [
        Limit(
            "TCP ranges sent and not acknowledged", capacity, per: .direction,
            policy: "neighbours are joined, then the oldest is forgotten")
    ]

    private var ranges = Ring<TCPSegment>()
    private var retainedCount: UInt16 = 0
    /// Number of acknowledged ranges at the front.
    var retained: Int {
        get { Int(retainedCount) }
        set { retainedCount = UInt16(truncatingIfNeeded: newValue) }  // at most `capacity`
    }

    init() {}

    var count: Int { ranges.count }
    var isEmpty: Bool { ranges.isEmpty }

    /// The end of the queue will be needed soon.
    func prefetchEnd() { ranges.prefetch(count) }

    /// The oldest range that is not acknowledged will be needed soon.
    func prefetchOldest() { ranges.prefetch(retained) }

    /// Index is 0 for the oldest range; callers stay below `count`.
    subscript(index: Int) -> TCPSegment {
        unsafeAddress { unsafe UnsafePointer(ranges.address(index)) }
        unsafeMutableAddress { unsafe ranges.address(index) }
    }

    /// Index of the first range that ends after `sequence`; `count` when there is none.
    func firstIndex(endingAfter sequence: UInt32) -> Int {
        var low = 0
        var high = count
        while low < high {  // halves each pass
            let middle = (low &+ high) / 2
            if self[middle].end.isAfter(sequence) { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    /// Adds a range at the end. Where there is no room, it is merged into the last one or the oldest is forgotten, and
    /// the result is false.
    mutating func append(_ segment: TCPSegment) -> Bool {
        let isFull = count == Self.capacity
        if isFull {
            let last = count - 1
            if retained == 0, self[last].marks.contains(.hole) == segment.marks.contains(.hole) {
                self[last].end = segment.end
                self[last].passed = segment.passed
                return false
            }
            removeFirst(1)
        }
        ranges.append(segment)
        return !isFull
    }

    mutating func removeFirst(_ number: Int) {
        ranges.removeFirst(number)
        retained = max(0, retained - number)
    }

    mutating func removeAll() {
        ranges.removeAll()
        retained = 0
    }

    /// Cuts the range at `index` in two at `sequence`, which lies inside it. Without room nothing is cut.
    @discardableResult
    mutating func split(at index: Int, sequence: UInt32) -> Bool {
        guard count < Self.capacity, sequence.isAfter(self[index].start), self[index].end.isAfter(sequence) else {
            return false
        }
        var tail = self[index]
        tail.start = sequence
        self[index].end = sequence
        ranges.insert(tail, at: index + 1)
        return true
    }
}
