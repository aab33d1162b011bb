import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// Each piece of the input begins with its direction and its length.
private func forEachPiece(
    _ bytes: [UInt8], _ body: (_ piece: RawSpan, _ direction: Direction, _ time: Timestamp) -> Void
) {
    var time = Timestamp(nanoseconds: 0)
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let head = reader.uint8()
        let piece = reader.reader(of: Int(reader.uint8()))
        time = time + .milliseconds(Int64(head >> 1))
        body(piece.restSpan, head & 1 == 0 ? .fromClient : .fromServer, time)
    }
}

/// STUN and TURN, or packets framed by a length, in a stream whose segments end anywhere.
func fuzzTURNStream(_ bytes: [UInt8]) {
    var stream = STUNStream()
    var tracker = STUNTracker(transport: "tcp")
    var relayed = RelayedDatagrams()
    var now = Observation()
    forEachPiece(bytes) { piece, direction, time in
        now.begin(from: direction, at: time)
        if piece.byteCount == 0 { stream.noteGap(direction) } else { stream.append(piece, direction) }
        while let part = stream.next(direction) {
            switch part {
            case .message(let range), .channelData(let range):
                tracker.observe(
                    stream.bytes(range, direction), wireLength: range.count, relayed: &relayed, &now)
            case .packet(let range): relayed.append(framed: stream.bytes(range, direction), from: direction, at: time)
            }
        }
        precondition(stream.heldBytes < 1 << 19)
        relayed.removeAll()
        now.clear()
    }
    report(tracker, at: now.time)
}

private var anyHosts: HostPair {
    HostPair(FlowKey(source: .unspecified, destination: .unspecified, transport: 17))
}

func fuzzRTP(_ bytes: [UInt8]) {
    var tracker = RTPFlowTracker(1, between: anyHosts)
    var tables = MediaTables(capacity: 16)
    var now = Observation()
    if bytes.first ?? 0 > 127 { tracker.isExpected = true }
    forEachPiece(bytes) { piece, direction, time in
        now.begin(from: direction, at: time)
        _ = tracker.observe(piece, wireLength: piece.byteCount, tables: &tables, &now)
        tables.search(at: time)
        now.clear()
    }
    let streams = tracker.report(at: now.time, tables: tables)
    for stream in streams { precondition(stream.lost <= stream.expected) }
}

func fuzzRTCP(_ bytes: [UInt8]) {
    var tracker = RTPFlowTracker(1, between: anyHosts)
    var tables = MediaTables(capacity: 16)
    var now = Observation()
    tracker.isExpected = true
    if bytes.first ?? 0 > 127 { tracker.protect() }
    // One datagram each, and the whole as one.
    forEachPiece(bytes) { piece, direction, time in
        now.begin(from: direction, at: time)
        _ = tracker.observe(piece, wireLength: piece.byteCount, tables: &tables, &now)
        now.clear()
    }
    let whole = unsafe bytes.span.bytes  // UInt8 has no padding
    _ = tracker.observe(whole, wireLength: whole.byteCount, tables: &tables, &now)
    _ = tracker.rtcp.report { _ in 90_000 }
}

func fuzzSCTP(_ bytes: [UInt8]) {
    var tracker = SCTPAssociationTracker()
    var now = Observation()
    forEachPiece(bytes) { piece, direction, time in
        now.begin(from: direction, at: time)
        tracker.observe(chunks: piece, &now)
        now.clear()
    }
    _ = SCTPProbe.isPacket(unsafe bytes.span.bytes, isInDTLS: true)
    report(tracker, at: now.time)
}

func fuzzSDP(_ bytes: [UInt8]) {
    _ = SessionDescription(unsafe bytes.span.bytes)
    _ = SessionDescription(unsafe bytes.span.bytes, isWhole: false)
    _ = SessionDescription(fragment: unsafe bytes.span.bytes)
    _ = Base64.decode(bytes)
    var scanner = DescriptionScanner()
    forEachPiece(bytes) { piece, direction, _ in
        if piece.byteCount == 0, direction == .fromServer { scanner.lose() } else { scanner.feed(piece) }
        precondition(scanner.heldBytes <= 1 << 18)
    }
    _ = scanner.end()
    // The whole as one message, whose descriptions are read in turn.
    scanner.feed(unsafe bytes.span.bytes)
    for case .description(let text) in scanner.end() { _ = SessionDescription(unsafe text.span.bytes) }
}

func fuzzSIP(_ bytes: [UInt8]) {
    var tracker = SIPTracker()
    var tables = MediaTables(capacity: 16)
    var now = Observation()
    let whole = unsafe bytes.span.bytes  // UInt8 has no padding
    tracker.observe(datagram: whole, wireLength: whole.byteCount, tables: &tables, now)
    tracker.observe(datagram: whole, wireLength: whole.byteCount + 9, tables: &tables, now)
    forEachPiece(bytes) { piece, direction, time in
        now.begin(from: direction, at: time)
        let range = DeliveredRange(.payload, start: 0, count: piece.byteCount)
        let delivery = Delivery(direction: direction, time: time, content: .bytes(range))
        tracker.observe(piece, delivery, tables: &tables, now)
    }
    precondition(tracker.heldBytes < 1 << 20)
    report(tracker, at: now.time)
}
