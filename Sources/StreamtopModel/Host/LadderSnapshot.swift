import StreamtopBase

/// Which way a buffer of the ladder lies, seen from the host that captures: out to the peer, or in from it.
package enum BufferTravel: String, Sendable {
    case out
    case inward = "in"
}

/// How a delay is meant.
package enum DelayBound: String, Sendable {
    case measured
    /// The whole backlog of a device under a fair queue: one flow waits less.
    case atMost = "at_most"
    /// What is occupied cannot be read, or nothing leaves it.
    case unknown
}

package enum BufferTrend: String, Sendable {
    case growing, steady, shrinking
}

/// The ladders of a flow: how long a byte written now needs until it is read, one way, buffer by buffer.
package struct LadderSnapshot: Equatable, Sendable {
    package enum Bound: String, Sendable {
        case measured
        case atLeast = "at_least"
        case atMost = "at_most"
    }

    /// One direction of it; its rungs are the flow's `buffers` of that direction.
    package struct Sum: Equatable, Sendable {
        /// Sum of the rungs that are known; nil where none is.
        package var total: Nanoseconds?
        package var bound: Bound
        /// The buffer that holds the delay; nil where none holds enough to be named (contract, Readings).
        package var largest: BufferSnapshot.Layer?
        /// Rungs that exist and could not be read.
        package var unread: [BufferSnapshot.Layer]

        package init(
            total: Nanoseconds?, bound: Bound, largest: BufferSnapshot.Layer?, unread: [BufferSnapshot.Layer]
        ) {
            self.total = total
            self.bound = bound
            self.largest = largest
            self.unread = unread
        }
    }

    package var out: Sum?
    package var inward: Sum?

    package init(out: Sum? = nil, inward: Sum? = nil) {
        self.out = out
        self.inward = inward
    }

    package subscript(travel: BufferTravel) -> Sum? {
        get { travel == .out ? out : inward }
        set { if travel == .out { out = newValue } else { inward = newValue } }
    }
}

/// What the kernel says of a flow's socket at a sample, beside our own values of that moment.
package struct KernelSample: Equatable, Sendable {
    package var socket: KernelSocket
    /// The end on this host.
    package var side: Direction
    /// Ours less the kernel's over the kernel's, at that moment; nil where one of them is not known.
    package var windowError: Double?
    package var roundTripError: Double?
    package var flightError: Double?
    /// Share of the time in which there was something to send that the peer's window held it back, by the kernel's own clock,
    /// since this program began to ask; nil below three seconds of it.
    package var receiverLimitedShare: Double?
    /// The window by packets alone, where the flow's own has the kernel's in its place; nil where the flight does not fill the
    /// window, for that cannot be seen from outside.
    package var estimatedWindow: Int?
    /// Other subflows of the Multipath TCP connection that the flow is one of.
    package var otherSubflows: [FlowIdentifier] = []

    package init(socket: KernelSocket, side: Direction) {
        self.socket = socket
        self.side = side
    }
}

/// How our estimates compare with the kernel over a run.
package struct KernelComparison: Equatable, Sendable {
    /// Median and 95th percentile of the absolute relative error.
    package struct Error: Equatable, Sendable {
        package var samples: Int
        package var p50: Double
        package var p95: Double

        package init(samples: Int, p50: Double, p95: Double) {
            self.samples = samples
            self.p50 = p50
            self.p95 = p95
        }
    }

    /// TCP flows seen while the kernel was asked, and those whose socket was found.
    package var flows: Int
    package var joined: Int
    package var window: Error?
    package var roundTrip: Error?
    package var flight: Error?
    /// Round trip and flight while the application gave less than the path could carry. The window is not to be seen then.
    package var limitedRoundTrip: Error?
    package var limitedFlight: Error?
    /// Of flows that were seen from their beginning, one sample a flow: retransmissions, and the share of the time with something to
    /// send in which the receiver held the sender (a difference of shares, not a relative one).
    package var retransmissions: Error?
    package var limitedBy: Error?
    /// Flows whose congestion control we called by another name than the kernel does, of those that we gave a name.
    package var wrongNames: Int
    package var namesCompared = 0

    package init(flows: Int, joined: Int, wrongNames: Int) {
        self.flows = flows
        self.joined = joined
        self.wrongNames = wrongNames
    }
}
