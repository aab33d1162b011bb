import StreamtopBase
import StreamtopWire

/// The header blocks that one end sends (RFC 9204): its encoder stream builds a table, its sections refer to it.
///
/// An observer must do what a decoder does, with one difference: how large the table may be is announced by the other
/// end, in SETTINGS that may pass later than the first sections. Until then only sections without the table are decoded;
/// the rest waits, as sections do whose insertions have not come.
struct HTTP3FieldDecoder: ~Copyable, Sendable {
    /// Encoder stream bytes held until the table's size is known.
    static let heldCapacity = 65_536
    /// Sections that wait; a decoder allows its peer about a hundred.
    static let waitingCapacity = 128
    static let waitingByteCapacity = 262_144

    /// What a section belongs to.
    struct Target: Equatable, Sendable {
        var stream: UInt64
        var time: Timestamp
        /// The identifier of a promised push, where the section promises one.
        var push: UInt64?
        /// When it was whole.
        var ready = Timestamp(nanoseconds: 0)
        /// It had to wait for insertions into the table (RFC 9204 section 2.1.2).
        var isBlocked = false
    }

    struct Decoded: Equatable, Sendable {
        var target: Target
        /// nil when the section did not decode.
        var fields: [HTTPField]?
    }

    private struct Waiting: Sendable {
        var target: Target
        var bytes: [UInt8]
        /// Insertions it needs; nil when even that cannot be told yet.
        var until: UInt64?
    }

    /// For sections without the table, which can be decoded before anything is known of it.
    private var plain: QPACKDecoder?
    private var table: QPACKDecoder?
    private var isCapacityKnown = false
    private var held: [UInt8] = []
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    /// A hole in the encoder stream, or bytes against the rules: sections that use the table stay closed.
    private(set) var isTableLost = false
    /// Sections that did not decode.
    private(set) var undecoded = 0

    init() {}

    static let limits = [
        Limit(
            "HTTP/3 encoder stream before SETTINGS", heldCapacity, .bytes, per: .direction,
            policy: "the table is given up, sections that use it are counted as undecoded"),
        Limit(
            "HTTP/3 sections that wait", waitingCapacity, per: .direction, policy: "the table is given up, counted"),
        Limit(
            "HTTP/3 bytes of sections that wait", waitingByteCapacity, .bytes, per: .direction,
            policy: "the table is given up, counted"),
    ]

    /// Memory of what waits for the table.
    var heldBytes: Int { held.capacity + waitingBytes }

    /// Sections without an outcome so far.
    var waitingCount: Int { waiting.count }

    /// The other end allows a table of `capacity` bytes. `decoded` gets the sections that this opens.
    mutating func setCapacity(_ capacity: UInt64, _ decoded: inout [Decoded]) {
        guard !isCapacityKnown else { return }
        isCapacityKnown = true
        table = QPACKDecoder(capacity: capacity)
        if table == nil { return loseTable(&decoded) }
        var bytes: [UInt8] = []
        swap(&bytes, &held)
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        readEncoderStream(unsafe bytes.span.bytes, &decoded)
    }

    /// The next bytes of the end's encoder stream. `decoded` gets the sections that this opens.
    mutating func readEncoderStream(_ bytes: RawSpan, _ decoded: inout [Decoded]) {
        guard !isTableLost else { return }
        guard isCapacityKnown else {
            guard held.count + bytes.byteCount <= Self.heldCapacity else { return loseTable(&decoded) }
            var reader = ByteReader(bytes)
            reader.append(bytes.byteCount, to: &held)
            return
        }
        guard table?.readEncoderStream(bytes) ?? false else { return loseTable(&decoded) }
        open(&decoded)
    }

    /// Bytes of the encoder stream will never come: nothing that refers to the table can be trusted any more.
    mutating func loseTable(_ decoded: inout [Decoded]) {
        isTableLost = true
        table = nil
        held = []
        undecoded += waiting.count
        for section in waiting { decoded.append(Decoded(target: section.target, fields: nil)) }
        waiting = []
        waitingBytes = 0
    }

    /// A whole section. `decoded` gets it now, or when what it needs has come.
    mutating func read(_ section: [UInt8], for target: Target, _ decoded: inout [Decoded]) {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let bytes = unsafe section.span.bytes
        // The Required Insert Count comes first and is zero where the table is not used (RFC 9204 section 4.5.1.1).
        guard section.first != 0 else {
            if plain?.isBroken ?? true { plain = QPACKDecoder(capacity: 0) }
            return finish(plain?.decode(bytes) ?? .malformed, section, target, &decoded)
        }
        if isTableLost {
            finish(.malformed, section, target, &decoded)
        } else if isCapacityKnown {
            finish(table?.decode(bytes) ?? .malformed, section, target, &decoded)
            if table?.isBroken ?? true { loseTable(&decoded) }
        } else {
            wait(section, target, until: nil, &decoded)
        }
    }

    private mutating func finish(
        _ outcome: QPACKDecoder.Outcome, _ section: [UInt8], _ target: Target, _ decoded: inout [Decoded]
    ) {
        switch outcome {
        case .fields(let fields): decoded.append(Decoded(target: target, fields: fields))
        case .blocked(let until): wait(section, target, until: until, &decoded)
        case .malformed:
            undecoded += 1
            decoded.append(Decoded(target: target, fields: nil))
        }
    }

    private mutating func wait(
        _ section: [UInt8], _ target: Target, until: UInt64?, _ decoded: inout [Decoded]
    ) {
        guard waiting.count < Self.waitingCapacity, waitingBytes + section.count <= Self.waitingByteCapacity else {
            undecoded += 1
            return decoded.append(Decoded(target: target, fields: nil))
        }
        waitingBytes += section.count
        var target = target
        if until != nil { target.isBlocked = true }
        waiting.append(Waiting(target: target, bytes: section, until: until))
    }

    /// Decodes the waiting sections that have what they need, in the order they came.
    private mutating func open(_ decoded: inout [Decoded]) {
        guard !waiting.isEmpty, let count = table?.insertCount else { return }
        var rest: [Waiting] = []
        swap(&rest, &waiting)
        waitingBytes = 0
        for section in rest {  // each is decoded, dropped or waits again
            if let until = section.until, until > count {
                wait(section.bytes, section.target, until: until, &decoded)
            } else {
                read(section.bytes, for: section.target, &decoded)
            }
        }
    }
}
