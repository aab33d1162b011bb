import StreamtopBase

/// What a sender of data knew at one moment from the acknowledgments that had reached it (decision 0020).
///
/// Positions are serial numbers (RFC 1982): TCP's sequence numbers as they are, the packet numbers of other transports by
/// their low 32 bits. Only distances between positions of one flight are ever taken.
struct SenderView: Equatable, Sendable, BitwiseCopyable {
    /// Highest cumulative acknowledgment.
    var acknowledged: UInt32 = 0
    /// Right edge of the window offered to it.
    var edge: UInt32 = 0
    /// Bytes reported by SACK above `acknowledged`.
    var sacked: Int32 = 0
    /// Running count of bytes held for lost, modulo 2^32.
    var lost: UInt32 = 0
}
