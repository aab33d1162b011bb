import StreamtopBase
import StreamtopWire

/// Handshake messages of one direction of a DTLS association, put together from fragments and into order.
///
/// Messages are delivered by message number. Fragments may come twice, overlap and arrive in any order (RFC 6347 section
/// 4.2.3). A message that is whole but waits for an earlier one is delivered all the same once the direction goes on with
/// new keys: the earlier one was not captured.
struct DTLSHandshakeMessages: Sendable {
    /// Messages under way; a flight has at most six.
    static let messageCapacity = 12
    /// A message's body; certificate chains stay far below.
    static let messageLimit = 64 * 1024
    /// What came of all messages under way together.
    static let byteCapacity = 96 * 1024
    /// A repeated flight is over when this much time passes without another repeated message.
    private static let flightPause: Nanoseconds = .milliseconds(20)
    private static let policy = HolePolicy.until(bytes: UInt32(byteCapacity), full: .refuse)

    static let limits = [
        Limit("DTLS messages under way", messageCapacity, per: .direction, policy: "more are dropped and counted"),
        Limit("DTLS message", messageLimit, .bytes, per: .direction, policy: "larger ones are dropped and counted"),
        Limit("DTLS fragments held", byteCapacity, .bytes, per: .direction, policy: "more are dropped and counted"),
    ]

    /// A whole message.
    struct Message: Sendable {
        var type: TLSHandshakeType
        var body: [UInt8]
        /// When its first fragment passed.
        var start: Timestamp
    }

    private struct Pending: Sendable {
        var type: TLSHandshakeType
        var sequence: UInt16
        /// Of the whole body, as its fragments claim.
        var length: Int
        var start: Timestamp
        var fragments = 0
        var body = ByteAssembler(DTLSHandshakeMessages.policy)

        var isWhole: Bool { body.available == length }
    }

    private var pending: [Pending] = []
    /// Number of the next message to deliver; nil before the first was seen.
    private(set) var next: UInt16?
    private(set) var reordered = 0
    private(set) var extraFragments = 0
    private(set) var retransmittedFlights = 0
    private(set) var dropped = 0
    private var lastRepeat: (sequence: UInt16, time: Timestamp)?

    /// Memory that fragments take.
    var heldBytes: Int { pending.reduce(0) { $0 + $1.body.footprint + MemoryLayout<Pending>.stride } }

    /// Takes one fragment; true when it is the first of a flight that was sent again.
    mutating func take(_ header: DTLSHandshakeHeader, _ reader: inout ByteReader, at time: Timestamp) -> Bool {
        let fragment = reader.reader(of: header.fragmentLength)
        if let next {
            guard header.messageSequence >= next else { return noteRepeat(header, at: time) }
        } else if [.clientHello, .serverHello, .helloVerifyRequest].contains(header.type) {
            next = header.messageSequence
        }
        guard header.bodyLength <= Self.messageLimit, let index = index(of: header, at: time) else {
            dropped += 1
            return false
        }
        guard pending[index].length == header.bodyLength else { return false }
        pending[index].fragments += 1
        if pending[index].fragments > 1 { extraFragments += 1 }
        let insertion = pending[index].body.insert(
            fragment.restSpan, at: UInt64(header.fragmentOffset), time: time)
        if insertion.isRefused { dropped += 1 }
        return insertion.added == 0 && insertion.overlaps && noteRepeat(header, at: time)
    }

    /// The next message in order; `anyway` also over a hole in the numbers.
    mutating func nextMessage(anyway: Bool = false) -> Message? {
        guard let first = pending.first, first.isWhole, anyway || first.sequence == next else { return nil }
        pending.removeFirst()
        next = first.sequence &+ 1
        var body: [UInt8] = []
        body.append(first.body.inOrder)
        return Message(type: first.type, body: body, start: first.start)
    }

    /// Forgets the fragments held, for want of memory. Returns the bytes they took.
    mutating func release() -> Int {
        let bytes = heldBytes
        dropped += pending.count
        pending = []
        return bytes
    }

    /// Where the message of the fragment is held, or will be; nil when there is no room.
    private mutating func index(of header: DTLSHandshakeHeader, at time: Timestamp) -> Int? {
        var index = 0
        while index < pending.count, pending[index].sequence < header.messageSequence { index += 1 }
        let held = pending.reduce(0) { $0 + $1.body.held }
        guard held + header.fragmentLength <= Self.byteCapacity else { return nil }
        if index < pending.count, pending[index].sequence == header.messageSequence { return index }
        guard pending.count < Self.messageCapacity else { return nil }
        // Something later is here already: this one was overtaken.
        if index < pending.count { reordered += 1 }
        pending.insert(
            Pending(
                type: header.type, sequence: header.messageSequence, length: header.bodyLength, start: time),
            at: index)
        return index
    }

    /// A message came again. A flight is counted once, whatever it holds.
    private mutating func noteRepeat(_ header: DTLSHandshakeHeader, at time: Timestamp) -> Bool {
        defer { lastRepeat = (header.messageSequence, time) }
        if let last = lastRepeat, time - last.time < Self.flightPause,
            header.messageSequence > last.sequence || header.fragmentOffset > 0
        {
            return false
        }
        retransmittedFlights += 1
        return true
    }
}
