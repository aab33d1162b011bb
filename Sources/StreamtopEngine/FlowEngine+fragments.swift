import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// IP fragments: put together, then routed like a whole packet; the counts go to the flow they belong to.
extension FlowEngine {
    /// Datagrams within datagrams that are put together at most: tunnels fragment what is fragmented already.
    private static let deepestFragments = 4

    mutating func observeFragment(
        _ frame: inout DecodedFrame, bytes: RawSpan, at time: Timestamp, carried: Int = 0, depth: Int = 1
    ) {
        let headerBytes = frame.fragment?.headerLength ?? 0
        let outer = FragmentPair(frame)
        switch fragmentation.assembler.observe(frame, bytes: bytes, at: time) {
        case .complete(let data, let wholeLength, let parts):
            let span = unsafe data.span.bytes  // UInt8 has no padding
            let ipLength = wholeLength + parts * headerBytes
            // An IP header inside, when it is a tunnel, writes its own length here.
            frame.ipLength = -1
            decoder.decodeTransport(span, wireLength: wholeLength, into: &frame)
            let credit = parts + carried + (fragmentation.carried.removeValue(for: outer) ?? 0)
            if frame.fragment != nil {
                guard depth < Self.deepestFragments else {
                    counts.decode.unsupported += 1
                    return
                }
                return observeFragment(&frame, bytes: span, at: time, carried: credit, depth: depth + 1)
            }
            let isWhole = frame.ipLength < 0
            if isWhole { frame.ipLength = ipLength }
            route(
                frame, to: flows.sought(frame), bytes: span, packets: isWhole ? parts : 1,
                packetBytes: frame.ipLength, at: time)
            creditFlow(frame, parts: credit)
        case .pending: carryFragments(carried, of: outer)
        case .duplicate: break
        case .dropped: counts.decode.malformed += 1
        }
    }

    /// Enters a whole datagram into the flow that it was routed to.
    private mutating func creditFlow(_ frame: borrowing DecodedFrame, parts: Int) {
        guard frame.transport == .udp || frame.transport == .tcp || frame.transport == .sctp else { return }
        rememberFragmented(FragmentPair(frame), key: frame.key)
        guard let position = flows.find(frame.key, hash: flows.hash(frame.key)) else { return }
        creditFragments(position, parts: parts, lost: nil)
        if fragmentation.assembler.lastOverlapDiffered { note(.fragmentOverlap, in: position) }
    }

    /// Keeps the count of outer fragments until the datagram inside is whole.
    private mutating func carryFragments(_ count: Int, of pair: FragmentPair) {
        guard count > 0 else { return }
        fragmentation.carried.update(pair, initial: 0) { $0 += count }
    }

    /// Gives up datagrams that waited too long, or all at the end, and counts them in their flow.
    mutating func expireFragments(all: Bool = false) {
        var losses: [FragmentLoss] = []
        fragmentation.assembler.advance(to: all ? Timestamp(nanoseconds: .max) : now) { losses.append($0) }
        for loss in losses {
            guard let position = flowOfLostDatagram(loss) else { continue }
            let direction = flows[position].direction(fromAddress: loss.source.address)
            flows[position].record(
                direction, packets: loss.parts, bytes: loss.dataBytes + loss.parts * 20, payload: 0,
                at: flows[position].last, grain: flows.grain)
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
        guard let last = fragmentation.flows[pair] else { return nil }
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
        // The table only serves to guess the ports of datagrams without a first fragment: one that is forgotten costs little.
        fragmentation.flows.insert(key, for: pair, renews: true)
    }
}

/// Fragments under way, and what is remembered to count them in the right flow.
struct Fragmentation {
    var assembler: FragmentAssembler
    /// The flow that last sent fragments between two hosts.
    var flows: BoundedMap<FragmentPair, FlowKey>
    /// Outer fragments that carried fragments of a datagram that is not whole yet, by the hosts of the inner packet.
    var carried: BoundedMap<FragmentPair, Int>

    init(limits: FragmentAssembler.Limits, pairs: Int) {
        assembler = FragmentAssembler(limits: limits)
        flows = BoundedMap(capacity: pairs)
        carried = BoundedMap(capacity: pairs)
    }
}

/// Two hosts and a protocol, one way.
struct FragmentPair: Hashable, Sendable {
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
