import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

@testable import StreamtopTransport

extension TCPFlowTracker {
    /// One segment; what is told of it goes to `events`.
    mutating func observe(
        _ frame: borrowing DecodedFrame, direction: Direction, at time: Timestamp,
        events: inout [FlowEvent.Kind]
    ) {
        var now = Observation(from: direction, at: time)
        observe(frame, &now)
        events += now.events
    }
}
