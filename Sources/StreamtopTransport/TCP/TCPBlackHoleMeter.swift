import StreamtopBase

/// Path MTU black hole (RFC 2923): full segments vanish again and again while smaller ones of the same direction arrive, and no
/// ICMP message says why (handbook 14.6).
struct TCPBlackHoleMeter: Sendable {
    /// Times that one full segment was sent without an answer.
    static let sends: UInt8 = 3
    /// Timeouts of the sender that must have passed since the first time.
    static let timeouts: Int64 = 2
    /// What every path carries, in bytes of the IP packet: RFC 791 section 3.1, RFC 8200 section 5. Smaller packets fit.
    static let leastIPv4 = 576
    static let leastIPv6 = 1280

    private var sequence: UInt32 = 0
    private var size: UInt32 = 0
    private var count: UInt8 = 0
    private var first = Timestamp(nanoseconds: 0)
    private var hasSmallerArrived = false
    /// Sent often and long enough to be sure that it does not arrive.
    private var isLost = false
    /// The least size that was found to vanish; 0 for none.
    private var suspected: UInt32 = 0
    var isSuspected: Bool { suspected > 0 }
    /// A router said what size it takes: the path explains itself.
    var isExplained = false

    init() {}

    /// A full segment is being repeated: what arrives meanwhile tells.
    var isWatching: Bool { count > 0 || suspected > 0 }

    /// A full segment was sent again. `sent`: when it passed before; `hasSmaller`: a smaller one that passed later is known
    /// to have arrived; `timeout`: the sender's.
    mutating func observeRepeat(
        sequence: UInt32, length: Int, sent: Timestamp, hasSmaller: Bool, at time: Timestamp, timeout: Nanoseconds
    ) {
        let length = UInt32(clamping: length)
        if count == 0 || sequence != self.sequence || length != size {
            self.sequence = sequence
            size = length
            count = 1
            first = sent
            hasSmallerArrived = false
            isLost = false
        }
        if hasSmaller { hasSmallerArrived = true }
        count = count == .max ? .max : count + 1
        if count >= Self.sends, time - first >= min(timeout, .seconds(1_000)) * Self.timeouts { isLost = true }
        if isLost, hasSmallerArrived { suspect() }
    }

    private mutating func suspect() { suspected = suspected == 0 ? size : min(suspected, size) }

    /// A range of `length` bytes arrived that last passed at `sent`: the path takes that size. `most`: what one packet carries; more
    /// was cut up behind the capture (offload), nobody knows how.
    mutating func arrived(length: Int, most: Int, sent: Timestamp) {
        guard length <= most else { return }
        if suspected > 0, length >= Int(suspected) { suspected = 0 }
        guard count > 0 else { return }
        if length >= Int(size) {
            count = 0
        } else if sent >= first {
            hasSmallerArrived = true
            if isLost { suspect() }
        }
    }
}
