/// Cuts one direction of a connection into HTTP/2 frames as its bytes come, in pieces of any size (RFC 9113 section 4.1).
///
/// A gap inside a payload is bridged, for the length says where the next frame begins. After a gap anywhere else, reading
/// goes on at the next piece of the stream that is made of plausible frames from its first byte on.
package struct HTTP2FrameDecoder: Equatable, Sendable {
    package enum Element: Equatable, Sendable {
        /// The client's connection preface (RFC 9113 section 3.4).
        case preface
        /// A frame begins. Its payload follows, even when it is empty.
        case frame(HTTP2FrameHeader)
        /// The next `count` bytes of the reader were payload and are behind it now; `isLast` with the frame's last one.
        case payload(count: Int, isLast: Bool)
        /// What is there is no HTTP/2.
        case malformed
    }

    package static var preface: String { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }
    /// No endpoint allows frames beyond 2^24 - 1 bytes, and hardly one beyond this.
    static let frameLimit = 1 << 22

    private enum State: Equatable, Sendable {
        /// The client begins with its preface, the server with a frame, whose length cannot begin like that.
        case start
        case preface
        case header
        case payload(remaining: Int)
        case lost
    }

    private var state: State
    private var held: [UInt8] = []
    /// Header bytes of the frame in progress came so far.
    package var isBetweenFrames: Bool { state == .header && held.isEmpty }
    package var hasLostStep: Bool { state == .lost }

    /// `isInStep`: the first byte to come begins a direction of a connection; else it lies somewhere within.
    package init(isInStep: Bool = true) { state = isInStep ? .start : .lost }

    /// The bytes, as far as they go and at least to the first space, are a client's preface.
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(bytes)
        // "PRI "
        guard reader.peekUInt32() == 0x5052_4920 else { return false }
        for (index, expected) in preface.utf8.enumerated() {  // at most 24 passes
            guard let found = reader.peekUInt8(ahead: index) else { return true }
            if found != expected { return false }
        }
        return true
    }

    /// The bytes are what a server begins with: SETTINGS, and nothing but frames behind it (RFC 9113 section 3.4). Servers may
    /// say so before the client's preface comes.
    @inline(__always)
    package static func canBeginAsServer(_ bytes: RawSpan) -> Bool {
        // Type and flags first: every flow's first segments are asked, and hardly any has these.
        ByteReader(bytes).peekUInt16(ahead: 3) == UInt16(HTTP2FrameType.settings.rawValue) << 8
            && isServerPreface(bytes)
    }

    @inline(never)
    private static func isServerPreface(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        guard let first = try? HTTP2FrameHeader(decoding: &reader), first.type == .settings, first.flags == [],
            first.isPlausible, reader.remaining >= first.payloadLength
        else { return false }
        let isEmpty = first.payloadLength == 0
        for index in 0..<first.payloadLength / HTTP2Setting.length {  // plausible frames are short
            let setting = HTTP2Setting(identifier: reader.uint16(), value: reader.uint32())
            guard setting.isAllowed, index > 0 || setting.name != nil else { return false }
        }
        // Zeros alone would make an empty one.
        return reader.isAtEnd ? !isEmpty : isMadeOfFrames(ByteReader(bytes.extracting(reader.consumed...)))
    }

    /// The next element, nil when more bytes are needed. Each call that returns one moves the reader or the state on, so
    /// a loop over it ends with the reader's bytes. A new piece of the stream comes with a reader of its own.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Element? {
        switch state {
        case .start:
            guard let first = reader.peekUInt8() else { return nil }
            state = first == Self.preface.utf8.first ? .preface : .header
            return next(&reader)
        case .preface: return nextPreface(&reader)
        case .header: return nextHeader(&reader)
        case .payload(let remaining):
            guard remaining > 0 else {
                state = .header
                return .payload(count: 0, isLast: true)
            }
            guard !reader.isAtEnd else { return nil }
            let count = min(remaining, reader.remaining)
            reader.skip(count)
            state = count < remaining ? .payload(remaining: remaining - count) : .header
            return .payload(count: count, isLast: count == remaining)
        case .lost:
            guard reader.consumed == 0, Self.isMadeOfFrames(reader) else {
                reader.skip(reader.remaining)
                return nil
            }
            state = .header
            return nextHeader(&reader)
        }
    }

    /// `count` bytes of the stream will never come: how many of them were payload of the frame in progress, and whether
    /// it ended within them.
    package mutating func gap(of count: UInt64) -> (payload: Int, endsFrame: Bool) {
        guard case .payload(let remaining) = state, remaining > 0, count <= UInt64(remaining) else {
            let payload: Int = if case .payload(let remaining) = state { remaining } else { 0 }
            state = .lost
            held = []
            return (payload, false)
        }
        let missing = Int(count)  // at most `remaining`
        state = missing < remaining ? .payload(remaining: remaining - missing) : .header
        return (missing, missing == remaining)
    }

    @_lifetime(reader: copy reader)
    private mutating func nextPreface(_ reader: inout ByteReader) -> Element? {
        for expected in Self.preface.utf8.dropFirst(held.count) {  // at most 24 passes
            guard !reader.isAtEnd else { return nil }
            guard reader.peekUInt8() == expected else { return lose() }
            held.append(reader.uint8())
        }
        held.removeAll(keepingCapacity: true)
        state = .header
        return .preface
    }

    @_lifetime(reader: copy reader)
    private mutating func nextHeader(_ reader: inout ByteReader) -> Element? {
        guard !held.isEmpty || reader.remaining < HTTP2FrameHeader.length else {
            guard let header = try? HTTP2FrameHeader(decoding: &reader) else { return nil }  // nine bytes are there
            return begin(header)
        }
        reader.append(min(HTTP2FrameHeader.length - held.count, reader.remaining), to: &held)
        guard held.count == HTTP2FrameHeader.length else { return nil }
        var bytes = ByteReader(unsafe held.span.bytes)  // UInt8 has no padding
        let header = try? HTTP2FrameHeader(decoding: &bytes)
        held.removeAll(keepingCapacity: true)
        return header.map { begin($0) }
    }

    private mutating func begin(_ header: HTTP2FrameHeader) -> Element {
        guard header.payloadLength <= Self.frameLimit else { return lose() }
        state = .payload(remaining: header.payloadLength)
        return .frame(header)
    }

    private mutating func lose() -> Element {
        state = .lost
        held = []
        return .malformed
    }

    /// From the first byte to the last: plausible frames, at least two or one that is complete.
    private static func isMadeOfFrames(_ reader: borrowing ByteReader) -> Bool {
        var rest = reader.rest
        var frames = 0
        while rest.remaining >= HTTP2FrameHeader.length {  // each pass takes nine bytes or more
            guard let header = try? HTTP2FrameHeader(decoding: &rest), header.isPlausible else { return false }
            frames += 1
            guard rest.remaining >= header.payloadLength else { return frames > 1 }
            rest.skip(header.payloadLength)
        }
        return frames > 0 && (rest.isAtEnd || frames > 1)
    }
}
