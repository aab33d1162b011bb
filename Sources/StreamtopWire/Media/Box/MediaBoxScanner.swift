import StreamtopBase

/// Follows the boxes of one stream of ISO media (an HTTP body, WebSocket messages in a row) as its bytes come, in pieces of any
/// size, and says what it finds with the times at which the bytes passed.
///
/// Media data is counted, never kept. Other boxes are kept up to `ISOBoxType.keptBytes` until they are whole. A gap inside a
/// box of known length is bridged; after any other gap, and after bytes that are no boxes, the scanner waits for the next
/// `moof`. Nothing of the wire makes it allocate more than one kept box.
package struct MediaBoxScanner: Sendable {
    /// The most that is ever held of the stream, in bytes.
    package static var heldByteCapacity: Int { ISOBoxType.moov.keptBytes }

    /// Tells whether bytes begin ISO media; nil: too few to tell.
    package static func canBegin(_ bytes: RawSpan) -> Bool? {
        var reader = ByteReader(bytes)
        guard reader.remaining >= 8 else { return nil }
        guard let type = reader.peekUInt32(ahead: 4).flatMap({ ISOBoxType(rawValue: $0) }), type.beginsMedia else {
            return false
        }
        return (try? ISOBoxHeader(decoding: &reader)) != nil
    }

    private enum State: Sendable {
        case header
        /// `left` bytes of the body are still to be kept, and `beyond` behind them are not.
        case keeping(ISOBoxType, left: Int, beyond: UInt64)
        /// nil: to the end of the stream.
        case passing(ISOBoxType?, left: UInt64?)
        case lost
    }

    /// The tracks, once their description was seen. Set it where it came by another response: fragments rely on it for defaults.
    package var initialization: InitializationSegment?
    /// Offset of the next byte.
    package private(set) var offset: UInt64 = 0
    /// Bytes of the stream that are held.
    package var heldBytes: Int { held.count }

    private var state = State.header
    private var held: [UInt8] = []
    private var boxOffset: UInt64 = 0
    private var boxTime = Timestamp(nanoseconds: 0)
    private var fragment = FragmentInProgress()
    /// The last sixteen bytes, while the structure is lost.
    private var recent: (high: UInt64, low: UInt64) = (0, 0)
    private var recentCount = 0

    package init(initialization: InitializationSegment? = nil) { self.initialization = initialization }

    /// Between two boxes, with nothing in progress.
    package var isBetweenBoxes: Bool {
        if case .header = state { return held.isEmpty }
        return false
    }

    package var isLost: Bool {
        if case .lost = state { return true }
        return false
    }

    /// Takes the next bytes, all of which passed at `time`.
    package mutating func feed(_ bytes: RawSpan, at time: Timestamp, into facts: inout [MediaFact]) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {  // each pass takes at least one byte, or changes a state that then does
            switch state {
            case .header: readHeader(&reader, at: time, into: &facts)
            case .keeping(let type, let left, let beyond):
                keep(type, left: left, beyond: beyond, &reader, at: time, into: &facts)
            case .passing(let type, let left):
                let count = left.map { Int(min($0, UInt64(reader.remaining))) } ?? reader.remaining
                reader.skip(count)
                pass(type, left: left, UInt64(count), at: time, into: &facts)
            case .lost: search(&reader, at: time, into: &facts)
            }
        }
    }

    /// `count` bytes of the stream will never come.
    package mutating func gap(of count: UInt64, at time: Timestamp, into facts: inout [MediaFact]) {
        guard count > 0 else { return }
        switch state {
        case .passing(let type, let left) where left.map({ count <= $0 }) ?? true:
            if type == .mdat { fragment.hasGap = true }
            return pass(type, left: left, count, at: time, into: &facts)
        case .keeping(let type, let left, let beyond) where count <= UInt64(left) &+ beyond:
            held.removeAll(keepingCapacity: true)
            offset &+= count
            if type == .moof { fragment.isUnread = true }
            let rest = UInt64(left) &+ beyond &- count  // count is no more, by the guard
            guard rest > 0 else { return endBox(type, at: time, into: &facts) }
            state = .passing(type, left: rest)
        default:
            if case .lost = state {} else { lose(malformed: false, into: &facts) }
            offset &+= count
            recentCount = 0
        }
    }

    /// The stream ended: a box that reaches to the end of it is complete now.
    package mutating func end(at time: Timestamp, into facts: inout [MediaFact]) {
        if case .passing(let type, nil) = state { endBox(type, at: time, into: &facts) }
    }

    // MARK: States

    @_lifetime(reader: copy reader)
    private mutating func readHeader(
        _ reader: inout ByteReader, at time: Timestamp, into facts: inout [MediaFact]
    ) {
        if held.isEmpty {
            boxOffset = offset
            boxTime = time
            if reader.remaining >= 16 {
                let before = reader.consumed
                let header = try? ISOBoxHeader(decoding: &reader)
                offset &+= UInt64(reader.consumed - before)
                return begin(header, at: time, into: &facts)
            }
        }
        while !reader.isAtEnd {  // at most sixteen passes
            held.append(reader.uint8())
            offset &+= 1
            guard held.count == 8 || held.count == 16 else { continue }
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            var whole = ByteReader(unsafe held.span.bytes)
            if held.count == 8, whole.peekUInt32() == 1 { continue }
            let header = try? ISOBoxHeader(decoding: &whole)
            held.removeAll(keepingCapacity: true)
            return begin(header, at: time, into: &facts)
        }
    }

    private mutating func begin(_ header: ISOBoxHeader?, at time: Timestamp, into facts: inout [MediaFact]) {
        guard let header, header.code.isPlausible else { return lose(malformed: true, into: &facts) }
        switch header.type {
        case .moof?:
            fragment.begin(chunkAt: boxOffset, boxTime, keepingLead: true)
            fragment.fragmentStart = (boxOffset, boxTime)
            fragment.isUnread = false
            facts.append(.fragmentBegan(offset: boxOffset, time: boxTime))
        case .styp?, .prft?, .emsg?: fragment.begin(chunkAt: boxOffset, boxTime, keepingLead: true)
        default: break
        }
        guard let length = header.bodyLength else {
            state = .passing(header.type, left: nil)
            return
        }
        let kept = header.type.flatMap { $0.isTopLevel ? $0.keptBytes : 0 } ?? 0
        if let type = header.type, kept > 0, length > 0 {
            let count = Int(min(UInt64(kept), length))
            state = .keeping(type, left: count, beyond: length - UInt64(count))
        } else if length > 0 {
            state = .passing(header.type, left: length)
        } else {
            endBox(header.type, at: time, into: &facts)
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func keep(
        _ type: ISOBoxType, left: Int, beyond: UInt64, _ reader: inout ByteReader, at time: Timestamp,
        into facts: inout [MediaFact]
    ) {
        let count = min(left, reader.remaining)
        offset &+= UInt64(count)
        guard count == left else {
            reader.append(count, to: &held)
            state = .keeping(type, left: left - count, beyond: beyond)
            return
        }
        if held.isEmpty {
            read(type, reader.reader(of: count), isWhole: beyond == 0, into: &facts)
        } else {
            reader.append(count, to: &held)
            var body: [UInt8] = []
            swap(&body, &held)
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            read(type, ByteReader(unsafe body.span.bytes), isWhole: beyond == 0, into: &facts)
            body.removeAll(keepingCapacity: body.capacity <= 4_096)
            swap(&body, &held)
        }
        guard beyond > 0 else { return endBox(type, at: time, into: &facts) }
        state = .passing(type, left: beyond)
    }

    private mutating func pass(
        _ type: ISOBoxType?, left: UInt64?, _ count: UInt64, at time: Timestamp, into facts: inout [MediaFact]
    ) {
        offset &+= count
        guard let left else { return }
        guard left > count else { return endBox(type, at: time, into: &facts) }
        state = .passing(type, left: left - count)
    }

    /// The last byte of a box is behind.
    private mutating func endBox(_ type: ISOBoxType?, at time: Timestamp, into facts: inout [MediaFact]) {
        state = .header
        guard type == .mdat, let whole = fragment.end(at: offset, time) else { return }
        facts.append(.fragment(whole))
    }

    private mutating func lose(malformed: Bool, into facts: inout [MediaFact]) {
        facts.append(.lost(offset: offset, isMalformed: malformed))
        state = .lost
        held.removeAll(keepingCapacity: held.capacity <= 4_096)
        fragment = FragmentInProgress()
        recentCount = 0
    }

    /// Looks for `size "moof" 16 "mfhd"`: a `moof` begins with its header (ISO/IEC 14496-12 section 8.8.5). Twelve fixed bytes
    /// do not occur by chance in compressed media.
    ///
    /// A body that has no boxes is all searched, so it goes by Horspool's rule: the last byte of where the twelve might stand says how
    /// far they cannot.
    @_lifetime(reader: copy reader)
    private mutating func search(_ reader: inout ByteReader, at time: Timestamp, into facts: inout [MediaFact]) {
        let whole = reader.rest
        let count = whole.remaining
        // Headers that began in the bytes before.
        let reach = min(15, count)
        for _ in 0..<reach {
            recent.high = recent.high << 8 | recent.low >> 56
            recent.low = recent.low << 8 | UInt64(reader.uint8())
            recentCount = min(16, recentCount + 1)
            offset &+= 1
            if recentCount == 16, isHeader { return begin(at: time, into: &facts) }
        }
        guard count > reach else { return }
        var last = reach
        while last < count {  // moves on by one or more
            let byte = whole.peekUInt8(ahead: last) ?? 0
            if byte == 0x64 {
                recent = (whole.peekUInt64(ahead: last - 15) ?? 0, whole.peekUInt64(ahead: last - 7) ?? 0)
                if isHeader {
                    reader.skip(last + 1 - reach)
                    offset &+= UInt64(last + 1 - reach)
                    return begin(at: time, into: &facts)
                }
            }
            last += Self.step(byte)
        }
        reader.skip(count - reach)
        offset &+= UInt64(count - reach)
        recent = (whole.peekUInt64(ahead: count - 16) ?? 0, whole.peekUInt64(ahead: count - 8) ?? 0)
        recentCount = 16
    }

    /// How much farther behind a `byte` that is no header's last the last byte of a header may be: from where it stands in
    /// "moof" 0 0 0 16 "mfhd" to the end.
    @inline(__always)
    private static func step(_ byte: UInt8) -> Int {
        switch byte {
        case 0x68: 1
        case 0x66: 2
        case 0x6d: 3
        case 0x10: 4
        case 0x00: 5
        case 0x6f: 9
        default: 12
        }
    }

    /// The newest 16 bytes are such a header, of a size that can be.
    private var isHeader: Bool {
        guard recent.low == 0x0000_0010_6d66_6864,
            UInt32(truncatingIfNeeded: recent.high) == ISOBoxType.moof.rawValue
        else { return false }
        let size = recent.high >> 32
        return size >= 24 && size <= UInt64(ISOBoxType.moof.keptBytes)
    }

    /// The header was found.
    private mutating func begin(at time: Timestamp, into facts: inout [MediaFact]) {
        boxOffset = offset &- 16
        boxTime = time
        fragment.begin(chunkAt: boxOffset, time, keepingLead: false)
        fragment.fragmentStart = (boxOffset, time)
        facts.append(.fragmentBegan(offset: boxOffset, time: time))
        held = [0, 0, 0, 0x10, 0x6d, 0x66, 0x68, 0x64]
        state = .keeping(.moof, left: Int(recent.high >> 32) - 16, beyond: 0)
    }

    // MARK: Bodies

    private mutating func read(
        _ type: ISOBoxType, _ body: consuming ByteReader, isWhole: Bool, into facts: inout [MediaFact]
    ) {
        switch type {
        case .ftyp, .styp:
            guard body.remaining >= 4 else { return }
            facts.append(
                .segmentType(brand: FourCharacterCode(body.uint32()), offset: boxOffset, time: boxTime))
        case .moov where isWhole:
            guard let segment = try? InitializationSegment(decoding: &body) else { return }
            initialization = segment
            facts.append(.initialization(segment, offset: boxOffset, time: boxTime))
        case .sidx:
            guard let index = try? SegmentIndex(decoding: &body) else { return }
            facts.append(.segmentIndex(index, offset: boxOffset))
        case .prft:
            guard let stamp = try? ProducerReferenceTime(decoding: &body) else { return }
            fragment.stamp = stamp
            facts.append(.producerReferenceTime(stamp, offset: boxOffset, time: boxTime))
        case .emsg:
            guard let message = try? EventMessage(decoding: &body) else { return }
            facts.append(.eventMessage(message, offset: boxOffset, time: boxTime))
        case .moof where isWhole:
            guard let content = try? MovieFragment(decoding: &body, initialization: initialization) else {
                fragment.isUnread = true
                return
            }
            fragment.sequence = content.sequence
            fragment.tracks = content.tracks
        default: if type == .moof { fragment.isUnread = true }
        }
    }
}

/// The chunk whose boxes are passing.
private struct FragmentInProgress: Sendable {
    var chunkStart: (offset: UInt64, time: Timestamp)?
    var fragmentStart: (offset: UInt64, time: Timestamp)?
    var stamp: ProducerReferenceTime?
    var sequence: UInt32?
    var tracks: [TrackFragment] = []
    var hasGap = false
    var isUnread = false

    /// A box that may be the first of a chunk; what came before it and after the last media data belongs to it.
    mutating func begin(chunkAt offset: UInt64, _ time: Timestamp, keepingLead: Bool) {
        // A second moof before any media data: the first has none of its own.
        if fragmentStart != nil || !keepingLead { self = FragmentInProgress() }
        if chunkStart == nil { chunkStart = (offset, time) }
    }

    /// Media data is complete: the fragment, where a `moof` came before it.
    mutating func end(at offset: UInt64, _ time: Timestamp) -> MediaFragment? {
        defer { self = FragmentInProgress() }
        guard let fragmentStart else { return nil }
        let start = chunkStart ?? fragmentStart
        return MediaFragment(
            sequence: isUnread ? nil : sequence, producerReferenceTime: stamp, chunkOffset: start.offset,
            fragmentOffset: fragmentStart.offset, endOffset: offset, firstByte: start.time,
            fragmentByte: fragmentStart.time, lastByte: time, tracks: isUnread ? [] : tracks, hasGap: hasGap)
    }
}
