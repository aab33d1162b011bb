import StreamtopBase

/// The picture of now: everything a renderer may show, immutable, made by the engine at one moment of capture time.
package struct Snapshot: Sendable {
    /// Capture time of the picture.
    package var time: Timestamp
    /// Capture time of the first frame; nil before one arrived.
    package var start: Timestamp?
    package var totals = TrafficTotals()
    /// Packets and bits a second over the last second of capture time.
    package var packetRate = 0.0
    package var bitRate = 0.0
    /// Flows in order of first packet, at most the number the renderer asked for; `flowCount` counts all.
    package var flows: [FlowSnapshot] = []
    package var flowCount = 0
    /// Calls among all flows, as they stand, in the order of their first packets.
    package var calls: [CallSnapshot] = []
    /// Bytes and packets by innermost protocol known.
    package var protocolTotals: [ProtocolTotal] = []
    /// The newest events, oldest first.
    package var events: [FlowEvent] = []
    /// Verdicts about this host and this capture rather than one flow.
    package var verdicts: [Verdict] = []
    package var health = CaptureHealth()
    /// The buffers of this host, live; nil where its kernel is not asked.
    @Boxed package var host: HostSnapshot?
    /// How estimates compare with the kernel's values so far; nil where its kernel is not asked.
    @Boxed package var kernelComparison: KernelComparison?
    /// The first line of the dashboard.
    package var headline = Headline(state: .unknown, text: "")
    /// Media that players fetch over HTTP, by their first request.
    package var mediaSessions: [MediaSessionSnapshot] = []

    package init(time: Timestamp) { self.time = time }
}

package struct TrafficTotals: Equatable, Sendable {
    package var packets: UInt64 = 0
    /// Frame lengths on the wire.
    package var bytes: UInt64 = 0
    package var capturedBytes: UInt64 = 0
    package var flows: UInt64 = 0
    package var sessions: UInt64 = 0
    package var evictedFlows: UInt64 = 0
    /// Flows whose last record was not written, for want of time after a request to stop.
    package var unwrittenFlows = 0
    /// Of the evicted flows, those that no record of their own tells of.
    package var evictedWithoutData = EvictedWithoutData()

    package init() {}
}

/// Flows that had to make room, never carried a payload byte, and of which nothing is to be said: a flood's. They are counted
/// together, for a record of each would be many times the flood.
package struct EvictedWithoutData: Equatable, Sendable {
    package var flows: UInt64 = 0
    package var packets: UInt64 = 0
    /// IP total length on the wire.
    package var bytes: UInt64 = 0
    /// Of the flows, those whose first packets nobody answered.
    package var unanswered: UInt64 = 0

    package init() {}
}

package struct ProtocolTotal: Equatable, Sendable {
    package var name: String
    package var flows: Int
    package var packets: UInt64
    package var bytes: UInt64

    package init(name: String, flows: Int, packets: UInt64, bytes: UInt64) {
        self.name = name
        self.flows = flows
        self.packets = packets
        self.bytes = bytes
    }
}
