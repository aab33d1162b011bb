import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The part of an exchange that is about media: who reads its content, how it came, and what it tells the session.
///
/// Content that nobody wants costs one comparison a delivery.
struct ExchangeMedia: Sendable {
    /// Longest report of a player that is read.
    static let playerEventLimit = 65_536

    /// Who reads the content: one, or nobody. Kept apart, for most exchanges have none and all are moved about.
    private var readers: [MediaBodyReader] = []
    private(set) var pace = DeliveryPace()
    /// The server is known to send media as they are made: it need not wait for the whole of a segment.
    var isFromProgressiveServer = false
    /// Stamp of the last chunk that came before on the connection.
    var stampBefore: Timestamp?
    /// The session hears of the exchange.
    var isReported = false
    private var isDecided = false
    private var mayBeTime = false
    private var lastContent: Timestamp?
    /// Youngest chunk, when its last byte was there; below 0 the stamps cannot be compared with the capture's clock.
    private var minimumAge: Nanoseconds = .max
    private(set) var stall: Nanoseconds = 0
    private(set) var idle: Nanoseconds = 0
    /// Every long gap could be told to be one or the other.
    private var knowsGaps = true
    private var hasCodingChunks = false
    /// Chunks of the coding (RFC 9112 section 7.1) whose beginning was seen in media, and those that began where a CMAF chunk did.
    private(set) var borders = (seen: 0, aligned: 0)
    private var playerEvent: [UInt8]?
    private var found: [MediaReport.Content] = []
    /// The kind of the manifest that was read.
    private(set) var manifest: ProtocolKind?

    init() {}

    /// Media came: chunks, or packets of a transport stream.
    var hasMedia: Bool { chunks > 0 || readers.first?.isTransportStream == true }

    /// Stamp of its last chunk.
    var lastStamp: Timestamp? { readers.first?.lastStamp }

    /// Audio and video, where the content is FLV.
    var flashVideo: FLVMeter? { readers.first?.flashVideoMeter }

    /// CMAF chunks that came whole.
    var chunks: Int { readers.first?.fragments ?? 0 }

    /// Somebody reads the content.
    var isRead: Bool { !readers.isEmpty }

    var heldBytes: Int { readers.reduce(playerEvent?.capacity ?? 0) { $0 + $1.heldBytes } }

    mutating func release() {
        if isRead { readers[0].release() }
        playerEvent = nil
    }

    /// Whether the gaps in the content are known for what they were.
    var gaps: (stall: Nanoseconds, idle: Nanoseconds)? {
        knowsGaps && (chunks > 0 || hasCodingChunks) ? (stall, idle) : nil
    }

    // MARK: Request

    /// The request is known. True when it asks for media.
    mutating func begin(_ request: HTTPMessageHead) -> Bool {
        if request.contentType?.hasPrefix("application/cmcd") == true { playerEvent = [] }
        isReported =
            !request.clientData.isEmpty || playerEvent != nil
            || request.path.flatMap { MediaBodyKind.kind(ofPath: $0) } != nil
        return isReported
    }

    mutating func takeRequestContent(_ bytes: RawSpan) {
        guard playerEvent != nil else { return }
        guard (playerEvent?.count ?? 0) + bytes.byteCount <= Self.playerEventLimit else {
            playerEvent = nil
            return
        }
        var reader = ByteReader(bytes)
        var kept = playerEvent ?? []
        playerEvent = nil
        reader.append(bytes.byteCount, to: &kept)  // bounded above
        playerEvent = kept
    }

    /// The request is over: what the player reports, of several reports the first.
    mutating func takePlayerEvent() -> [HTTPClientDatum] {
        guard let event = playerEvent else { return [] }
        playerEvent = nil
        let text = String(decoding: event, as: UTF8.self)
        var data: [HTTPClientDatum] = []
        guard let line = text.split(whereSeparator: \.isNewline).first else { return [] }
        CommonMediaClientData.add(String(line), to: &data)
        return data
    }

    // MARK: Response

    /// The response's head is known: chooses who reads the content.
    mutating func answer(_ head: HTTPMessageHead, to request: HTTPMessageHead?) {
        let status = head.status ?? 0
        guard request?.method != "HEAD" else {
            isDecided = true
            if head.date != nil { isReported = true }
            return
        }
        guard status == 200 || status == 206 else {
            isDecided = true
            return
        }
        if let kind = MediaBodyKind(type: head.contentType, path: request?.path) {
            isDecided = true
            // FLV is one stream, not a session of segments.
            if kind != .flashVideo { isReported = true }
            readers = [MediaBodyReader(kind)]
        } else if let length = head.contentLength, length > 0, length <= UInt64(MediaBodyReader.timeTextLimit),
            head.contentType == nil || head.contentType?.hasPrefix("text/plain") == true
                || head.contentType?.hasPrefix("application/octet-stream") == true
        {
            mayBeTime = true
        } else if let type = head.contentType, !type.hasPrefix("application/octet-stream"),
            !type.hasPrefix("binary/octet-stream"), !type.hasPrefix("text/plain"),
            !type.hasPrefix("application/xml"), !type.hasPrefix("text/xml")
        {
            isDecided = true
        }
    }

