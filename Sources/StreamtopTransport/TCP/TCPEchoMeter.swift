import StreamtopBase

/// Marks that a peer echoes by classic ECN (RFC 3168 section 6.1): it repeats the echo in every acknowledgment until the
/// sender's answer has arrived, so each echo stands for one mark or more.
struct TCPEchoMeter: Sendable {
    private(set) var echoes: UInt32 = 0
    private var isEchoing = false
    private var hasAnswered = false
    /// Where the segment with the answer (CWR) ends.
    private var answer: UInt32 = 0

    init() {}

    /// An acknowledgment up to `acknowledged` passes, with the echo (ECE) or without.
    mutating func observe(isEcho: Bool, acknowledged: UInt32) {
        guard isEcho else {
            isEchoing = false
            return
        }
        if isEchoing, !hasAnswered || !acknowledged.isAtOrAfter(answer) { return }
        echoes &+= 1
        isEchoing = true
        hasAnswered = false
    }

    /// The sender says that it has cut its window, in the segment that ends at `end`.
    mutating func answered(endingAt end: UInt32) {
        guard isEchoing, !hasAnswered else { return }
        hasAnswered = true
        answer = end
    }
}
