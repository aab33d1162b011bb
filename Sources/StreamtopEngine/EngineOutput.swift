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

/// What an engine has handed out so far.
struct EngineOutputs {
    /// For whoever writes records, until they are taken.
    var entries: [EngineOutput] = []
    /// The newest events, for the screen.
    var history: [FlowEvent] = []
    /// Flows opened since ranks were given, in the order of frames.
    var openings: [FlowReference] = []
    /// Entries, and events of the history, in which every flow has its rank.
    var settled = 0
    var unsettledHistory = 0
}