    /// The next bytes of the response's content.
    mutating func take(
        _ bytes: RawSpan, at time: Timestamp, startsChunk: Bool, roundTrip: Nanoseconds?,
        into reports: inout [MediaReport.Content]
    ) {
        guard bytes.byteCount > 0 else { return }
        if startsChunk { hasCodingChunks = true }
        noteGap(until: time, startsChunk: startsChunk, roundTrip: roundTrip)
        if readers.isEmpty {
            guard !isDecided else { return }
            isDecided = true
            let found = MediaBodyKind(startingWith: bytes)
            guard let kind = found ?? (mayBeTime ? .timeOfDay : nil) else { return }
            if found != nil, kind != .flashVideo { isReported = true }
            readers = [MediaBodyReader(kind)]
        }
        if startsChunk { noteBorder(bytes) }
        pace.note(bytes.byteCount, at: time, begins: startsChunk || readers[0].isBetweenChunks == true)
        readers[0].take(bytes, at: time, into: &found)
        deliver(into: &reports)
    }

    mutating func gap(of count: UInt64, at time: Timestamp, into reports: inout [MediaReport.Content]) {
        isDecided = true
        lastContent = time
        knowsGaps = false
        if isRead { readers[0].gap(of: count, at: time, into: &found) }
        deliver(into: &reports)
    }

    mutating func end(at time: Timestamp, coding: String?, url: String?, into reports: inout [MediaReport.Content]) {
        guard isRead else { return }
        readers[0].end(at: time, coding: coding, url: url, into: &found)
        if found.contains(where: { if case .timeOfDay = $0 { true } else { false } }) { isReported = true }
        deliver(into: &reports)
    }

    private mutating func deliver(into reports: inout [MediaReport.Content]) {
        for content in found {
            if case .chunk(let fragment) = content, let stamp = fragment.producerReferenceTime?.wallClock {
                minimumAge = min(minimumAge, fragment.lastByte - stamp)
            }
            if case .dash = content { manifest = .dash }
            if case .hls = content { manifest = .hls }
            reports.append(content)
        }
        found.removeAll(keepingCapacity: true)
    }

    /// A chunk of the coding begins: where a CMAF chunk does, if the box that comes next is not its media data.
    private mutating func noteBorder(_ bytes: RawSpan) {
        guard let isBetween = readers[0].isBetweenChunks, let type = ByteReader(bytes).peekUInt32(ahead: 4) else {
            return
        }
        borders.seen += 1
        if isBetween, type != 0x6d64_6174 { borders.aligned += 1 }  // mdat
    }

    /// A gap of some length: something that had begun was still to come, or nothing was to be sent.
    private mutating func noteGap(until time: Timestamp, startsChunk: Bool, roundTrip: Nanoseconds?) {
        defer { lastContent = time }
        guard let lastContent else { return }
        let gap = time - lastContent
        guard gap > max(2 * min(roundTrip ?? 0, .seconds(3_600)), .milliseconds(50)) else { return }
        let isBetween = readers.first?.isBetweenChunks
        if startsChunk || isBetween == true {
            idle = saturatingAdd(idle, gap)
        } else if isBetween == false {
            stall = saturatingAdd(stall, gap)
        } else {
            knowsGaps = false
        }
    }

    // MARK: What the server waited for

    /// How long after `arrival` at the server what was asked for came to be, by the stamps of its chunks; nil where they do not tell.
    /// `isWhole`: the length was said before, so that all of it was there.
    func existed(after arrival: Timestamp, isWhole: Bool) -> Nanoseconds? {
        let isWhole = isWhole && !isFromProgressiveServer
        guard let reader = readers.first, minimumAge >= 0, minimumAge != .max, let first = reader.firstStamp,
            let last = reader.lastStamp
        else { return nil }
        var spacing = reader.fragments > 1 ? (last - first) / Nanoseconds(reader.fragments - 1) : 0
        if reader.fragments == 1, let before = stampBefore, first > before, first - before <= .seconds(2) {
            spacing = first - before
        }
        // A stamp names the first sample of its chunk, which is there when the last one is.
        let made = (isWhole ? last : first) + max(0, min(spacing, minimumAge))
        guard made > arrival else { return nil }
        // Where nothing says how long it is: what began after it was asked for came as soon as it was there.
        return spacing == 0 ? .max : made - arrival
    }
}
