import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The three-way handshake: its times on both sides of the capture point, and whether they can be trusted.
///
/// A repeated SYN or SYN-ACK makes it ambiguous which one was answered, unless the answer echoes the timestamp of just
/// one of them (Karn's rule, and RFC 7323 section 4.1).
struct TCPHandshakeMeter: Sendable {
    private(set) var synTime: Timestamp?
    private var synStamp: UInt32 = 0
    private(set) var answerTime: Timestamp?
    private var answerStamp: UInt32 = 0
    private(set) var synRepeats: UInt16 = 0
    private(set) var answerRepeats: UInt16 = 0
    /// Capture point to server and back, to client and back; nil when unseen or ambiguous.
    private(set) var toServer: Nanoseconds?
    private(set) var toClient: Nanoseconds?
    private(set) var isComplete = false
    private(set) var completionTime: Timestamp?

    enum Step { case syn, synAck, ack }

    init() {}

    /// SYN to completion, where the stamp between them was no help.
    private var whole: Nanoseconds?

    /// SYN to completion, both halves.
    var total: Nanoseconds? {
        guard let toServer, let toClient else { return whole }
        return saturatingAdd(toServer, toClient)
    }

    /// Time between two packets of the handshake; nil when the clock cannot have been right. Packets of several queues
    /// may be captured a little out of order.
    private static func span(_ earlier: Timestamp, _ later: Timestamp) -> Nanoseconds? {
        let span = later - earlier
        guard span > -.milliseconds(1), span <= TCPRoundTripMeter.longest else { return nil }
        return max(0, span)
    }

    mutating func observeSyn(_ options: TCPOptions, at time: Timestamp) {
        if synTime != nil {
            synRepeats &+= 1
        } else if let answerTime, answerRepeats == 0 {
            // Captured behind its answer: a late packet of another queue.
            toServer = Self.span(time, answerTime)
        }
        synTime = time
        synStamp = options.timestampValue
    }

    mutating func observeAnswer(_ options: TCPOptions, at time: Timestamp) {
        if answerTime != nil {
            answerRepeats &+= 1
        } else if let synTime {
            let echoes = options.hasTimestamps && options.timestampEcho == synStamp
            if synRepeats == 0 || echoes { toServer = Self.span(synTime, time) }
        }
        answerTime = time
        answerStamp = options.timestampValue
    }

    /// The first segment of the initiator that acknowledges the SYN-ACK. Returns true once.
    mutating func observeCompletion(_ options: TCPOptions, hasPayload: Bool, at time: Timestamp) -> Bool {
        guard !isComplete, let answerTime else { return false }
        isComplete = true
        completionTime = time
        let echoes = options.hasTimestamps && options.timestampEcho == answerStamp
        // With payload, the pure acknowledgment was lost or not captured, and the application's delay is in it.
        if answerRepeats == 0 || echoes, !hasPayload {
            toClient = Self.span(answerTime, time)
            if let synTime, synRepeats == 0, answerRepeats == 0 { whole = Self.span(synTime, time) }
        }
        return true
    }
}
