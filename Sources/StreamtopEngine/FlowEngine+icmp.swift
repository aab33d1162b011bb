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
}
