import StreamtopBase
import StreamtopTransport
import StreamtopWire

/// The frames between decoding and analysis, a few at any time.
///
/// The packets of thousands of flows arrive interleaved: what is known of a packet's flow is hardly ever in the cache,
/// and it lies in several places, each found through the one before (decision 0095). While a frame waits here, each step
/// of that chain is taken in turn, so that memory is fetched for one frame while others are analysed.
struct FramesAhead: Sendable {
    /// Frames between two steps of the chain; a power of two. Four packets take longer than memory does.
    static let stride = 4
    /// Decoded, entry asked for, tracker asked for, its buffers asked for: four steps, then analysis.
    static let capacity = 4 * stride

    private(set) var frames = Array(repeating: DecodedFrame(), count: Self.capacity)
    /// Hash of each frame's flow key.
    private var hashes = [UInt64](repeating: 0, count: Self.capacity)
    /// Where each frame's flow is likely to be found.
    private var positions = [UInt32](repeating: FlowEntry.none, count: Self.capacity)

    /// The frame with this number in its batch waits at this place.
    private static func place(_ number: Int) -> Int { number & (capacity - 1) }

    fileprivate mutating func decode(_ bytes: RawSpan, _ record: FrameRecord, with decoder: FrameDecoder, number: Int) {
        decoder.decode(
            bytes, wireLength: max(record.wireLength, bytes.byteCount), linkType: record.linkType,
            into: &frames[Self.place(number)])
    }

    func hash(_ number: Int) -> UInt64 { hashes[Self.place(number)] }

    fileprivate func key(_ number: Int) -> FlowKey { frames[Self.place(number)].key }

    fileprivate mutating func setHash(_ hash: UInt64, number: Int) { hashes[Self.place(number)] = hash }

    fileprivate func position(_ number: Int) -> UInt32 { positions[Self.place(number)] }

    fileprivate mutating func setPosition(_ position: UInt32, number: Int) { positions[Self.place(number)] = position }

    /// Copies the decoded frame with this number to `frame`.
    func take(_ number: Int, into frame: inout DecodedFrame) { frame = frames[Self.place(number)] }
}

extension FlowEngine {
    /// Analyses every frame of the batch, in order.
    package mutating func ingest(_ batch: borrowing FrameBatch) {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let bytes = unsafe batch.bytes.span.bytes
        let count = batch.frames.count
        for turn in 0..<(count + FramesAhead.capacity) {
            // The oldest first: its place is the one that the newest takes.
            let due = turn - FramesAhead.capacity
            if due >= 0, let data = Self.data(of: batch.frames[due], in: bytes) {
                observe(batch.frames[due], bytes: data, number: due)
            }
            prefetch(turn, count: count)
            if turn < count, let data = Self.data(of: batch.frames[turn], in: bytes) {
                ahead.decode(data, batch.frames[turn], with: decoder, number: turn)
                let hash = flows.hash(ahead.key(turn))
                ahead.setHash(hash, number: turn)
                flows.prefetchIndex(hash)
            }
        }
    }

    /// One step for each frame that has waited long enough since the step before. What is asked for is a guess: flows
    /// may come and go before the frame is analysed, and nothing but time depends on it.
    private mutating func prefetch(_ turn: Int, count: Int) {
        let frames = 0..<count
        let buffers = turn - 3 * FramesAhead.stride
        if frames.contains(buffers), let tracker = tracker(of: buffers) { tcpTrackers[tracker].prefetch() }
        let tracker = turn - 2 * FramesAhead.stride
        if frames.contains(tracker), let tracker = self.tracker(of: tracker) { tcpTrackers.prefetch(tracker) }
        let entry = turn - FramesAhead.stride
        if frames.contains(entry) {
            ahead.setPosition(flows.prefetchEntry(ahead.hash(entry)) ?? FlowEntry.none, number: entry)
        }
    }

    /// The TCP tracker that the frame with this number is likely to need.
    private func tracker(of number: Int) -> UInt32? {
        let position = ahead.position(number)
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
