import StreamtopBase
import StreamtopModel
import StreamtopWire

/// A report with the flow that it came from.
package struct FlowReport: Sendable {
    /// Ordinal of the flow's opening frame: its name for as long as the run lasts.
    package var flow: UInt64
    /// nil where the flow is gone by now.
    package var identifier: FlowIdentifier?
    package var client: Endpoint
    package var server: Endpoint
    package var report: MediaReport

    package init(flow: UInt64, identifier: FlowIdentifier?, client: Endpoint, server: Endpoint, report: MediaReport) {
        self.flow = flow
        self.identifier = identifier
        self.client = client
        self.server = server
        self.report = report
    }
}

/// One player and one presentation: puts together what exchanges report, over any number of connections. It sees facts and no bytes,
/// and time only as it stands in them.
struct MediaSessionTracker: Sendable {
    static let segmentCapacity = 512
    /// Segments whose chunks are kept one by one; of older ones what they say together.
    static let detailedSegments = 24
    static let openCapacity = 64
    static let flowCapacity = 64
    static let switchCapacity = 256
    static let initializationCapacity = 64

    static let limits = [
        Limit("segments of a media session", segmentCapacity, per: .engine, policy: "the oldest go; counts stay"),
        Limit("exchanges of a media session under way", openCapacity, per: .engine, policy: "the oldest goes"),
        Limit("connections of a media session", flowCapacity, per: .engine, policy: "more are not listed"),
        Limit("switches of a media session", switchCapacity, per: .engine, policy: "the oldest go"),
    ]

    struct ExchangeName: Hashable, Sendable {
        var flow: UInt64
        var exchange: UInt64
    }

    struct OpenExchange: Sendable {
        var name: ExchangeName
        var identity: MediaIdentity?
        /// Number of its segment among all of the session.
        var segment: Int?
    }

    let number: Int
    let client: IPAddress
    let userAgent: String?
    /// The player's own name for the session (CMCD `sid`).
    var playerName: String?
    var origin: String?
    let start: Timestamp
    var last: Timestamp
    /// When media, or a request, passed last: connections may close much later.
    var lastMedia: Timestamp
    var flows: [(ordinal: UInt64, identifier: FlowIdentifier?)] = []
    var manifests = MediaManifests()
    var initializations: [(representation: String, url: URLReference, tracks: InitializationSegment)] = []
    var open: [OpenExchange] = []
    /// Segments that it may keep, of what all sessions may keep together.
    var segmentLimit = MediaSessionTracker.segmentCapacity
    /// The newest; the first of them is number `firstSegment` of the session.
    var segments: [MediaSegment] = []
    var firstSegment = 0
    var types: [String: MediaType] = [:]
    /// Hosts and folders of what was fetched.
    var folders: [String] = []
    /// When the first manifest was fetched last.
    var manifestTime: Timestamp?
    /// A manifest lists video.
    var offersVideo = false
    /// A segment that comes in parts: it is judged when the next begins.
    var segmentInParts: Int?
    var switches: [MediaSwitch] = []
    var current: (representation: String, type: MediaType)?
    var completeSegments = 0
    /// Of these, those in which media could be read.
    var mediaSegments = 0
    var segmentsBeingMade = 0
    var chunkDuration: Double?
    var segmentDuration: Double?
    /// As it is taken to be, and the ends of what it may be: playback began as soon, or as late, as players do.
    var player = PlayerModel(threshold: 0.6)
    var eager = PlayerModel(threshold: 0.2)
    var careful = PlayerModel(threshold: 2)
    var series = BufferSeries()
    var reported = PlayerReports()
    var clocks = ServerClockMeter()
    var pacing = ChunkPacing()
    var arrivals = AgeRecord()
    var arrivalSource: MediaLatency.Source?
    var audioArrivals = AgeRecord()
    var latencies = AgeRecord()
    var latencySource: MediaLatency.Source?
    var latencyTrend = LatencyTrend()
    /// Of the newest media that came while it played.
    var latencyParts: MediaLatency.Parts?
    var mediaClock = SegmentClockMeter()
    var audioClock = SegmentClockMeter()
    /// Wall time of media time zero, as the newest stamp says.
    var zero: Timestamp?
    var runningEnd: Double?
    var longestReload: Nanoseconds?
    /// What people are to be told, once it is a session.
    var events: [MediaSessionEvent] = []

    init(number: Int, _ report: FlowReport) {
        self.number = number
        client = report.client.address
        userAgent = report.report.exchange.userAgent
        start = report.report.exchange.requestTime ?? report.report.time
        last = report.report.time
        lastMedia = last
    }

    /// Enough was seen to call it a session: a segment that a manifest lists, or several with media in them. A file is no segment
    /// for its name.
    var isEstablished: Bool { mediaSegments >= 2 || completeSegments >= 1 && !manifests.isEmpty }

    var hasVideo: Bool { offersVideo || types.values.contains { $0 == .video || $0 == .muxed } }

    func isLeading(_ type: MediaType) -> Bool { type == .video || type == .muxed || type == .audio && !hasVideo }

    // MARK: Reports

