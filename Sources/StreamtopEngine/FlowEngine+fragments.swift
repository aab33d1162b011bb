import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// IP fragments: put together, then routed like a whole packet; the counts go to the flow they belong to.
extension FlowEngine {
    mutating func observeFragment(bytes: RawSpan, at time: Timestamp) {
        let headerBytes = frame.fragment?.headerLength ?? 0
        switch fragments.observe(frame, bytes: bytes, at: time) {
        case .complete(let data, let wholeLength, let parts):
            let span = unsafe data.span.bytes  // UInt8 has no padding
            decoder.decodeTransport(span, into: &frame)
            let pair = FragmentPair(frame)
            route(bytes: span, packets: parts, packetBytes: wholeLength + parts * headerBytes, at: time)
            guard frame.transport == .udp || frame.transport == .tcp || frame.transport == .sctp else { return }
            rememberFragmented(pair, key: frame.key)
            guard let position = flows.find(frame.key, hash: flows.hash(frame.key)) else { return }
            creditFragments(position, parts: parts, lost: nil)
            if fragments.lastOverlapDiffered { note(.fragmentOverlap, in: position) }
        case .pending, .duplicate: break
        case .dropped: decode.malformed += 1
        }
    }

    /// Gives up datagrams that waited too long, or all at the end, and counts them in their flow.
    mutating func expireFragments(all: Bool = false) {
        var losses: [FragmentLoss] = []
        fragments.advance(to: all ? Timestamp(nanoseconds: .max) : now) { losses.append($0) }
        for loss in losses {
            guard let position = flowOfLostDatagram(loss) else { continue }
            let direction = flows[position].direction(fromAddress: loss.source.address)
            flows[position].record(
                direction, packets: loss.parts, bytes: loss.dataBytes + loss.parts * 20, payload: 0,
                at: flows[position].last)
            creditFragments(position, parts: loss.parts, lost: loss.dataBytes)
        }
    }

    /// The flow of a datagram that never became whole: by its ports when the first fragment came, else the flow that
    /// last sent fragments between the same hosts.
    private func flowOfLostDatagram(_ loss: FragmentLoss) -> UInt32? {
        let key = FlowKey(
            source: loss.source, destination: loss.destination, transport: loss.protocolNumber, vlan: loss.vlan,
            tunnel: loss.tunnel)
        if let position = flows.find(key, hash: flows.hash(key)) { return position }
        let pair = FragmentPair(
            source: loss.source.address, destination: loss.destination.address, transport: loss.protocolNumber)
        guard let last = fragmentedFlows[pair] else { return nil }
        return flows.find(last, hash: flows.hash(last))
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

    private mutating func rememberFragmented(_ pair: FragmentPair, key: FlowKey) {
        // The table only serves to guess the ports of datagrams without a first fragment: starting over costs little.
        if fragmentedFlows.count >= options.limits.fragmentedPairs { fragmentedFlows.removeAll(keepingCapacity: true) }
        fragmentedFlows[pair] = key
    }
}

/// Two hosts and a protocol, one way.
struct FragmentPair: Hashable {
    var source: IPAddress
    var destination: IPAddress
    var transport: UInt8

    init(source: IPAddress, destination: IPAddress, transport: UInt8) {
        self.source = source
        self.destination = destination
        self.transport = transport
    }

    init(_ frame: borrowing DecodedFrame) {
        self.init(source: frame.source, destination: frame.destination, transport: frame.protocolNumber)
    }
}
