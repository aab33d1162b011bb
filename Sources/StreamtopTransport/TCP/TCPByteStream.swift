import StreamtopBase
import StreamtopWire

/// One direction of a TCP connection as the receiver's application gets it: each byte once, in order, holes named. Lays sequence
/// numbers on the offsets of a `ByteAssembler`.
///
/// Pull form: `offer` a segment, then take pieces with `next` until it returns nil.
package struct TCPByteStream: Sendable {
    /// Bytes and stretches held ahead of a hole, per direction: a window's worth of a slow flow. A hole that the receiver
    /// acknowledged was filled where we did not see it.
    static var policy: HolePolicy {
        var policy = HolePolicy.untilAcknowledged(bytes: 256 * 1024)
        policy.stretches = 192
        return policy
    }

    static let limits = [
        Limit(
            "TCP bytes behind a hole", Int(policy.bytes), .bytes, per: .direction, policy: "the hole becomes a gap"),
        Limit(
            "TCP stretches behind a hole", Int(policy.stretches), per: .direction, policy: "the hole becomes a gap"),
    ]
    /// A segment this far from the expected one belongs to another connection or is forged.
    private static let farthest: Int64 = 1 << 30
    /// Offset of the first byte, so large that one that was sent long before has an offset, too.
    private static let origin: UInt64 = 1 << 32

    /// What comes next in the stream.
    package enum Piece: Sendable {
        /// Part of the segment offered last.
        case offered(Range<Int>)
        /// Bytes of earlier segments that waited for a hole to fill.
        case held([UInt8])
        /// Bytes that the capture does not have.
        case gap(UInt64)
        /// Everything up to the FIN was handed on.
        case end
    }

    private var assembler = ByteAssembler(policy, start: origin)
    /// Sequence number of the byte at `origin`, once `isStarted`.
    private var first: UInt32 = 0
    private var isStarted = false
    private var isEnded = false
    /// Sequence number behind the last byte, once a FIN told it and until the end was handed on.
    private var finalSequence: UInt32?

    /// - Parameter start: sequence number of the first byte, where it is known.
    package init(start: UInt32? = nil) {
        if let start { begin(at: start) }
    }

    private mutating func begin(at sequence: UInt32) {
        first = sequence
        isStarted = true
    }

    /// Memory of the bytes held.
    package var footprint: Int { assembler.footprint }

    /// Forgets the bytes held, for want of memory: they become a gap.
    package mutating func release() { assembler.release() }

    /// Sequence number of the next byte; nil before the first segment.
    package var expected: UInt32? {
        // Sequence numbers wrap; that is their arithmetic (RFC 9293 section 3.4).
        isStarted ? first &+ UInt32(truncatingIfNeeded: assembler.next &- Self.origin) : nil
    }

    /// Gaps handed on.
    package var gaps: Int { Int(assembler.gaps) }

    /// Something may be handed on without another segment: an acknowledgment or a FIN is waited for.
    package var isWaiting: Bool { finalSequence != nil || assembler.hasHole }

    /// Since when bytes wait for the hole at the next one; nil while there is none.
    package var holeSince: Timestamp? { assembler.holeSince }

    /// The offset of the byte with this number; nil for one that is too far away.
    private func offset(of sequence: UInt32) -> UInt64? {
        guard let expected else { return nil }
        let distance = Int64(sequence.distance(after: expected))
        guard abs(distance) < Self.farthest else { return nil }
        // `next` is at least `origin`, more than any distance.
        return UInt64(bitPattern: Int64(bitPattern: assembler.next) &+ distance)
    }

    /// A segment arrived: `payload` as captured, of `length` bytes on the wire, the first numbered `sequence`.
    package mutating func offer(_ payload: RawSpan, sequence: UInt32, length: Int, at time: Timestamp) {
        if !isStarted { begin(at: sequence) }
        guard length > 0, let offset = offset(of: sequence) else { return }
        assembler.offer(
            payload.byteCount > length ? payload.extracting(first: length) : payload, at: offset, length: length,
            time: time)
    }

    /// The other end acknowledges everything before `number`: a hole below it will never be filled for us.
    package mutating func acknowledge(_ number: UInt32) {
        if let offset = offset(of: number) { assembler.acknowledge(offset) }
    }

    /// The sender said that its stream ends before `sequence`. The first word counts.
    package mutating func end(at sequence: UInt32) {
        if finalSequence == nil, !isEnded { finalSequence = sequence }
    }

    /// The next piece of stream, nil when the next bytes have not arrived.
    package mutating func next(_ time: Timestamp) -> Piece? {
        if let piece = assembler.next(time) { return Self.piece(piece) }
        guard let finalSequence, isStarted else { return nil }
        if let end = offset(of: finalSequence), end > assembler.next {
            // The FIN was acknowledged, and with it what we never saw.
            guard assembler.acknowledged > end else { return nil }
            return assembler.skip(to: end, time).map(Piece.gap)
        }
        self.finalSequence = nil
        isEnded = true
        return .end
    }

    @inline(__always)
    private static func piece(_ piece: ByteAssembler.Piece) -> Piece {
        switch piece {
        case .offered(let range): .offered(range)
        case .held(let bytes): .held(bytes)
        case .gap(let count): .gap(count)
        }
    }
}

extension TCPFlowTracker {
    /// Sequence number of the first byte that `direction` sends, where its SYN was seen.
    package func streamStart(_ direction: Direction) -> UInt32? {
        direction == .fromClient ? client.streamStart : server.streamStart
    }

    /// Between the capture point and each end, smoothed; nil before the first sample.
    package var roundTrip: BothDirections<Nanoseconds?> {
        BothDirections(client: client.roundTrip.smoothed, server: server.roundTrip.smoothed)
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
