import StreamtopBase

/// What was counted of a flow since its first packet, for each end as sender. Cumulative: asking changes nothing, and whoever
/// wants the differences of an interval keeps the counters of its beginning.
package struct FlowCounters: Equatable, Sendable {
    /// Bytes of IP packets, retransmissions included.
    package var bytes = BothDirections<UInt64>(client: 0, server: 0)
    /// The transport numbers its segments and they are followed, so that what was sent again is known.
    package var countsSegments = false
    package var retransmissions = BothDirections<UInt32>(client: 0, server: 0)
    /// Packets given up by their sender. It falls where a loss turns out to have been none.
    package var losses = BothDirections<UInt32>(client: 0, server: 0)
    /// Advertisements of a closed receive window.
    package var zeroWindows = BothDirections<UInt32>(client: 0, server: 0)

    package init() {}
}
