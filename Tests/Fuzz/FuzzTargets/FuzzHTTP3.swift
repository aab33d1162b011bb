import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopTestSupport
import StreamtopWire

/// Who reads the streams of a QUIC connection: each stretch of the input begins with the stream it is for and its length. A length of 255
/// is of a datagram.
func fuzzStreams<Tracker: LayerTracker & ~Copyable>(_ bytes: [UInt8], _ tracker: consuming Tracker) {
    var tracker = tracker
    var seen = Observation()
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    var now = Timestamp(nanoseconds: 0)
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let head = reader.uint8()
        let stream = UInt64(head & 15)
        let direction: Direction = head & 16 == 0 ? .fromClient : .fromServer
        now = now + .milliseconds(1)
        let count = UInt64(reader.uint8())
        seen.begin(from: direction, at: now)
        func tell(_ content: Delivery.Content) {
            tracker.observe(
                RawSpan(), Delivery(stream: stream, direction: direction, time: now, content: content), &seen)
        }
        switch head >> 5 {
        case 0: tell(.gap(count))
        case 1: tell(.end)
        case 2: tell(.reset(code: count))
        default:
            let part = reader.reader(of: Int(count))
            var delivery = Delivery.bytes(part.remaining, stream: stream, from: direction, at: now)
            if count == 255 {
                delivery.content = .datagram(DeliveredRange(.payload, start: 0, count: part.remaining))
            }
            tracker.observe(part.restSpan, delivery, &seen)
        }
        seen.clear()
    }
    report(tracker, at: now)
}
