import StreamtopBase
import StreamtopModel

/// What every layer of a flow can be asked, whatever feeds it. Used through the tracker's own type, never as `any`.
package protocol LayerState: ~Copyable {
    /// The client was guessed wrong: what was noted for one end is the other's.
    mutating func exchangeEnds()

    /// Fills in what is known at `time`. Asking changes nothing.
    func report(into flow: inout FlowSnapshot, at time: Timestamp)
}

/// A layer that reads what the layer below hands up.
package protocol LayerTracker: LayerState, ~Copyable {
    /// Takes one delivery of the layer below: its `bytes`, none for a gap or an end. `now` has the delivery's time and
    /// direction.
    mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation)
}
