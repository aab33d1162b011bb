import StreamtopBase

/// One end of a flow as a sender of data, whatever the transport: what the rules judge (decision 0180).
///
/// Filled by each transport with what it can tell; nil, or an empty count, is what it cannot.
package struct SenderSnapshot: Equatable, Sendable {
    // What it sent
    /// Packets that carry data, those sent again among them.
    package var dataPackets = 0
    /// Payload bytes without repetitions.
    package var uniqueBytes: UInt64 = 0
    /// Payload bytes of a full packet; nil while none was seen.
    package var fullPacket: Int?
    /// Payload bytes that the other end acknowledged and the capture never showed.
    package var missedBytes: UInt64 = 0
    package var outOfOrder = 0
    /// Largest reordering extent in packets (RFC 4737 section 4.2.1, in packets of the path's size).
    package var reorderExtent = 0
    /// Packets with any ECN-capable codepoint, and those marked as having met congestion (RFC 3168).
    package var ectPackets = 0
    package var cePackets = 0

    /// Nothing in the capture tells the round trips of its data: queue, window and the causes of losses are unknown.
    package var isPathUnmeasured = false

    // Rates, bits a second
    package var lastRate: Double?
    package var maxRate: Double?
    package var meanRate: Double?
    package var goodput: Double?

    // Flight and window
    package var initialWindowBytes: Int?
    package var inFlight: InFlightSnapshot?
    package var congestionWindow: CongestionWindowSnapshot?
    package var congestionControl: CongestionControlSnapshot?
    /// Slow-start threshold events: cuts of the window with their ratio after / before.
    package var windowCuts: [WindowCut] = []
    package var pacing: Bool?

    // What held it
    package var limitedBy: LimitShares?
    /// Time during which the sender's own socket buffer held it back; only its kernel knows.
    package var sendBufferLimited: Nanoseconds?
    /// Idle periods after which the first flight was cut back to a restart window (RFC 5681 section 4.1), out of those
    /// idle periods that had enough data after them to tell.
    package var idleRestarts: Int?
    package var idlePeriods: Int?

    // Loss
    package var loss = LossCounts()
    /// Lost data packets over data packets sent; nil when nothing was sent or the capture itself lost too much.
    package var lossRatio: Double?

    /// Packets that a sender without retransmissions held for lost, and those of them that had arrived (RFC 9002 section 6).
    package var heldForLost: Int?
    package var falselyHeld: Int?

    /// What it waited for; nil where the transport tells elsewhere, or not at all.
    @Boxed package var waits: SenderWaits?

    /// Rank correlation (Spearman) of bytes in flight and queue delay over at least 20 round trips: near 1 when this
    /// sender's own data is the queue; nil on too little data.
    package var flightDelayCorrelation: Double?
    /// By how much the round trip jumped, once, without coming down since: as much of the queue may be a longer path.
    package var unsettledJump: Nanoseconds?

    package init() {}
}
