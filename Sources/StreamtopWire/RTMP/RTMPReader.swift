/// A message of RTMP (section 6 of the specification), with as much of its payload as was wanted.
package struct RTMPMessage: Equatable, Sendable {
    package enum Kind {
        package static var setChunkSize: UInt8 { 1 }
        package static var abort: UInt8 { 2 }
        package static var acknowledgement: UInt8 { 3 }
        package static var userControl: UInt8 { 4 }
        package static var windowSize: UInt8 { 5 }
        package static var peerBandwidth: UInt8 { 6 }
        package static var audio: UInt8 { 8 }
        package static var video: UInt8 { 9 }
        package static var dataAMF3: UInt8 { 15 }
        package static var commandAMF3: UInt8 { 17 }
        package static var data: UInt8 { 18 }
        package static var command: UInt8 { 20 }
        package static var aggregate: UInt8 { 22 }
    }

    package var type: UInt8
    package var stream: UInt32
    /// Milliseconds, 32 bits, as the sender counts.
    package var timestamp: UInt32
    package var length: Int
    /// The first bytes of the payload.
    package var head: [UInt8]
}

/// Reads one direction of an RTMP connection: the handshake, then chunks of messages (section 5.3), in pieces of any size.
///
/// Payload is counted; commands are kept up to `commandLimit`, media up to the bytes that name codec and frame. Of an
/// aggregate message its parts are told as messages, then the message itself, without payload. A gap inside the payload of a
/// chunk is bridged; after any other the direction cannot be read on, for nothing marks where a chunk begins.
package struct RTMPReader: Sendable {
    package static var handshakeLength: Int { 1_536 }
    package static var commandLimit: Int { 4_096 }
    package static var mediaHead: Int { 16 }
    /// Chunk streams of one direction; senders use four to eight.
    package static var streamCapacity: Int { 64 }

    package enum Element: Equatable, Sendable {
        /// C0 or S0 and what follows it is complete: version, and whether the second part is, too.
        case handshake(isOver: Bool)
        case message(RTMPMessage)
        /// The bytes are no RTMP.
        case malformed
    }

    private struct ChunkStream: Sendable {
        var timestamp: UInt32 = 0
        var delta: UInt32 = 0
        var length = 0
        var type: UInt8 = 0
        var stream: UInt32 = 0
        var isExtended = false
        var received = 0
        var head: [UInt8] = []
        var parts: RTMPAggregate?
    }

    private enum State: Sendable {
        case version
        /// Bytes of the two parts that are still to come.
        case handshake(left: Int)
        case header
        case payload(chunkStream: UInt32, left: Int)
        case lost
    }

    private var state = State.version
    private var held: [UInt8] = []
    private var streams: [UInt32: ChunkStream] = [:]
    private var isJoinedLate = false
    /// In force for what this direction sends.
    package private(set) var chunkSize = 128
    package var isLost: Bool { if case .lost = state { true } else { false } }

    package init() {}

    /// Of a direction whose handshake is over: a chunk's header comes next. What was said before of its chunk streams is not known.
    init(behindHandshakeIn chunkSize: Int) {
        state = .header
        self.chunkSize = chunkSize
        isJoinedLate = true
    }

    /// Whether bytes are the beginning of a client's handshake: version 3, a time, and four bytes that are zero or, in the
    /// digest form that players and servers use, a version of Flash. A first segment holds most of C1.
    package static func canBegin(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(bytes)
        guard reader.remaining >= 512, reader.peekUInt8() == 3, let mark = reader.peekUInt32(ahead: 5) else {
            return false
        }
        return mark == 0 || (mark >> 24 == 0x80 || mark >> 24 <= 0x20) && mark & 0xff00_0000 != 0
    }

    /// The next element, nil when more bytes are needed.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Element? {
        while !reader.isAtEnd {  // each pass takes bytes or changes a state that then does
            switch state {
            case .version:
                guard reader.uint8() == 3 else { return lose(&reader) }
                state = .handshake(left: 2 * Self.handshakeLength)
            case .handshake(let left):
                let count = min(left, reader.remaining)
                // Both parts are told apart.
                let border = left - Self.handshakeLength
                let taken = border > 0 ? min(count, border) : count
                reader.skip(taken)
                state = left == taken ? .header : .handshake(left: left - taken)
                if taken == border { return .handshake(isOver: false) }
                if left == taken { return .handshake(isOver: true) }
            case .header:
                guard let begun = readHeader(&reader) else { return nil }
                guard begun else { return lose(&reader) }
            case .payload(let chunkStream, let left):
                if let message = take(chunkStream, left, &reader) { return .message(message) }
            case .lost: reader.skip(reader.remaining)
            }
        }
        return nil
    }

    /// `count` bytes will never come. False when the direction cannot be read on.
    package mutating func gap(of count: UInt64) -> Bool {
        switch state {
        case .handshake(let left) where count <= UInt64(left):
            state = count == UInt64(left) ? .header : .handshake(left: left - Int(count))
            return true
        case .payload(let chunkStream, let left) where count < UInt64(left):
            streams[chunkStream]?.received += Int(count)
            streams[chunkStream]?.parts?.gap(of: count)
            state = .payload(chunkStream: chunkStream, left: left - Int(count))
            return true
        default:
            state = .lost
            held = []
            return false
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func lose(_ reader: inout ByteReader) -> Element {
        state = .lost
        held = []
        reader.skip(reader.remaining)
        return .malformed
    }

    // MARK: Chunks

    /// Reads a chunk's header: nil when more bytes are needed, false for what cannot be one.
    @_lifetime(reader: copy reader)
    private mutating func readHeader(_ reader: inout ByteReader) -> Bool? {
        if held.isEmpty {
            // Where the whole header lies in the piece it is read there.
            var ahead = reader.rest
            let before = ahead.remaining
            if let begun = begin(&ahead) {
                reader.skip(before - ahead.remaining)
                return begun
            }
        }
        while !reader.isAtEnd {  // at most eighteen passes: the longest header
            held.append(reader.uint8())
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            let bytes = held
            var whole = ByteReader(unsafe bytes.span.bytes)
            guard let begun = begin(&whole) else { continue }
            held.removeAll(keepingCapacity: true)
            return begun
        }
        return nil
    }

    /// Section 5.3.1: a basic header of 1 to 3 bytes, a message header of 11, 7, 3 or 0, and an extended timestamp.
    @_lifetime(reader: copy reader)
    private mutating func begin(_ reader: inout ByteReader) -> Bool? {
        guard let first = reader.peekUInt8() else { return nil }
        let format = first >> 6
        let basic = first & 0x3f == 0 ? 2 : first & 0x3f == 1 ? 3 : 1
        let fields = [11, 7, 3, 0][Int(format)]
        guard reader.remaining >= basic + fields else { return nil }
        reader.skip(1)
        var identifier = UInt32(first & 0x3f)
        if basic == 2 { identifier = 64 + UInt32(reader.uint8()) }
        if basic == 3 { identifier = 64 + UInt32(reader.uint8()) + UInt32(reader.uint8()) << 8 }
        // The first chunk of a stream says everything; the first that is seen at least the length and the type.
        let mayBegin = format == 0 || format == 1 && isJoinedLate
        guard var stream = streams[identifier] ?? (mayBegin ? ChunkStream() : nil) else { return false }
        guard streams[identifier] != nil || streams.count < Self.streamCapacity else { return false }
        let begins = stream.received == 0 || format < 3
        var time: UInt32 = 0
        if fields >= 3 { time = reader.uint24() }
        if fields >= 7 {
            stream.length = Int(reader.uint24())
            stream.type = reader.uint8()
        }
        if fields == 11 { stream.stream = reader.uint32().byteSwapped }
        if fields > 0 { stream.isExtended = time == 0xff_ffff }
        if stream.isExtended {
            guard reader.remaining >= 4 else { return nil }
            time = reader.uint32()
        }
        if begins {
            switch format {
            case 0: (stream.timestamp, stream.delta) = (time, 0)
            case 1, 2:
                stream.delta = time
                stream.timestamp &+= time
            default: stream.timestamp &+= stream.delta
            }
            stream.received = 0
            stream.head.removeAll(keepingCapacity: true)
            stream.parts = stream.type == RTMPMessage.Kind.aggregate ? RTMPAggregate(timestamp: stream.timestamp) : nil
        }
        guard Self.isPlausible(stream.type) else { return false }
        streams[identifier] = stream
        state = .payload(chunkStream: identifier, left: min(chunkSize, stream.length - stream.received))
        return true
    }

    private static func isPlausible(_ type: UInt8) -> Bool {
        (1...6).contains(type) || (8...9).contains(type) || (15...20).contains(type) || type == 22
    }

    @_lifetime(reader: copy reader)
    private mutating func take(_ identifier: UInt32, _ left: Int, _ reader: inout ByteReader) -> RTMPMessage? {
        guard var stream = streams[identifier] else { return nil }
        var count = min(left, reader.remaining)
        var part: RTMPMessage?
        if stream.parts != nil {
            var ahead = reader.rest
            ahead.narrow(to: count)
            part = stream.parts?.next(&ahead, stream: stream.stream)
            // Behind a part the next pass goes on.
            count -= ahead.remaining
        }
        let isMedia = stream.type == RTMPMessage.Kind.audio || stream.type == RTMPMessage.Kind.video
        let wanted = isMedia ? Self.mediaHead : stream.parts == nil ? Self.commandLimit : 0
        let available = wanted - stream.head.count
        let kept = min(count, max(0, available))
        // What follows a gap is not the head any more.
        if stream.head.count == stream.received { reader.append(kept, to: &stream.head) } else { reader.skip(kept) }
        reader.skip(count - kept)
        stream.received += count
        let isWhole = stream.received >= stream.length
        let message = RTMPMessage(
            type: stream.type, stream: stream.stream, timestamp: stream.timestamp, length: stream.length,
            head: isWhole ? stream.head : [])
        if isWhole {
            stream.received = 0
            stream.head.removeAll(keepingCapacity: true)
        }
        streams[identifier] = stream
        state = left > count ? .payload(chunkStream: identifier, left: left - count) : .header
        if let part { return part }
        guard isWhole else { return nil }
        control(message)
        return message
    }

    /// Section 5.4: what changes how the direction is read.
    private mutating func control(_ message: RTMPMessage) {
        var body = ByteReader(unsafe message.head.span.bytes)
        guard body.remaining >= 4 else { return }
        switch message.type {
        case RTMPMessage.Kind.setChunkSize: chunkSize = max(1, min(0xff_ffff, Int(body.uint32() & 0x7fff_ffff)))
        case RTMPMessage.Kind.abort: streams[body.uint32()]?.received = 0
        default: break
        }
    }
}
