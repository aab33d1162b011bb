/// Cuts one direction of a connection into WebSocket frames as its bytes come, in pieces of any size (RFC 6455 section 5).
///
/// A gap inside a payload is bridged, for the length says where the next frame begins; a gap anywhere else ends what can
/// be read of the direction: nothing in a frame says where one begins.
package struct WebSocketFrameDecoder: Equatable, Sendable {
    package enum Element: Equatable, Sendable {
        /// A frame begins. Its payload follows, even when it is empty.
        case frame(WebSocketFrameHeader)
        /// The next `count` bytes of the reader were payload and are behind it now; `position` is where in the payload
        /// they begin, `isLast` comes with the frame's last one.
        case payload(count: Int, position: UInt64, isLast: Bool)
    }

    private enum State: Equatable, Sendable {
        case header
        case payload(position: UInt64, length: UInt64)
        case lost
    }

    private var state = State.header
    private var held: [UInt8] = []

    package init() {}

    package var isBetweenFrames: Bool { state == .header && held.isEmpty }
    package var hasLostStep: Bool { state == .lost }

    /// The next element, nil when more bytes are needed. Each call that returns one moves the reader or the state on, so
    /// a loop over it ends with the reader's bytes.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Element? {
        switch state {
        case .header: return nextHeader(&reader)
        case .payload(let position, let length):
            let left = length - position
            guard left > 0 else {
                state = .header
                return .payload(count: 0, position: position, isLast: true)
            }
            guard !reader.isAtEnd else { return nil }
            let count = Int(min(left, UInt64(reader.remaining)))  // at most what a reader holds
            reader.skip(count)
            let end = position + UInt64(count)
            state = end < length ? .payload(position: end, length: length) : .header
            return .payload(count: count, position: position, isLast: end == length)
        case .lost:
            reader.skip(reader.remaining)
            return nil
        }
    }

    /// `count` bytes of the stream will never come: how many of them were payload of the frame in progress, and whether it
    /// ended within them.
    package mutating func gap(of count: UInt64) -> (payload: UInt64, endsFrame: Bool) {
        guard case .payload(let position, let length) = state, position < length, count <= length - position else {
            let payload: UInt64 = if case .payload(let position, let length) = state { length - position } else { 0 }
            state = .lost
            held = []
            return (payload, false)
        }
        let end = position + count
        state = end < length ? .payload(position: end, length: length) : .header
        return (count, end == length)
    }

    @_lifetime(reader: copy reader)
    private mutating func nextHeader(_ reader: inout ByteReader) -> Element? {
        if held.isEmpty {
            if let header = try? WebSocketFrameHeader(decoding: &reader) { return begin(header) }
            reader.append(reader.remaining, to: &held)  // fewer than fourteen bytes
            return nil
        }
        while !reader.isAtEnd {  // at most fourteen passes
            held.append(reader.uint8())
            var bytes = ByteReader(unsafe held.span.bytes)  // UInt8 has no padding
            if let header = try? WebSocketFrameHeader(decoding: &bytes) {
                held.removeAll(keepingCapacity: true)
                return begin(header)
            }
        }
        return nil
    }

    private mutating func begin(_ header: WebSocketFrameHeader) -> Element {
        state = .payload(position: 0, length: header.payloadLength)
        return .frame(header)
    }
}
