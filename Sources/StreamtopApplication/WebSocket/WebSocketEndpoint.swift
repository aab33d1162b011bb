import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What one end of a WebSocket connection sends: the frame and the message in progress, and counts.
struct WebSocketEndpoint: ~Copyable {
    /// RFC 6455 section 5.5.
    static let longestControl = 125
    static let pingCapacity = 16

    /// A message whose frames are coming.
    struct Message: Sendable {
        var isText: Bool
        var isCompressed: Bool
        var text = UTF8Validator()
    }

    var frames = WebSocketFrameDecoder()
    private(set) var header: WebSocketFrameHeader?
    var message: Message?
    /// Payload of a control frame, without its mask.
    var control: [UInt8] = []
    var counts = WebSocketEndpointSnapshot()
    private var frameCounts: [WebSocketOpcode: Int] = [:]
    /// nil where messages are not compressed, or joined late: then nothing can be inflated.
    private var inflater: MessageInflater?
    private(set) var inflated: UInt64 = 0
    private(set) var isInflatedKnown = true
    /// Pings without an answer, oldest first.
    var pings: [(payload: [UInt8], time: Timestamp)] = []
    var pingRoundTrips = RoundTripRecord()
    /// How long its answers took beyond the round trip of the path.
    var lag = LogHistogram()
    var longestLag: Nanoseconds = 0
    /// What binary messages carry, where that is media.
    private(set) var media = EmbeddedMedia()
    /// What messages say of a call.
    private var signalling = SignallingReader()

    init(inflater: consuming MessageInflater?) { self.inflater = inflater }

    static let limits = [
        Limit("WebSocket pings without an answer", pingCapacity, per: .direction, policy: "the oldest is forgotten"),
        Limit(
            "WebSocket inflater", MessageInflater.heldBytes, .bytes, per: .direction,
            policy: "given up with the memory: sizes of compressed messages are then unknown"),
    ]

    /// Memory of what inflates messages, and of pings.
    var heldBytes: Int {
        control.capacity + signalling.heldBytes + pings.count * Self.longestControl
            + (inflater == nil ? 0 : MessageInflater.heldBytes)
    }

    /// Gives up inflating, for want of memory.
    mutating func releaseInflater() {
        guard inflater != nil else { return }
        inflater = nil
        if message?.isCompressed ?? false { isInflatedKnown = false }
    }

    mutating func begin(_ header: WebSocketFrameHeader) {
        self.header = header
        counts.headerBytes &+= UInt64(header.length)
        if header.mask != nil { counts.maskedFrames += 1 }
        if let opcode = header.opcode { frameCounts[opcode, default: 0] += 1 }
        control.removeAll(keepingCapacity: true)
    }

    /// The next payload of a frame of a message, at `position` of the frame.
    mutating func takeContent(_ payload: RawSpan, at position: UInt64, time: Timestamp) {
        guard let message else { return }
        if !message.isCompressed, !message.isText {
            inflated &+= UInt64(payload.byteCount)
            guard media.isWanted || signalling.isSearching else { return }
            if header?.mask == nil { return takeBinary(payload, at: time) }
        }
        var bytes: [UInt8] = []
        WebSocketMask.append(payload, mask: header?.mask, at: position, to: &bytes)
        if message.isCompressed {
            inflate(bytes, at: time)
        } else if message.isText {
            addPlain(bytes)
        } else {
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            takeBinary(unsafe bytes.span.bytes, at: time)
        }
    }

    /// Media, or fields of protobuf of which one may be a description.
    private mutating func takeBinary(_ bytes: RawSpan, at time: Timestamp) {
        if media.isWanted { media.observe(bytes, at: time) }
        if media.format == nil { signalling.feed(bytes) }
    }

    private mutating func inflate(_ bytes: [UInt8], at time: Timestamp) {
        guard inflater != nil else {
            isInflatedKnown = false
            return
        }
        var count: UInt64 = 0
        var text = message?.text ?? UTF8Validator()
        let isText = message?.isText ?? false
        var found = EmbeddedMedia()
        swap(&found, &media)
        var reader = SignallingReader()
        swap(&reader, &signalling)
        inflater?.inflate(bytes) { piece in
            count &+= UInt64(piece.count)
            if isText { text.add(piece) } else if found.isWanted { found.observe(unsafe piece.span.bytes, at: time) }
            if found.format == nil { reader.feed(unsafe piece.span.bytes) }
        }
        swap(&reader, &signalling)
        swap(&found, &media)
        inflated &+= count
        message?.text = text
    }

    private mutating func addPlain(_ bytes: [UInt8]) {
        inflated &+= UInt64(bytes.count)
        message?.text.add(bytes)
        signalling.feed(unsafe bytes.span.bytes)  // UInt8 has no padding
    }

    /// What the message that just ended says of a call.
    mutating func takeDescriptions(at time: Timestamp, from direction: Direction) -> [CallDescription] {
        signalling.end(at: time, from: direction)
    }

    /// The message in progress is complete; false when it was text and is no UTF-8.
    mutating func endMessage() -> Bool {
        guard let ended = message else { return true }
        var text = ended.text
        if ended.isCompressed {
            counts.compressedMessages += 1
            var count: UInt64 = 0
            var reader = SignallingReader()
            swap(&reader, &signalling)
            inflater?.endMessage { piece in
                count &+= UInt64(piece.count)
                if ended.isText { text.add(piece) }
                reader.feed(unsafe piece.span.bytes)  // UInt8 has no padding
            }
            swap(&reader, &signalling)
            inflated &+= count
            if inflater?.isBroken ?? true { isInflatedKnown = false }
        }
        counts.messages += 1
        message = nil
        let canJudge = ended.isText && (!ended.isCompressed || isInflatedKnown)
        return !canJudge || text.isComplete
    }

    /// Bytes of the message in progress will never come.
    mutating func loseContent(_ count: UInt64) {
        guard let message else { return }
        signalling.lose()
        if !message.isText { media.lose(count) }
        if message.isCompressed {
            inflater?.lose()
            isInflatedKnown = false
        } else {
            inflated &+= count
        }
        // What a piece of text without its neighbours says cannot be judged.
        self.message?.isText = false
    }

    var snapshot: WebSocketEndpointSnapshot {
        var end = counts
        end.frames = WebSocketOpcode.allCases.compactMap { opcode in
            frameCounts[opcode].map { NamedCount(name: opcode.name, count: $0) }
        }
        end.messageBytes = isInflatedKnown ? inflated : nil
        end.pingRoundTrip = pingRoundTrips.snapshot(.websocketPing)
        if let p50 = lag.quantile(0.5), let p95 = lag.quantile(0.95) {
            end.eventLoopLag = DurationSpread(
                samples: lag.count, p50: min(longestLag, p50 * 1_000), p95: min(longestLag, p95 * 1_000),
                maximum: longestLag)
        }
        end.hasLostStep = frames.hasLostStep
        return end
    }
}
