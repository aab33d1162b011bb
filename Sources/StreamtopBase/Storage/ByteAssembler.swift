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

    private struct Stretch: Sendable {
        var offset: UInt64
        var bytes: [UInt8]

        var end: UInt64 { offset + UInt64(bytes.count) }  // checked when the stretch was made or grew
    }

    package let policy: HolePolicy
    /// Everything before has been handed on, taken, or given up.
    package private(set) var next: UInt64
    /// Bytes that were inserted and are in order; the first `taken` of them were taken.
    private var ordered: [UInt8] = []
    private var taken = 0
    /// Bytes behind holes: ascending, without overlap.
    private var stretches: [Stretch] = []
    /// Ranges that were on the wire, or held once, and are not here: gaps, when their turn comes.
    private var unseen = OffsetRanges()
    private var offerStart: UInt64 = 0
    private var offerCaptured: UInt32 = 0
    private var offerLength: UInt32 = 0
    /// The receiver has everything before.
    package private(set) var acknowledged: UInt64 = 0
    /// When the first hole was noticed; the end of time while there is none.
    private var holeStart = Timestamp(nanoseconds: .max)
    private var contents: UInt32 = 0
    private var capacity: UInt32 = 0
    /// Pieces of which something was refused.
    package private(set) var refused: UInt32 = 0
    /// Gaps handed on.
    package private(set) var gaps: UInt32 = 0

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
        while true {  // each turn hands something on, or uses up the offer, a stretch or a range
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

    // MARK: Within

    private static func end(_ offset: UInt64, _ count: Int) -> UInt64? {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(count))
        return overflow ? nil : end
    }

    private mutating func refuse(_ insertion: Insertion) -> Insertion {
        var insertion = insertion
        refused &+= 1  // a count for people: wrapping after 2^32 pieces is no harm
        insertion.isRefused = true
        return insertion
    }

    /// Where the bytes end that are in order. `next` and a count of bytes held, which were checked when they came.
    private var orderedEnd: UInt64 { next + UInt64(available) }

    /// Where the first bytes beyond a hole at `next` begin, held or known not to come.
    private var nextKnown: UInt64? {
        let held = stretches.first.map { max($0.offset, next) }
        let gone = unseen.ranges.first { $0.upperBound > next }.map { max($0.lowerBound, next) }
        guard let held else { return gone }
        return min(held, gone ?? held)
    }

    private func isLost(at time: Timestamp) -> Bool {
        guard available == 0, let known = nextKnown, known > next else { return false }
        if policy.full == .giveUpHole, held > Int(policy.bytes) || stretches.count > Int(policy.stretches) {
            return true
        }
        if policy.endsWhenAcknowledged, acknowledged > known { return true }
        return holeStart.nanoseconds != .max && time - holeStart > policy.age
    }

    private mutating func pass(to offset: UInt64, _ time: Timestamp) -> UInt64 {
        let size = offset - next
        gaps &+= 1  // as `refused`
        move(to: offset, time)
        joinFirst()
        return size
    }

    /// `offset` is beyond `next`.
    private mutating func move(to offset: UInt64, _ time: Timestamp) {
        next = offset
        if !unseen.isEmpty { unseen.remove(below: offset) }
        holeStart = Timestamp(nanoseconds: .max)
        if hasHole { holeStart = time }
    }

    private mutating func removeFirst() -> [UInt8] {
        let bytes = stretches.removeFirst().bytes
        account(bytes, -1)
        return bytes
    }

    /// Adds the bytes to what is held, or takes them off.
    private mutating func account(_ bytes: [UInt8], _ sign: Int) {
        // Both are sums over arrays that exist: far below 2^32, for `policy.bytes` is 32 bits and bounds what is added.
        contents = UInt32(clamping: Int(contents) + sign * bytes.count)
        capacity = UInt32(clamping: Int(capacity) + sign * bytes.capacity)
    }

    /// Stretches that follow what is in order without a hole join it.
    private mutating func joinFirst() {
        while let first = stretches.first, first.offset <= orderedEnd {  // each turn uses one up
            let bytes = removeFirst()
            let known = orderedEnd - first.offset
            guard known < UInt64(bytes.count) else { continue }
            if ordered.isEmpty, known == 0 { ordered = bytes } else { ordered.append(contentsOf: bytes[Int(known)...]) }
        }
    }

    private mutating func noteUnseen(_ range: Range<UInt64>) {
        // Beyond that many, what is not captured is a hole like any other.
        guard unseen.ranges.count < Int(policy.stretches) else { return }
        unseen.insert(range)
    }

    /// Keeps those of the bytes from `start` to `end` that are beyond `next` and not held.
    private mutating func keep(
        _ data: RawSpan, from start: UInt64, to end: UInt64, _ insertion: inout Insertion
    ) {
        var position = max(start, next)
        if position < orderedEnd || start < next {
            insertion.overlaps = true
            let stop = min(end, orderedEnd)
            if position < stop {
                let mine = data.extracting(Int(position - start)..<Int(stop - start))
                let index = taken + Int(position - next)
                let known = unsafe ordered.span.bytes.extracting(index..<(index + mine.byteCount))
                insertion.differs = !known.holdsSame(as: mine)
                position = stop
            }
        }
        // From the back: new bytes mostly come last.
        var index = stretches.count
        while index > 0, stretches[index - 1].end > position { index -= 1 }
        while position < end {  // each turn moves on: past a stretch, or up to one
            if index < stretches.count, stretches[index].offset <= position {
                let stop = min(end, stretches[index].end)
                insertion.overlaps = true
                if !insertion.differs {
                    let mine = data.extracting(Int(position - start)..<Int(stop - start))
                    insertion.differs = !holds(mine, at: position, in: index)
                }
                position = stop
                index += 1
                continue
            }
            let stop = index < stretches.count ? min(end, stretches[index].offset) : end
            let part = data.extracting(Int(position - start)..<Int(stop - start))
            if position == orderedEnd {
                ordered.append(part)
            } else if !add(part, at: position, &index) {
                insertion = refuse(insertion)
                return
            }
            insertion.added += part.byteCount
            position = stop
        }
        joinFirst()
    }

    private func holds(_ bytes: RawSpan, at offset: UInt64, in index: Int) -> Bool {
        let start = Int(offset - stretches[index].offset)
        let held = stretches[index].bytes
        return held.rawSpan.extracting(start..<(start + bytes.byteCount)).holdsSame(as: bytes)
    }

    /// Adds bytes of which none is held, to the stretch before `index` or as one of their own, which `index` then is behind.
    private mutating func add(_ bytes: RawSpan, at offset: UInt64, _ index: inout Int) -> Bool {
        if index > 0, stretches[index - 1].end == offset {
            account(stretches[index - 1].bytes, -1)
            stretches[index - 1].bytes.append(bytes)
            account(stretches[index - 1].bytes, 1)
            return true
        }
        guard policy.full == .giveUpHole || stretches.count < Int(policy.stretches) else { return false }
        var copy: [UInt8] = []
        copy.append(bytes)
        stretches.insert(Stretch(offset: offset, bytes: copy), at: index)
        account(copy, 1)
        index += 1
        return true
    }
}
