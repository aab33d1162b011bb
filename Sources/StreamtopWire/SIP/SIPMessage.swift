import StreamtopBase

/// A SIP message (RFC 3261 section 7), as far as it names a call.
package struct SIPMessage: Equatable, Sendable {
    package enum StartLine: Equatable, Sendable {
        case request(method: String)
        case response(status: Int)
    }

    /// Bounds of what is read.
    package static let headLimit = 16_384
    private static let textLimit = 256

    package private(set) var startLine: StartLine
    package private(set) var callID: String?
    /// The method that the message, or what it answers, is about.
    package private(set) var method: String?
    package private(set) var sequence: UInt32?
    package private(set) var contentType: String?
    /// nil where it is not said: in datagrams all the rest is the body.
    package private(set) var contentLength: Int?
    /// Bytes up to the body; nil where the head is not all there.
    package private(set) var headLength: Int?

    /// Reads the head, as far as it goes; nil where the bytes do not begin as SIP.
    package init?(_ bytes: RawSpan) {
        guard SIPProbe.isMessage(bytes) else { return nil }
        var reader = ByteReader(bytes.extracting(first: Self.headLimit))
        guard let first = Self.line(&reader), let line = Self.startLine(first) else { return nil }
        startLine = line
        if case .request(let method) = line { self.method = method }
        while let field = Self.line(&reader) {  // each pass takes a line
            if field.isEmpty {
                headLength = reader.consumed
                return
            }
            take(field)
        }
    }

    /// The next line without its end; nil where it does not end.
    @_lifetime(reader: copy reader)
    private static func line(_ reader: inout ByteReader) -> [UInt8]? {
        var length = 0
        while let byte = reader.peekUInt8(ahead: length) {
            length += 1
            if byte == 10 {
                var line = reader.copy(length)
                line.removeLast()
                if line.last == 13 { line.removeLast() }
                return line
            }
        }
        return nil
    }

    private static func startLine(_ line: [UInt8]) -> StartLine? {
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2 else { return nil }
        if parts[0] == "SIP/2.0" {
            guard let status = Int(parts[1]), (100...699).contains(status) else { return nil }
            return .response(status: status)
        }
        return .request(method: String(parts[0]))
    }

    private mutating func take(_ line: [UInt8]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased().trimmed
        let value = String(decoding: line[(colon + 1)...].prefix(Self.textLimit), as: UTF8.self).trimmed
        switch name {
        // Each has a short form (RFC 3261 section 20).
        case "call-id", "i": callID = callID ?? value
        case "content-type", "c": contentType = contentType ?? value.lowercased()
        case "content-length", "l": contentLength = contentLength ?? Int(value).flatMap { $0 >= 0 ? $0 : nil }
        case "cseq":
            let parts = value.split(separator: " ")
            guard parts.count == 2 else { return }
            sequence = UInt32(parts[0])
            method = String(parts[1])
        default: break
        }
    }

    /// The body is, or holds, a session description.
    package var hasDescription: Bool {
        guard let contentType else { return false }
        return contentType.hasPrefix("application/sdp") || contentType.hasPrefix("multipart/")
    }
}

extension String {
    fileprivate var trimmed: String {
        var part = self[...]
        while let first = part.first, first == " " || first == "\t" { part.removeFirst() }
        while let last = part.last, last == " " || last == "\t" { part.removeLast() }
        return String(part)
    }
}

/// Tells SIP by its first line, on any port.
package enum SIPProbe {
    /// No start line is longer.
    private static let lineLimit = 512

    /// Methods of RFC 3261, 3262, 3265, 3311, 3428, 3515, 3903 and 6086.
    private static let methods = [
        "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "UPDATE", "MESSAGE",
        "REFER", "PUBLISH", "INFO",
    ]

    /// `INVITE sip:bob@example.org SIP/2.0`, or `SIP/2.0 200 OK`.
    package static func isMessage(_ bytes: RawSpan) -> Bool {
        // Looked at for the first segments of every flow: four bytes tell nearly all others.
        guard let start = ByteReader(bytes).peekUInt32(), isStart(start) else { return false }
        if begins(bytes, with: "SIP/2.0 ") { return true }
        guard let method = methods.first(where: { begins(bytes, with: $0) }) else { return false }
        var position = method.utf8.count
        let reader = ByteReader(bytes)
        guard reader.peekUInt8(ahead: position) == UInt8(ascii: " ") else { return false }
        var line: [UInt8] = []
        while position < Self.lineLimit, let byte = reader.peekUInt8(ahead: position), byte != 13, byte != 10 {
            line.append(byte)
            position += 1
        }
        return line.count > 8 && line.suffix(8).elementsEqual(" SIP/2.0".utf8)
    }

    /// The first four bytes of `SIP/2.0` or of a method, as one number.
    private static func isStart(_ bytes: UInt32) -> Bool {
        switch bytes {
        case 0x5349_502f, 0x494e_5649, 0x4143_4b20, 0x4259_4520, 0x4341_4e43: true  // SIP/ INVI ACK_ BYE_ CANC
        case 0x4f50_5449, 0x5245_4749, 0x5052_4143, 0x5355_4253, 0x4e4f_5449: true  // OPTI REGI PRAC SUBS NOTI
        case 0x5550_4441, 0x4d45_5353, 0x5245_4645, 0x5055_424c, 0x494e_464f: true  // UPDA MESS REFE PUBL INFO
        default: false
        }
    }

    /// The first line has not ended yet, and nothing of it speaks against SIP.
    package static func mayBecomeMessage(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(bytes)
        var position = 0
        while let byte = reader.peekUInt8(ahead: position) {
            guard position < lineLimit, byte >= 32, byte < 127 else {
                return byte == 13 && bytes.byteCount == position + 1
            }
            position += 1
        }
        return true
    }

    private static func begins(_ bytes: RawSpan, with text: String) -> Bool {
        let reader = ByteReader(bytes)
        for (position, byte) in text.utf8.enumerated() where reader.peekUInt8(ahead: position) != byte { return false }
        return true
    }
}
