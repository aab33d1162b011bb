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
    static let maximumSegments = 512
    /// Segments whose chunks are kept one by one; of older ones what they say together.
    static let detailedSegments = 24
    static let maximumOpen = 64
    static let maximumFlows = 64
    static let maximumSwitches = 256
    static let maximumInitializations = 64

    static let limits = [
        Limit("segments of a media session", maximumSegments, per: .engine, policy: "the oldest go; counts stay"),
        Limit("exchanges of a media session under way", maximumOpen, per: .engine, policy: "the oldest goes"),
        Limit("connections of a media session", maximumFlows, per: .engine, policy: "more are not listed"),
        Limit("switches of a media session", maximumSwitches, per: .engine, policy: "the oldest go"),
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
    var segmentLimit = MediaSessionTracker.maximumSegments
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
    var told = ToldByPlayer()
    var clocks = ServerClockMeter()
    var pacing = ChunkPacing()
    var arrivals = AgeRecord()
    var arrivalSource: MediaLatency.Source?
    var audioArrivals = AgeRecord()
    var latencies = AgeRecord()
    var latencySource: MediaLatency.Source?
    var latencyTrend = LatencyTrend()
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

    /// The kind of media by which the session is judged.
    var leadingType: MediaType { hasVideo ? .video : .audio }

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
        case .playerEvent(let data): hear(data, type: nil, at: exchange.requestTime ?? report.report.time)
        case .ended(let transfer): end(transfer, report, name)
        }
    }

    private mutating func note(_ report: FlowReport) {
        if let known = flows.firstIndex(where: { $0.ordinal == report.flow }) {
            flows[known].identifier = flows[known].identifier ?? report.identifier
        } else if flows.count < Self.maximumFlows {
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

    private mutating func ask(_ report: FlowReport, _ name: ExchangeName) {
        let exchange = report.report.exchange
        let identity = identity(of: exchange)
        if let identity, identity.kind == .segment || identity.kind == .part {
            remember(name, identity)
        }
        hear(exchange.clientData, type: identity.map { type(of: $0) }, at: exchange.requestTime ?? report.report.time)
    }

    private mutating func answer(_ report: FlowReport, _ name: ExchangeName) {
        let exchange = report.report.exchange
        guard let status = exchange.status, status == 200 || status == 206 else { return forget(name) }
        if let date = exchange.date { clocks.note(date: date, of: exchange) }
        begin(report, name)
    }

    /// Finds, or opens, the segment that an exchange carries.
    @discardableResult
    private mutating func begin(_ report: FlowReport, _ name: ExchangeName) -> Int? {
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
    private mutating func summarize(_ position: Int) {
        guard segments.indices.contains(position), !segments[position].chunks.isEmpty else { return }
        segments[position].cadence = MediaSegmentCadence(of: segments[position])
        segments[position].chunks = []
    }

    /// A segment whose first parts came before.
    private func knownSegment(_ identity: MediaIdentity, _ exchange: MediaExchange) -> Int? {
        guard identity.kind == .part || (exchange.rangeStart ?? 0) > 0 else { return nil }
        for index in segments.indices.reversed().prefix(12)
        where segments[index].representation == identity.representation && segments[index].number == identity.number {
            return firstSegment + index
        }
        return nil
    }

    private mutating func openSegment(_ identity: MediaIdentity, _ report: FlowReport) -> Int {
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
        while segments.count >= min(Self.maximumSegments, segmentLimit) {  // each turn takes one away
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

    // MARK: Media

    private mutating func take(_ tracks: InitializationSegment, _ report: FlowReport, _ name: ExchangeName) {
        guard let url = report.report.exchange.url else { return }
        let identity = identity(of: report.report.exchange) ?? MediaAddressPattern.identity(of: URLReference(url))
        guard let representation = identity?.representation else { return }
        initializations.removeAll { $0.representation == representation }
        if initializations.count >= Self.maximumInitializations { initializations.removeFirst() }
        initializations.append((representation, URLReference(url), tracks))
        if let type = Self.type(of: tracks) { setType(type, of: representation) }
    }

    private static func type(of tracks: InitializationSegment) -> MediaType? {
        let hasVideo = tracks.tracks.contains { $0.isVideo }
        let hasAudio = tracks.tracks.contains { $0.isAudio }
        return hasVideo && hasAudio ? .muxed : hasVideo ? .video : hasAudio ? .audio : nil
    }

    private mutating func setType(_ type: MediaType, of representation: String) {
        guard types[representation] != nil || types.count < 512 else { return }
        types[representation] = type
    }

    private mutating func take(_ fragment: MediaFragment, _ report: FlowReport, _ name: ExchangeName) {
        guard let number = begin(report, name), let position = position(number) else { return }
        let identity = open.first { $0.name == name }?.identity
        let representation = segments[position].representation ?? ""
        let tracks = initialization(of: representation, identity)
        if segments[position].type == .unknown, types[representation] == nil, let type = tracks.flatMap(Self.type) {
            setType(type, of: representation)
        }
        var chunk = MediaChunk(
            firstByteTime: fragment.firstByte, lastByteTime: fragment.lastByte, duration: 0, bytes: fragment.byteCount)
        if let track = fragment.tracks.first {
            let description = tracks?[track.trackID] ?? tracks?.tracks.first
            if let description, description.timescale > 0 {
                let units = track.duration ?? description.defaults?.duration.map { UInt64($0) &* track.sampleCount }
                chunk.duration = Double(units ?? 0) / Double(description.timescale)
                if let time = track.presentationTime(in: description) {
                    chunk.mediaTime = manifests.presentationTime(time, identity?.position)
                }
            } else if let part = identity?.duration, identity?.kind == .part {
                chunk.duration = part
            }
        }
        if let stamp = fragment.producerReferenceTime {
            chunk.producerTime = stamp.wallClock
            chunk.age = fragment.lastByte - stamp.wallClock
        }
        add(chunk, to: position, stampOffset(fragment, tracks), report)
    }

    /// Seconds from the media time that a stamp names to the chunk's first sample: as a rule none.
    private func stampOffset(_ fragment: MediaFragment, _ tracks: InitializationSegment?) -> Double {
        guard let stamp = fragment.producerReferenceTime, let track = fragment.tracks.first,
            let scale = (tracks?[track.trackID] ?? tracks?.tracks.first)?.timescale, scale > 0,
            let base = track.baseDecodeTime
        else { return 0 }
        let units = base.subtractingReportingOverflow(stamp.mediaTime)
        let offset = Double(units.partialValue) / Double(scale)
        return units.overflow || abs(offset) > 60 ? 0 : offset
    }

    private mutating func add(_ chunk: MediaChunk, to position: Int, _ stampOffset: Double, _ report: FlowReport) {
        var segment = segments[position]
        let type = segment.type == .unknown ? types[segment.representation ?? ""] ?? .unknown : segment.type
        segment.type = type
        if segment.chunkCount == 0 { segment.mediaTime = chunk.mediaTime ?? segment.mediaTime }
        segment.chunkCount += 1
        if segment.chunks.count < MediaSegment.maximumChunks { segment.chunks.append(chunk) }
        segment.endTime = chunk.lastByteTime
        segments[position] = segment
        if chunk.duration > 0, isLeading(type) {
            chunkDuration = segment.chunkCount == 1 || chunkDuration == nil ? chunk.duration : chunkDuration
        }
        if let stamp = chunk.producerTime, let age = chunk.age {
            if isLeading(type) { clocks.note(age: age) }
            if type == .audio { audioArrivals.record(age) } else { arrivals.record(age) }
            if isLeading(type) {
                arrivalSource = .prft
                if let time = chunk.mediaTime { zero = stamp - Nanoseconds(ofSeconds: time - stampOffset) }
            }
        } else if let time = chunk.mediaTime, isLeading(type),
            let made = manifests.availability(of: time + chunk.duration)
        {
            let age = chunk.lastByteTime - made
            if arrivalSource != .prft {
                arrivalSource = .availability
                if type == .audio { audioArrivals.record(age) } else { arrivals.record(age) }
                zero = manifests.availability(of: 0)
            }
        }
        guard let time = chunk.mediaTime, chunk.duration > 0 else { return }
        play(type, from: time, to: time + chunk.duration, at: chunk.lastByteTime)
        if type == .audio {
            audioClock.note(time, at: chunk.lastByteTime)
        } else {
            mediaClock.note(time, at: chunk.lastByteTime)
        }
    }

    /// Media are there: the player has them now.
    mutating func play(_ type: MediaType, from start: Double, to end: Double, at time: Timestamp) {
        setThresholds()
        noteLatency(type, at: time)
        let before = player.stallCount
        player.add(type, from: start, to: end, at: time)
        eager.add(type, from: start, to: end, at: time)
        careful.add(type, from: start, to: end, at: time)
        tellStalls(since: before)
        series.note(player, eager, careful, at: time)
    }

    /// How far behind live it plays, at the moment at which more came.
    private mutating func noteLatency(_ type: MediaType, at time: Timestamp) {
        guard isLeading(type), player.isPlaying else { return }
        let before = player.stallCount
        player.advance(to: time)
        tellStalls(since: before)
        guard player.isPlaying, let playhead = player.playhead, let zero else { return }
        let latency = time - (zero + Nanoseconds(ofSeconds: playhead))
        latencies.record(latency)
        latencySource = arrivalSource
        latencyTrend.note(latency, at: time)
    }

    /// Players of low latency begin with three parts (RFC 8216bis section 4.4.3.8 asks for no less), others with a segment.
    private mutating func setThresholds() {
        let chunk = manifests.partDuration ?? chunkDuration ?? 0.2
        let segment = segmentDuration ?? 2
        if isLowLatency {
            player.threshold = 3 * chunk
            eager.threshold = chunk
            careful.threshold = max(2, 3 * chunk)
        } else {
            // One segment, of which the last frame of sound may be missing.
            player.threshold = 0.9 * segment
            eager.threshold = 0.9 * min(segment, 2)
            careful.threshold = 2.9 * segment
        }
    }

    /// Chunks or parts are fetched while their segment is being made.
    var isLowLatency: Bool { manifests.isLowLatency || segmentsBeingMade >= 2 }

    // MARK: Ends

    private mutating func end(_ transfer: MediaTransfer, _ report: FlowReport, _ name: ExchangeName) {
        defer { forget(name) }
        noteReload(transfer, report.report.exchange)
        guard let known = open.first(where: { $0.name == name }), let number = known.segment,
            let position = position(number)
        else { return }
        var segment = segments[position]
        let exchange = report.report.exchange
        segment.bytes &+= transfer.bytes
        segment.endTime = report.report.time
        segment.held = saturatingAdd(segment.held ?? 0, transfer.held ?? 0)
        if let server = transfer.server { segment.server = max(segment.server ?? 0, server) }
        segment.cache = exchange.cache?.state
        segment.busyBytes &+= transfer.busyBytes
        segment.busyTime = saturatingAdd(segment.busyTime, transfer.busyTime)
        segment.throughput = DeliveryPace.throughput(segment.busyBytes, segment.busyTime)
        let wasComplete = segment.isComplete
        segment.isComplete = wasComplete || transfer.isComplete && transfer.bytes > 0
        let chunks = segment.chunks.reduce(0) { $0 + $1.duration }
        if segment.chunkCount == segment.chunks.count, chunks > 0 { segment.duration = chunks }
        segments[position] = segment
        guard segment.isComplete else { return }
        if !wasComplete {
            completeSegments += 1
            if transfer.isMedia { mediaSegments += 1 }
        }
        if known.identity?.kind == .segment { pacing.judge(segment) }
        if let stamp = segment.chunks.last?.producerTime, segment.chunkCount >= 2, stamp > segment.requestTime,
            clocks.youngest >= 0, known.identity?.kind == .segment
        {
            segmentsBeingMade += 1
        }
        guard segment.chunkCount == 0 else { return }
        endWhole(position, known.identity, exchange, at: report.report.time)
    }

    /// A segment without readable chunks (MPEG-TS, encrypted containers): all of it is there at once, and the manifest says what
    /// it is.
    private mutating func endWhole(
        _ position: Int, _ identity: MediaIdentity?, _ exchange: MediaExchange, at time: Timestamp
    ) {
        let duration = segments[position].duration ?? segmentDuration ?? 0
        guard duration > 0 else { return }
        let type: MediaType = segments[position].type == .unknown ? .muxed : segments[position].type
        segments[position].type = type
        setType(type, of: segments[position].representation ?? "")
        var start = segments[position].mediaTime ?? runningEnd ?? 0
        if let date = identity?.date {
            if zero == nil { zero = date }
            if let zero { start = (date - zero).seconds }
            arrivalSource = .manifest
            arrivals.record(time - (date + Nanoseconds(ofSeconds: duration)))
        } else if let made = manifests.availability(of: start + duration) {
            arrivalSource = .availability
            arrivals.record(time - made)
            zero = manifests.availability(of: 0)
        }
        runningEnd = start + duration
        play(type, from: start, to: start + duration, at: time)
        mediaClock.note(start, at: time)
    }

    /// A blocking reload of a playlist is over.
    private mutating func noteReload(_ transfer: MediaTransfer, _ exchange: MediaExchange) {
        guard transfer.isComplete, let wait = transfer.timeToFirstByte, let text = exchange.url,
            HLSDirectives(URLReference(text))?.sequence != nil, exchange.status == 200
        else { return }
        longestReload = max(longestReload ?? 0, wait)
    }

    // MARK: Names

    private func identity(of exchange: MediaExchange) -> MediaIdentity? {
        guard let text = exchange.url else { return nil }
        let url = URLReference(text)
        let range = exchange.requestRange
        if let known = manifests.identity(of: url, range: range) { return known }
        guard let kind = MediaBodyKind(type: exchange.contentType, path: url.path),
            kind == .fragments || kind == .transportStream
        else { return nil }
        return MediaAddressPattern.identity(of: url)
    }

    func type(of identity: MediaIdentity) -> MediaType {
        identity.type != .unknown ? identity.type : types[identity.representation] ?? .unknown
    }

    private func initialization(of representation: String, _ identity: MediaIdentity?) -> InitializationSegment? {
        if let map = identity?.map, let named = initializations.last(where: { $0.url.isSame(map) }) {
            return named.tracks
        }
        if let own = initializations.first(where: { $0.representation == representation }) { return own.tracks }
        // By their looks: "init-2" beside "chunk-2", or beside "rep2.m3u8".
        let digits = Self.digits(representation)
        let alike = initializations.filter { Self.digits($0.representation) == digits }
        return alike.count == 1 ? alike[0].tracks : nil
    }

    private static func digits(_ name: String) -> String {
        name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex).filter(\.isNumber)
    }

    func position(_ segment: Int) -> Int? {
        let position = segment - firstSegment
        return segments.indices.contains(position) ? position : nil
    }

    private mutating func update(_ segment: Int, _ body: (inout MediaSegment) -> Void) {
        if let position = position(segment) { body(&segments[position]) }
    }

    private mutating func remember(_ name: ExchangeName, _ identity: MediaIdentity?, segment: Int? = nil) {
        if let index = open.firstIndex(where: { $0.name == name }) {
            open[index].identity = identity
            open[index].segment = segment ?? open[index].segment
            return
        }
        if open.count >= Self.maximumOpen { open.removeFirst() }
        open.append(OpenExchange(name: name, identity: identity, segment: segment))
    }

    private mutating func forget(_ name: ExchangeName) { open.removeAll { $0.name == name } }
}
