import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// Data that a flow carries for others: what a TURN relay takes in and hands out (RFC 8656), and packets that a stream frames (RFC
/// 4571). Each pair of ends in it is a flow of its own, with its own layers, below the one that carries it.
extension FlowEngine {
    /// Relays within relays that are followed.
    private static let deepestRelays = 3

    /// Routes what the flow at `carrier` carried in the frame at hand. That frame was counted in `carrier`: here only its data is, and
    /// in no total of the capture.
    @inline(never)
    mutating func routeRelayed(by carrier: UInt32, depth: Int = 1) {
        let reference = flows[carrier].reference(at: carrier)
        var queue = RelayedDatagrams()
        swap(&queue, &trackers.relayed)
        for index in 0..<queue.count {
            guard isThere(reference) else { break }
            let datagram = queue[index]
            let ends = ends(of: datagram, carrier)
            guard let position = flowOfRelayed(ends, reference, at: datagram.time) else { continue }
            observeRelayed(datagram, queue.bytes(of: index), from: ends.sender, position)
            guard !trackers.relayed.isEmpty else { continue }
            if depth < Self.deepestRelays, flows.contains(position) {
                routeRelayed(by: position, depth: depth + 1)
            } else {
                trackers.relayed.removeAll()
            }
        }
        queue.removeAll()
        swap(&queue, &trackers.relayed)
    }

    private struct RelayedEnds {
        var local: Endpoint
        var peer: Endpoint
        var sender: Endpoint
    }

    private mutating func flowOfRelayed(_ ends: RelayedEnds, _ carrier: FlowReference, at time: Timestamp) -> UInt32? {
        let key = FlowKey(
            source: ends.local, destination: ends.peer, transport: 17, tunnel: Self.mark(of: carrier.ordinal))
        let hash = flows.hash(key)
        return flows.find(key, hash: hash) ?? openRelayed(key, hash: hash, sender: ends.sender, by: carrier, at: time)
    }

    /// The ends as the peer sees them. Where the capture began too late for that, the client stands for the address that the relay gave
    /// it, and the number of the channel for a peer without a name.
    private func ends(
        of datagram: RelayedDatagrams.Datagram, _ carrier: UInt32
    ) -> RelayedEnds {
        let local = datagram.local ?? flows[carrier].clientEndpoint
        let nobody = local.address.isIPv4 ? IPAddress(v4: 0) : IPAddress(high: 0, low: 0)
        let peer =
            datagram.isFramed
            ? flows[carrier].serverEndpoint : datagram.peer ?? Endpoint(address: nobody, port: datagram.channel)
        return RelayedEnds(local: local, peer: peer, sender: datagram.direction == .fromClient ? local : peer)
    }

    /// Sets the flows of one carrier apart from those on the wire and in other carriers.
    private static func mark(of ordinal: UInt64) -> UInt32 {
        1 << 31 | UInt32(truncatingIfNeeded: ordinal ^ ordinal >> 32)
    }

    private mutating func openRelayed(
        _ key: FlowKey, hash: UInt32, sender: Endpoint, by carrier: FlowReference, at time: Timestamp
    ) -> UInt32? {
        guard let ordinal = nextOrdinal() else { return nil }
        // The carrier is busy, so it is the last to be forgotten for want of room; still it may be.
        let bucket = flows[carrier.position].bucket
        if flows.isFull(bucket) { evictOne(in: bucket) }
        var entry = FlowEntry(
            key: key, bucket: bucket, ordinal: ordinal, clientIsLow: key.isLow(sender), orientation: .firstPacket,
            transport: .udp,
            time: time)
        entry.isRelayed = true
        let position = enter(entry, hash: hash, at: time)
        relate(position, to: carrier)
        return position
    }

    private mutating func observeRelayed(
        _ datagram: RelayedDatagrams.Datagram, _ payload: RawSpan, from sender: Endpoint, _ position: UInt32
    ) {
        let time = datagram.time
        let direction = flows[position].direction(from: sender)
        let dueWork = flows[position].record(
            direction, packets: 1, bytes: datagram.wireLength, payload: datagram.wireLength, at: time)
        if !dueWork.isEmpty { follow(dueWork, of: position, at: time) }
        guard datagram.wireLength > 0 else { return }
        observation.roundTrip = BothDirections(client: nil, server: nil)
        observation.hopLimit = 0
        observeShared(
            payload, wireLength: datagram.wireLength, from: sender, position, direction: direction, at: time)
        if flows[position].layers != FlowEntry.none || flows[position].chargedBytes > 0 { chargeMemory(of: position) }
    }

    // MARK: Who carries whom

    /// Flows below one carrier whose names it keeps.
    private static var carriedCapacity: Int { 64 }

    private mutating func relate(_ position: UInt32, to carrier: FlowReference) {
        ensureRare(position)
        rareFacts[flows[position].rare].carrier = Kin(flow: carrier)
        guard isThere(carrier) else { return }
        ensureRare(carrier.position)
        let rare = flows[carrier.position].rare
        guard rareFacts[rare].carried.count < Self.carriedCapacity else { return }
        rareFacts[rare].carried.append(Kin(flow: flows[position].reference(at: position)))
    }

    /// The flow leaves the table: its name stays with those that it carries, and with the one that carries it.
    mutating func leaveName(of position: UInt32) {
        let (rare, reference, rank) = (
            flows[position].rare, flows[position].reference(at: position), flows[position].rank
        )
        guard rare != FlowEntry.none, rank != 0 else { return }
        let name = FlowIdentifier(number: rank)
        for child in rareFacts[rare].carried where isThere(child.flow) {
            let number = flows[child.flow.position].rare
            if number != FlowEntry.none { rareFacts[number].carrier?.name = name }
        }
        guard let carrier = rareFacts[rare].carrier?.flow, isThere(carrier) else { return }
        let number = flows[carrier.position].rare
        guard number != FlowEntry.none,
            let index = rareFacts[number].carried.firstIndex(where: { $0.flow == reference })
        else { return }
        rareFacts[number].carried[index].name = name
    }

    /// nil while the flow has no name.
    func name(of kin: Kin) -> FlowIdentifier? {
        if let name = kin.name { return name }
        guard isThere(kin.flow), flows[kin.flow.position].rank != 0 else { return nil }
        return flows[kin.flow.position].identifier
    }
}

/// A flow that carries another, or is carried by one.
struct Kin {
    var flow: FlowReference
    /// Once the flow has left the table.
    var name: FlowIdentifier?
}
