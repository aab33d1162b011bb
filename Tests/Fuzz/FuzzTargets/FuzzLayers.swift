import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// A tracker of a byte stream: each stretch of the input begins with what it is, its direction and its length.
func fuzzStream<Tracker: LayerTracker & ~Copyable>(_ bytes: [UInt8], _ tracker: consuming Tracker) {
    var tracker = tracker
    var now = Observation()
    var time = Timestamp(nanoseconds: 0)
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let head = reader.uint8()
        let direction: Direction = head & 16 == 0 ? .fromClient : .fromServer
        let count = Int(reader.uint8())
        time = time + .milliseconds(1)
        now.begin(from: direction, at: time)
        var content = Delivery.Content.gap(UInt64(count))
        switch head >> 5 {
        case 0: break
        case 1: content = .end
        case 2: content = .reset(code: UInt64(count))
        default: content = .bytes(DeliveredRange(.payload, start: 0, count: min(count, reader.remaining)))
        }
        let delivery = Delivery(direction: direction, time: time, isEarly: head & 1 != 0, content: content)
        if delivery.range != nil {
            let part = reader.reader(of: count)
            tracker.observe(part.restSpan, delivery, &now)
        } else {
            tracker.observe(RawSpan(), delivery, &now)
        }
        if head & 15 == 15 { tracker.exchangeEnds() }
        now.clear()
    }
    report(tracker, at: time)
}

/// Datagrams of STUN and TURN, each with its direction and length before it.
func fuzzSTUN(_ bytes: [UInt8]) {
    var tracker = STUNTracker(transport: "udp")
    var relayed = RelayedDatagrams()
    var now = Observation()
    var time = Timestamp(nanoseconds: 0)
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let direction: Direction = reader.uint8() & 1 == 0 ? .fromClient : .fromServer
        let part = reader.reader(of: Int(reader.uint8()))
        time = time + .seconds(1)
        now.begin(from: direction, at: time)
        let length = part.remaining + (part.peekUInt8() ?? 0 > 200 ? 40 : 0)
        _ = tracker.accepts(part.restSpan, wireLength: length)
        tracker.observe(part.restSpan, wireLength: length, relayed: &relayed, &now)
        for index in 0..<relayed.count { precondition(relayed.bytes(of: index).byteCount <= relayed[index].wireLength) }
        relayed.removeAll()
        now.clear()
    }
    report(tracker, at: time)
}

/// A WebSocket with and without compression: the first byte chooses.
func fuzzWebSocket(_ bytes: [UInt8]) {
    let agreed = bytes.first.map { $0 & 1 == 0 } ?? false
    fuzzStream(Array(bytes.dropFirst()), WebSocketTracker(extensions: agreed ? "permessage-deflate" : nil))
}

func report<Tracker: LayerState & ~Copyable>(_ tracker: borrowing Tracker, at time: Timestamp) {
    let any = EndpointSnapshot(endpoint: .unspecified)
    var flow = FlowSnapshot(
        identifier: FlowIdentifier(number: 1), transport: .tcp, protocols: [], protocolNumber: 6, client: any,
        server: any,
        orientation: .syn, start: Timestamp(nanoseconds: 0), end: time, state: .open)
    tracker.report(into: &flow, at: time)
}