    mutating func take(_ report: FlowReport) {
        last = max(last, report.report.time)
        switch report.report.content {
        case .asked, .chunk, .transportStream: lastMedia = max(lastMedia, report.report.time)
        case .ended(let transfer) where transfer.isComplete: lastMedia = max(lastMedia, report.report.time)
        default: break
        }
        note(report)
        defer { if manifestTime == nil, manifests.url != nil { manifestTime = report.report.exchange.requestTime } }
        let exchange = report.report.exchange
        let name = ExchangeName(flow: report.flow, exchange: exchange.identifier)
        switch report.report.content {
        case .asked: ask(report, name)
        case .answered: answer(report, name)
        case .initialization(let tracks): take(tracks, report, name)
        case .chunk(let fragment): take(fragment, report, name)
        case .dash(let manifest, let bytes):
            if let url = exchange.url { manifests.take(manifest, from: URLReference(url), bytes: bytes) }
            offersVideo = manifests.representations.contains { $0.type == .video }
        case .hls(let playlist, let bytes):
            if let url = exchange.url { manifests.take(playlist, from: URLReference(url), bytes: bytes) }
        case .transportStream: break
        case .timeOfDay(let value):
            if let url = exchange.url, manifests.isTimeSource(URLReference(url)) {
                clocks.note(timeOfDay: value, of: exchange)
            }
        case .playerEvent(let data): record(data, type: nil, at: exchange.requestTime ?? report.report.time)
        case .ended(let transfer): end(transfer, report, name)
        }
    }

    mutating func note(_ report: FlowReport) {
        if let known = flows.firstIndex(where: { $0.ordinal == report.flow }) {
            flows[known].identifier = flows[known].identifier ?? report.identifier
        } else if flows.count < Self.flowCapacity {
            flows.append((report.flow, report.identifier))
        }
        guard let text = report.report.exchange.url else { return }
        let url = URLReference(text)
        if origin == nil { origin = url.authority }
        if let own = manifests.url, own.isSame(url), case .asked = report.report.content {
            manifestTime = report.report.time
        }
        if folders.count < 16, MediaBodyKind.kind(ofPath: url.path) != nil {
            let folder = Self.folder(of: url)
            if !folders.contains(folder) { folders.append(folder) }
        }
    }

    mutating func ask(_ report: FlowReport, _ name: ExchangeName) {
        let exchange = report.report.exchange
        let identity = identity(of: exchange)
        if let identity, identity.kind == .segment || identity.kind == .part {
            remember(name, identity)
        }
        record(exchange.clientData, type: identity.map { type(of: $0) }, at: exchange.requestTime ?? report.report.time)
    }

    mutating func answer(_ report: FlowReport, _ name: ExchangeName) {
        let exchange = report.report.exchange
        guard let status = exchange.status, status == 200 || status == 206 else { return forget(name) }
        if let date = exchange.date { clocks.note(date: date, of: exchange) }
        begin(report, name)
    }

    /// Finds, or opens, the segment that an exchange carries.
    @discardableResult
    mutating func begin(_ report: FlowReport, _ name: ExchangeName) -> Int? {
        let exchange = report.report.exchange
        if let known = open.first(where: { $0.name == name }), let segment = known.segment { return segment }
        let identity = open.first { $0.name == name }?.identity ?? identity(of: exchange)
        guard let identity, identity.kind == .segment || identity.kind == .part else { return nil }
        let number: Int
        if let known = knownSegment(identity, exchange) {
            number = known
            update(known) { $0.parts += 1 }
        } else {
            number = openSegment(identity, report)
        }
        remember(name, identity, segment: number)
        let type = type(of: identity)
        player.expect(type, at: report.report.time)
        eager.expect(type, at: report.report.time)
        careful.expect(type, at: report.report.time)
        return number
    }

    /// A segment has grown old: its chunks are kept together only.
    mutating func summarize(_ position: Int) {
        guard segments.indices.contains(position), !segments[position].chunks.isEmpty else { return }
        segments[position].cadence = MediaSegmentCadence(of: segments[position])
        segments[position].chunks = []
    }

    /// A segment whose first parts came before.
    func knownSegment(_ identity: MediaIdentity, _ exchange: MediaExchange) -> Int? {
        guard identity.kind == .part || (exchange.rangeStart ?? 0) > 0 else { return nil }
        for index in segments.indices.reversed().prefix(12)
        where segments[index].representation == identity.representation && segments[index].number == identity.number {
            return firstSegment + index
        }
        return nil
    }

    mutating func openSegment(_ identity: MediaIdentity, _ report: FlowReport) -> Int {
        let exchange = report.report.exchange
        let asked = exchange.requestTime ?? exchange.responseTime ?? report.report.time
        var segment = MediaSegment(exchange: exchange.identifier, requestTime: asked, type: type(of: identity))
        segment.flow = report.identifier
        segment.number = identity.number
        segment.representation = identity.representation
        segment.firstByteTime = exchange.responseTime
        segment.endTime = report.report.time
        // A part's length is its own.
        segment.duration = identity.kind == .segment ? identity.duration : nil
        segment.mediaTime = identity.manifestTime
        if identity.kind == .segment, let duration = identity.duration { segmentDuration = duration }
        if identity.type != .unknown { setType(identity.type, of: identity.representation) }
        while segments.count >= min(Self.segmentCapacity, segmentLimit) {  // each pass takes one away
            segments.removeFirst()
            firstSegment += 1
        }
        segments.append(segment)
        summarize(segments.count - 1 - Self.detailedSegments)
        if identity.kind == .part, isLeading(segment.type) || segment.type == .unknown {
            if let before = segmentInParts, let position = position(before) { pacing.judge(segments[position]) }
            segmentInParts = firstSegment + segments.count - 1
        }
        noteSwitch(to: identity, segment)
        return firstSegment + segments.count - 1
    }
}
