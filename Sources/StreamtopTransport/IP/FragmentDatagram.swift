import StreamtopBase
import StreamtopWire

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

    var isIPv4: Bool { source.isIPv4 }
}

/// What tells a fragment from another one at the same place: where it lies and a hash (FNV-1a) of what was captured.
struct FragmentFingerprint: Equatable, Sendable {
    private let start: UInt32
    private let end: UInt32
    private let hash: UInt64

    init(start: Int, end: Int, bytes: RawSpan) {
        // Both are 16 bits on the wire.
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        var reader = ByteReader(bytes)
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        while !reader.isAtEnd { hash = (hash ^ UInt64(reader.uint8())) &* 0x100_0000_01b3 }
        self.hash = hash
    }
}

/// What is remembered of a datagram that was put together.
struct FinishedDatagram: Sendable {
    let time: Timestamp
    /// Of the fragments it came in, as many as `FragmentAssembler.Limits.pieces`.
    let parts: [FragmentFingerprint]
}

/// A datagram of which some fragments have come.
struct FragmentDatagram: Sendable {
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
    /// The data: what was captured of it, and what was on the wire.
    private var data: ByteAssembler
    /// Length of the data, known from the last fragment.
    private(set) var total: Int?

    /// - Parameter pieces: stretches with a hole before them that are held at most.
    init(serial: UInt64, begun: Timestamp, protocolNumber: UInt8, pieces: Int) {
        self.serial = serial
        self.begun = begun
        self.protocolNumber = protocolNumber
        var policy = HolePolicy.until(bytes: 128 * 1024, full: .refuse)
        policy.stretches = UInt16(clamping: pieces)
        data = ByteAssembler(policy)
    }

    /// Memory that it takes.
    var heldBytes: Int {
        data.footprint + fingerprints.capacity * MemoryLayout<FragmentFingerprint>.stride
            + MemoryLayout<FragmentDatagram>.stride
    }

    var isComplete: Bool { total.map { data.covers(0..<UInt64($0)) } ?? false }

    /// Adds data bytes `start..<end`, of which `bytes` were captured.
    mutating func add(
        start: Int, end: Int, isLast: Bool, bytes: RawSpan, refusesOverlap: Bool, time: Timestamp
    ) -> Addition {
        if let total, end > total || (isLast && end != total) { return .refused(.inconsistent) }
        if isLast, let known = data.knownEnd, known > UInt64(end) { return .refused(.inconsistent) }
        let range = UInt64(start)..<UInt64(end)  // 16 bits each
        let missing = data.missing(in: range)
        if missing > 0, missing < range.count, refusesOverlap { return .refused(.overlap) }
        let insertion = data.insert(bytes, at: range.lowerBound, length: end - start, time: time)
        guard !insertion.isRefused else { return .refused(.tooManyHoles) }
        if isLast { total = end }
        guard missing > 0 else { return .covered(differs: insertion.differs) }
        dataBytes += missing
        parts += 1
        return .added(overlapDiffers: insertion.differs)
    }

    /// The data from its start as far as it was captured without a gap.
    func capturedPrefix() -> [UInt8] {
        var prefix: [UInt8] = []
        prefix.append(data.inOrder)
        return prefix
    }
}
