import StreamtopBase

/// Windows of a sender as its packets met them, thinned out evenly: what losses that come by chance would have found.
///
/// A packet lost by chance is any packet, so the windows at such losses rank among these like numbers drawn between 0
/// and 1. Where a limit takes what exceeds it, losses come at the largest windows and rank near 1.
struct WindowSamples: Sendable {
    static let capacity = 64
    /// The newest windows with their times, eight in a round trip: a loss is noticed a round trip after the packet left.
    private static let recentCapacity = 32

    private struct Recent {
        var time: Timestamp
        var window: UInt16
    }

    private var values: [UInt16] = []
    /// Packets for each sample kept, and those still to pass before the next.
    private var stride: UInt32 = 1
    private var wait: UInt32 = 0
    private var recent: [Recent] = []
    private var newest = 0

    init() {}

    /// A packet was sent while the window was `segments`.
    mutating func record(_ segments: Int, at time: Timestamp, roundTrip: Nanoseconds) {
        let window = UInt16(clamping: segments)
        remember(window, at: time, spacing: roundTrip / 8)
        if wait > 0 {
            wait -= 1
            return
        }
        if values.count == Self.capacity {
            // Every second one: they stay spread evenly over all packets.
            values = values.indices.filter { $0 % 2 == 1 }.map { values[$0] }
            stride &*= 2  // 2^32 packets of one flow are beyond what its counters hold
        }
        values.append(window)
        wait = stride &- 1
    }

    private mutating func remember(_ window: UInt16, at time: Timestamp, spacing: Nanoseconds) {
        guard recent.isEmpty || time - recent[newest].time >= spacing else { return }
        let entry = Recent(time: time, window: window)
        if recent.count < Self.recentCapacity {
            recent.append(entry)
            newest = recent.count - 1
        } else {
            newest = (newest + 1) % Self.recentCapacity
            recent[newest] = entry
        }
    }

    /// The window that a packet sent at `time` met; nil when nothing is known of half a round trip before.
    func window(at time: Timestamp, roundTrip: Nanoseconds) -> UInt16? {
        var best: Recent?
        for entry in recent where entry.time <= time && entry.time >= best?.time ?? entry.time { best = entry }
        guard let best, time - best.time <= roundTrip / 2 else { return nil }
        return best.window
    }

    /// Share of packets that met a smaller window, equal ones counted half; nil while there are too few to say.
    func rank(of segments: UInt16) -> Double? {
        guard values.count >= Self.capacity / 4 else { return nil }
        let smaller = values.count { $0 < segments }
        let equal = values.count { $0 == segments }
        return (Double(smaller) + Double(equal) / 2) / Double(values.count)
    }
}
