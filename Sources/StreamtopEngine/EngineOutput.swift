import StreamtopModel

/// What the engine hands out as capture time passes, in order.
package enum EngineOutput: Sendable {
    case event(FlowEvent)
    case sample(FlowIdentifier, FlowSample)
    /// A flow that leaves the table before the end: evicted at the cap, or over and done in a live capture.
    case retired(FlowSnapshot)
}
