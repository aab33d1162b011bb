import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// ICMP errors belong to the flow that they quote.
extension FlowEngine {
    mutating func observeICMP(_ frame: borrowing DecodedFrame, at time: Timestamp) {
        guard let key = frame.icmp.quoted, let source = frame.icmp.quotedSource,
            let position = flows.find(key, hash: flows.hash(key))
        else { return }
        note(.icmpError, in: position)
        noteRefusal(frame, of: position, from: source, at: time)
        guard let mtu = frame.icmp.nextHopMTU else { return }
        let rare = flows[position].rare
        rareFacts[rare].hasFragmentation = true
        if rareFacts[rare].fragmentation.tooBig.count < options.limits.tooBigMessages {
            rareFacts[rare].fragmentation.tooBig.append(TooBigMessage(time: time, mtu: mtu))
        }
        emit(.icmpTooBig(mtu: mtu), of: position, at: time)
        guard flows[position].tcp != FlowEntry.none else { return }
        trackers.tcp[flows[position].tcp].observeTooBig(from: flows[position].direction(from: source))
    }

    /// The error says that a SYN reaches nobody, and nothing else has answered it.
    private mutating func noteRefusal(
        _ frame: borrowing DecodedFrame, of position: UInt32, from source: Endpoint, at time: Timestamp
    ) {
        guard
            let reason = Unreachable.Reason(
                type: frame.icmp.type, code: frame.icmp.code, isIPv6: !frame.source.isIPv4),
            flows[position].tcp != FlowEntry.none, rareFacts[flows[position].rare].unreachable == nil,
            trackers.tcp[flows[position].tcp].isUnanswered(
                synFrom: flows[position].direction(from: source), sequence: frame.icmp.quotedSequence)
        else { return }
        rareFacts[flows[position].rare].unreachable = Unreachable(reason: reason, by: frame.source, time: time)
    }
}
