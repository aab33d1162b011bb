import StreamtopBase
import StreamtopModel

@testable import StreamtopApplication
@testable import StreamtopWire

/// A live presentation and players at it, as the exchanges of their connections would report them.
struct TestPresentation {
    static let start = Timestamp(seconds: 1_790_000_000, nanoseconds: 0)

    static let manifest = """
        <?xml version="1.0"?><MPD type="dynamic" availabilityStartTime="2026-09-21T14:13:20Z" minimumUpdatePeriod="PT60S">
        <Period start="PT0S"><AdaptationSet contentType="video">
        <Representation id="low" bandwidth="250000" codecs="avc1.42c00c" width="320" height="180" mimeType="video/mp4">
        <SegmentTemplate timescale="1000" duration="2000" startNumber="1" initialization="i-$RepresentationID$.m4s"
        media="s-$RepresentationID$-$Number$.m4s" availabilityTimeOffset="1.8"/></Representation>
        <Representation id="high" bandwidth="1200000" mimeType="video/mp4">
        <SegmentTemplate timescale="1000" duration="2000" startNumber="1" initialization="i-$RepresentationID$.m4s"
        media="s-$RepresentationID$-$Number$.m4s" availabilityTimeOffset="1.8"/></Representation></AdaptationSet>
        <AdaptationSet contentType="audio"><Representation id="sound" bandwidth="64000" mimeType="audio/mp4">
        <SegmentTemplate timescale="1000" duration="2000" startNumber="1" initialization="i-$RepresentationID$.m4s"
        media="s-$RepresentationID$-$Number$.m4s" availabilityTimeOffset="1.8"/></Representation></AdaptationSet>
        </Period><UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="http://origin.test/time"/></MPD>
        """

