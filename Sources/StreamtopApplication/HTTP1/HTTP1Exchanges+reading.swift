import StreamtopBase
import StreamtopLayer
import StreamtopWire

/// From bytes to messages.
extension HTTP1Exchanges {
    mutating func read(_ bytes: RawSpan, isEarly: Bool, _ end: inout HTTP1Endpoint, _ now: inout Observation) {
        var reader = ByteReader(bytes)
        while let element = end.reader.next(&reader) {  // each moves the reader or the message on
            switch element {
            case .start:
                end.start = now.time
                end.isEarly = isEarly
            case .head(let head): end.reader.follow(take(head, &end, &now))
            case .chunk: end.startsChunk = true
            case .content(let count, let endsChunk):
                let position = reader.consumed - count
                takeContent(
                    bytes.extracting(position..<(position + count)), startsChunk: end.startsChunk, end, at: now.time)
                end.startsChunk = false
                if endsChunk { endChunk(end, at: now.time) }
            case .end: endMessage(&end, &now)
            case .tunnel(let count): now.deliver(reader.consumed - count, count: count)
            case .malformed: lose(&end, &now)
            }
        }
    }

    /// `count` bytes will never come.
    mutating func bridge(_ count: UInt64, _ end: inout HTTP1Endpoint, _ now: inout Observation) {
        let bridge = end.reader.gap(of: count)
        skipContent(bridge.content, end, at: now.time)
        if bridge.losesMessage { loseMessage(&end) }
        if bridge.endsMessage { read(RawSpan(), isEarly: false, &end, &now) }
    }

    /// The server closed: a response without a length is complete, one with a length is cut off.
    mutating func end(_ server: inout HTTP1Endpoint, _ now: inout Observation) {
        if server.reader.close() { endMessage(&server, &now) }
        breakOff(&server, &now)
    }

    private mutating func lose(_ end: inout HTTP1Endpoint, _ now: inout Observation) {
        countMalformed()
        // Nothing was a message so far: these are another protocol's bytes.
        if log.isEmpty { now.signal(.notThisProtocol) }
        loseMessage(&end)
    }
}
