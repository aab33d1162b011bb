import StreamtopBase
import StreamtopLayer
import StreamtopWire

/// The streams on which one end sends.
///
/// Three things are bounded: streams followed at once, bytes held behind holes over all of them, and the memory of
/// streams that are over. What a bound costs is counted.
struct QUICStreamTable: Sendable {
    /// Streams followed at once; beyond it the one that rested longest is forgotten. Endpoints allow about a hundred.
    static let capacity = 256
    /// Bytes behind holes, all streams together: a round trip of 100 ms at 80 Mb/s after a loss.
    static let heldCapacity = 1 << 20
    /// A hole that old is the capture's, not the network's.
    static let patience: Nanoseconds = .seconds(5)

    static let limits = [
        Limit("QUIC streams", capacity, per: .direction, policy: "the one that rested longest is forgotten, counted"),
        Limit(
            "QUIC stream bytes behind holes", heldCapacity, .bytes, per: .direction,
            policy: "the first hole becomes a gap"),
        Limit(
            "QUIC stream hole", Int(patience), .nanoseconds, per: .stream, policy: "an older one becomes a gap"),
    ]

    /// One stream, as far as it is known.
    private struct Stream: Sendable {
        var lastTime: Timestamp
        var finalSize: UInt64?
        var bytes = ByteAssembler(.until(age: QUICStreamTable.patience, bytes: UInt32(QUICStreamTable.heldCapacity)))

        init(at time: Timestamp) { lastTime = time }

        /// Gives the first hole up: its size; nil when there is none.
        mutating func giveUpHole(at time: Timestamp) -> UInt64? {
            if let size = bytes.giveUpHole(time) { return size }
            // Only the end is known: what is missing before it is the last hole.
            guard let finalSize, !bytes.hasHole, finalSize > bytes.next else { return nil }
            bytes.insert(RawSpan(), at: bytes.next, length: Int(clamping: finalSize - bytes.next), time: time)
            return bytes.takeGap(time)
        }
    }

    private var identifiers: [UInt64] = []
    private var streams: [Stream] = []
    private var lastIndex = 0
    private var held = 0
    private var footprint = 0
    private var over = QUICStreamsOver()
    private(set) var forgotten = 0
    private(set) var gaps = 0
    private(set) var gapBytes: UInt64 = 0

    init() {}

    /// Memory that bytes behind holes and the streams take.
    @inline(__always)
    var heldBytes: Int { footprint + streams.capacity * MemoryLayout<Stream>.stride }

    /// A STREAM frame. What is in order now goes to `queue`, with the stream, direction and time of `model`.
    mutating func insert(
        _ data: RawSpan, offset: UInt64, isLast: Bool, like model: Delivery, into queue: inout DeliveryQueue
    ) {
        guard let index = index(of: model.stream, at: model.time) else { return }
        streams[index].lastTime = model.time
        if isLast, streams[index].finalSize == nil {
            streams[index].finalSize = offset + UInt64(data.byteCount)  // below 2^62 and 2^16
        }
        let before = (held: streams[index].bytes.held, footprint: streams[index].bytes.footprint)
        let since = streams[index].bytes.holeSince
        streams[index].bytes.offer(data, at: offset, time: model.time)
        drain(index, data, model, since: since, into: &queue)
        account(index, before)
        while held > Self.heldCapacity {  // each pass uses up a hole
            guard giveUpHole(index, model, into: &queue) else { break }
        }
        endIfComplete(index, model, into: &queue)
    }

    /// Forgets the bytes held behind holes, for want of memory; they become gaps. Returns the bytes forgotten.
    mutating func release() -> Int {
        var released = 0
        for index in streams.indices {
            let before = (held: streams[index].bytes.held, footprint: streams[index].bytes.footprint)
            released += streams[index].bytes.release()
            account(index, before)
        }
        return released
    }

    /// RESET_STREAM: no byte beyond what came is waited for.
    mutating func reset(code: UInt64, like model: Delivery, into queue: inout DeliveryQueue) {
        guard let index = index(of: model.stream, at: model.time) else { return }
        remove(index)
        var delivery = model
        delivery.content = .reset(code: code)
        queue.append(delivery)
    }

    /// The connection is over: what is held is handed on, holes and all.
    mutating func flush(like model: Delivery, into queue: inout DeliveryQueue) {
        var index = streams.count
        while index > 0 {  // each pass goes one down
            index -= 1
            var model = model
            model.stream = identifiers[index]
            while giveUpHole(index, model, into: &queue) {}  // each pass uses up a stretch or the end
            endIfComplete(index, model, into: &queue)
        }
    }

