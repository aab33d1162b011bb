import StreamtopBase

/// DATA chunks of one sender that are not acknowledged yet, by ascending TSN. Bounded: the oldest go first.
struct SCTPSentChunks {
    static let capacity = 4_096

    struct Chunk {
        var tsn: UInt32
        var sent: Timestamp
        var last: Timestamp
        /// 1 when it was sent once.
        var transmissions: UInt8 = 1
        /// SACKs that reported higher TSNs received and this one missing (RFC 9260 section 7.2.4).
        var missed: UInt8 = 0
        /// A gap block covers it.
        var isReported = false
    }

    private var chunks: [Chunk] = []
    private var head = 0
    private(set) var evicted: UInt64 = 0

    var count: Int { chunks.count - head }
    var heldBytes: Int { chunks.capacity * MemoryLayout<Chunk>.stride }
    var isEmpty: Bool { count == 0 }

    private func index(of tsn: UInt32) -> Int {
        var (low, high) = (head, chunks.count)
        while low < high {  // halves the range
            let middle = (low + high) / 2
            if tsn.isAfter(chunks[middle].tsn) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What was known of the chunk before; nil when it is new here, and then it is kept.
    mutating func send(_ tsn: UInt32, at time: Timestamp) -> Chunk? {
        let position = index(of: tsn)
        if position < chunks.count, chunks[position].tsn == tsn {
            let before = chunks[position]
            chunks[position].last = time
            if chunks[position].transmissions < .max { chunks[position].transmissions += 1 }
            chunks[position].missed = 0
            return before
        }
        if count >= Self.capacity {
            head += 1
            evicted &+= 1
        }
        chunks.insert(Chunk(tsn: tsn, sent: time, last: time), at: max(position, head))
        compact()
        return nil
    }

    /// Forgets everything up to `cumulative`. `body` gets the chunk that ends there, when it was waiting and not reported
    /// by a gap block before, and whether an earlier chunk of those acknowledged with it was sent later than it.
    mutating func acknowledge(upTo cumulative: UInt32, _ body: (Chunk, _ isHeldBack: Bool) -> Void) {
        var latest = Timestamp(nanoseconds: .min)
        while head < chunks.count, cumulative.isAtOrAfter(chunks[head].tsn) {  // towards the end
            let chunk = chunks[head]
            if chunk.tsn == cumulative, !chunk.isReported { body(chunk, latest > chunk.sent) }
            latest = max(latest, chunk.last)
            head += 1
        }
        compact()
    }

    /// A gap block covers the TSNs from `first` to `last`; the number of chunks newly covered.
    mutating func report(_ first: UInt32, _ last: UInt32) -> Int {
        var position = index(of: first)
        var fresh = 0
        while position < chunks.count, last.isAtOrAfter(chunks[position].tsn) {  // towards the end
            if !chunks[position].isReported { fresh += 1 }
            chunks[position].isReported = true
            position += 1
        }
        return fresh
    }

    /// Chunks below `highest` that no gap block covers were missing once more.
    mutating func miss(below highest: UInt32) {
        for position in head..<chunks.count {
            guard highest.isAfter(chunks[position].tsn) else { return }
            if !chunks[position].isReported, chunks[position].missed < .max { chunks[position].missed += 1 }
        }
    }

    /// Chunks up to `cumulative` that the sender gives up; their number.
    mutating func abandon(upTo cumulative: UInt32) -> Int {
        var given = 0
        while head < chunks.count, cumulative.isAtOrAfter(chunks[head].tsn) {  // towards the end
            if !chunks[head].isReported { given += 1 }
            head += 1
        }
        compact()
        return given
    }

    mutating func removeAll() {
        chunks.removeAll(keepingCapacity: true)
        head = 0
    }

    private mutating func compact() {
        guard head > 256, head * 2 > chunks.count else { return }
        chunks.removeFirst(head)
        head = 0
    }
}
