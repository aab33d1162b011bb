/// Puts the head of a message together, line by line (RFC 9112 section 2.1).
struct HTTP1FieldSection: Equatable, Sendable {
    private var head: HTTP1Head?
    /// A field line that the next line may continue (RFC 9112 section 5.2).
    private var pending: [UInt8] = []
    /// Bytes of all lines so far, on the wire.
    private(set) var byteCount = 0

    init() {}

    /// Memory of the lines so far, at most: fields are kept as text.
    var heldBytes: Int { head == nil ? pending.capacity : pending.capacity + 2 * byteCount }

    mutating func clear() {
        head = nil
        pending = []
        byteCount = 0
    }

    /// Takes the start line; false when it is none.
    mutating func begin(_ line: HTTP1LineAssembler) -> Bool {
        clear()
        byteCount = line.length
        head = line.isCut ? nil : HTTP1StartLine.head(of: unsafe line.bytes.span.bytes)  // UInt8 has no padding
        return head != nil
    }

    /// Counts a line whose content nobody asks for.
    mutating func count(_ line: HTTP1LineAssembler) { byteCount += line.length }

    /// Takes a field line, or the empty line that ends the head.
    mutating func add(_ line: HTTP1LineAssembler) {
        byteCount += line.length
        if let first = line.bytes.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !pending.isEmpty {
            guard pending.count + line.bytes.count <= HTTP1LineAssembler.lineLimit else { return }
            pending += line.bytes
            return
        }
        endField()
        pending = line.bytes
    }

    /// The whole head, once the empty line was added.
    mutating func takeHead() -> HTTP1Head? {
        defer { clear() }
        head?.byteCount = byteCount
        return head
    }

    /// `name: value`, without space before the colon (RFC 9112 section 5.1).
    private mutating func endField() {
        guard !pending.isEmpty else { return }
        guard let colon = pending.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            pending[..<colon].allSatisfy(HTTP1StartLine.isTokenByte)
        else {
            head?.countMalformedLine()
            return
        }
        let name = String(decoding: pending[..<colon], as: UTF8.self).lowercased()
        var value = pending[(colon + 1)...].drop(while: Self.isSpace)
        while let last = value.last, Self.isSpace(last) { value.removeLast() }
        head?.add(HTTPField(name, String(decoding: value, as: UTF8.self)))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
