import StreamtopBase
import StreamtopWire

/// One direction of a QUIC stream put in order (RFC 9000 section 2.2). STREAM frames come in any order, more than once
/// and overlapping; bytes in order are handed on at once, bytes behind a hole are held.
struct QUICStreamAssembler: Sendable {
    /// What a stretch costs besides its bytes, so that a flood of tiny ones is bounded, too.
    static let stretchCost = 64

    private struct Stretch: Sendable {
        var offset: UInt64
        var bytes: [UInt8]
        var end: UInt64 { offset + UInt64(bytes.count) }  // both below 2^62 by the frame's format
    }

    var lastTime: Timestamp
    /// Everything before has been handed on or given up.
    private(set) var next: UInt64 = 0
    private(set) var finalSize: UInt64?
    /// Bytes held with their cost.
    private(set) var held = 0
    /// When the hole at `next` was first noticed.
    private(set) var holeSince: Timestamp?
    /// Ascending by offset; none ends before one that comes earlier.
    private var stretches: [Stretch] = []

    init(at time: Timestamp) { lastTime = time }

    /// All bytes up to the end have been handed on.
    var isComplete: Bool { finalSize.map { next >= $0 } ?? false }
    var hasHole: Bool { !stretches.isEmpty }

    mutating func noteEnd(_ size: UInt64) {
        if finalSize == nil { finalSize = size }
    }

    /// Takes the data of a frame. What of it is next in order is appended to `output`, with what it connects to.
    mutating func insert(_ data: RawSpan, at offset: UInt64, at time: Timestamp, into output: inout [UInt8]) {
        let end = offset + UInt64(data.byteCount)  // an offset is below 2^62, a count below 2^16
        guard end > next else { return }
        guard offset <= next else { return hold(data, at: offset, since: time) }
        var reader = ByteReader(data)
        reader.skip(Int(next - offset))  // below data's length, for end > next
        reader.append(reader.remaining, to: &output)
        next = end
        drain(into: &output, at: time)
    }

    private mutating func hold(_ data: RawSpan, at offset: UInt64, since time: Timestamp) {
        guard data.byteCount > 0 else { return }
        if holeSince == nil { holeSince = time }
        let end = offset + UInt64(data.byteCount)  // see insert
        // New data mostly comes last.
        var place = stretches.count
        while place > 0, stretches[place - 1].offset > offset { place -= 1 }
        if place > 0, stretches[place - 1].end >= end { return }
        // What the new stretch covers wholly is not needed any more.
        var covered = place
        while covered < stretches.count, stretches[covered].end <= end {
            held -= stretches[covered].bytes.count + Self.stretchCost
            covered += 1
        }
        var reader = ByteReader(data)
        let stretch = Stretch(offset: offset, bytes: reader.copy(data.byteCount))
        held += stretch.bytes.count + Self.stretchCost
        stretches.replaceSubrange(place..<covered, with: CollectionOfOne(stretch))
    }

    /// Hands on the stretches that have become next in order.
    private mutating func drain(into output: inout [UInt8], at time: Timestamp) {
        var used = 0
        while used < stretches.count, stretches[used].offset <= next {  // each turn uses one up
            let stretch = stretches[used]
            held -= stretch.bytes.count + Self.stretchCost
            if stretch.end > next {
                output.append(contentsOf: stretch.bytes[Int(next - stretch.offset)...])  // inside, for end > next
                next = stretch.end
            }
            used += 1
        }
        if used > 0 { stretches.removeFirst(used) }
        holeSince = stretches.isEmpty ? nil : time
    }

    /// Gives the first hole up: its size, and what lies behind it in `output`. nil when there is none.
    mutating func giveUpHole(at time: Timestamp, into output: inout [UInt8]) -> UInt64? {
        if let first = stretches.first {
            let size = first.offset - next  // stretches lie behind `next`
            next = first.offset
            drain(into: &output, at: time)
            return size
        }
        // Only the end is known: what is missing before it is the last hole.
        guard let finalSize, finalSize > next else { return nil }
        defer { next = finalSize }
        return finalSize - next
    }
}
