import StreamtopBase
import StreamtopWire

/// Explicit congestion notification of one sender: what its SYN asked for, the marks on its packets, and with accurate
/// ECN (RFC 9768) what its peer counted.
struct TCPEcnMeter: Sendable {
    /// Packets seen with a congestion-experienced mark, and with any ECN-capable codepoint.
    private(set) var marked: UInt32 = 0
    private(set) var capable: UInt32 = 0
    /// Marks that the peer's ACE counter reports (RFC 9768 section 3.2.2).
    private(set) var reported: UInt32 = 0
    private var lastCounter: UInt8 = 5
    /// Its SYN or SYN-ACK agreed to classic ECN (RFC 3168 section 6.1.1) or to accurate ECN.
    var negotiated: Bool?
    var accurate = false

    init() {}

    /// Marks on packets of this sender, whoever saw more of them.
    var congestionPackets: Int { Int(max(marked, reported)) }

    /// Counts the codepoint of a packet. Returns true for a mark.
    mutating func observe(codepoint: UInt8) -> Bool {
        guard codepoint != 0 else { return false }
        capable &+= 1
        guard codepoint == 3 else { return false }
        marked &+= 1
        return true
    }

    /// The three-bit counter that the peer returns; it starts at 5 and wraps at 8.
    mutating func observeCounter(_ flags: TCPFlags) {
        let counter =
            (flags.isAe ? UInt8(4) : 0) | (flags.isCwr ? 2 : 0) | (flags.isEce ? 1 : 0)
        reported &+= UInt32((counter &- lastCounter) & 7)
        lastCounter = counter
    }
}
