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
        noteUnreachable(frame, of: flows[position].direction(from: source), in: position, at: time)
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

    private mutating func noteUnreachable(
        _ frame: borrowing DecodedFrame, of quoted: Direction, in position: UInt32, at time: Timestamp
    ) {
        guard let reason = UnreachableSnapshot.Reason(type: frame.icmp.type, code: frame.icmp.code) else { return }
        let rare = flows[position].rare
        if rareFacts[rare].unreachable != nil {
            rareFacts[rare].unreachable?.count += 1
        } else {
            rareFacts[rare].unreachable = UnreachableSnapshot(
                reason: reason, from: frame.sourceEndpoint.address, time: time, of: quoted)
        }
    }
}

extension UnreachableSnapshot.Reason {
    /// nil for messages that say something else: type 3 of ICMP (RFC 792, RFC 1122 section 3.2.2.1) and type 1 of ICMPv6
    /// (RFC 4443 section 3.1) are of this kind; each is unassigned in the other.
    init?(type: UInt8, code: UInt8) {
        switch (type, code) {
        case (3, 0), (3, 6), (1, 0): self = .network
        case (3, 1), (3, 7), (1, 3): self = .host
        case (3, 2): self = .protocol
        case (3, 3), (1, 4): self = .port
        case (3, 9), (3, 10), (3, 13), (1, 1), (1, 5), (1, 6): self = .prohibited
        default: return nil
        }
    }
}