    var table = MediaSessionTable()
    var events: [(session: Int, flow: FlowIdentifier?, MediaSessionEvent)] = []
    private var waiting: [FlowReport] = []
    var exchanges: UInt64 = 0
    var client = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 40_000)
    var userAgent = "player"
    var clientData: [HTTPClientDatum] = []
    /// From the capture point to the server and back.
    var roundTrip: Nanoseconds = .milliseconds(20)

    static func at(_ seconds: Double) -> Timestamp { start + Nanoseconds(seconds * 1e9) }

    mutating func exchange(_ path: String, at seconds: Double, type: String? = nil) -> MediaExchange {
        exchanges += 1
        var exchange = MediaExchange(identifier: exchanges)
        exchange.method = "GET"
        exchange.url = "http://origin.test/live/" + path
        if path.hasPrefix("/") { exchange.url = "http://origin.test" + path }
        exchange.userAgent = userAgent
        exchange.requestTime = Self.at(seconds)
        exchange.clientData = clientData
        exchange.contentType = type
        exchange.roundTrip = roundTrip
        return exchange
    }

    mutating func report(_ content: MediaReport.Content, _ exchange: MediaExchange, on flow: UInt64, at seconds: Double)
    {
        waiting.append(
            FlowReport(
                flow: flow, identifier: FlowIdentifier(number: flow), client: client,
                server: Endpoint(address: IPAddress(v4: 0x0a00_0002), port: 80),
                report: MediaReport(time: Self.at(seconds), exchange: exchange, content: content)))
    }

    /// Hands over what was said, in the order of time.
    mutating func flush() {
        let order = waiting.indices.sorted {
            (waiting[$0].report.time, $0) < (waiting[$1].report.time, $1)
        }
        for index in order { table.take(waiting[index], into: &events) }
        waiting.removeAll()
    }

    /// Asks and is answered at once; returns the exchange, still open.
    mutating func open(_ path: String, on flow: UInt64, at seconds: Double, status: Int = 200) -> MediaExchange {
        var exchange = exchange(path, at: seconds)
        report(.asked, exchange, on: flow, at: seconds)
        exchange.status = status
        exchange.responseTime = Self.at(seconds + roundTrip.seconds)
        report(.answered, exchange, on: flow, at: seconds + roundTrip.seconds)
        return exchange
    }

    mutating func fetchManifest(on flow: UInt64, at seconds: Double, path: String = "live.mpd") {
        let exchange = open(path, on: flow, at: seconds)
        let bytes = Array(Self.manifest.utf8)
        let url = URLReference(exchange.url ?? "")
        if let manifest = DASHManifest(reading: unsafe bytes.span.bytes, from: url) {  // UInt8 has no padding
            report(.dash(manifest, bytes: bytes.count), exchange, on: flow, at: seconds + 0.02)
        }
        end(exchange, bytes: UInt64(bytes.count), on: flow, at: seconds + 0.02, isMedia: false)
    }

    mutating func fetchInit(_ name: String, on flow: UInt64, at seconds: Double) {
        let exchange = open("i-\(name).m4s", on: flow, at: seconds)
        var tracks = InitializationSegment()
        var track = TrackDescription()
        track.id = 1
        track.timescale = 1_000
        track.handler = FourCharacterCode(name == "sound" ? 0x736f_756e : 0x7669_6465)
        tracks.tracks = [track]
        report(.initialization(tracks), exchange, on: flow, at: seconds + 0.02)
        end(exchange, bytes: 800, on: flow, at: seconds + 0.02, isMedia: false)
    }

    mutating func end(
        _ exchange: MediaExchange, bytes: UInt64, on flow: UInt64, at seconds: Double, isMedia: Bool = true,
        isComplete: Bool = true
    ) {
        var transfer = MediaTransfer(bytes: bytes, isComplete: isComplete)
        transfer.isMedia = isMedia
        transfer.busyBytes = 62_500
        transfer.busyTime = .milliseconds(100)
        report(.ended(transfer), exchange, on: flow, at: seconds)
    }

    /// One segment of ten chunks, each there `lag` seconds after its end on the presentation's clock.
    mutating func fetchSegment(
        _ name: String, _ number: Int, on flow: UInt64, at seconds: Double, lag: Double = 0.05,
        arrivals: ((Int) -> Double)? = nil, stamped: Bool = true
    ) {
        let exchange = open("s-\(name)-\(number).m4s", on: flow, at: seconds)
        var last = seconds
        for index in 0..<10 {
            let begin = Double(number - 1) * 2 + Double(index) * 0.2
            let came = max(seconds + 0.02, arrivals?(index) ?? begin + 0.2 + lag)
            last = max(last, came)
            report(.chunk(Self.chunk(begin, cameAt: last, stamped: stamped)), exchange, on: flow, at: last)
        }
        end(exchange, bytes: 100_000, on: flow, at: last)
    }

    static func chunk(_ begin: Double, cameAt: Double, stamped: Bool) -> MediaFragment {
        var fragment = MediaFragment(
            sequence: nil, chunkOffset: 0, fragmentOffset: 0, endOffset: 10_000, firstByte: at(cameAt - 0.01),
            fragmentByte: at(cameAt - 0.01), lastByte: at(cameAt))
        var track = TrackFragment(trackID: 1)
        track.baseDecodeTime = Int64((begin * 1_000).rounded())
        track.duration = 200
        track.sampleCount = 5
        fragment.tracks = [track]
        if stamped {
            fragment.producerReferenceTime = ProducerReferenceTime(
                trackID: 1, wallClock: at(begin), mediaTime: Int64((begin * 1_000).rounded()), flags: 24)
        }
        return fragment
    }

    /// A player that joins at the live edge and fetches `count` segments of video and sound, on two connections.
    mutating func play(_ name: String = "low", count: Int, from first: Int = 1, flows: (UInt64, UInt64) = (1, 2)) {
        let begin = Double(first - 1) * 2 + 0.1
        fetchManifest(on: flows.0, at: begin)
        fetchInit(name, on: flows.0, at: begin + 0.05)
        fetchInit("sound", on: flows.1, at: begin + 0.05)
        for number in first..<(first + count) {
            let asked = max(begin + 0.1, Double(number - 1) * 2 + 0.06)
            fetchSegment(name, number, on: flows.0, at: asked)
            fetchSegment("sound", number, on: flows.1, at: asked)
        }
    }

    mutating func sessions(at seconds: Double) -> [MediaSessionSnapshot] {
        flush()
        return table.snapshots(at: Self.at(seconds))
    }
}
