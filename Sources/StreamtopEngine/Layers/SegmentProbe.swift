import StreamtopWire

/// Looks for the beginning of a stream that somebody reads in the segments of a TCP flow. One byte of state for every flow; an
/// assembler is made only where this says that it is worth it.
///
/// Looks at the beginnings of segments: protocols may start late (STARTTLS, CONNECT), but always with a new segment.
struct SegmentProbe: Sendable {
    enum Answer: Equatable {
        case nothing
        /// The segment can be the beginning of a stream.
        case candidate(StreamIdentity)
        /// No more segments are looked at.
        case over
    }

    /// Segments with payload looked at, both directions together: long enough for a mail server's greetings.
    static let segmentLimit: UInt8 = 40

    private var looked: UInt8 = 0

    var isOver: Bool { looked >= Self.segmentLimit }

    /// No segment was looked at yet.
    var isFresh: Bool { looked == 0 }

    /// `payload`: as much of it as was captured; a segment without any says nothing, like one that nobody knows.
    mutating func examine(_ payload: RawSpan) -> Answer {
        guard !isOver else { return .over }
        if payload.byteCount > 0, let found = StreamIdentity(of: payload) { return .candidate(found) }
        looked += 1  // bounded by the guard above
        return isOver ? .over : .nothing
    }

    /// A candidate turned out to be none.
    mutating func refute() { looked = min(Self.segmentLimit, looked + 4) }
}
