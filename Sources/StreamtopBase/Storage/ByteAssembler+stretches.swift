/// How bytes are held, joined and given up.
extension ByteAssembler {
    static func end(_ offset: UInt64, _ count: Int) -> UInt64? {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(count))
        return overflow ? nil : end
    }

    mutating func refuse(_ insertion: Insertion) -> Insertion {
        var insertion = insertion
        refused &+= 1  // a count for people: wrapping after 2^32 pieces is no harm
        insertion.isRefused = true
        return insertion
    }

    /// Where the bytes end that are in order. `next` and a count of bytes held, which were checked when they came.
    var orderedEnd: UInt64 { next + UInt64(available) }

    /// Where the first bytes beyond a hole at `next` begin, held or known not to come.
    var nextKnown: UInt64? {
        let held = stretches.first.map { max($0.offset, next) }
        let gone = unseen.ranges.first { $0.upperBound > next }.map { max($0.lowerBound, next) }
        guard let held else { return gone }
        return min(held, gone ?? held)
    }

    func isLost(at time: Timestamp) -> Bool {
        guard available == 0, let known = nextKnown, known > next else { return false }
        if policy.full == .giveUpHole, held > Int(policy.bytes) || stretches.count > Int(policy.stretches) {
            return true
        }
        if policy.endsWhenAcknowledged, acknowledged > known { return true }
        return holeStart.nanoseconds != .max && time - holeStart > policy.age
    }

    mutating func pass(to offset: UInt64, _ time: Timestamp) -> UInt64 {
        let size = offset - next
        gaps &+= 1  // as `refused`
        move(to: offset, time)
        joinFirst()
        return size
    }

    /// `offset` is beyond `next`.
    mutating func move(to offset: UInt64, _ time: Timestamp) {
        next = offset
        if !unseen.isEmpty { unseen.remove(below: offset) }
        holeStart = Timestamp(nanoseconds: .max)
        if hasHole { holeStart = time }
    }

    mutating func removeFirst() -> [UInt8] {
        let bytes = stretches.removeFirst().bytes
        account(bytes, -1)
        return bytes
    }

    /// Adds the bytes to what is held, or takes them off.
    mutating func account(_ bytes: [UInt8], _ sign: Int) {
        // Both are sums over arrays that exist: far below 2^32, for `policy.bytes` is 32 bits and bounds what is added.
        contents = UInt32(clamping: Int(contents) + sign * bytes.count)
        capacity = UInt32(clamping: Int(capacity) + sign * bytes.capacity)
    }

    /// Stretches that follow what is in order without a hole join it.
    mutating func joinFirst() {
        while let first = stretches.first, first.offset <= orderedEnd {  // each pass uses one up
            let bytes = removeFirst()
            let known = orderedEnd - first.offset
            guard known < UInt64(bytes.count) else { continue }
            if ordered.isEmpty, known == 0 { ordered = bytes } else { ordered.append(contentsOf: bytes[Int(known)...]) }
        }
    }

    mutating func noteUnseen(_ range: Range<UInt64>) {
        // Beyond that many, what is not captured is a hole like any other.
        guard unseen.ranges.count < Int(policy.stretches) else { return }
        unseen.insert(range)
    }

    /// Keeps those of the bytes from `start` to `end` that are beyond `next` and not held.
    mutating func keep(
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
        while position < end {  // each pass moves on: past a stretch, or up to one
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

    func holds(_ bytes: RawSpan, at offset: UInt64, in index: Int) -> Bool {
        let start = Int(offset - stretches[index].offset)
        let held = stretches[index].bytes
        return held.rawSpan.extracting(start..<(start + bytes.byteCount)).holdsSame(as: bytes)
    }

    /// Adds bytes of which none is held, to the stretch before `index` or as one of their own, which `index` then is behind.
    mutating func add(_ bytes: RawSpan, at offset: UInt64, _ index: inout Int) -> Bool {
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
