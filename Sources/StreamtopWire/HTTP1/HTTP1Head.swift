/// Start line and fields of an HTTP/1.1 message (RFC 9112 sections 2 to 5).
package struct HTTP1Head: Equatable, Sendable {
    package enum StartLine: Equatable, Sendable {
        case request(method: String, target: String)
        case response(status: Int)
    }

    /// What the Content-Length fields say (RFC 9112 section 6.3).
    package enum ContentLength: Equatable, Sendable {
        case absent
        case bytes(UInt64)
        /// Not a number, or several numbers that differ.
        case invalid
    }

    /// What the Transfer-Encoding fields say (RFC 9112 section 6.1).
    package enum TransferEncoding: Equatable, Sendable {
        case absent
        /// The last coding is chunked.
        case chunked
        /// The last coding is another one: a response goes on until its connection closes.
        case other
    }

    /// Bounds of what is kept of a head; fields beyond it only count for the framing.
    package static let fieldCapacity = 128
    package static let fieldByteCapacity = 65_536

    package let startLine: StartLine
    /// The digit behind `HTTP/1.`.
    package let minorVersion: UInt8
    package private(set) var fields: [HTTPField] = []
    package private(set) var contentLength = ContentLength.absent
    package private(set) var transferEncoding = TransferEncoding.absent
    /// The Connection field lists `upgrade` (RFC 9110 section 7.8).
    package private(set) var asksForUpgrade = false
    /// Lines that are no field lines.
    package private(set) var malformedLines = 0
    /// Bytes of the head on the wire, with the empty line that ends it.
    package internal(set) var byteCount = 0
    private var keptBytes = 0

    init(_ startLine: StartLine, minorVersion: UInt8) {
        self.startLine = startLine
        self.minorVersion = minorVersion
    }

    /// The value of the first field of this name, in lower case.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    package var method: String? { if case .request(let method, _) = startLine { method } else { nil } }
    package var status: Int? { if case .response(let status) = startLine { status } else { nil } }

    /// Both length fields at once: a recipient that reads the other one finds another message (RFC 9112 section 11.2).
    package var hasConflictingLengths: Bool {
        contentLength == .invalid || (contentLength != .absent && transferEncoding != .absent)
    }

    mutating func add(_ field: HTTPField) {
        switch field.name {
        case "content-length": addContentLength(field.value)
        case "transfer-encoding": addTransferEncoding(field.value)
        case "connection": asksForUpgrade = asksForUpgrade || Self.members(field.value).contains("upgrade")
        default: break
        }
        keptBytes += field.name.utf8.count + field.value.utf8.count
        if fields.count < Self.fieldCapacity, keptBytes <= Self.fieldByteCapacity { fields.append(field) }
    }

    mutating func countMalformedLine() { malformedLines += 1 }

    /// A list of equal numbers counts as one (RFC 9110 section 8.6).
    private mutating func addContentLength(_ value: String) {
        for member in Self.members(value) {
            let isNumber = !member.isEmpty && member.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isNumber, let count = UInt64(member) else {
                contentLength = .invalid
                return
            }
            switch contentLength {
            case .absent: contentLength = .bytes(count)
            case .bytes(count): break
            case .bytes, .invalid: contentLength = .invalid
            }
        }
    }

    private mutating func addTransferEncoding(_ value: String) {
        guard let last = Self.members(value).last else { return }
        transferEncoding = last == "chunked" ? .chunked : .other
    }

    /// The members of a list field, in lower case (RFC 9110 section 5.6.1).
    private static func members(_ value: String) -> [String] {
        value.lowercased().split(separator: ",").map { member in
            var rest = member.drop { $0 == " " || $0 == "\t" }
            while rest.last == " " || rest.last == "\t" { rest.removeLast() }
            return String(rest)
        }
    }
}
