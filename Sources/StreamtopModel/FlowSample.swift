import StreamtopBase

/// The values of one flow at one moment, for charts and for `sample` records. An end's in-flight, cwnd and rate are
/// that end's as sender; its receive window is the one it advertises. nil is "not known".
package struct FlowSample: Equatable, Sendable {
    package var time: Timestamp
    /// Smoothed round trip between capture point and that end.
    package var roundTrip = BothDirections<Nanoseconds?>(client: nil, server: nil)
    package var queueDelay = BothDirections<Nanoseconds?>(client: nil, server: nil)
    package var inFlight = BothDirections<Int?>(client: nil, server: nil)
    package var congestionWindow = BothDirections<Int?>(client: nil, server: nil)
    package var receiveWindow = BothDirections<Int?>(client: nil, server: nil)
    /// Bits a second of IP packets since the sample before.
    package var rate = BothDirections<Double>(client: 0, server: 0)
    /// The three counts below were counted: the transport numbers its segments and we follow it.
    package var countsSegments = false
    /// Retransmitted segments, lost segments and zero-window advertisements since the sample before.
    package var retransmissions = BothDirections<Int>(client: 0, server: 0)
    package var losses = BothDirections<Int>(client: 0, server: 0)
    package var zeroWindows = BothDirections<Int>(client: 0, server: 0)

    /// Seconds of media that the player behind the flow holds, as far as is known.
    package var playerBuffer: Double?
    /// What the kernel of this host says of the flow's socket, live.
    @Boxed package var kernel: KernelSample?

    package init(time: Timestamp) { self.time = time }
}
