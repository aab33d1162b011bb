import StreamtopBase
import StreamtopModel

/// What the engine hands out as capture time passes, in order.
package enum EngineOutput: Sendable {
    case event(FlowEvent)
    /// `start` is the flow's first packet.
    case sample(FlowIdentifier, start: Timestamp, FlowSample)
    /// A flow that leaves the table before the end: evicted at the cap, or over and done in a live capture.
    indirect case retired(FlowSnapshot)
}
