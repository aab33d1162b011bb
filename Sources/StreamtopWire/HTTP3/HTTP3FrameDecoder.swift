/// Cuts a stream into HTTP/3 frames as its bytes come, in pieces of any size (RFC 9114 section 7.1).
///
///     HTTP/3 Frame Format {
///       Type (i),
///       Length (i),
///       Frame Payload (..),
///     }
///
/// A gap inside a payload is bridged, for the length says where the next frame begins; a gap anywhere else ends what can
/// be read of the stream.
package struct HTTP3FrameDecoder: Equatable, Sendable {
    package enum Element: Equatable, Sendable {
        /// A frame begins. Its payload follows, even when it is empty.
        case frame(HTTP3FrameType, length: UInt64, headerLength: Int)
        /// The next `count` bytes of the reader were payload and are behind it now; `isLast` with the frame's last one.
        case payload(count: Int, isLast: Bool)
    }

    private enum State: Equatable, Sendable {
        case type
        case length(HTTP3FrameType, typeLength: Int)
        case payload(remaining: UInt64)
        case lostSync
    }

    private var state = State.type
    private var integer = QUICIntegerAssembler()

    package init() {}

    /// Nothing after a gap can be told apart any more.
    package var hasLostSync: Bool { state == .lostSync }

    /// The stream may end here: no frame is cut off.
    package var isBetweenFrames: Bool { state == .type && integer.isEmpty }

    /// The next element, nil when more bytes are needed. Each call that returns one moves the reader or the state on, so
    /// a loop over it ends with the reader's bytes.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Element? {
        if case .type = state {
            guard let value = integer.next(&reader) else { return nil }
            state = .length(HTTP3FrameType(rawValue: value.number), typeLength: value.length)
        }
        switch state {
        case .length(let type, let typeLength):
            guard let value = integer.next(&reader) else { return nil }
            state = .payload(remaining: value.number)
            return .frame(type, length: value.number, headerLength: typeLength + value.length)
        case .payload(let remaining):
            guard remaining > 0 else {
                state = .type
                return .payload(count: 0, isLast: true)
            }
            guard !reader.isAtEnd else { return nil }
            let count = Int(min(remaining, UInt64(reader.remaining)))  // at most what a reader holds
            reader.skip(count)
            let rest = remaining - UInt64(count)
            state = rest > 0 ? .payload(remaining: rest) : .type
            return .payload(count: count, isLast: rest == 0)
        case .type, .lostSync:
            reader.skip(reader.remaining)
            return nil
        }
    }

    /// `count` bytes of the stream will never come. What of them was payload of the frame in progress is told as an
    /// element, for the frame's own count; the reader has nothing to do with it.
    package mutating func gap(of count: UInt64) -> (payload: UInt64, endsFrame: Bool) {
        guard case .payload(let remaining) = state, remaining > 0, count <= remaining else {
            let payload: UInt64 = if case .payload(let remaining) = state { remaining } else { 0 }
            state = .lostSync
            return (payload, false)
        }
        state = remaining > count ? .payload(remaining: remaining - count) : .type
        return (count, remaining == count)
    }
}

/// Puts one variable-length integer together (RFC 9000 section 16) whose bytes may come in pieces.
package struct QUICIntegerAssembler: Equatable, Sendable {
    private var value: UInt64 = 0
    private var length = 0
    private var taken = 0

    package init() {}

    package var isEmpty: Bool { taken == 0 }

    /// The number and the bytes it took, nil when more bytes are needed; takes as many bytes as the number has.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> (number: UInt64, length: Int)? {
        while !reader.isAtEnd {  // at most eight passes
            let byte = reader.uint8()
            if taken == 0 {
                length = 1 << Int(byte >> 6)
                value = UInt64(byte & 0x3f)
            } else {
                value = value << 8 | UInt64(byte)
            }
            taken += 1
            if taken == length {
                taken = 0
                return (value, length)
            }
        }
        return nil
    }
}
