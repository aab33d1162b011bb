import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// TCP: frames to the tracker of their flow, and what it has to say to events.
extension FlowEngine {
    func makeTCPTracker(for entry: borrowing FlowEntry, at time: Timestamp) -> TCPFlowTracker {
        var tracker = TCPFlowTracker(start: time)
        let local = options.localAddresses
        if !local.isEmpty {
            tracker.localHint = TCPFlowTracker.LocalHint(
                client: local.contains(entry.clientEndpoint.address),
                server: local.contains(entry.serverEndpoint.address))
        }
        return tracker
    }

    /// Fills in what the tracker knows at `time`.
    func fillTCP(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, at time: Timestamp) {
        let report = tcpTrackers[entry.tcp].report(at: time)
        flow.$tcp = Boxed.Box(report.snapshot)
        flow.roundTrip = report.roundTrip
        flow.queueDelay = report.queueDelay
        flow.buffers = report.buffers
        flow.decode.gaps += report.gaps
        flow.decode.gapBytes &+= report.gapBytes
        flow.anomalies.add(report.anomalies)
        if report.blackHoleSuspected {
            var fragmentation = flow.fragmentation ?? FragmentationSnapshot()
            fragmentation.blackHoleSuspected = true
            flow.fragmentation = fragmentation
        }
    }

    @inline(__always)
    mutating func observeTCP(
        _ frame: borrowing DecodedFrame, _ position: UInt32, direction: Direction, at time: Timestamp
    ) {
        let tracker = flows[position].tcp
        tcpTrackers[tracker].observe(frame, direction: direction, at: time, events: &pendingEvents)
        if !pendingEvents.isEmpty {
            if !quicAttempts.isEmpty, isEstablishing { noteFallback(to: position, at: time) }
            flushEvents(of: position, at: time)
        }
        if frame.tcp.flags.isFin || frame.tcp.flags.isRst {
            let state = tcpTrackers[tracker].state
            if state == .closed || state == .reset, flows[position].standing != .over {
                flows.change(position, to: .over)
                emit(.flowClose(state), of: position, at: time)
            }
        }
    }

    private var isEstablishing: Bool {
        pendingEvents.contains { if case .established = $0 { true } else { false } }
    }

    mutating func flushEvents(of position: UInt32, at time: Timestamp) {
        for kind in pendingEvents { emit(kind, of: position, at: time) }
        pendingEvents.removeAll(keepingCapacity: true)
    }
}
