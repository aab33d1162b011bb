import StreamtopBase

/// What a sender waited for that no round trip explains: its timers, and credit of its receiver.
package struct SenderWaits: Equatable, Sendable {
    /// Times that a timer fired (RFC 9002 section 6.2), and the most in a row.
    package var timeouts = 0
    package var longestBackoff = 0
    /// Recoveries from loss, and those of them that a timer had to begin: of a last packet.
    package var recoveries = 0
    package var tailRecoveries = 0
    /// Time without credit to send more (RFC 9000 section 4), less what it takes to be given some, and how often.
    package var withoutCredit: Nanoseconds = 0
    package var creditEpisodes = 0
    /// The receiver answers no more.
    package var peerGone: PeerGone?

    package init() {}
}
