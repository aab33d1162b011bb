import StreamtopBase
import StreamtopWire

/// Cuts the bytes of one direction of a stream into STUN messages and TURN channel data (RFC 8489 section 6.2.2, RFC 8656 section
/// 12.5: channel data is padded to four bytes there), or into packets with a length before each (RFC 4571, RFC 6544).
///
/// Bytes wait only until their message is whole; memory grows with what has come, never with a length that is claimed.
struct STUNStreamReader: Sendable {
    enum Framing: Sendable {
        /// Messages carry their own lengths.
        case own
        case lengthBefore
    }

    /// The longest there can be.
    static let capacity = 65_536 + 64

    static let limits = [
        Limit(
            "bytes of a STUN message in a stream", capacity, .bytes, per: .direction,
            policy: "what is longer is no message: the stream is given up")
    ]

    private(set) var buffer: [UInt8] = []
    private var start = 0
    /// After a gap: messages begin where the next delivery does, if at all.
    private var isLost = false
    /// What came fits no framing.
    private(set) var isBroken = false

    var heldBytes: Int { buffer.capacity }

    mutating func release() {
        buffer = []
        start = 0
        isLost = true
    }

    mutating func append(_ bytes: RawSpan) {
        if isLost {
            guard STUNProbe.beginsStream(bytes) || TURNChannelData.canBegin(bytes) else { return }
            isLost = false
            isBroken = false
        }
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        var reader = ByteReader(bytes)
        buffer += reader.copy(bytes.byteCount)
    }

    /// Bytes are missing: what waits can never be whole.
    mutating func noteGap() {
        buffer.removeAll(keepingCapacity: true)
        start = 0
        isLost = true
    }

    /// The next whole piece, as a range of `buffer`; nil when more bytes are needed.
    mutating func next(_ framing: Framing) -> STUNStream.Piece? {
        guard !isBroken else { return nil }
        let rest = buffer.count - start
        guard rest >= (framing == .lengthBefore ? StreamFraming.headerLength : 4) else { return nil }
        let first = word(at: start)
        let second = framing == .own ? word(at: start + 2) : 0
        let (header, length, padded): (Int, Int, Int)
        switch framing {
        case .lengthBefore: (header, length, padded) = (StreamFraming.headerLength, Int(first), Int(first))
        case .own where first & 0xc000 == 0:
            guard second % 4 == 0, rest < 8 || isCookie(at: start + 4) else {
                lose()
                return nil
            }
            (header, length, padded) = (0, STUNHeader.length + Int(second), STUNHeader.length + Int(second))
        case .own where first & 0xc000 == 0x4000:
            let whole = TURNChannelData.length + Int(second)
            (header, length, padded) = (0, whole, (whole + 3) & ~3)
        case .own:
            lose()
            return nil
        }
        guard header + padded <= rest else { return nil }
        let range = (start + header)..<(start + header + length)
        start += header + padded
        switch framing {
        case .lengthBefore: return .packet(range)
        case .own where first & 0xc000 == 0: return .message(range)
        case .own: return .channelData(range)
        }
    }

    private func word(at position: Int) -> UInt16 { UInt16(buffer[position]) << 8 | UInt16(buffer[position + 1]) }

    private func isCookie(at position: Int) -> Bool {
        UInt32(word(at: position)) << 16 | UInt32(word(at: position + 2)) == STUNHeader.cookie
    }

    /// The bytes are no message: the search goes on where the next delivery begins.
    private mutating func lose() {
        isBroken = true
        isLost = true
        buffer = []
        start = 0
    }

    @_lifetime(borrow self)
    func bytes(_ range: Range<Int>) -> RawSpan {
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        unsafe buffer.span.bytes.extracting(range)
    }
}

/// STUN and TURN in a stream, both directions; or the packets of ICE in one.
package struct STUNStream: Sendable {
    package enum Piece {
        case message(Range<Int>)
        case channelData(Range<Int>)
        case packet(Range<Int>)
    }

    private var client = STUNStreamReader()
    private var server = STUNStreamReader()
    private var framing: STUNStreamReader.Framing?
    private var pieces = 0

    package init() {}

    package var heldBytes: Int { client.heldBytes + server.heldBytes }
    /// Nothing of what came was a message.
    package var isBroken: Bool { pieces == 0 && (client.isBroken || server.isBroken) }

    package mutating func release() {
        client.release()
        server.release()
    }

    package mutating func append(_ bytes: RawSpan, _ direction: Direction) {
        if framing == nil { framing = StreamFraming.beginsSTUN(bytes) ? .lengthBefore : .own }
        if direction == .fromClient { client.append(bytes) } else { server.append(bytes) }
    }

    package mutating func noteGap(_ direction: Direction) {
        if direction == .fromClient { client.noteGap() } else { server.noteGap() }
    }

    /// The next whole piece, a range of what `bytes` gives.
    package mutating func next(_ direction: Direction) -> Piece? {
        let framing = framing ?? .own
        let piece = direction == .fromClient ? client.next(framing) : server.next(framing)
        if piece != nil { pieces &+= 1 }
        return piece
    }

    @_lifetime(borrow self)
    package func bytes(_ range: Range<Int>, _ direction: Direction) -> RawSpan {
        direction == .fromClient ? client.bytes(range) : server.bytes(range)
    }

    package mutating func exchangeEnds() { swap(&client, &server) }
}
