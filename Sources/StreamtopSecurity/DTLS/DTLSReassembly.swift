import StreamtopBase
import StreamtopWire

/// Handshake messages of one direction of a DTLS association, put together from fragments and into order.
///
/// Messages are delivered by message number. Fragments may come twice, overlap and arrive in any order (RFC 6347 section
/// 4.2.3). A message that is whole but waits for an earlier one is delivered all the same once the direction goes on with
/// new keys: the earlier one was not captured.
struct DTLSReassembly: Sendable {
    /// Messages under way; a flight has at most six.
    static let mostMessages = 12
    /// A message's body; certificate chains stay far below.
    static let longestMessage = 64 * 1024
    /// Bodies of all messages under way together.
    static let mostBytes = 96 * 1024
    /// A repeated flight is over when this much time passes without another repeated message.
    private static let flightPause: Nanoseconds = .milliseconds(20)

    struct Message: Sendable {
        var type: TLSHandshakeType
        var sequence: UInt16
        var body: [UInt8]
        /// When its first fragment passed.
        var start: Timestamp
        /// Parts of the body that are here, ascending and apart.
        fileprivate var parts: [Range<Int>] = []
        var fragments = 0

        var isWhole: Bool { body.isEmpty || parts == [0..<body.count] }
    }

    private var pending: [Message] = []
    /// Number of the next message to deliver; nil before the first was seen.
    private(set) var next: UInt16?
    private(set) var reordered = 0
    private(set) var extraFragments = 0
    private(set) var retransmittedFlights = 0
    private(set) var dropped = 0
    private var lastRepeat: (sequence: UInt16, time: Timestamp)?

    /// Takes one fragment; true when it is the first of a flight that was sent again.
    mutating func take(_ header: DTLSHandshakeHeader, _ reader: inout ByteReader, at time: Timestamp) -> Bool {
        let fragment = reader.reader(of: header.fragmentLength)
        if let next {
            guard header.messageSequence >= next else { return noteRepeat(header, at: time) }
        } else if [.clientHello, .serverHello, .helloVerifyRequest].contains(header.type) {
            next = header.messageSequence
        }
        guard header.bodyLength <= Self.longestMessage else {
            dropped += 1
            return false
        }
        let index = place(header, at: time)
        guard let index, pending[index].body.count == header.bodyLength else { return false }
        pending[index].fragments += 1
        if pending[index].fragments > 1 { extraFragments += 1 }
        let range = header.fragmentOffset..<(header.fragmentOffset + header.fragmentLength)
        let isRepeat =
            header.fragmentLength > 0
            && pending[index].parts.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
        var bytes = fragment
        for position in range { pending[index].body[position] = bytes.uint8() }
        merge(range, into: index)
        return isRepeat && noteRepeat(header, at: time)
    }

    /// The next message in order; `anyway` also over a hole in the numbers.
    mutating func nextMessage(anyway: Bool = false) -> Message? {
        guard let first = pending.first, first.isWhole, anyway || first.sequence == next else { return nil }
        pending.removeFirst()
        next = first.sequence &+ 1
        return first
    }

    /// Where the message of the fragment is held, a new place if need be; nil when there is no room.
    private mutating func place(_ header: DTLSHandshakeHeader, at time: Timestamp) -> Int? {
        var index = 0
        while index < pending.count, pending[index].sequence < header.messageSequence { index += 1 }
        if index < pending.count, pending[index].sequence == header.messageSequence { return index }
        let held = pending.reduce(0) { $0 + $1.body.count }  // at most `mostBytes`
        guard pending.count < Self.mostMessages, held + header.bodyLength <= Self.mostBytes else {
            dropped += 1
            return nil
        }
        // Something later is here already: this one was overtaken.
        if index < pending.count { reordered += 1 }
        pending.insert(
            Message(
                type: header.type, sequence: header.messageSequence,
                body: [UInt8](repeating: 0, count: header.bodyLength), start: time), at: index)
        return index
    }

    /// Adds a range to the message's parts, joining those that touch.
    private mutating func merge(_ range: Range<Int>, into index: Int) {
        guard !range.isEmpty else { return }
        var joined = range
        var kept: [Range<Int>] = []
        for part in pending[index].parts {
            if part.upperBound < joined.lowerBound || part.lowerBound > joined.upperBound {
                kept.append(part)
            } else {
                joined = min(part.lowerBound, joined.lowerBound)..<max(part.upperBound, joined.upperBound)
            }
        }
        kept.append(joined)
        pending[index].parts = kept.sorted { $0.lowerBound < $1.lowerBound }
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
