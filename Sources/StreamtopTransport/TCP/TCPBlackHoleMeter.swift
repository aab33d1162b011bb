import StreamtopBase

/// Path MTU black hole (RFC 2923): full segments vanish again and again while small ones pass, and no ICMP message says
/// why.
struct TCPBlackHoleMeter: Sendable {
    /// Repeats of one full segment without progress that raise the suspicion.
    static let repeats = 3

    private var sequence: UInt32 = 0
    private var size: UInt32 = 0
    private var count: UInt8 = 0
    private var first = Timestamp(nanoseconds: 0)
    /// Full segments that were acknowledged: the path takes them.
    private(set) var largestAcknowledged: UInt32 = 0
    private(set) var isSuspected = false
    /// A router said what size it takes: the path explains itself.
    var isExplained = false

    init() {}

    /// A segment was sent again. `timeout` is the sender's.
    mutating func observeRepeat(sequence: UInt32, length: Int, full: Int, at time: Timestamp, timeout: Nanoseconds) {
        let length = UInt32(clamping: length)
        guard Int(length) >= full, length > largestAcknowledged else { return }
        if count == 0 || sequence != self.sequence || length != size {
            self.sequence = sequence
            size = length
            count = 1
            first = time
            return
        }
        count = count == .max ? .max : count + 1
        if count >= Self.repeats, time - first >= timeout { isSuspected = true }
    }

    /// A segment of `length` bytes, sent once, was acknowledged.
    mutating func observeDelivery(length: Int) {
        largestAcknowledged = max(largestAcknowledged, UInt32(clamping: length))
    }
}
