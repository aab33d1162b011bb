import StreamtopBase
import StreamtopModel

/// Recoveries of one sender from loss: how many there were, how many of them repaired the end of what it had to say,
/// and how often its timer fired in a row.
///
/// A recovery lasts from a repair until everything sent by then is acknowledged (RFC 6675 section 5). One that turns out
/// to have repaired nothing is taken back.
struct TCPRecoveryCounts: Sendable {
    private(set) var total: UInt32 = 0
    private(set) var tails: UInt32 = 0
    /// Times that its timer fired, however much it then sent again.
    private(set) var timeouts: UInt32 = 0
    /// Most timeouts in a row without new data acknowledged.
    private(set) var longestBackoff: UInt32 = 0

    private var point: UInt32?
    private var isTail = false
    /// Repairs of the newest recovery that have not turned out to be needless.
    private var repairs: UInt32 = 0
    private var backoff: UInt32 = 0
    private var backoffSequence: UInt32 = 0

    init() {}

    /// The sender, which knows `acknowledged`, repeats data; `next` ends what it has sent. `tail`: only a timer could
    /// notice this loss. Returns the number of the recovery that the repair belongs to.
    mutating func record(acknowledged: UInt32, next: UInt32, tail: Bool) -> UInt32 {
        if let end = point, !acknowledged.isAtOrAfter(end) {
            repairs &+= 1
        } else {
            point = next
            total &+= 1
            repairs = 1
            isTail = tail
            if tail { tails &+= 1 }
        }
        return total
    }

    /// The timer fired for `sequence`, the oldest outstanding; the same one again means that nothing came in between.
    mutating func recordTimeout(of sequence: UInt32) {
        backoff = backoff > 0 && sequence == backoffSequence ? backoff &+ 1 : 1
        backoffSequence = sequence
        timeouts &+= 1
        longestBackoff = max(longestBackoff, backoff)
    }

    /// A repair of `recovery` was needless. Those of recoveries before the newest are left as they are counted.
    mutating func exonerate(_ recovery: UInt32) {
        guard recovery == total, repairs > 0 else { return }
        repairs -= 1
        guard repairs == 0 else { return }
        total -= 1
        if isTail { tails -= 1 }
        point = nil
    }
}
