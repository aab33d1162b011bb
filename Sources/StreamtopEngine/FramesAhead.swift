import StreamtopApplication
import StreamtopBase
import StreamtopTransport
import StreamtopWire

/// The frames between decoding and analysis, a few at any time.
///
/// The packets of thousands of flows arrive interleaved: what is known of a packet's flow is hardly ever in the cache,
/// and it lies in several places, each found through the one before (decision 0095). While a frame waits here, each step
/// of that chain is taken in turn, so that memory is fetched for one frame while others are analysed.
struct FramesAhead: ~Copyable {
    /// Frames between two steps of the chain; a power of two. Two packets take longer than memory does, and what is
    /// fetched for more of them would push itself out of the nearest cache.
    static var stride: Int { 2 }
    /// Decoded, entry asked for, tracker asked for, its buffers asked for: four steps, then analysis.
    static var capacity: Int { 4 * stride }

    /// A frame that waits, or room for one.
    struct Waiting: ~Copyable {
        var frame = DecodedFrame()
        var flow = SoughtFlow()
        /// The flow's TCP tracker and the direction of the frame in it, likely; or its reader of media.
        var tracker = FlowEntry.none
        var media = FlowEntry.none
        var direction = Direction.fromClient
    }

    var waiting = InlineArray<8, Waiting> { _ in Waiting() }

    /// Where the frame with this number in its batch is, or the room that it will take.
    static func index(_ number: Int) -> Int { number & 7 }
}

extension FlowEngine {
    /// Analyses the frames of a part of the batch, in order; `ordinal` is the number of the first.
    mutating func ingest(
        _ batch: borrowing FrameBatch, _ part: Range<Int>, from ordinal: UInt64, _ intake: inout Intake
    ) {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let bytes = unsafe batch.bytes.span.bytes
        let records = batch.frames.span.extracting(part)
        var ahead = FramesAhead()
        for step in 0..<(records.count + FramesAhead.capacity) {
            // The oldest first: its place is the one that the newest takes.
            let due = step - FramesAhead.capacity
            if due >= 0 {
                frameAtHand.ordinal = ordinal &+ UInt64(truncatingIfNeeded: due)  // counts frames
                observe(records[due], &ahead.waiting[FramesAhead.index(due)], in: bytes, &intake)
            }
            prefetch(&ahead, step)
            if step < records.count {
                decode(records[step], into: &ahead.waiting[FramesAhead.index(step)], from: bytes)
            }
        }
    }

    @inline(__always)
    private func decode(_ record: FrameRecord, into waiting: inout FramesAhead.Waiting, from bytes: RawSpan) {
        let data = Self.data(of: record, in: bytes)
        decoder.decode(data, wireLength: record.wireLength, linkType: record.linkType, into: &waiting.frame)
        waiting.flow = flows.sought(waiting.frame)
        flows.prefetchIndex(waiting.flow.hash)
    }

    @inline(__always)
    private mutating func observe(
        _ record: FrameRecord, _ waiting: inout FramesAhead.Waiting, in bytes: RawSpan, _ intake: inout Intake
    ) {
        observe(record, &waiting.frame, of: waiting.flow, bytes: Self.data(of: record, in: bytes), &intake)
    }

    /// One step for each frame that has waited long enough since the step before. What is asked for is a guess: flows
    /// may come and go before the frame is analysed, and nothing but time depends on it. So nobody asks, for each packet, whether
    /// the batch has begun or ended: then it is guessed for a place in which no frame waits.
    @inline(__always)
    private func prefetch(_ ahead: inout FramesAhead, _ step: Int) {
        prefetchBuffers(of: ahead.waiting[FramesAhead.index(step &- 3 &* FramesAhead.stride)])
        prefetchTracker(of: &ahead.waiting[FramesAhead.index(step &- 2 &* FramesAhead.stride)])
        let entry = FramesAhead.index(step &- FramesAhead.stride)
        ahead.waiting[entry].flow.likely = flows.prefetchEntry(ahead.waiting[entry].flow.hash) ?? FlowEntry.none
    }

    @inline(__always)
    private func prefetchTracker(of waiting: inout FramesAhead.Waiting) {
        let isFromLow = waiting.flow.isSourceLow
        let found = flows.read(waiting.flow.likely) { ($0.tcp, $0.direction(isFromLow: isFromLow), $0.media) }
        guard let found else {
            waiting.tracker = FlowEntry.none
            waiting.media = FlowEntry.none
            return
        }
        (waiting.tracker, waiting.direction, waiting.media) = found
        if waiting.media == FlowEntry.none {
            trackers.tcp.prefetch(waiting.tracker)
        } else {
            trackers.rtp.prefetch(waiting.media, bytes: MediaFlow.busyBytes)
        }
    }

    /// What the frame's tracker will need outside of itself.
    @inline(__always)
    private func prefetchBuffers(of waiting: borrowing FramesAhead.Waiting) {
        if waiting.media != FlowEntry.none {
            trackers.rtp.read(waiting.media) { $0.rtp.prefetch() }
            return
        }
        trackers.tcp.read(waiting.tracker) {
            $0.prefetch(from: waiting.direction, hasPayload: waiting.frame.payloadLength > 0)
        }
    }

    /// A frame's bytes, as far as they lie in the batch.
    @inline(__always)
    @_lifetime(copy bytes)
    private static func data(of record: FrameRecord, in bytes: RawSpan) -> RawSpan {
        // A source may promise more than the buffer holds only through a bug of ours: cut, do not trap.
        return bytes.extracting(droppingFirst: max(0, record.offset)).extracting(first: max(0, record.capturedLength))
    }
}
