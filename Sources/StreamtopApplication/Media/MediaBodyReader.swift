import StreamtopBase
import StreamtopWire

/// Reads the content of one response for what it says of media, as its bytes come. Media data is counted and never kept; a manifest
/// is kept until it is whole.
struct MediaBodyReader: Sendable {
    /// Longest manifest read; day-long timelines stay below.
    static let manifestLimit = 4 << 20
    /// Longest answer of a time server.
    static let timeTextLimit = 64

    static let limits = [
        Limit(
            "manifest being read", manifestLimit, .bytes, per: .stream, policy: "a longer one is not read, counted")
    ]

    let kind: MediaBodyKind
    private var scanner = MediaBoxScanner()
    private var transport: [TransportStreamReader] = []
    private var transportFacts: [TransportStreamReader.Fact] = []
    private var transportTimes = MediaTransportFacts()
    private var flashVideo: [FlashVideoBody] = []
    private var facts: [MediaFact] = []
    private var collected: [UInt8] = []
    private var isGivenUp = false
    private(set) var fragments = 0
    /// Of its fragments: the stamps of the first and the last, and their lengths in units of the track.
    private(set) var firstStamp: Timestamp?
    private(set) var lastStamp: Timestamp?

    init(_ kind: MediaBodyKind) { self.kind = kind }

    /// Audio and video of FLV; nil for other content.
    var flashVideoMeter: FLVMeter? { flashVideo.first?.meter }

    /// Packets of a transport stream with media in them were read.
    var isTransportStream: Bool { transportTimes.firstTime != nil }

    /// What it holds of the wire.
    var heldBytes: Int { collected.capacity + scanner.heldBytes }

    /// Gives up what it holds.
    mutating func release() {
        guard !collected.isEmpty else { return }
        collected = []
        isGivenUp = true
    }

    /// Between two CMAF chunks: what comes next begins one. nil where content has no such borders.
    var isBetweenChunks: Bool? { kind == .fragments && !scanner.isLost ? scanner.isBetweenBoxes : nil }

    mutating func take(_ bytes: RawSpan, at time: Timestamp, into found: inout [MediaReport.Content]) {
        switch kind {
        case .fragments:
            scanner.feed(bytes, at: time, into: &facts)
            takeFacts(into: &found)
        case .transportStream:
            if transport.isEmpty { transport = [TransportStreamReader()] }
            transport[0].feed(bytes, at: time, into: &transportFacts)
            takeTransportFacts()
        case .flashVideo:
            if flashVideo.isEmpty { flashVideo = [FlashVideoBody()] }
            flashVideo[0].take(bytes, at: time)
        case .dash, .hls: collect(bytes, upTo: Self.manifestLimit)
        case .timeOfDay: collect(bytes, upTo: Self.timeTextLimit)
        }
    }

    /// `count` bytes will never come.
    mutating func gap(of count: UInt64, at time: Timestamp, into found: inout [MediaReport.Content]) {
        switch kind {
        case .fragments:
            scanner.gap(of: count, at: time, into: &facts)
            takeFacts(into: &found)
        case .transportStream: if !transport.isEmpty { transport[0].gap() }
        case .flashVideo: if !flashVideo.isEmpty { flashVideo[0].reader.gap(of: count) }
        case .dash, .hls, .timeOfDay:
            collected = []
            isGivenUp = true
        }
    }

    /// The content is complete. `coding` is its content coding, `url` where it came from.
    mutating func end(at time: Timestamp, coding: String?, url: String?, into found: inout [MediaReport.Content]) {
        switch kind {
        case .fragments:
            scanner.end(at: time, into: &facts)
            takeFacts(into: &found)
        case .flashVideo: break
        case .transportStream: if transportTimes.firstTime != nil { found.append(.transportStream(transportTimes)) }
        case .dash, .hls: if !isGivenUp, let url { readManifest(coding: coding, url: URLReference(url), into: &found) }
        case .timeOfDay:
            guard !isGivenUp, coding == nil else { break }
            let text = String(decoding: collected, as: UTF8.self)
            let line = text.prefix { $0 != "\n" && $0 != "\r" }
            if let instant = ISO8601Parser.instant(line) { found.append(.timeOfDay(instant)) }
        }
        collected = []
    }

    private func readManifest(coding: String?, url: URLReference, into found: inout [MediaReport.Content]) {
        var text = collected
        if let coding, coding.lowercased() != "identity" {
            let packed = unsafe collected.span.bytes  // UInt8 has no padding
            guard let plain = ContentCoding(coding)?.decode(packed, limit: Self.manifestLimit) else { return }
            text = plain
        }
        let bytes = unsafe text.span.bytes  // UInt8 has no padding
        if kind == .dash {
            if let manifest = DASHManifest(reading: bytes, from: url) {
                found.append(.dash(manifest, bytes: text.count))
            }
        } else if let playlist = HLSPlaylist(reading: bytes, from: url) {
            found.append(.hls(playlist, bytes: text.count))
        }
    }

    private mutating func collect(_ bytes: RawSpan, upTo limit: Int) {
        guard !isGivenUp else { return }
        guard collected.count + bytes.byteCount <= limit else {
            collected = []
            isGivenUp = true
            return
        }
        var reader = ByteReader(bytes)
        reader.append(bytes.byteCount, to: &collected)  // bounded above
    }

    private mutating func takeTransportFacts() {
        for fact in transportFacts {
            switch fact {
            case .programMap(let map):
                for stream in map.streams {
                    if ElementaryStreamType.isVideo(stream.type) { transportTimes.hasVideo = true }
                    if ElementaryStreamType.isAudio(stream.type) { transportTimes.hasAudio = true }
                }
            case .unit(_, let presentation?, _, _, _):
                let time = Double(presentation) / 90_000
                transportTimes.firstTime = min(transportTimes.firstTime ?? time, time)
                transportTimes.lastTime = max(transportTimes.lastTime ?? time, time)
            case .unit, .clock, .continuityError: break
            }
        }
        transportFacts.removeAll(keepingCapacity: true)
    }

    private mutating func takeFacts(into found: inout [MediaReport.Content]) {
        for fact in facts {
            switch fact {
            case .initialization(let tracks, _, _): found.append(.initialization(tracks))
            case .fragment(let fragment):
                fragments += 1
                if let stamp = fragment.producerReferenceTime?.wallClock {
                    firstStamp = firstStamp ?? stamp
                    lastStamp = stamp
                }
                found.append(.chunk(fragment))
            case .segmentType, .segmentIndex, .producerReferenceTime, .eventMessage, .fragmentBegan, .lost: break
            }
        }
        facts.removeAll(keepingCapacity: true)
    }
}

/// FLV as the content of a response.
private struct FlashVideoBody: Sendable {
    var reader = FLVReader()
    private(set) var meter = FLVMeter()

    mutating func take(_ bytes: RawSpan, at time: Timestamp) {
        var input = ByteReader(bytes)
        while let tag = reader.next(&input) {
            meter.observe(type: tag.type, timestamp: tag.timestamp, length: tag.length, head: tag.head, at: time)
        }
    }
}
