import StreamtopBase
import StreamtopTransport
import StreamtopWire

/// The frames between decoding and analysis, a few at any time.
///
/// The packets of thousands of flows arrive interleaved: what is known of a packet's flow is hardly ever in the cache,
/// and it lies in several places, each found through the one before (decision 0095). While a frame waits here, each step
/// of that chain is taken in turn, so that memory is fetched for one frame while others are analysed.
struct FramesAhead: ~Copyable {
    /// Frames between two steps of the chain; a power of two. Four packets take longer than memory does.
    static var stride: Int { 4 }
    /// Decoded, entry asked for, tracker asked for, its buffers asked for: four steps, then analysis.
    static var capacity: Int { 4 * stride }

    var frames = InlineArray<16, DecodedFrame> { _ in DecodedFrame() }
    /// Each frame's flow key, and its hash.
    var keys = InlineArray<16, FlowKey>(
        repeating: FlowKey(source: .unspecified, destination: .unspecified, transport: 0))
    var hashes = InlineArray<16, UInt32>(repeating: 0)
    /// Where each frame's flow is likely to be found.
    var positions = InlineArray<16, UInt32>(repeating: FlowEntry.none)

    /// The frame with this number in its batch waits at this place.
    static func place(_ number: Int) -> Int { number & (capacity - 1) }
}

extension FlowEngine {
    /// Analyses every frame of the batch, in order.
    package mutating func ingest(_ batch: borrowing FrameBatch) {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let bytes = unsafe batch.bytes.span.bytes
        let count = batch.frames.count
        var ahead = FramesAhead()
        for turn in 0..<(count + FramesAhead.capacity) {
            // The oldest first: its place is the one that the newest takes.
            let due = turn - FramesAhead.capacity
            let place = FramesAhead.place(turn)
            if due >= 0, let data = Self.data(of: batch.frames[due], in: bytes) {
                observe(
                    batch.frames[due], &ahead.frames[place], key: ahead.keys[place], hash: ahead.hashes[place],
                    bytes: data)
            }
            prefetch(&ahead, turn, count: count)
            if turn < count, let data = Self.data(of: batch.frames[turn], in: bytes) {
                let record = batch.frames[turn]
                decoder.decode(
                    data, wireLength: max(record.wireLength, data.byteCount), linkType: record.linkType,
                    into: &ahead.frames[place])
                ahead.keys[place] = ahead.frames[place].key
                let hash = flows.hash(ahead.keys[place])
                ahead.hashes[place] = hash
                flows.prefetchIndex(hash)
            }
        }
    }

    /// One step for each frame that has waited long enough since the step before. What is asked for is a guess: flows
    /// may come and go before the frame is analysed, and nothing but time depends on it.
    private mutating func prefetch(_ ahead: inout FramesAhead, _ turn: Int, count: Int) {
        let frames = 0..<count
        let buffers = turn - 3 * FramesAhead.stride
        if frames.contains(buffers), let tracker = tracker(at: ahead.positions[FramesAhead.place(buffers)]) {
            tcpTrackers[tracker].prefetch()
        }
        let tracker = turn - 2 * FramesAhead.stride
        if frames.contains(tracker), let tracker = self.tracker(at: ahead.positions[FramesAhead.place(tracker)]) {
            tcpTrackers.prefetch(tracker)
        }
        let entry = turn - FramesAhead.stride
        if frames.contains(entry) {
            let place = FramesAhead.place(entry)
            ahead.positions[place] = flows.prefetchEntry(ahead.hashes[place]) ?? FlowEntry.none
        }
    }

    /// The TCP tracker of the flow that a frame is likely to belong to.
    private func tracker(at position: UInt32) -> UInt32? {
        guard flows.contains(position) else { return nil }
        let tracker = flows[position].tcp
        return tcpTrackers.contains(tracker) ? tracker : nil
    }

    /// A frame's bytes; nil for a record that lies outside the batch.
    @_lifetime(copy bytes)
    private static func data(of record: FrameRecord, in bytes: RawSpan) -> RawSpan? {
        // A source may promise more than the buffer holds only through a bug of ours: cut, do not trap.
        guard record.offset >= 0, record.capturedLength >= 0, record.offset <= bytes.byteCount else { return nil }
        let end = min(bytes.byteCount, record.offset + record.capturedLength)
        return bytes.extracting(record.offset..<end)
    }
}
