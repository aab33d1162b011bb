/// A request or a response of RTSP, without its body (RFC 2326 section 4, RFC 7826 section 5).
package struct RTSPMessage: Equatable, Sendable {
    /// Of a request.
    package var method: String?
    package var url: String?
    /// Of a response.
    package var status: Int?
    package var sequence: Int?
    package var transport: String?
    package var contentType: String?
    package var body: [UInt8] = []
}

/// Reads one direction of an RTSP connection in pieces of any size: messages, and between them packets of RTP and RTCP behind
/// `$ channel length` (RFC 2326 section 10.12).
package struct RTSPReader: Sendable {
    /// Bytes kept of a message's head, and of a body, which is a session description.
    package static var headLimit: Int { 16_384 }
    package static var bodyLimit: Int { 65_536 }

    package enum Element: Equatable, Sendable {
        case message(RTSPMessage)
        /// A packet that lies whole in the piece: the next `count` bytes of it, which are behind the reader now.
        case packet(channel: UInt8, count: Int)
        /// A packet of several pieces; `takePacket` gives its bytes.
        case assembled(channel: UInt8)
        case malformed
    }

    private enum State: Sendable {
        case between
        case head
        case body(left: Int)
        case packet(channel: UInt8, left: Int)
        /// Bytes are missing: a packet or a message is looked for.
        case lost
    }

    private var state = State.between
    private var held: [UInt8] = []
    private var message = RTSPMessage()
    /// The last bytes, while the structure is lost.
    private var recent: UInt64 = 0

    package init() {}

    package var heldBytes: Int { held.count }

    /// Whether bytes begin a request or a response of RTSP.
    package static func canBegin(_ bytes: RawSpan) -> (kind: Bool, isClient: Bool) {
        var reader = ByteReader(bytes)
        // Looked at for the first segments of every flow: four bytes tell nearly all others.
        guard let start = reader.peekUInt32(), isStart(start) else { return (false, false) }
        let line = reader.copy(min(reader.remaining, 256)).prefix { $0 != 0x0d && $0 != 0x0a }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("RTSP/1.0 ") || text.hasPrefix("RTSP/2.0 ") { return (true, false) }
        let parts = text.split(separator: " ")
        guard parts.count >= 2, methods.contains(String(parts[0])) else { return (false, false) }
        let isURL = parts[1].lowercased().hasPrefix("rtsp://") || parts[1].lowercased().hasPrefix("rtsps://")
        return (isURL || parts.count == 3 && parts[2].hasPrefix("RTSP/"), true)
    }

    /// The first four letters of the methods, and "RTSP".
    private static func isStart(_ letters: UInt32) -> Bool {
        switch letters {
        case 0x4f50_5449, 0x4445_5343, 0x414e_4e4f, 0x5345_5455, 0x504c_4159, 0x5041_5553,
            0x5445_4152, 0x4745_545f, 0x5345_545f, 0x5245_4449, 0x5245_434f, 0x5254_5350:
            true
        default: false
        }
    }

    private static let methods: Set<String> = [
        "OPTIONS", "DESCRIBE", "ANNOUNCE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER",
        "REDIRECT", "RECORD", "PLAY_NOTIFY",
    ]

    /// The bytes of the packet that was assembled.
    package mutating func takePacket(_ body: (RawSpan) -> Void) {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        body(unsafe held.span.bytes)
        held.removeAll(keepingCapacity: held.capacity <= 4_096)
    }

    /// The next element, nil when more bytes are needed.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Element? {
        while !reader.isAtEnd {  // each pass takes bytes or changes a state that then does
            switch state {
            case .between:
                if held.isEmpty, reader.peekUInt8() != 0x24 {
                    state = .head
                    continue
                }
                reader.append(4 - held.count, to: &held)
                guard held.count == 4 else { return nil }
                let channel = held[1]
                let length = Int(held[2]) << 8 | Int(held[3])
                held.removeAll(keepingCapacity: true)
                guard length > 0 else { continue }
                if reader.remaining >= length {
                    reader.skip(length)
                    return .packet(channel: channel, count: length)
                }
                state = .packet(channel: channel, left: length)
            case .packet(let channel, let left):
                let count = min(left, reader.remaining)
                reader.append(count, to: &held)
                guard left == count else {
                    state = .packet(channel: channel, left: left - count)
                    return nil
                }
                state = .between
                return .assembled(channel: channel)
            case .head:
                let count = reader.distance(to: 0x0a).map { $0 + 1 } ?? reader.remaining
                guard held.count + count <= Self.headLimit else { return lose(&reader) }
                reader.append(count, to: &held)
                guard held.last == 0x0a else { return nil }
                if held.elementsEqual([0x0d, 0x0a]) || held.elementsEqual([0x0a]) {
                    // An empty line between messages.
                    held.removeAll(keepingCapacity: true)
                    state = .between
                    continue
                }
                guard
                    held.suffix(4).elementsEqual([0x0d, 0x0a, 0x0d, 0x0a])
                        || held.suffix(2).elementsEqual([0x0a, 0x0a])
                else { continue }
                guard let length = readHead() else { return lose(&reader) }
                held.removeAll(keepingCapacity: true)
                guard length > 0 else {
                    state = .between
                    return .message(message)
                }
                state = .body(left: length)
            case .body(let left):
                let count = min(left, reader.remaining)
                let kept = min(count, max(0, Self.bodyLimit - message.body.count))
                reader.append(kept, to: &message.body)
                reader.skip(count - kept)
                guard left == count else {
                    state = .body(left: left - count)
                    return nil
                }
                state = .between
                defer { message = RTSPMessage() }
                return .message(message)
            case .lost: search(&reader)
            }
        }
        return nil
    }

    /// `count` bytes will never come.
    package mutating func gap(of count: UInt64) {
        held.removeAll(keepingCapacity: true)
        if case .body(let left) = state, count <= UInt64(left) {
            state = count == UInt64(left) ? .between : .body(left: left - Int(count))
        } else {
            state = .lost
            recent = 0
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func lose(_ reader: inout ByteReader) -> Element {
        held = []
        recent = 0
        state = .lost
        reader.skip(1)
        return .malformed
    }

    /// Looks for `$`, a low channel, a plausible length and a packet of RTP or RTCP behind it; or for a line of RTSP.
    @_lifetime(reader: copy reader)
    private mutating func search(_ reader: inout ByteReader) {
        while !reader.isAtEnd {
            let byte = reader.uint8()
            recent = recent << 8 | UInt64(byte)
            let length = Int(recent >> 8 & 0xffff)
            if recent >> 32 & 0xff == 0x24, recent >> 24 & 0xff < 16, (8...8_192).contains(length), byte >> 6 == 2 {
                held = [byte]
                state = .packet(channel: UInt8(recent >> 24 & 0xff), left: length - 1)
                return
            }
            if recent & 0xff_ffff_ffff == 0x52_5453_502f {
                held = Array("RTSP/".utf8)
                state = .head
                return
            }
        }
    }

    /// Reads the head that is held; its body's length, nil where it is no RTSP.
    private mutating func readHead() -> Int? {
        message = RTSPMessage()
        let lines = String(decoding: held, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let first = lines.first else { return nil }
        let parts = first.split(separator: " ", maxSplits: 2)
        if first.hasPrefix("RTSP/") {
            guard parts.count >= 2, let status = Int(parts[1]) else { return nil }
            message.status = status
        } else {
            guard parts.count >= 3, parts[2].hasPrefix("RTSP/") else { return nil }
            message.method = String(parts[0].prefix(32))
            message.url = String(parts[1].prefix(2_048))
        }
        var length = 0
        for line in lines.dropFirst().prefix(128) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            switch line[..<colon].lowercased() {
            case "cseq": message.sequence = Int(value.prefix { $0.isNumber })
            case "transport": message.transport = String(value.prefix(512))
            case "content-type": message.contentType = String(value.prefix(128))
            case "content-length": length = max(0, min(1 << 24, Int(value.prefix { $0.isNumber }) ?? 0))
            default: break
            }
        }
        return length
    }
}
