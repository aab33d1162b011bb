/// Cuts one direction of a connection into HTTP/1.1 messages as its bytes come, in pieces of any size (RFC 9112).
///
/// Content is counted and skipped, never kept. A gap inside content is bridged where the framing says how much is left; a
/// gap anywhere else is lost ground, and reading goes on at the next piece that begins like a message.
package struct HTTP1MessageReader: Equatable, Sendable {
    package enum Element: Equatable, Sendable {
        /// A message begins: its first byte is in this piece.
        case start
        /// Its head is complete. How its content is framed depends on the request it answers: `follow` must be told
        /// before the next element.
        case head(HTTP1Head)
        /// A chunk of the chunked coding begins (RFC 9112 section 7.1).
        case chunk(size: UInt64)
        /// The next `count` bytes of the reader were content and are behind it now; `endsChunk` with a chunk's last one.
        case content(count: Int, endsChunk: Bool)
        /// The message is complete.
        case end
        /// The next `count` bytes belong to what the connection carries after a CONNECT or a 101.
        case tunnel(count: Int)
        /// What is there is no message. Reading goes on at the next piece that begins like one.
        case malformed
    }

    /// What a gap did.
    package struct Bridge: Equatable, Sendable {
        /// Missing bytes that were content.
        package var content: UInt64 = 0
        /// The message ended within the gap.
        package var endsMessage = false
        /// A message was in progress whose rest cannot be found.
        package var losesMessage = false
    }

    /// A longer head ends what is read of its message.
    static let headLimit = 262_144
    /// A chunk's size with longer extensions is none.
    static let sizeLineLimit = 16_384

    private enum State: Equatable, Sendable {
        /// Between messages.
        case between
        case startLine
        case fields
        /// A head was handed out; `follow` comes next.
        case head
        case content(remaining: UInt64)
        case chunkSize
        case chunk(remaining: UInt64)
        case chunkEnd
        case trailers
        /// The message is complete and its end not told yet.
        case ending
        case untilClose
        case tunnel
        case lost
    }

    private var state: State
    private var line = HTTP1LineAssembler()
    private var section = HTTP1FieldSection()

    /// Memory of the head in progress.
    package var heldBytes: Int { line.heldBytes + section.heldBytes }

    /// `isInStep`: the first byte to come begins a message.
    package init(isInStep: Bool = true) { state = isInStep ? .between : .lost }

    /// The next byte begins a message, as far as can be told.
    package var isBetweenMessages: Bool { state == .between }
    package var isTunnel: Bool { state == .tunnel }
    package var hasLostStep: Bool { state == .lost }

    /// Says how the message goes on whose head was the last element.
    package mutating func follow(_ framing: HTTP1Framing) {
        guard state == .head else { return }
        switch framing {
        case .none: state = .ending
        case .length(let count): state = .content(remaining: count)
        case .chunked: state = .chunkSize
        case .untilClose: state = .untilClose
        case .tunnel: state = .tunnel
        case .unknown: state = .lost
        }
    }

    /// The other direction said that the connection carries something else from here on.
    package mutating func becomeTunnel() {
        guard state != .tunnel else { return }
        state = .tunnel
        line.clear()
        section.clear()
    }

    /// The next element, nil when more bytes are needed. Each call that returns one moves the reader or the state on, so
    /// a loop over it ends with the reader's bytes. A new piece of the stream comes with a reader of its own.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Element? {
        while true {  // each pass takes a byte or moves the state towards one that does, or ends
            switch state {
            case .lost:
                guard reader.consumed == 0, HTTP1Probe(reader.restSpan).isMessage else {
                    reader.skip(reader.remaining)
                    return nil
                }
                state = .between
            case .between:
                while let byte = reader.peekUInt8(), byte == 0x0d || byte == 0x0a { reader.skip(1) }  // RFC 9112 2.2
                guard !reader.isAtEnd else { return nil }
                line.clear()
                section.clear()
                state = .startLine
                return .start
            case .head: return lose()  // nobody said how the message goes on
            case .startLine, .fields, .chunkSize, .chunkEnd, .trailers:
                guard line.take(&reader) else { return line.length > lineLimit ? lose() : nil }
                let element = endLine()
                line.clear()
                if let element { return element }
            case .ending:
                state = .between
                return .end
            case .content(let remaining):
                guard let count = skip(remaining, &reader) else { return nil }
                let rest = remaining - UInt64(count)
                state = rest > 0 ? .content(remaining: rest) : .ending
                return .content(count: count, endsChunk: false)
            case .chunk(let remaining):
                guard let count = skip(remaining, &reader) else { return nil }
                let rest = remaining - UInt64(count)
                state = rest > 0 ? .chunk(remaining: rest) : .chunkEnd
                return .content(count: count, endsChunk: rest == 0)
            case .untilClose:
                guard let count = skip(.max, &reader) else { return nil }
                return .content(count: count, endsChunk: false)
            case .tunnel:
                guard let count = skip(.max, &reader) else { return nil }
                return .tunnel(count: count)
            }
        }
    }

    /// `count` bytes of the stream will never come.
    package mutating func gap(of count: UInt64) -> Bridge {
        switch state {
        case .content(let remaining) where count <= remaining:
            state = count < remaining ? .content(remaining: remaining - count) : .ending
            return Bridge(content: count, endsMessage: count == remaining)
        case .chunk(let remaining) where count <= remaining:
            state = count < remaining ? .chunk(remaining: remaining - count) : .chunkEnd
            return Bridge(content: count)
        case .untilClose: return Bridge(content: count)
        case .tunnel: return Bridge()
        case .between, .ending, .lost:
            state = .lost
            return Bridge()
        case .content(let remaining), .chunk(let remaining):
            state = .lost
            return Bridge(content: remaining, losesMessage: true)
        case .startLine, .fields, .head, .chunkSize, .chunkEnd, .trailers:
            state = .lost
            return Bridge(losesMessage: true)
        }
    }

    /// The connection closed in this direction. True when that ends the message in progress as it should.
    package mutating func close() -> Bool {
        defer { state = .lost }
        switch state {
        case .untilClose, .ending: return true
        default: return false
        }
    }

    // MARK: Lines

    private mutating func lose() -> Element {
        state = .lost
        line.clear()
        section.clear()
        return .malformed
    }

    /// Bytes that the line in progress may have.
    private var lineLimit: Int {
        switch state {
        case .chunkEnd: 1
        case .chunkSize: Self.sizeLineLimit
        default: Self.headLimit - section.byteCount
        }
    }

    /// The line in progress is complete.
    private mutating func endLine() -> Element? {
        switch state {
        case .startLine:
            guard section.begin(line) else { return lose() }
            state = .fields
        case .fields:
            section.add(line)
            guard section.byteCount <= Self.headLimit else { return lose() }
            guard line.bytes.isEmpty else { return nil }
            guard let head = section.takeHead() else { return lose() }
            state = .head
            return .head(head)
        case .chunkSize:
            guard let size = Self.chunkSize(line.bytes) else { return lose() }
            section.clear()
            state = size > 0 ? .chunk(remaining: size) : .trailers
            if size > 0 { return .chunk(size: size) }
        case .chunkEnd:
            guard line.bytes.isEmpty else { return lose() }
            state = .chunkSize
        default:  // trailer fields (RFC 9112 section 7.1.2): nobody asks for them
            section.count(line)
            guard section.byteCount <= Self.headLimit else { return lose() }
            if line.bytes.isEmpty { state = .ending }
        }
        return nil
    }

    /// Hexadecimal digits, then nothing, space or an extension (RFC 9112 section 7.1).
    private static func chunkSize(_ line: [UInt8]) -> UInt64? {
        var size: UInt64 = 0
        var digits = 0
        for byte in line {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                guard byte == UInt8(ascii: ";") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") else {
                    return nil
                }
                break
            }
            guard size >> 60 == 0 else { return nil }  // beyond 64 bits
            size = size << 4 | UInt64(digit)
            digits += 1
        }
        return digits > 0 ? size : nil
    }

    /// Moves over at most `limit` bytes; nil when there are none.
    @_lifetime(reader: copy reader)
    private func skip(_ limit: UInt64, _ reader: inout ByteReader) -> Int? {
        guard !reader.isAtEnd else { return nil }
        let count = Int(min(limit, UInt64(reader.remaining)))  // at most what a reader holds
        reader.skip(count)
        return count
    }
}
