import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// A tracker that is given the bytes of a conversation, with a clock that ticks a millisecond for each thing said.
struct StreamConversation<Tracker: LayerTracker & ~Copyable>: ~Copyable {
    var tracker: Tracker
    var now = Observation()
    var time = Timestamp(nanoseconds: 1_000_000_000)
    /// Bytes are handed over in pieces of at most this size.
    var pieceSize = Int.max
    /// What the tracker handed up.
    var carried: [Direction: [UInt8]] = [:]
    var carriedContents: [Delivery.Content] = []

    init(_ tracker: consuming Tracker) { self.tracker = tracker }

    mutating func wait(_ time: Nanoseconds) { self.time = self.time + time }

    /// `waited`: how long the bytes waited for a hole before them.
    mutating func say(
        _ bytes: [UInt8], _ direction: Direction = .fromClient, stream: UInt64 = 0, early: Bool = false,
        waited: Nanoseconds = 0
    ) {
        wait(.milliseconds(1))
        for start in stride(from: 0, to: bytes.count, by: max(1, min(pieceSize, bytes.count))) {
            let part = Array(bytes[start..<min(bytes.count, start + min(pieceSize, bytes.count))])
            let range = DeliveredRange(.payload, start: 0, count: part.count)
            give(part, .bytes(range), direction, stream: stream, early: early, waited: waited)
        }
    }

    mutating func say(_ text: String, _ direction: Direction = .fromClient, early: Bool = false) {
        say(Array(text.utf8), direction, early: early)
    }

    /// A datagram.
    mutating func send(_ bytes: [UInt8], _ direction: Direction = .fromClient) {
        wait(.milliseconds(1))
        give(bytes, .datagram(DeliveredRange(.payload, start: 0, count: bytes.count)), direction)
    }

    mutating func gap(_ count: UInt64, _ direction: Direction) { give([], .gap(count), direction) }
    mutating func end(_ direction: Direction) { give([], .end, direction) }
    mutating func reset(_ direction: Direction) { give([], .reset(code: 0), direction) }

    private mutating func give(
        _ bytes: [UInt8], _ content: Delivery.Content, _ direction: Direction, stream: UInt64 = 0, early: Bool = false,
        waited: Nanoseconds = 0
    ) {
        now.begin(from: direction, at: time)
        now.waited = waited
        let delivery = Delivery(stream: stream, direction: direction, time: time, isEarly: early, content: content)
        let span = unsafe bytes.span.bytes  // UInt8 has no padding
        tracker.observe(span, delivery, &now)
        for index in 0..<now.deliveries.count { note(now.deliveries[index], span) }
        now.deliveries.removeAll()
    }

    private mutating func note(_ delivery: Delivery, _ payload: RawSpan) {
        guard delivery.range != nil else { return carriedContents.append(delivery.content) }
        let copy = Self.copy(now.deliveries.bytes(of: delivery, in: payload))
        carried[delivery.direction, default: []] += copy
    }

    private static func copy(_ bytes: RawSpan) -> [UInt8] {
        var reader = ByteReader(bytes)
        return reader.copy(reader.remaining)
    }

    /// A flow with what the tracker knows.
    var flow: FlowSnapshot {
        let any = Endpoint.unspecified
        var flow = FlowSnapshot(
            identifier: FlowIdentifier(number: 1), transport: .tcp, protocols: [], protocolNumber: 6,
            client: EndpointSnapshot(endpoint: any), server: EndpointSnapshot(endpoint: any), orientation: .syn,
            start: Timestamp(nanoseconds: 0), end: time, state: .open)
        flow.roundTrip.total = roundTrip
        tracker.report(into: &flow, at: time)
        return flow
    }

    /// Of the whole path, for what needs one.
    var roundTrip: RoundTripSnapshot?

    var exchanges: [HTTPExchangeSnapshot] { flow.http?.exchanges ?? [] }
    var counts: HTTPCounts { flow.http?.counts ?? HTTPCounts() }
}
