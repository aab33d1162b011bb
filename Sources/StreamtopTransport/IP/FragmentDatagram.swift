import StreamtopBase

/// What the fragments of one datagram have in common (RFC 791 section 3.2, RFC 8200 section 4.5), and the VLAN and tunnel
/// that keep equal addresses apart.
struct FragmentKey: Hashable, Sendable {
    var source: IPAddress
    var destination: IPAddress
    var identification: UInt32
    /// 0 for IPv6, where it is no part of the key.
    var protocolNumber: UInt8
    var vlan: UInt16
    var tunnel: UInt32
}

/// What tells a fragment from another one at the same place: where it lies and a hash (FNV-1a) of what was captured.
struct FragmentFingerprint: Equatable, Sendable {
    private let start: UInt32
    private let end: UInt32
    private let hash: UInt64

    init(start: Int, end: Int, bytes: [UInt8]) {
        // Both are 16 bits on the wire.
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        hash = bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

/// What is remembered of a datagram that was put together.
struct FinishedDatagram: Sendable {
    let serial: UInt64
    let time: Timestamp
    /// Of the fragments it came in, as many as `FragmentAssembler.Limits.pieces`.
    let parts: [FragmentFingerprint]
}

/// A datagram of which some fragments have come: the pieces in order, without overlap.
struct FragmentDatagram: Sendable {
    /// Bytes `start` up to, not including, `end` of the datagram's data; `bytes` are those that were captured of them.
    struct Piece: Sendable {
        var start: Int
        var end: Int
        var bytes: [UInt8]
    }

    /// What adding a fragment came to.
    enum Addition: Equatable {
        case added(overlapDiffers: Bool)
        case covered(differs: Bool)
        case refused(FragmentDrop)
    }

    /// Tells this datagram from a later one with the same key.
    let serial: UInt64
    let begun: Timestamp
    /// IP protocol of the data, as the fragment that began it said.
    let protocolNumber: UInt8
    /// Fragments that brought something new.
    var parts = 0
    /// Data bytes of those fragments on the wire.
    var dataBytes = 0
    /// From the first fragment, when it came: 0 where unknown.
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0

    /// A fragment came that is not, byte for byte, one of the datagram that was finished under the same key before.
    var holdsNews = false
    /// Of the fragments that brought something new.
    var fingerprints: [FragmentFingerprint] = []
    private var pieces: [Piece] = []
    /// Length of the data, known from the last fragment.
    private(set) var total: Int?

    init(serial: UInt64, begun: Timestamp, protocolNumber: UInt8) {
        self.serial = serial
        self.begun = begun
        self.protocolNumber = protocolNumber
    }

    /// Captured bytes held.
    var storedBytes: Int { pieces.reduce(0) { $0 + $1.bytes.count } }

    var isComplete: Bool {
        guard let total else { return false }
        var next = 0
        for piece in pieces {
            guard piece.start == next else { return false }
            next = piece.end
        }
        return next == total
    }

    /// Adds data bytes `start..<end`, of which `bytes` were captured.
    mutating func add(
        start: Int, end: Int, isLast: Bool, bytes: [UInt8], refusesOverlap: Bool, maximumPieces: Int
    ) -> Addition {
        if let total, end > total || (isLast && end != total) { return .refused(.inconsistent) }
        if isLast, let last = pieces.last, last.end > end { return .refused(.inconsistent) }
        var free: [(start: Int, end: Int)] = []
        var next = start
        var differs = false
        for piece in pieces where piece.end > start && piece.start < end {
            if piece.start > next { free.append((next, piece.start)) }
            next = max(next, piece.end)
            if !matches(piece, start: start, bytes) { differs = true }
        }
        if next < end { free.append((next, end)) }
        guard !free.isEmpty else {
            if isLast { total = end }
            return .covered(differs: differs)
        }
        let isWhole = free.count == 1 && free[0].start == start && free[0].end == end
        if !isWhole, refusesOverlap { return .refused(.overlap) }
        guard pieces.count + free.count <= maximumPieces else { return .refused(.tooManyHoles) }
        if isLast { total = end }
        for gap in free {
            let low = min(gap.start - start, bytes.count)
            let high = min(gap.end - start, bytes.count)
            insert(Piece(start: gap.start, end: gap.end, bytes: isWhole ? bytes : Array(bytes[low..<high])))
            dataBytes += gap.end - gap.start
        }
        parts += 1
        return .added(overlapDiffers: differs)
    }

    /// The data from its start as far as it was captured without a gap.
    func capturedPrefix() -> [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(storedBytes)
        for piece in pieces {
            data += piece.bytes
            if piece.bytes.count < piece.end - piece.start { break }
        }
        return data
    }

    private mutating func insert(_ piece: Piece) {
        // In order most of the time: look from the end.
        let place = (pieces.lastIndex { $0.start < piece.start }).map { $0 + 1 } ?? 0
        pieces.insert(piece, at: place)
    }

    /// The captured bytes that `piece` and a fragment at `start` have in common are the same.
    private func matches(_ piece: Piece, start: Int, _ bytes: [UInt8]) -> Bool {
        let low = max(piece.start, start)
        let high = min(piece.start + piece.bytes.count, start + bytes.count)
        guard low < high else { return true }
        return piece.bytes[(low - piece.start)..<(high - piece.start)].elementsEqual(
            bytes[(low - start)..<(high - start)])
    }
}
