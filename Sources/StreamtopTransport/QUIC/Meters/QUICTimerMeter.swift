import StreamtopBase
import StreamtopModel

/// A sender's probe timeouts as its packets show them at the sender itself (RFC 9002 section 6.2): data is under way, nothing
/// of it is acknowledged and nothing is sent for as long as the timer takes, twice as long each time; then a packet comes.
struct QUICTimerMeter: Sendable {
    /// Doublings that count: a sender gives up before (RFC 9000 section 10.1).
    private static let doublingLimit = 8

    private(set) var timeouts = 0
    private var longest = 0
    private var recoveries = 0
    private var tails = 0
    /// Timeouts since something was acknowledged.
    private var row = 0
    private var lastSent = Timestamp(nanoseconds: .min)
    private var lastAnswer = Timestamp(nanoseconds: .min)
    /// Bytes under way when the first timer of the row fired, and how long the peer had been silent at the last.
    private var stuck = 0
    private var silence: Nanoseconds = 0
    private var timer: Nanoseconds = 0

    init() {}

    /// A packet that wants an answer passes. `timer`: the sender's, without doublings; `outstanding`: bytes under way before it;
    /// `lastHeard`: when the peer's newest datagram passed.
    mutating func sent(timer: Nanoseconds, outstanding: Int, lastHeard: Timestamp, at time: Timestamp) {
        defer { lastSent = time }
        guard outstanding > 0, lastSent.nanoseconds != .min, timer > 0 else { return }
        let (wait, overflow) = timer.multipliedReportingOverflow(by: 1 << Int64(min(row, Self.doublingLimit)))
        guard !overflow, time - max(lastSent, lastAnswer) >= wait else { return }
        if row == 0 { stuck = outstanding }
        timeouts += 1
        row += 1
        longest = max(longest, row)
        silence = lastHeard.nanoseconds == .min ? 0 : max(0, time - lastHeard)
        self.timer = timer
    }

    /// Something was acknowledged. `startsRecovery`: and something held for lost, first of a new recovery.
    mutating func answered(startsRecovery: Bool, at time: Timestamp) {
        if startsRecovery {
            recoveries += 1
            if row > 0 { tails += 1 }
        }
        row = 0
        lastAnswer = time
    }

    /// What it comes to. The peer is gone after two timers without any of its datagrams, three seconds and three timers long.
    var waits: SenderWaits {
        var waits = SenderWaits()
        waits.timeouts = timeouts
        waits.longestBackoff = longest
        waits.recoveries = recoveries
        waits.tailRecoveries = tails
        if row >= 2, silence >= max(.seconds(3), 3 * min(timer, .seconds(100))) {
            waits.peerGone = PeerGone(
                hasLeft: false, silence: silence, repeats: row, bytes: stuck,
                isSinceHandshake: lastAnswer.nanoseconds == .min)
        }
        return waits
    }
}
