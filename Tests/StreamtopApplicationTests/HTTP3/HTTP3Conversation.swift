import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire

@testable import StreamtopApplication

/// A tracker that is talked to in frames, with a clock that ticks a millisecond for each thing said.
struct HTTP3Conversation: ~Copyable {
    var tracker = HTTP3ConnectionTracker()
    var seen = Observation()
    var events: [FlowEvent.Kind] {
        get { seen.events }
        set { seen.events = newValue }
    }
    var now = Timestamp(nanoseconds: 0)
    /// Bytes are handed over in pieces of at most this size.
    var pieceSize = Int.max

    mutating func say(
        _ bytes: [UInt8], on stream: UInt64, _ direction: Direction = .fromClient, early: Bool = false,
        waited: Nanoseconds = 0
    ) {
        now = now + .milliseconds(1)
        for start in stride(from: 0, to: bytes.count, by: max(1, min(pieceSize, bytes.count))) {
            let part = Array(bytes[start..<min(bytes.count, start + min(pieceSize, bytes.count))])
            var delivery = Delivery.bytes(part.count, stream: stream, from: direction, at: now, isEarly: early)
            delivery.waited = waited
            tell(delivery, part)
        }
    }

    /// A datagram of the connection.
    mutating func send(_ bytes: [UInt8], _ direction: Direction = .fromClient) {
        let range = DeliveredRange(.payload, start: 0, count: bytes.count)
        tell(Delivery(direction: direction, time: now, content: .datagram(range)), bytes)
    }

    mutating func end(_ stream: UInt64, _ direction: Direction = .fromClient) {
        tell(Delivery(stream: stream, direction: direction, time: now, content: .end))
    }

    mutating func gap(_ count: UInt64, _ stream: UInt64, _ direction: Direction) {
        tell(Delivery(stream: stream, direction: direction, time: now, content: .gap(count)))
    }

    mutating func reset(_ stream: UInt64, _ direction: Direction, code: UInt64) {
        tell(Delivery(stream: stream, direction: direction, time: now, content: .reset(code: code)))
    }

    mutating func stop(_ stream: UInt64, _ direction: Direction, code: UInt64) {
        tell(Delivery(stream: stream, direction: direction, time: now, content: .stopSending(code: code)))
    }

    private mutating func tell(_ delivery: Delivery, _ bytes: [UInt8] = []) {
        seen.begin(from: delivery.direction, at: delivery.time)
        tracker.observe(unsafe bytes.span.bytes, delivery, &seen)
    }

    /// Both ends' control streams, each allowing a table of `table` bytes.
    mutating func open(table: UInt8 = 0) {
        say([0x00] + HTTP3Bytes.frame(4, [1, table]), on: 2)
        say([0x00] + HTTP3Bytes.frame(4, [1, table]), on: 3, .fromServer)
    }

    var exchanges: [HTTPExchangeSnapshot] { tracker.snapshot().exchanges }
    var counts: HTTPCounts { tracker.snapshot().counts }
    var below: HTTP3Snapshot { tracker.connectionSnapshot() }
}

/// Frames and sections as bytes. Sections use the static table (RFC 9204 appendix A).
enum HTTP3Bytes {
    static func integer(_ value: Int) -> [UInt8] {
        value < 64 ? [UInt8(value)] : [0x80, UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    static func frame(_ type: Int, _ payload: [UInt8]) -> [UInt8] {
        integer(type) + integer(payload.count) + payload
    }

    static func data(_ count: Int) -> [UInt8] { frame(0, [UInt8](repeating: 7, count: count)) }

    /// `GET https://h PATH`; the path of at most 126 bytes.
    static func get(_ path: String) -> [UInt8] { frame(1, [0, 0, 0xd1, 0xd7, 0x50, 1, 0x68, 0x51] + text(path)) }

    static func post(_ path: String) -> [UInt8] { frame(1, [0, 0, 0xd4, 0xd7, 0x50, 1, 0x68, 0x51] + text(path)) }

    private static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    /// 200 with a content type of application/json.
    static let ok = frame(1, [0, 0, 0xd9, 0xee])
    static let earlyHints = frame(1, [0, 0, 0xd8])
    static let notFound = frame(1, [0, 0, 0xdb])
    /// Trailers: `cache-control: no-cache`.
    static let trailers = frame(1, [0, 0, 0xe7])
}
