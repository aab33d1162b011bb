import StreamtopApplication
import StreamtopBase
import StreamtopModel
import StreamtopWire

/// An HTTP/3 connection: each stretch of the input begins with the stream it is for and its length.
func fuzzHTTP3(_ bytes: [UInt8]) {
    var tracker = HTTP3ConnectionTracker()
    var events: [FlowEvent.Kind] = []
    var reader = ByteReader(unsafe bytes.span.bytes)  // UInt8 has no padding
    var now = Timestamp(nanoseconds: 0)
    while reader.remaining > 2 {  // each turn takes two bytes or more
        let head = reader.uint8()
        let stream = UInt64(head & 15)
        let direction: Direction = head & 16 == 0 ? .fromClient : .fromServer
        now = now + .milliseconds(1)
        let count = UInt64(reader.uint8())
        switch head >> 5 {
        case 0: tracker.gap(of: count, stream: stream, direction: direction, at: now, events: &events)
        case 1: tracker.end(stream: stream, direction: direction, at: now, events: &events)
        case 2: tracker.reset(stream: stream, direction: direction, code: count, at: now, events: &events)
        default:
            let part = reader.reader(of: Int(count))
            tracker.observe(
                part.restSpan, stream: stream, direction: direction, isEarly: false, at: now, events: &events)
        }
    }
    _ = tracker.snapshot()
    _ = tracker.connectionSnapshot()
}
