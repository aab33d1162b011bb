import StreamtopBase
import StreamtopWire

/// Puts the CRYPTO frames of one direction at one level in order (RFC 9000 section 7.5) and cuts the stream into TLS
/// handshake messages. Frames come in any order, more than once, and overlapping; what is kept is what came first.
struct QUICCryptoStream: Sendable {
    /// Furthest offset taken: several times the largest handshake known (post-quantum shares, long certificate chains).
    static let capacity = 65_536
    /// Separate stretches beyond the contiguous part; more are dropped and counted.
    static let maximumStretches = 64

    /// Frames that the caps refused.
    private(set) var refused = 0
    /// Bytes from `base` on.
    private var bytes: [UInt8] = []
    /// Stream offset of `bytes[0]`: everything before it has been taken.
    private var base = 0
    /// Stream offset up to which nothing is missing.
    private(set) var contiguous = 0
    /// Stretches behind `contiguous`, ascending, apart from each other.
    private var stretches: [Range<Int>] = []
    private var hasLostSync = false

    init() {}

    /// Bytes are there that no complete message was made of.
    var isWaiting: Bool { contiguous > base || !stretches.isEmpty }

    /// Takes the data of one frame.
    mutating func insert(_ data: RawSpan, at offset: UInt64) {
        guard let start = Int(exactly: offset), start <= Self.capacity, data.byteCount <= Self.capacity - start else {
            refused += 1
            return
        }
        let end = start + data.byteCount
        guard end > contiguous, !hasLostSync else { return }
        guard start <= contiguous || stretches.count < Self.maximumStretches else {
            refused += 1
            return
        }
        if bytes.count < end - base { bytes.append(contentsOf: repeatElement(0, count: end - base - bytes.count)) }
        copyMissing(data, from: start, to: end)
        note(start..<end)
    }

    /// Writes only bytes that are not there yet.
    private mutating func copyMissing(_ data: RawSpan, from start: Int, to end: Int) {
        var reader = ByteReader(data)
        var position = start
        var next = 0
        while position < end {  // each turn moves on by at least one byte or to the end of a stretch
            let byte = reader.uint8()
            while next < stretches.count, stretches[next].upperBound <= position { next += 1 }
            let isThere = position < contiguous || (next < stretches.count && stretches[next].contains(position))
            if !isThere { bytes[position - base] = byte }
            position += 1
        }
    }

    private mutating func note(_ range: Range<Int>) {
        var merged = max(range.lowerBound, contiguous)..<range.upperBound
        if range.lowerBound <= contiguous { merged = contiguous..<range.upperBound }
        var kept: [Range<Int>] = []
        for stretch in stretches {
            if stretch.upperBound < merged.lowerBound || stretch.lowerBound > merged.upperBound {
                kept.append(stretch)
            } else {
                merged = min(merged.lowerBound, stretch.lowerBound)..<max(merged.upperBound, stretch.upperBound)
            }
        }
        if merged.lowerBound <= contiguous {
            contiguous = max(contiguous, merged.upperBound)
        } else {
            kept.append(merged)
            kept.sort { $0.lowerBound < $1.lowerBound }
        }
        stretches = kept
    }

    /// Appends the next whole handshake message (RFC 8446 section 4: type, 24-bit length, body) to `output`; false when
    /// there is none yet.
    mutating func takeMessage(into output: inout [UInt8]) -> Bool {
        guard contiguous - base >= 4, !hasLostSync else { return false }
        let length = Int(bytes[1]) << 16 | Int(bytes[2]) << 8 | Int(bytes[3])
        guard length + 4 <= Self.capacity else {
            hasLostSync = true
            return false
        }
        guard contiguous - base >= length + 4 else { return false }
        output.append(contentsOf: bytes[0..<(length + 4)])
        bytes.removeFirst(length + 4)
        base += length + 4
        return true
    }

    /// What a cut-off message has so far, without taking it.
    func appendPartial(to output: inout [UInt8]) {
        output.append(contentsOf: bytes.prefix(contiguous - base))
    }
}
