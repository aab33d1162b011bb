import StreamtopBase
import StreamtopWire

/// One direction of a request stream, or a push stream: frames, and the header block in progress (RFC 9114 section 4.1).
struct HTTP3MessageReader: Sendable {
    /// Longest header block collected; what is longer is not decoded. Several times what endpoints allow by default.
    static let sectionLimit = 65_536

    static let limits = [
        Limit(
            "HTTP/3 header block", sectionLimit, .bytes, per: .stream, policy: "a longer one is not decoded, counted")
    ]

    var frames = HTTP3FrameDecoder()
    /// The frame whose payload comes now.
    private(set) var type = HTTP3FrameType.data
    /// When its first byte passed.
    private(set) var frameTime = Timestamp(nanoseconds: 0)
    /// Payload of the frame in progress, where it is one that is read whole.
    private(set) var collected: [UInt8] = []
    private(set) var isCollecting = false
    /// When a section passed that may have been the head, for as long as no head was decoded.
    var undecidedHead: Timestamp?
    /// Sections that wait for the table they refer to.
    var waitingSections = 0
    var isOver = false

    init() {}

    /// A frame begins. False when it is too long to be read whole.
    mutating func begin(_ type: HTTP3FrameType, length: UInt64, at time: Timestamp) -> Bool {
        self.type = type
        frameTime = time
        let isRead = type == .headers || type == .pushPromise
        isCollecting = isRead && length <= UInt64(Self.sectionLimit)
        collected.removeAll(keepingCapacity: true)
        return isCollecting || !isRead
    }

    /// The next `count` bytes of the reader's past are payload of a frame that is read whole.
    mutating func collect(_ payload: RawSpan) {
        guard isCollecting else { return }
        var reader = ByteReader(payload)
        reader.append(payload.byteCount, to: &collected)  // the frame's length bounds it
    }

    /// The frame is complete: its payload, if it was collected without a hole.
    mutating func takeSection() -> [UInt8]? {
        guard isCollecting else { return nil }
        isCollecting = false
        var section: [UInt8] = []
        swap(&section, &collected)
        return section
    }

    /// Memory of the section in progress.
    var collectedBytes: Int { collected.capacity }

    /// Gives the section in progress up; true when there is one.
    mutating func releaseSection() -> Bool {
        collected = []
        return losesSection()
    }

    /// A hole in the payload; true when the section in progress is lost by it.
    mutating func losesSection() -> Bool {
        defer { isCollecting = false }
        return isCollecting
    }
}

/// A request stream of HTTP/3, both directions, or a push stream, of which only the response moves.
struct HTTP3RequestStream: Sendable {
    let identifier: UInt64
    /// The last time it moved, for choosing whom to forget.
    var lastTime: Timestamp
    /// The message of each end, by `Direction.index`.
    var messages: InlineArray<2, HTTP3MessageReader> = [HTTP3MessageReader(), HTTP3MessageReader()]
    /// Bytes of each end on it waited for a hole in it.
    var hasWaited = BothDirections(client: false, server: false)
    /// nil once it is over and was handed to the log.
    var exchange: HTTPExchange?
    var isPush = false
    /// It was asked to carry another protocol.
    var carries: HTTPUpgrade?
    /// The identifier of the push, once it is read.
    var push: UInt64?
    var pushInteger = QUICIntegerAssembler()

    init(identifier: UInt64, exchange: HTTPExchange, at time: Timestamp) {
        self.identifier = identifier
        self.exchange = exchange
        lastTime = time
    }

    // Mutating so that it works in place: a stream that is only read is copied for the call.

    /// Bytes of a frame's payload came; false where they are none of the content.
    mutating func countContent(_ bytes: UInt64, from direction: Direction) -> Bool {
        guard messages[direction.index].type == .data else { return false }
        if direction == .fromClient {
            exchange?.requestBytes &+= bytes
        } else {
            exchange?.responseBytes &+= bytes
        }
        return true
    }
}
