import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The three-way handshake: its component RTTs, and whether they can be trusted.
///
/// A repeated SYN or SYN-ACK makes it ambiguous which one was answered, unless the answer echoes the timestamp of just
/// one of them (Karn's rule, and RFC 7323 section 4.1).
struct TCPHandshakeMeter: Sendable {
    // The least stamp, and spans below zero, stand for what was not seen: optionals would take twice the place.
    private static let never = Timestamp(nanoseconds: .min)
    private static let unknown: Nanoseconds = -1

    private var syn = Self.never
    private var answer = Self.never
    private var completion = Self.never
    private var serverComponent = Self.unknown
    private var clientComponent = Self.unknown
    /// SYN to completion, where the stamp between them was no help.
    private var whole = Self.unknown
    private var synStamp: UInt32 = 0
    private var answerStamp: UInt32 = 0
    private(set) var synRepeats: UInt16 = 0
    private(set) var answerRepeats: UInt16 = 0

    init() {}

    var synTime: Timestamp? { syn == Self.never ? nil : syn }
    var answerTime: Timestamp? { answer == Self.never ? nil : answer }
    var completionTime: Timestamp? { completion == Self.never ? nil : completion }
    var isComplete: Bool { completion != Self.never }
    /// Capture point to server and back, to client and back; nil when unseen or ambiguous.
    var toServer: Nanoseconds? { serverComponent < 0 ? nil : serverComponent }
    var toClient: Nanoseconds? { clientComponent < 0 ? nil : clientComponent }

    /// SYN to completion, both components.
    var total: Nanoseconds? {
        guard let toServer, let toClient else { return whole < 0 ? nil : whole }
        return saturatingAdd(toServer, toClient)
    }

    /// Time between two packets of the handshake; `unknown` when the clock cannot have been right. Packets of several queues
    /// may be captured a little out of order.
    private static func span(_ earlier: Timestamp, _ later: Timestamp) -> Nanoseconds {
        let span = later - earlier
        guard span > -.milliseconds(1), span <= RoundTripMeter.longest else { return unknown }
        return max(0, span)
    }

    mutating func observeSyn(_ options: TCPOptions, at time: Timestamp) {
        if syn != Self.never {
            synRepeats &+= 1
        } else if answer != Self.never, answerRepeats == 0 {
            // Captured behind its answer: a late packet of another queue.
            serverComponent = Self.span(time, answer)
        }
        syn = time
        synStamp = options.timestampValue
    }

    mutating func observeAnswer(_ options: TCPOptions, at time: Timestamp) {
        if answer != Self.never {
            answerRepeats &+= 1
        } else if syn != Self.never {
            let echoes = options.hasTimestamps && options.timestampEcho == synStamp
            if synRepeats == 0 || echoes { serverComponent = Self.span(syn, time) }
        }
        answer = time
        answerStamp = options.timestampValue
    }

    /// A SYN-ACK that was acknowledged before it passed: the connection stands, and no time between the two tells anything.
    mutating func observeLateAnswer(at time: Timestamp) {
        answer = time
        if !isComplete { completion = time }
    }

    /// The first segment of the initiator that acknowledges the SYN-ACK. Returns true once.
    mutating func observeCompletion(_ options: TCPOptions, hasPayload: Bool, at time: Timestamp) -> Bool {
        guard !isComplete, answer != Self.never else { return false }
        completion = time
        let echoes = options.hasTimestamps && options.timestampEcho == answerStamp
        // With payload, the pure acknowledgment was lost or not captured, and the application's delay is in it.
        if answerRepeats == 0 || echoes, !hasPayload {
            clientComponent = Self.span(answer, time)
            if syn != Self.never, synRepeats == 0, answerRepeats == 0 { whole = Self.span(syn, time) }
        }
        return true
    }
}
