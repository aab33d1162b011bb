/// Tells whether the bytes at the beginning of a stream, or of one of its segments, begin an HTTP/1.1 message.
package enum HTTP1Probe: Equatable, Sendable {
    case request
    case response
    /// More bytes are needed to tell.
    case undecided
    case none

    package var isMessage: Bool { self == .request || self == .response }

    /// First lines longer than this are not waited for: a known method must do.
    static let lineLimit = 8_192

    /// Methods that are believed before their line is complete (RFC 9110 section 9, RFC 5789, RFC 4918).
    private static let knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH",
        "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "SUBSCRIBE", "NOTIFY", "M-SEARCH",
    ]

    package init(_ bytes: RawSpan) {
        var reader = ByteReader(bytes)
        // Empty lines before a request are skipped (RFC 9112 section 2.2).
        while let byte = reader.peekUInt8(), byte == 0x0d || byte == 0x0a { reader.skip(1) }  // each takes a byte
        guard Self.canBegin(reader) else {
            self = .none
            return
        }
        if let end = reader.distance(to: 0x0a) {
            self = Self.ofLine(reader.restSpan.extracting(0..<end))
        } else {
            self = Self.ofBeginning(reader)
        }
    }

    /// A method and a space, `HTTP/1.`, or the beginning of a known one of them. Most streams are told apart here.
    private static func canBegin(_ reader: borrowing ByteReader) -> Bool {
        HTTP1StartLine.methodLength(reader) != nil || isStartOfVersion(reader) || isStartOfMethod(reader)
    }

    private static func ofLine(_ line: RawSpan) -> HTTP1Probe {
        let end = line.byteCount
        let hasReturn = end > 0 && ByteReader(line).peekUInt8(ahead: end - 1) == 0x0d
        switch HTTP1StartLine.head(of: line.extracting(0..<(hasReturn ? end - 1 : end)))?.startLine {
        case .request: return .request
        case .response: return .response
        case nil: return .none
        }
    }

    /// Without the end of the first line a known method must do.
    private static func ofBeginning(_ reader: borrowing ByteReader) -> HTTP1Probe {
        guard let length = HTTP1StartLine.methodLength(reader) else {
            return isStartOfVersion(reader) && reader.remaining > 64 ? .response : .undecided
        }
        var copy = reader.rest
        guard knownMethods.contains(String(decoding: copy.copy(length), as: UTF8.self)) else { return .none }
        return reader.remaining < lineLimit ? .undecided : .request
    }

    /// As much as is there of `HTTP/1.`.
    private static func isStartOfVersion(_ reader: borrowing ByteReader) -> Bool {
        // Nearly every stream that is none ends here.
        guard let first = reader.peekUInt8(), first == UInt8(ascii: "H") else { return false }
        for (index, byte) in "HTTP/1.".utf8.enumerated() {
            guard let found = reader.peekUInt8(ahead: index) else { return index > 0 }
            if found != byte { return false }
        }
        return true
    }

    /// All bytes that there are begin a known method.
    private static func isStartOfMethod(_ reader: borrowing ByteReader) -> Bool {
        guard reader.remaining > 0, reader.remaining <= 9 else { return false }
        var copy = reader.rest
        let text = String(decoding: copy.copy(copy.remaining), as: UTF8.self)
        return knownMethods.contains { $0.hasPrefix(text) }
    }
}
