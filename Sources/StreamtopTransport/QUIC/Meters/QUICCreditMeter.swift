import StreamtopBase
import StreamtopModel

/// Time that a sender stands still for want of credit (RFC 9000 section 4), beyond what it takes to ask for some and be given
/// it: a receiver that reads gives more within a round trip.
struct QUICCreditMeter: Sendable {
    /// A receiver may send its frame together with a delayed acknowledgment (RFC 9000 section 18.2).
    private static let patience: Nanoseconds = .milliseconds(25)

    private var since = Timestamp(nanoseconds: .min)
    private var time: Nanoseconds = 0
    private var episodes = 0

    init() {}

    var isSpent: Bool { since.nanoseconds != .min }

    /// The sender says that it has none left: of the connection or of a stream.
    mutating func spent(at time: Timestamp) {
        if !isSpent { since = time }
    }

    /// It sends all the same: on other streams, or again.
    mutating func sent(at time: Timestamp) {
        if isSpent { since = time }
    }

    mutating func given(loop: Nanoseconds, at time: Timestamp) {
        (self.time, episodes) = total(loop: loop, at: time)
        since = Timestamp(nanoseconds: .min)
    }

    /// Time so far, and how many times it was.
    func total(loop: Nanoseconds, at now: Timestamp) -> (Nanoseconds, Int) {
        guard isSpent else { return (time, episodes) }
        let wait = now - since - Self.patience - min(max(0, loop), .seconds(100))
        return wait > 0 ? (saturatingAdd(time, wait), episodes + 1) : (time, episodes)
    }
}
