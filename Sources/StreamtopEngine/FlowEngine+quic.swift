import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// QUIC over UDP: which flow a datagram belongs to, its tracker, and the handshake inside.
extension FlowEngine {
    /// The flow of a datagram with addresses that no flow has: that of a connection which moved, else nil.
    mutating func movedQUICFlow(
        _ frame: borrowing DecodedFrame, _ key: FlowKey, bytes: RawSpan, at time: Timestamp, _ intake: inout Intake
    ) -> UInt32? {
        guard frame.transport == .udp else { return nil }
        intake.connections.enter(&quicPaths.announcements)
        guard !intake.connections.isEmpty else { return nil }
        if let path = quicPaths[key], isFlow(path.flow) { return path.flow.position }
        guard let owner = intake.connections.owner(of: frame.payload(in: bytes)), isFlow(owner.flow) else {
            return nil
        }
        // One end stays: a stray match of both addresses is no move.
        let position = owner.flow.position
        let known = [flows[position].clientEndpoint, flows[position].serverEndpoint]
        let client = owner.end == .fromServer ? frame.sourceEndpoint : frame.destinationEndpoint
        let server = owner.end == .fromServer ? frame.destinationEndpoint : frame.sourceEndpoint
        guard server == known[1] || client == known[0] || server.address == known[1].address else { return nil }
        guard let index = trackers.index(of: .quic, in: flows[position].layers) else { return nil }
        quicPaths.insert(key, QUICPaths.Path(flow: owner.flow, client: client))
        let before = trackers.quic[index].connection.currentClient ?? known[0]
        trackers.quic[index].connection.moved(from: before, to: client, at: time, &observation)
        return position
    }

    /// A new connection on the addresses of one that is established or over is a flow of its own.
    mutating func reopenIfNewQUIC(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ sought: SoughtFlow, bytes: RawSpan,
        at time: Timestamp
    ) -> UInt32 {
        guard let index = trackers.index(of: .quic, in: flows[position].layers), frame.payloadLength > 0 else {
            return position
        }
        let from = flows[position].direction(isFromLow: isFromLow(frame, sought, in: position))
        guard trackers.quic[index].connection.isSucceeded(by: frame.payload(in: bytes), from: from) else {
            return position
        }
        if flows[position].key == sought.key { flows.forgetKey(position) }
        flows.change(position, to: .over)
        let fresh = open(frame, sought.key, hash: sought.hash, in: flows[position].bucket, at: time)
        note(.portReused, in: fresh)
        return fresh
    }

    /// The client asked for QUIC, should it turn to TCP next.
    private mutating func noteAttempt(_ position: UInt32, at time: Timestamp) {
        guard let index = trackers.index(of: .quic, in: flows[position].layers),
            trackers.quic[index].connection.knowsClient
        else { return }
        note(
            .askedForQUIC(
                client: flows[position].clientEndpoint.address, server: flows[position].serverEndpoint), of: position,
            at: time)
    }

    private func isFlow(_ flow: FlowReference) -> Bool {
        flows.contains(flow.position) && flows[flow.position].ordinal == flow.ordinal
            && trackers.index(of: .quic, in: flows[flow.position].layers) != nil
    }

    /// The datagram comes from the low endpoint of its flow's key, on whichever path it travels.
    @inline(__always)
    func isFromLow(_ frame: borrowing DecodedFrame, _ sought: SoughtFlow, in position: UInt32) -> Bool {
        flows[position].key == sought.key ? sought.isSourceLow : isFromLow(frame, elsewhere: sought, in: position)
    }

    @inline(never)
    private func isFromLow(_ frame: borrowing DecodedFrame, elsewhere sought: SoughtFlow, in position: UInt32) -> Bool {
        guard let path = quicPaths[sought.key] else { return sought.isSourceLow }
        return (frame.sourceEndpoint == path.client) == flows[position].clientIsLow
    }

    /// A UDP datagram of the flow at `position`, whose QUIC connection is at `depth`.
    mutating func observeQUIC(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ depth: Int, _ payload: RawSpan, isNew: Bool,
        direction: Direction, at time: Timestamp
    ) {
        let index = trackers.stacks[flows[position].layers][depth].index
        observation.begin(from: direction, at: time)
        trackers.observeQUIC(index, payload, frame, &observation)
        if observation.signals.contains(.clientIs(.fromServer)) {
            // Shown again to whoever knows now which end is which.
            observation.clear()
            exchangeEnds(of: position)
            observation.begin(from: direction.reversed, at: time)
            trackers.observeQUIC(index, payload, frame, &observation)
        }
        if isNew { noteAttempt(position, at: time) }
        if flows[position].orientation != .quicInitial, trackers.quic[index].connection.knowsClient {
            flows[position].orientation = .quicInitial
        }
        climb(position, from: depth, payload: payload)
        conclude(position, at: time)
    }
}
