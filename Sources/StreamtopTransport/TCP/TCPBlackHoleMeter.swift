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
    private(set) var isSuspected = false
    /// A router said what size it takes: the path explains itself.
    var isExplained = false

    init() {}

    /// A segment was sent again. `full`: the size of full segments; `delivered`: the largest one known to have arrived;
    /// `timeout`: the sender's.
    mutating func observeRepeat(
        sequence: UInt32, length: Int, full: Int, delivered: UInt32, at time: Timestamp, timeout: Nanoseconds
    ) {
        let length = UInt32(clamping: length)
        guard Int(length) >= full, length > delivered else { return }
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
}
