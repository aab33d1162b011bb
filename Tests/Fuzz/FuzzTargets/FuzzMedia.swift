import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// ISO media boxes: stretches of the input, each fed or missing, by the byte before it.
func fuzzBoxes(_ bytes: [UInt8]) {
    var scanner = MediaBoxScanner()
    var facts: [MediaFact] = []
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    var time = Timestamp(nanoseconds: 0)
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let isGap = reader.uint8() == 0
        let count = Int(reader.uint8())
        time = time + .milliseconds(1)
        if isGap {
            scanner.gap(of: UInt64(count), at: time, into: &facts)
        } else {
            let part = reader.reader(of: count)
            scanner.feed(part.restSpan, at: time, into: &facts)
        }
        facts.removeAll(keepingCapacity: true)
    }
    scanner.end(at: time, into: &facts)
    precondition(scanner.heldBytes <= MediaBoxScanner.heldByteCapacity)
}

/// Manifests, playlists and content codings: the first byte chooses.
func fuzzManifest(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    let span = unsafe rest.span.bytes  // UInt8 has no padding
    let url = URLReference("http://host.test/live/main")
    switch first % 5 {
    case 0:
        guard let manifest = DASHManifest(reading: span, from: url) else { return }
        for name in ["/live/init.mp4", "/live/0/7.m4s", "/live/chunk-0-00007.m4s"] {
            guard let found = manifest.resource(at: URLReference(name)), case .media(let segment) = found.kind else {
                continue
            }
            _ = manifest.availability(of: segment, at: found.position)
        }
    case 1:
        guard case .media(let playlist)? = HLSPlaylist(reading: span, from: url) else { return }
        _ = playlist.completed(by: playlist).resource(at: URLReference("/live/a.mp4"), range: 0...9)
    case 2, 3, 4:
        let coding = ContentCoding.allCases[Int(first % 5) - 2]
        precondition((coding.decode(span, limit: 65_536)?.count ?? 0) <= 65_536)
    default: break
    }
}

/// Datagrams for a tracker, each with its direction and length before it.
func fuzzDatagrams<Tracker: LayerTracker & ~Copyable>(_ bytes: [UInt8], _ tracker: consuming Tracker) {
    var tracker = tracker
    var now = Observation()
    var time = Timestamp(nanoseconds: 0)
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let head = reader.uint8()
        let direction: Direction = head & 1 == 0 ? .fromClient : .fromServer
        let part = reader.reader(of: Int(reader.uint8()) * (head & 2 == 0 ? 1 : 8))
        time = time + .milliseconds(10)
        now.begin(from: direction, at: time)
        now.cutBytes = head & 4 == 0 ? 0 : Int(head)
        let content: Delivery.Content =
            head & 0xf8 == 0xf8
            ? .gap(UInt64(head)) : .datagram(DeliveredRange(.payload, start: 0, count: part.remaining))
        tracker.observe(part.restSpan, Delivery(direction: direction, time: time, content: content), &now)
        if head & 0xf8 == 0x80 { tracker.exchangeEnds() }
        now.clear()
    }
    report(tracker, at: time)
}
