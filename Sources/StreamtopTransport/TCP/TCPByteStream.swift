import StreamtopBase
import StreamtopWire

/// One direction of a TCP connection as the receiver's application gets it: each byte once, in order, holes named.
///
/// Pull form: `offer` a segment, then take pieces with `next` until it returns nil. A segment that is in order is not copied: the
/// piece says which part of the segment it is. Segments ahead of a hole are copied and wait for it, within a cap; the hole
/// becomes a gap when the cap is reached or when the other end acknowledges what we never saw.
package struct TCPStreamAssembler: Sendable {
    /// Bytes and segments held ahead of a hole, per direction: a window's worth of a slow flow. Policy at the cap: the hole
    /// is given up.
    package static let mostHeldBytes = 256 * 1024
    package static let mostHeldSegments = 192

    static let limits = [
        Limit("TCP bytes behind a hole", mostHeldBytes, .bytes, per: .direction, policy: "the hole becomes a gap"),
        Limit("TCP segments behind a hole", mostHeldSegments, per: .direction, policy: "the hole becomes a gap"),
    ]
    /// A segment this far from the expected one belongs to another connection or is forged.
    private static let farthest: Int32 = 1 << 30

    /// What comes next in the stream.
    package enum Piece: Sendable {
        /// Part of the segment offered last.
        case offered(offset: Int, count: Int)
        /// Bytes of an earlier segment that waited for a hole to fill.
        case held([UInt8])
        /// Bytes that the capture does not have.
        case gap(Int)
        /// Everything up to the FIN was handed on.
        case end
    }

    private struct Segment: Sendable {
        var sequence: UInt32
        var bytes: [UInt8]
        /// Bytes at its end that were on the wire and not captured.
        var missing: Int
    }

    /// Memory of the segments held.
    package var footprint: Int { held.reduce(0) { $0 + $1.bytes.capacity + 64 } }

    /// Forgets the segments held, for want of memory: they become a gap.
    package mutating func release() {
        for index in held.indices {
            held[index].missing += held[index].bytes.count
            held[index].bytes = []
        }
        heldBytes = 0
    }

    /// Sequence number of the next byte; nil before the first segment.
    package private(set) var expected: UInt32?
    /// Ahead of a hole, by sequence number.
    private var held: [Segment] = []
    private var heldBytes = 0
    private var offered: (offset: Int, count: Int)?
    /// Not captured, directly behind what was delivered last.
    private var missing = 0
    /// Highest acknowledgment of the other end.
    private var acknowledged: UInt32?
    /// Sequence number behind the last byte, once a FIN told it and until the end was handed on.
    private var finalSequence: UInt32?
    private var isEnded = false
    package private(set) var gaps = 0

    /// - Parameter start: sequence number of the first byte, where the SYN told it.
    package init(start: UInt32? = nil) {
        expected = start
    }

    /// A segment arrived: `captured` bytes of payload of `length` on the wire, the first numbered `sequence`.
    package mutating func offer(_ payload: RawSpan, sequence: UInt32, length: Int) {
        let captured = min(payload.byteCount, length)
        let next = expected ?? sequence
        expected = next
        let distance = sequence.distance(after: next)
        guard length > 0, abs(Int64(distance)) < Int64(Self.farthest) else { return }
        if distance <= 0 {
            let trim = Int(-distance)
            guard length > trim else { return }
            if captured > trim { offered = (trim, captured - trim) }
            missing = length - max(captured, trim)
        } else {
            hold(payload, sequence: sequence, captured: captured, missing: length - captured)
        }
    }

    /// The other end acknowledges everything before `number`: a hole below it will never be filled for us.
    package mutating func acknowledge(_ number: UInt32) {
        if let acknowledged, !number.isAfter(acknowledged) { return }
        acknowledged = number
    }

    /// The sender said that its stream ends before `sequence`. The first word counts.
    package mutating func end(at sequence: UInt32) {
        if finalSequence == nil, !isEnded { finalSequence = sequence }
    }

    /// The next piece of stream, nil when the next bytes have not arrived.
    package mutating func next() -> Piece? {
        if let (offset, count) = offered {
            offered = nil
            move(count)
            return .offered(offset: offset, count: count)
        }
        if missing > 0 { return skipMissing() }
        while let first = held.first, let expected {  // each round removes a segment or returns
            let distance = first.sequence.distance(after: expected)
            if distance > 0 {
                guard holeIsLost(before: first.sequence) else { return nil }
                missing = Int(distance)
                return skipMissing()
            }
            held.removeFirst()
            heldBytes -= first.bytes.count
            let trim = Int(-Int64(distance))
            let whole = first.bytes.count + first.missing
            guard whole > trim else { continue }
            missing = whole - max(first.bytes.count, trim)
            guard first.bytes.count > trim else { return skipMissing() }
            move(first.bytes.count - trim)
            return .held(trim == 0 ? first.bytes : Array(first.bytes[trim...]))
        }
        guard let end = finalSequence, let expected else { return nil }
        if end.isAfter(expected) {
            // The FIN was acknowledged, and with it what we never saw.
            guard let acknowledged, acknowledged.isAfter(end) else { return nil }
            missing = Int(end.distance(after: expected))
            return skipMissing()
        }
        finalSequence = nil
        isEnded = true
        return .end
    }

    private mutating func skipMissing() -> Piece {
        let count = missing
        missing = 0
        gaps += 1
        move(count)
        return .gap(count)
    }

    /// Sequence numbers wrap; that is their arithmetic (RFC 9293 section 3.4).
    private mutating func move(_ count: Int) {
        if let expected { self.expected = expected &+ UInt32(truncatingIfNeeded: count) }
    }

    private func holeIsLost(before sequence: UInt32) -> Bool {
        if heldBytes > Self.mostHeldBytes || held.count > Self.mostHeldSegments { return true }
        guard let acknowledged else { return false }
        return acknowledged.isAfter(sequence)
    }

    private mutating func hold(_ payload: RawSpan, sequence: UInt32, captured: Int, missing: Int) {
        // From the back: segments mostly arrive in order behind the hole.
        var index = held.count
        while index > 0, held[index - 1].sequence.isAfter(sequence) { index -= 1 }
        if index > 0, held[index - 1].sequence == sequence {
            guard held[index - 1].bytes.count < captured else { return }
            heldBytes -= held[index - 1].bytes.count
            held.remove(at: index - 1)
            index -= 1
        }
        var reader = ByteReader(payload)
        held.insert(Segment(sequence: sequence, bytes: reader.copy(captured), missing: missing), at: index)
        heldBytes += captured
    }
}

extension TCPFlowTracker {
    /// Sequence number of the first byte that `direction` sends, where its SYN was seen.
    package func streamStart(_ direction: Direction) -> UInt32? {
        direction == .fromClient ? client.streamStart : server.streamStart
    }

    /// Between the capture point and each end, smoothed; nil before the first sample.
    package var roundTrip: BothWays<Nanoseconds?> {
        BothWays(client: client.roundTrip.smoothed, server: server.roundTrip.smoothed)
    }

    /// When the packets of the three-way handshake passed; nil for those not seen.
    package var handshakeTimes: (syn: Timestamp?, synAck: Timestamp?, ack: Timestamp?) {
        (handshake.synTime, handshake.answerTime, handshake.completionTime)
    }
}

extension TCPEndpoint {
    /// Sequence number of the first byte, where the SYN was seen.
    fileprivate var streamStart: UInt32? { synSeen ? initialSequence &+ 1 : nil }
}
