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
    /// Data that was acknowledged before it passed, and when: what comes of it soon was only stamped late.
    var unseen = TCPUnseenRange()
    /// Segments that came after their acknowledgment.
    var displaced: UInt32 = 0
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

/// A range that was acknowledged before it passed the capture point.
struct TCPUnseenRange: Sendable {
    private var start: UInt32 = 0
    private var end: UInt32 = 0
    private var time = Timestamp(nanoseconds: .min)

    /// The longest lead of an acknowledgment over its data that two clocks or queues of one capture make; a sender
    /// repeats nothing within it (RFC 6298 section 2.4 and Linux's 200 ms).
    private static let longestLead = Nanoseconds.milliseconds(100)

    init() {}

    /// Another part was acknowledged; parts that follow each other are one.
    mutating func add(from first: UInt32, to last: UInt32, at now: Timestamp) {
        if time == Timestamp(nanoseconds: .min) || first != end || now - time > Self.longestLead { start = first }
        end = last
        time = now
    }

    /// The segment belongs to it, and comes soon enough. What lies before it is not waited for any more.
    mutating func take(from first: UInt32, to last: UInt32, at now: Timestamp) -> Bool {
        guard now - time <= Self.longestLead, first.isAtOrAfter(start), end.isAtOrAfter(last) else { return false }
        if first == start { start = last }
        return true
    }
}
