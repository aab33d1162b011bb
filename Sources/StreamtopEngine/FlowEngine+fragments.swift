import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// Datagrams that came in fragments: routed like a whole packet, and counted in the flow they belong to.
extension FlowEngine {
    mutating func observeFragment(
        _ frame: inout DecodedFrame, bytes: RawSpan, at time: Timestamp, _ intake: inout Intake
    ) {
        defer { memory.heldByIntake = intake.fragments.heldBytes }
        switch intake.fragments.take(&frame, bytes: bytes, by: decoder, at: time) {
        case .whole(let datagram):
            let span = unsafe datagram.bytes.span.bytes  // UInt8 has no padding
            route(
                frame, to: flows.sought(frame), bytes: span, packets: datagram.packets, packetBytes: frame.ipLength,
                at: time, &intake)
            credit(frame, datagram, &intake)
        case .waits: break
        case .malformed: counts.decode.malformed += 1
        case .tooDeep: counts.decode.unsupported += 1
        }
    }

    /// Enters a whole datagram into the flow that it was routed to.
    private mutating func credit(
        _ frame: borrowing DecodedFrame, _ datagram: borrowing FragmentIntake.Datagram, _ intake: inout Intake
    ) {
        guard frame.transport == .udp || frame.transport == .tcp || frame.transport == .sctp else { return }
        intake.fragments.remember(FragmentPair(frame), key: frame.key)
        guard let position = flows.find(frame.key, hash: flows.hash(frame.key)) else { return }
        creditFragments(position, parts: datagram.parts, lost: nil)
        if datagram.differs { note(.fragmentOverlap, in: position) }
    }

    /// Counts datagrams that never became whole in their flows: by their ports when the first fragment came, else in the flow
    /// that last sent fragments between the same hosts.
    mutating func count(_ losses: [FragmentIntake.Loss]) {
        for loss in losses {
            guard
                let position = flows.find(loss.key, hash: flows.hash(loss.key))
                    ?? loss.likely.flatMap({ flows.find($0, hash: flows.hash($0)) })
            else { continue }
            let datagram = loss.datagram
            let direction = flows[position].direction(fromAddress: datagram.source.address)
            flows[position].record(
                direction, packets: datagram.parts, bytes: datagram.dataBytes + datagram.parts * 20, payload: 0,
                at: flows[position].last)
            creditFragments(position, parts: datagram.parts, lost: datagram.dataBytes)
        }
    }

    private mutating func creditFragments(_ position: UInt32, parts: Int, lost: Int?) {
        ensureRare(position)
        let rare = flows[position].rare
        rareFacts[rare].hasFragmentation = true
        rareFacts[rare].fragmentation.fragments += parts
        rareFacts[rare].fragmentation.datagrams += 1
        if let lost {
            rareFacts[rare].fragmentation.incomplete += 1
            rareFacts[rare].fragmentation.wastedBytes &+= UInt64(max(0, lost))
        }
    }
}
