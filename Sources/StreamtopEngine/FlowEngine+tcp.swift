import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// TCP: frames to the tracker of their flow, and what it has to say to events.
extension FlowEngine {
    func makeTCPTracker(for entry: FlowEntry, at time: Timestamp) -> TCPFlowTracker {
        TCPFlowTracker(start: time)
    }

    mutating func observeTCP(_ position: UInt32, direction: Direction, at time: Timestamp) {
        let tracker = flows[position].tcp
        tcpTrackers[tracker].observe(frame, direction: direction, at: time, events: &pendingEvents)
        if !pendingEvents.isEmpty { flushEvents(of: position, at: time) }
        if frame.tcp.flags.contains(.fin) || frame.tcp.flags.contains(.rst) {
            let state = tcpTrackers[tracker].state
            if state == .closed || state == .reset, flows[position].standing != .over {
                flows.change(position, to: .over)
                emit(.flowClose(state), of: position, at: time)
            }
        }
    }

    mutating func flushEvents(of position: UInt32, at time: Timestamp) {
        for kind in pendingEvents { emit(kind, of: position, at: time) }
        pendingEvents.removeAll(keepingCapacity: true)
    }
}
