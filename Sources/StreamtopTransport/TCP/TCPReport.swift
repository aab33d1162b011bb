import StreamtopBase
import StreamtopModel

/// Everything a TCP tracker has to say about its flow at one moment.
package struct TCPReport: Sendable {
    /// The flow's section, in the box that it stays in: it is large, and made anew for each picture of the flow.
    package let section: Boxed<TCPSnapshot>.Box
    package var snapshot: TCPSnapshot { section.value }
    package var roundTrip = FlowRoundTrip()
    /// Delay in buffers between capture point and that end.
    package var queueDelay = BothDirections<QueueDelaySnapshot?>(client: nil, server: nil)
    package var blackHoleSuspected = false
    package var anomalies = AnomalyCounts()
    /// Holes that the capture never filled, and their bytes.
    package var gaps = 0
    package var gapBytes: UInt64 = 0

    private let position = PassedByAddress()

    package init(_ snapshot: consuming TCPSnapshot) { section = Boxed.Box(consume snapshot) }
}
