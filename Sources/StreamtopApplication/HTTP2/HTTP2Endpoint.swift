import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What one end of an HTTP/2 connection sends: the frame and the header block in progress, and counts.
struct HTTP2Endpoint: ~Copyable {
    /// Frames that are read whole are no longer; endpoints allow 16 KiB by default.
    static let payloadLimit = 65_536
    /// A header block of more bytes or frames is a flood.
    static let blockLimit = 262_144
    static let blockFrameCapacity = 64
    static let pingCapacity = 8
    static let settingCapacity = 16

    /// A header block whose frames are coming.
    struct Block: Sendable {
        var stream: UInt32
        var promisedStream: UInt32?
        var time: Timestamp
        var endsStream: Bool
        var frames = 0
        var bytes: [UInt8] = []
    }

    var frames = HTTP2FrameDecoder()
    /// It began as a client does.
    var hasPreface = false
    private(set) var header = HTTP2FrameHeader(payloadLength: 0, type: .settings, flags: [], stream: 0)
    /// When the first byte of the frame in progress passed.
    private(set) var frameTime = Timestamp(nanoseconds: 0)
    private var collected: [UInt8] = []
    private(set) var isCollecting = false
    /// Of a padded DATA frame: content still to come; nil until the length of the padding is read.
    private var contentLeft: Int?
    var block: Block?
    /// nil when it could not be made.
    var fields = HPACKDecoder()
    private var tableBytes = HPACKDecoder.emptyBytes
    private var frameCounts: [Int] = []
    var overheadBytes: UInt64 = 0
    var payloadBytes: UInt64 = 0
    /// Announced and not acknowledged, oldest first.
    var unacknowledged: [[HTTP2Setting]] = []
    /// As announced last.
    private(set) var settings: [HTTP2Setting] = []
    var goAway: (lastStream: UInt32, code: UInt64)?
    /// PINGs without an answer.
    var pings: [(data: UInt64, time: Timestamp)] = []
    /// How long this end took to answer.
    var pingRoundTrips = RoundTripRecord()

    init() {}

    static let limits = [
        Limit(
            "HTTP/2 frame read whole", payloadLimit, .bytes, per: .direction, policy: "a longer one is passed over"),
        Limit(
            "HTTP/2 header block", blockLimit, .bytes, per: .direction, policy: "a longer one is not decoded, counted"
        ),
        Limit("HTTP/2 header table", HPACKDecoder.tableCapacity, .bytes, per: .direction, policy: "nothing is decoded"),
    ]

    /// Memory of the frame and the header block in progress, and of the header table.
    var heldBytes: Int { collected.capacity + (block?.bytes.capacity ?? 0) + tableBytes }

    /// A block was decoded: the table may have grown.
    mutating func noteTable() { tableBytes = fields?.heldBytes() ?? 0 }

    /// A frame begins.
    mutating func begin(_ header: HTTP2FrameHeader, at time: Timestamp) {
        self.header = header
        frameTime = time
        if frameCounts.isEmpty { frameCounts = Array(repeating: 0, count: HTTP2FrameType.Kind.allCases.count) }
        frameCounts[Int(header.type.kind.rawValue)] += 1
        overheadBytes &+= UInt64(HTTP2FrameHeader.length)
        if header.type.carriesFields { overheadBytes &+= UInt64(header.payloadLength) }
        isCollecting = header.type != .data && header.payloadLength <= Self.payloadLimit
        collected.removeAll(keepingCapacity: collected.capacity <= 4_096)
        contentLeft = header.flags.contains(.padded) ? nil : header.payloadLength
    }

    /// The next bytes of the payload. Returns which of them are content of a DATA frame.
    mutating func take(_ payload: RawSpan) -> Range<Int>? {
        guard header.type != .data else { return content(payload) }
        guard isCollecting else { return nil }
        var reader = ByteReader(payload)
        reader.append(payload.byteCount, to: &collected)  // the frame's length bounds it
        return nil
    }

    private mutating func content(_ payload: RawSpan) -> Range<Int> {
        var start = 0
        if contentLeft == nil, let padding = ByteReader(payload).peekUInt8() {
            contentLeft = max(0, header.payloadLength - 1 - Int(padding))
            start = 1
        }
        let count = min(contentLeft ?? 0, payload.byteCount - start)
        contentLeft = (contentLeft ?? 0) - count
        return start..<(start + max(0, count))
    }

    /// Missing bytes of a DATA frame's payload that are content.
    mutating func skipContent(_ missing: Int) -> Int {
        if contentLeft == nil { contentLeft = max(0, header.payloadLength - 1) }  // the padding is unknown: none
        let count = min(contentLeft ?? 0, missing)
        contentLeft = (contentLeft ?? 0) - count
        return count
    }

    /// The frame is complete: its payload, if it was collected without a hole.
    mutating func takePayload() -> [UInt8]? {
        guard isCollecting else { return nil }
        isCollecting = false
        var payload: [UInt8] = []
        swap(&payload, &collected)
        return payload
    }

    /// A hole in the frame in progress, or in what it could have been: blocks and tables are not whole any more.
    mutating func losePayload() {
        if header.type.carriesFields || block != nil { loseFields() }
        isCollecting = false
    }

    mutating func loseFields() {
        block = nil
        fields?.lose()
    }

    mutating func announce(_ list: [HTTP2Setting]) {
        if unacknowledged.count < Self.settingCapacity { unacknowledged.append(list) }
        for setting in list {
            if let known = settings.firstIndex(where: { $0.identifier == setting.identifier }) {
                settings[known] = setting
            } else if settings.count < 64 {
                settings.append(setting)
            }
        }
    }

    /// Frames by kind.
    func count(of kind: HTTP2FrameType.Kind) -> Int { frameCounts.isEmpty ? 0 : frameCounts[Int(kind.rawValue)] }

    var hasFrames: Bool { !frameCounts.isEmpty }

    var snapshot: HTTP2EndpointSnapshot {
        var end = HTTP2EndpointSnapshot()
        end.settings = settings.map { setting in
            let name = setting.name?.text ?? "setting_0x" + String(setting.identifier, radix: 16)
            return QUICParameter(name: name, value: .number(UInt64(setting.value)))
        }
        end.overheadBytes = overheadBytes
        end.payloadBytes = payloadBytes
        end.goAway = goAway.map { UInt64($0.lastStream) }
        end.goAwayError = goAway.map { HTTP2ErrorCode.name(of: $0.code) ?? "0x" + String($0.code, radix: 16) }
        end.pingRoundTrip = pingRoundTrips.snapshot(.http2Ping)
        return end
    }
}
