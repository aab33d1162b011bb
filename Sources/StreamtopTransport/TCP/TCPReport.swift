import StreamtopBase
import StreamtopModel

/// Everything a TCP tracker has to say about its flow at one moment.
package struct TCPReport: Sendable {
    package var snapshot = TCPSnapshot()
    package var roundTrip = FlowRoundTrip()
    /// Delay in buffers between capture point and that end.
    package var queueDelay = BothDirections<QueueDelaySnapshot?>(client: nil, server: nil)
    package var blackHoleSuspected = false
    package var buffers: [BufferSnapshot] = []
    package var anomalies = AnomalyCounts()
    /// Holes that the capture never filled, and their bytes.
    package var gaps = 0
    package var gapBytes: UInt64 = 0

    package init() {}
}
