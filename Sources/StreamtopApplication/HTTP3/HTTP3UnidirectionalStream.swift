import StreamtopBase
import StreamtopWire

/// A stream of one direction that belongs to the connection (RFC 9114 section 6.2): its type, then what the type says.
struct HTTP3UnidirectionalStream: Sendable {
    /// SETTINGS and GOAWAY are read whole; longer ones are not.
    static let payloadLimit = 4_096

    let identifier: UInt64
    var type: HTTP3StreamType?
    var typeInteger = QUICIntegerAssembler()
    var frames = HTTP3FrameDecoder()
    /// The control frame in progress.
    private(set) var frame = HTTP3FrameType.data
    private(set) var collected: [UInt8] = []
    private var isCollecting = false
    private(set) var frameCount = 0

    init(identifier: UInt64) { self.identifier = identifier }

    mutating func begin(_ type: HTTP3FrameType, length: UInt64) {
        frame = type
        frameCount += 1
        isCollecting = (type == .settings || type == .goAway) && length <= UInt64(Self.payloadLimit)
        collected.removeAll(keepingCapacity: true)
    }

    mutating func collect(_ payload: RawSpan) {
        guard isCollecting else { return }
        var reader = ByteReader(payload)
        reader.append(payload.byteCount, to: &collected)  // the frame's length bounds it
    }

    /// The frame is complete: its payload, if it was collected without a hole.
    mutating func takePayload() -> [UInt8]? {
        guard isCollecting else { return nil }
        isCollecting = false
        var payload: [UInt8] = []
        swap(&payload, &collected)
        return payload
    }

    mutating func gap() { isCollecting = false }
}
