import StreamtopBase

/// A quantity of a flow that changes over time. Closed list: what charts draw, series keep and samples tell.
///
/// Each is of one end: bytes in flight, congestion window, rate and the counts are that end's as sender, its receive window is
/// the one it advertises, and round trip and queue are those between the capture point and that end.
package enum Metric: UInt8, CaseIterable, Sendable {
    case roundTrip, queueDelay, inFlight, congestionWindow, receiveWindow, rate, retransmissions, losses, zeroWindows
    /// What the kernel of this host says of its end's socket: the whole round trip as that end sees it, and its window.
    case kernelRoundTrip, kernelWindow

    package enum Unit: Sendable {
        case nanoseconds, bytes, bitsPerSecond, count
    }

    /// What becomes of two values when their steps are joined into one.
    package enum Merge: Sendable {
        case largest, smallest, sum, mean, latest
    }

    package var unit: Unit {
        switch self {
        case .roundTrip, .queueDelay, .kernelRoundTrip: .nanoseconds
        case .inFlight, .congestionWindow, .receiveWindow, .kernelWindow: .bytes
        case .rate: .bitsPerSecond
        case .retransmissions, .losses, .zeroWindows: .count
        }
    }

    /// The worst delay and the fullest buffer must not vanish when time is drawn small.
    package var merge: Merge {
        switch self {
        case .roundTrip, .queueDelay, .inFlight, .kernelRoundTrip: .largest
        case .receiveWindow: .smallest
        case .congestionWindow, .kernelWindow: .latest
        case .rate: .mean
        case .retransmissions, .losses, .zeroWindows: .sum
        }
    }
}

extension FlowSample {
    /// The value of a metric for one end; nil where it is not known.
    package func value(_ metric: Metric, _ direction: Direction) -> Double? {
        switch metric {
        case .roundTrip: roundTrip[direction].map(Double.init)
        case .queueDelay: queueDelay[direction].map(Double.init)
        case .inFlight: inFlight[direction].map(Double.init)
        case .congestionWindow: congestionWindow[direction].map(Double.init)
        case .receiveWindow: receiveWindow[direction].map(Double.init)
        case .rate: rate[direction]
        case .retransmissions: Double(retransmissions[direction])
        case .losses: Double(losses[direction])
        case .zeroWindows: Double(zeroWindows[direction])
        case .kernelRoundTrip: kernelSocket(direction)?.smoothedRoundTrip.map(Double.init)
        case .kernelWindow: kernelSocket(direction)?.congestionWindow.map(Double.init)
        }
    }

    private func kernelSocket(_ direction: Direction) -> KernelSocket? {
        kernel.flatMap { $0.side == direction ? $0.socket : nil }
    }
}
