/// Bytes of one stream put in order: each once, holes named, whatever order they came in.
///
/// Memory grows with the bytes that came, never with an offset or a length that a packet claims. Of bytes that came more
/// than once the first stay; bytes that differ from those held are counted. How long holes are waited for is the policy's.
///
/// There are two ways to use it:
/// - `offer` a piece of the stream, then take what is in order with `next` until it returns nil. A piece that is in order is
///   not copied: `next` says which part of it comes next. Only what lies behind a hole is held.
/// - `insert` pieces, look at what is in order (`inOrder`), and `take` as much of it as can be used.
package struct ByteAssembler: Sendable {
    /// What comes next in the stream.
    package enum Piece: Equatable, Sendable {
        /// Part of the piece offered last.
        case offered(Range<Int>)
        /// Bytes of earlier pieces that waited for a hole to fill.
        case held([UInt8])
        /// Bytes that will not come.
        case gap(UInt64)
    }

    /// What inserting a piece came to.
    package struct Insertion: Equatable, Sendable {
        /// Bytes that were not held before.
        package var added = 0
        /// Some of the bytes were held already.
        package var overlaps = false
        /// Some of those differ from what is held.
        package var differs = false
        /// All or part of the piece was refused: too far ahead, or no room.
        package var isRefused = false
    }

    /// What a stretch costs besides its bytes, so that a flood of tiny ones is bounded, too: its entry, and the header of
    /// its storage.
    package static let stretchCost = 64

    struct Stretch: Sendable {
        var offset: UInt64
        var bytes: [UInt8]

        var end: UInt64 { offset + UInt64(bytes.count) }  // checked when the stretch was made or grew
    }

    package let policy: HolePolicy
    /// Everything before has been handed on, taken, or given up.
    package internal(set) var next: UInt64
    /// Bytes that were inserted and are in order; the first `taken` of them were taken.
    var ordered: [UInt8] = []
    var taken = 0
    /// Bytes behind holes: ascending, without overlap.
    var stretches: [Stretch] = []
    /// Ranges that were on the wire, or held once, and are not here: gaps, when the order comes to them.
    var unseen = OffsetRanges()
    private var offerStart: UInt64 = 0
    private var offerCaptured: UInt32 = 0
    private var offerLength: UInt32 = 0
    /// The receiver has everything before.
    package private(set) var acknowledged: UInt64 = 0
    /// When the first hole was noticed; the end of time while there is none.
    var holeStart = Timestamp(nanoseconds: .max)
    var contents: UInt32 = 0
    var capacity: UInt32 = 0
    /// Pieces of which something was refused.
    package internal(set) var refused: UInt32 = 0
    /// Gaps handed on.
    package internal(set) var gaps: UInt32 = 0

    /// - Parameter start: offset of the stream's first byte.
    package init(_ policy: HolePolicy, start: UInt64 = 0) {
        self.policy = policy
        next = start
    }

    // MARK: What is held

    /// Bytes held, with what their stretches cost: what the policy bounds.
    package var held: Int { Int(contents) + stretches.count * Self.stretchCost + available }

    /// Memory that the held bytes take.
    package var footprint: Int { Int(capacity) + stretches.count * Self.stretchCost + ordered.capacity }

    package var isEmpty: Bool { available == 0 && stretches.isEmpty && unseen.isEmpty }

    /// Something is known of bytes behind a hole, or of a gap.
    package var hasHole: Bool { !stretches.isEmpty || !unseen.isEmpty }

    /// When the hole at `next` was first noticed.
    package var holeSince: Timestamp? { holeStart.nanoseconds == .max ? nil : holeStart }

    /// Where the furthest byte that is known of ends; nil when nothing beyond `next` is known.
    package var knownEnd: UInt64? {
        let end = max(orderedEnd, stretches.last?.end ?? 0, unseen.last?.upperBound ?? 0)
        return end > next ? end : nil
    }

    /// Bytes of the range that are neither held nor known not to come.
    package func missing(in range: Range<UInt64>) -> Int {
        guard range.upperBound > orderedEnd else { return 0 }
        let rest = max(range.lowerBound, orderedEnd)..<range.upperBound
        guard hasHole else { return Int(clamping: rest.upperBound - rest.lowerBound) }
        var known = unseen
        for stretch in stretches { known.insert(stretch.offset..<stretch.end) }
        return Int(clamping: known.missing(in: rest))
    }

    /// Nothing of the range is missing.
    package func covers(_ range: Range<UInt64>) -> Bool { missing(in: range) == 0 }

    // MARK: Pieces in, pieces out

    /// A piece of the stream came; take what is in order with `next(_:)` until it returns nil, then let go of `data`.
    ///
    /// - Parameters:
    ///   - length: of the piece on the wire, where less of it was captured.
    ///   - time: when it came.
    package mutating func offer(_ data: RawSpan, at offset: UInt64, length: Int? = nil, time: Timestamp) {
        offerLength = 0
        let whole = max(length ?? 0, data.byteCount)
        guard offset <= next, let end = Self.end(offset, whole), UInt64(whole) <= UInt64(UInt32.max) else {
            insert(data, at: offset, length: length, time: time)
            return
        }
        guard end > next else { return }
        offerStart = offset
        offerCaptured = UInt32(data.byteCount)
        offerLength = UInt32(whole)
    }

    /// The next piece of the stream; nil when its next bytes have not come.
    package mutating func next(_ time: Timestamp) -> Piece? {
        while true {  // each pass hands something on, or uses up the offer, a stretch or a range
            if available > 0 {
                let bytes = taken == 0 ? ordered : Array(ordered[taken...])
                take(available, time: time)
                return .held(bytes)
            }
            if offerLength > 0 {
                let end = offerStart + UInt64(offerCaptured)  // checked in `offer`
                if next < end {
                    // Bytes held came first.
                    let stop = min(end, max(next, stretches.first?.offset ?? end))
                    if stop > next {
                        let part = Int(next - offerStart)..<Int(stop - offerStart)
                        move(to: stop, time)
                        return .offered(part)
                    }
                } else {
                    let whole = offerStart + UInt64(offerLength)
                    offerLength = 0
                    if whole > next {
                        if stretches.isEmpty, unseen.isEmpty { return .gap(pass(to: whole, time)) }
                        unseen.insert(next..<whole)
                    }
                }
            }
            if let first = stretches.first, first.offset <= next {
                let bytes = removeFirst()
                guard first.end > next else { continue }
                let passed = Int(next - first.offset)
                move(to: first.end, time)
                return .held(passed == 0 ? bytes : Array(bytes[passed...]))
            }
            guard let gap = takeGap(time) else { return nil }
            return .gap(gap)
        }
    }

    /// Keeps what is new of a piece.
    ///
    /// - Parameters:
    ///   - length: of the piece on the wire, where less of it was captured.
    ///   - time: when it came.
    @discardableResult
    package mutating func insert(
        _ data: RawSpan, at offset: UInt64, length: Int? = nil, time: Timestamp
    ) -> Insertion {
        var insertion = Insertion()
        let whole = max(length ?? 0, data.byteCount)
        guard let end = Self.end(offset, whole) else { return refuse(insertion) }
        guard end > next else {
            insertion.overlaps = whole > 0
            return insertion
        }
        guard end - next <= policy.reach else { return refuse(insertion) }
        if policy.full == .refuse, held + data.byteCount + Self.stretchCost > Int(policy.bytes) {
            return refuse(insertion)
        }
        let captured = offset + UInt64(data.byteCount)  // at most `end`
        if captured > next { keep(data, from: offset, to: captured, &insertion) }
        if end > captured, end > orderedEnd { noteUnseen(max(captured, orderedEnd)..<end) }
        if holeStart.nanoseconds == .max, hasHole { holeStart = time }
        return insertion
    }

    /// The receiver has everything before `offset`.
    package mutating func acknowledge(_ offset: UInt64) { acknowledged = max(acknowledged, offset) }

    // MARK: In order

    /// Bytes that are held and next in order.
    package var available: Int { ordered.count - taken }

    /// Those bytes.
    package var inOrder: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            unsafe ordered.span.bytes.extracting(droppingFirst: taken)
        }
    }

    /// Moves over `count` bytes that are in order, at most over what is there.
    package mutating func take(_ count: Int, time: Timestamp) {
        let count = min(max(0, count), available)
        guard count > 0 else { return }
        taken += count
        move(to: next + UInt64(count), time)
        if available == 0 {
            ordered = []
            taken = 0
        } else if taken * 2 >= ordered.count {
            // Moves what is left only after at least as much was taken: constant cost on average.
            ordered = Array(ordered[taken...])
            taken = 0
        }
    }

    // MARK: Giving up

    /// Moves over what will not come: bytes that were not captured or not kept, and holes that the policy gives up.
    package mutating func takeGap(_ time: Timestamp) -> UInt64? {
        // What ends before `next` was removed when `next` moved.
        if let first = unseen.first, first.lowerBound <= next {
            let end = min(first.upperBound, stretches.first?.offset ?? .max)
            // Bytes that are held come first.
            return available == 0 && end > next ? pass(to: end, time) : nil
        }
        guard isLost(at: time) else { return nil }
        return giveUpHole(time)
    }

    /// Gives up the hole at `next`, whatever the policy says; nil when there is none. Its size.
    package mutating func giveUpHole(_ time: Timestamp) -> UInt64? {
        guard available == 0, let known = nextKnown, known > next else { return nil }
        return pass(to: known, time)
    }

    /// Moves over what is missing before `offset`: it will not come. nil where nothing is missing, or bytes that are held
    /// come first.
    package mutating func skip(to offset: UInt64, _ time: Timestamp) -> UInt64? {
        guard offset > next, available == 0, nextKnown.map({ $0 >= offset }) ?? true else { return nil }
        return pass(to: offset, time)
    }

    /// Forgets the bytes that are held, for want of memory. They become one gap, with the holes between them.
    ///
    /// Returns the bytes forgotten.
    @discardableResult
    package mutating func release() -> Int {
        let forgotten = Int(contents) + available
        let start = available > 0 ? next : stretches.first?.offset ?? next
        let end = stretches.last?.end ?? orderedEnd
        if end > start { unseen.insert(start..<end) }
        ordered = []
        taken = 0
        stretches = []
        contents = 0
        capacity = 0
        return forgotten
    }
}
