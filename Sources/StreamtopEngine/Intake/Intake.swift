import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What is resolved before any flow is asked for: one time out of many stamps, whole datagrams out of fragments, and the owners of
/// QUIC connection IDs.
///
/// The reader owns it, once for all engines, and lends it to the engine that analyses a frame. It knows frames, keys and references
/// of flows, and never what a flow is made of.
struct Intake: ~Copyable {
    private(set) var stamps = StampReader()
    private var leaps = LeapWatch()
    var fragments: FragmentIntake
    var connections: ConnectionDirectory

    init(limits: EngineLimits) {
        fragments = FragmentIntake(limits: limits.fragments, pairs: limits.fragmentedPairs)
        connections = ConnectionDirectory(capacity: limits.quicConnectionIDs)
    }

    /// Takes the stamp of the next frame, whose flow is `sought`.
    @inline(__always)
    mutating func read(
        _ stamp: Timestamp, _ frame: borrowing DecodedFrame, of sought: borrowing SoughtFlow
    ) -> StampReader.Reading {
        let before = stamps.now
        let reading = stamps.read(stamp, flow: sought.hash, isLow: sought.isSourceLow)
        if reading.time >= leaps.next, reading.isTrusted {
            lookForLeap(frame, of: sought, from: before, to: reading.time)
        }
        return reading
    }

    /// Asks the hosts' clocks whether the capture's was set ahead since the frame before.
    @inline(never)
    private mutating func lookForLeap(
        _ frame: borrowing DecodedFrame, of sought: borrowing SoughtFlow, from before: Timestamp, to time: Timestamp
    ) {
        // Nothing is silent before the first frame.
        let silence = before.nanoseconds == .min ? 0 : time - before
        let isLow = sought.key.isLow(frame.sourceEndpoint)
        if let lead = leaps.look(frame, flow: sought.hash, isLow: isLow, at: time, after: silence) {
            stamps.stepAhead(by: lead, at: time)
        }
    }

    /// The tables, for health.
    var facts: IntakeFacts {
        IntakeFacts(
            clock: stamps.steps, connections: [connections.health], fragments: fragments.health,
            heldBytes: fragments.heldBytes)
    }
}

/// What the intake says of itself.
struct IntakeFacts {
    var clock = ClockSteps()
    var connections: [TableHealth] = []
    var fragments: [TableHealth] = []
    /// Bytes that fragments under way take.
    var heldBytes = 0
}
