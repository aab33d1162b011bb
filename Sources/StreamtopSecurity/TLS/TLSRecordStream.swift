import StreamtopBase
import StreamtopWire

/// One direction of a TLS byte stream, cut into records wherever the segments end.
///
/// Holds the fragment of the record under way only when somebody wants to read it; bulk data that cannot be opened is
/// counted and passed over.
struct TLSRecordStream: Sendable {
    /// A record whose last byte has arrived.
    struct Record: Sendable {
        enum Kind: Equatable, Sendable {
            case tls(TLSContentType)
            /// A ClientHello in SSL 2.0 form that offers more (RFC 5246 appendix E.2).
            case ssl2Hello
        }
        var kind: Kind
        var version: TLSVersion
        /// Fragment bytes on the wire.
        var length: Int
        /// When its first byte passed.
        var start: Timestamp
        /// When its last byte passed.
        var end: Timestamp
        /// The fragment is whole in `fragment`; not when it was passed over or has a hole.
        var isKept: Bool
    }

    private enum State: Sendable {
        case header
        case body(Record, remaining: Int)
        /// Where records begin is not known; the next piece of stream may start with one.
        case lost
    }

    /// Keep the fragments of application data too: there is a key, or one may come.
    var keepsApplicationData = false
    /// The record's fragment, valid after `next` has returned a kept record and until it is called again.
    private(set) var fragment: [UInt8] = []
    /// The header of that record as it was sent.
    private(set) var header: [UInt8] = []
    /// Records seen.
    private(set) var count: UInt64 = 0
    /// Bytes where a record header should have been and was none.
    private(set) var timesLost = 0
    private var state = State.header
    private var headerStart = Timestamp(nanoseconds: 0)

    /// Nothing that looks like a record was ever found at the place where one had to be.
    var neverFound: Bool { count == 0 && timesLost > 0 }
    var isLost: Bool {
        if case .lost = state { return true }
        return false
    }

    /// A new piece of stream begins: after a loss of sync, records may begin here.
    mutating func beginPiece() {
        if case .lost = state {
            state = .header
            header.removeAll(keepingCapacity: true)
        }
    }

    /// Memory of the record under way.
    var heldBytes: Int { fragment.capacity + header.capacity }

    /// Gives the record under way up, for want of memory: its bytes are counted and passed over.
    mutating func releaseHeldBytes() {
        fragment = []
        guard case .body(var record, let remaining) = state else { return }
        record.isKept = false
        state = .body(record, remaining: remaining)
    }

    /// Takes bytes until a record is complete; nil when the piece is used up.
    mutating func next(_ reader: inout ByteReader, at time: Timestamp) -> Record? {
        while true {  // each round returns, uses up the reader, or goes from header to body with bytes taken
            switch state {
            case .lost:
                reader.skip(reader.remaining)
                return nil
            case .header:
                guard let record = takeHeader(&reader, at: time) else {
                    if isLost { continue }
                    return nil
                }
                fragment.removeAll(keepingCapacity: true)
                state = .body(record, remaining: record.length)
            case .body(let record, let remaining):
                let size = min(remaining, reader.remaining)
                if record.isKept { reader.append(size, to: &fragment) } else { reader.skip(size) }
                if size < remaining {
                    state = .body(record, remaining: remaining - size)
                    return nil
                }
                state = .header
                count += 1
                var whole = record
                whole.end = time
                return whole
            }
        }
    }

    /// Bytes of the stream are missing.
    mutating func gap(of count: Int) {
        guard case .body(var record, let remaining) = state, count <= remaining else {
            state = .lost
            header.removeAll(keepingCapacity: true)
            return
        }
        record.isKept = false
        fragment.removeAll(keepingCapacity: true)
        state = .body(record, remaining: remaining - count)
    }

    /// Collects the five header bytes and reads them.
    private mutating func takeHeader(_ reader: inout ByteReader, at time: Timestamp) -> Record? {
        if header.count >= TLSRecordHeader.length { header.removeAll(keepingCapacity: true) }
        if header.isEmpty { headerStart = time }
        reader.append(min(TLSRecordHeader.length - header.count, reader.remaining), to: &header)
        guard header.count == TLSRecordHeader.length else { return nil }
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        var headerReader = unsafe ByteReader(header.span.bytes)
        if let read = try? TLSRecordHeader(decoding: &headerReader) {
            let isKept = read.type != .applicationData || keepsApplicationData
            return Record(
                kind: .tls(read.type), version: read.version, length: read.fragmentLength, start: headerStart,
                end: headerStart, isKept: isKept)
        }
        if count == 0, let record = ssl2Hello() { return record }
        state = .lost
        timesLost += 1
        return nil
    }

    /// `0x80|length(2) msg_type=1 version(2)`, then lengths and lists.
    private func ssl2Hello() -> Record? {
        let length = Int(header[0] & 0x7f) << 8 | Int(header[1])
        let version = TLSVersion(rawValue: UInt16(header[3]) << 8 | UInt16(header[4]))
        let isKnown = version.rawValue == 2 || (version.rawValue >> 8 == 3 && version.rawValue & 0xff <= 3)
        guard header[0] & 0x80 != 0, header[2] == 1, isKnown, (12...1024).contains(length) else { return nil }
        return Record(
            kind: .ssl2Hello, version: version, length: length - 3, start: headerStart, end: headerStart, isKept: true)
    }
}
