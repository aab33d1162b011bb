import StreamtopBase
import StreamtopLayer
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
        let report = trackers.tcp[entry.tcp].report(at: time)
        flow.$tcp = report.section
        flow.roundTrip = report.roundTrip
        flow.queueDelay = report.queueDelay
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
        _ frame: borrowing DecodedFrame, _ position: UInt32, tracker: UInt32, direction: Direction, at time: Timestamp
    ) {
        observation.begin(from: direction, at: time)
        trackers.tcp[tracker].observe(
            frame, &observation, isTimed: frameAtHand.isTimed, clockEpoch: frameAtHand.clockEpoch)
        if !observation.events.isEmpty {
            if !observation.signals.isEmpty { obeyTCP(position, at: time) }
            flushEvents(of: position, at: time)
        }
        if frame.tcp.flags.isFin || frame.tcp.flags.isRst {
            let state = trackers.tcp[tracker].state
            if state == .closed || state == .reset, flows[position].standing != .over {
                flows.change(position, to: .over)
                emit(.flowClose(state), of: position, at: time)
            }
        }
    }

    private mutating func obeyTCP(_ position: UInt32, at time: Timestamp) {
        if observation.signals.contains(.established) {
            note(
                .connected(
                    client: flows[position].clientEndpoint.address, server: flows[position].serverEndpoint),
                of: position, at: time)
        }
        observation.signals.removeAll(keepingCapacity: true)
    }

    /// When the packets of the three-way handshake passed.
    func handshakeSteps(_ entry: borrowing FlowEntry) -> [HandshakeStep] {
        guard entry.tcp != FlowEntry.none else { return [] }
        let times = trackers.tcp[entry.tcp].handshakeTimes
        let steps: [(HandshakeStepName, Direction, Timestamp?)] = [
            (.tcpSyn, .fromClient, times.syn), (.tcpSynAck, .fromServer, times.synAck),
            (.tcpAck, .fromClient, times.ack),
        ]
        return steps.compactMap { step, from, time in
            time.map { HandshakeStep(step: step, from: from, time: $0, bytes: nil) }
        }
    }
}