    private mutating func giveUpHole(_ index: Int, _ model: Delivery, into queue: inout DeliveryQueue) -> Bool {
        let before = (held: streams[index].bytes.held, footprint: streams[index].bytes.footprint)
        guard let size = streams[index].giveUpHole(at: model.time) else { return false }
        append(gap: size, like: model, into: &queue)
        drain(index, RawSpan(), model, into: &queue)
        account(index, before)
        return true
    }

    /// Hands on what is in order: of the frame's data, of what it connects to, and holes that are given up.
    /// Bytes held have waited since `since`, where a hole that was seen to open is filled.
    private mutating func drain(
        _ index: Int, _ data: RawSpan, _ model: Delivery, since: Timestamp? = nil, into queue: inout DeliveryQueue
    ) {
        var start = queue.bytes.count
        var model = model
        var since = since
        while let next = streams[index].bytes.next(model.time) {  // the stream runs out of bytes
            switch next {
            case .offered(let range): queue.bytes.append(data.extracting(range))
            case .held(let bytes):
                queue.bytes.append(contentsOf: bytes)
                if let since { model.waited = max(0, model.time - since) }
            case .gap(let size):
                queue.appendBytes(from: start, like: model)
                model.waited = 0
                since = nil
                start = queue.bytes.count
                append(gap: size, like: model, into: &queue)
            }
        }
        queue.appendBytes(from: start, like: model)
    }

    private mutating func append(gap size: UInt64, like model: Delivery, into queue: inout DeliveryQueue) {
        gaps += 1
        gapBytes &+= size
        var delivery = model
        delivery.content = .gap(size)
        queue.append(delivery)
    }

    private mutating func account(_ index: Int, _ before: (held: Int, footprint: Int)) {
        held += streams[index].bytes.held - before.held
        footprint += streams[index].bytes.footprint - before.footprint
    }

    private mutating func endIfComplete(_ index: Int, _ model: Delivery, into queue: inout DeliveryQueue) {
        // All bytes up to the end have been handed on.
        guard let size = streams[index].finalSize, streams[index].bytes.next >= size else { return }
        remove(index)
        var delivery = model
        delivery.content = .end
        queue.append(delivery)
    }

    // MARK: Places

    /// The place of a stream, which is followed from now on when it is new; nil when it is over.
    private mutating func index(of stream: UInt64, at time: Timestamp) -> Int? {
        if lastIndex < identifiers.count, identifiers[lastIndex] == stream { return lastIndex }
        if let known = identifiers.firstIndex(of: stream) {
            lastIndex = known
            return known
        }
        guard !over.contains(stream) else { return nil }
        if streams.count >= Self.capacity { forgetOne() }
        identifiers.append(stream)
        streams.append(Stream(at: time))
        lastIndex = streams.count - 1
        return lastIndex
    }

    private mutating func forgetOne() {
        var oldest = 0
        for index in streams.indices where streams[index].lastTime < streams[oldest].lastTime { oldest = index }
        forgotten += 1
        remove(oldest)
    }

    private mutating func remove(_ index: Int) {
        held -= streams[index].bytes.held
        footprint -= streams[index].bytes.footprint
        over.insert(identifiers[index])
        identifiers.swapAt(index, identifiers.count - 1)
        identifiers.removeLast()
        streams.swapAt(index, streams.count - 1)
        streams.removeLast()
    }
}

/// Which streams are over, so that data that comes again does not open them again. Streams of one type are opened in
/// order of their numbers and mostly end so, too: a mark up to which all are over, and a few beyond it.
struct QUICStreamsOver: Sendable {
    static let capacity = 256

    /// For each of the four types (RFC 9000 section 2.1), the number of the first stream that is not known to be over.
    private var marks: InlineArray<4, UInt64> = InlineArray(repeating: 0)
    private var beyond: [UInt64] = []

    init() {}

    func contains(_ stream: UInt64) -> Bool {
        stream >> 2 < marks[Int(stream & 3)] || beyond.contains(stream)
    }

    mutating func insert(_ stream: UInt64) {
        guard !contains(stream) else { return }
        beyond.append(stream)
        raiseMark(of: stream & 3)
        // Streams that never came would keep those behind them here for ever.
        while beyond.count > Self.capacity, let first = beyond.min() {  // each pass takes one out
            marks[Int(first & 3)] = first >> 2
            raiseMark(of: first & 3)
        }
    }

    /// Moves the mark of a type over the streams that it now touches.
    private mutating func raiseMark(of type: UInt64) {
        while let index = beyond.firstIndex(of: marks[Int(type)] << 2 | type) {  // each pass takes one out
            beyond.remove(at: index)
            marks[Int(type)] += 1  // numbers stay below 2^60
        }
    }
}
