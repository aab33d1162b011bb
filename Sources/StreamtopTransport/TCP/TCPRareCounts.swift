import StreamtopBase

/// What few senders have: segments out of order, copies, probes, repeated control segments, holes in the capture.
struct TCPRareCounts: Sendable {
    /// Highest byte that SACK has reported, valid while something is reported.
    var highestSacked: UInt32 = 0
    /// Up to where ranges were looked at for losses, and when all of them were.
    var scanned: UInt32 = 0
    var lastScan = Timestamp(nanoseconds: 0)
    var outOfOrder: UInt32 = 0
    var reorderExtent: UInt32 = 0
    var duplicatePackets: UInt32 = 0
    /// First sequence number of the last packet that the network duplicated: its DSACK blames nobody.
    var lastCopy: UInt32?
    var lostBeforeCapture: UInt32 = 0
    var lostBeforeCaptureBytes: UInt64 = 0
    var keepAlives: UInt32 = 0
    var windowProbes: UInt32 = 0
    /// SYN and FIN segments without data that were sent again.
    var controlRepeats: UInt32 = 0
    var dsacks: UInt32 = 0
    /// SACK blocks that the peer reported, and those of them that lie outside of what was sent (RFC 2018 section 3); how far
    /// the last of those lies from the acknowledgment.
    var sackBlocks: UInt32 = 0
    var sackOutside: UInt32 = 0
    var sackOffset: Int32 = 0
    /// Ranges under way for which there was no room (`TCPSegmentQueue.capacity`).
    var rangesForgotten: UInt32 = 0
    /// When a packet of this end was last told to be marked.
    var lastMark = Timestamp(nanoseconds: .min)
    /// Marks that its peer echoes by classic ECN.
    var echo = TCPEchoMeter()
    /// Of a distant end that stamps its segments, once it has sent some.
    var inbound = TCPInboundMeter()
}
