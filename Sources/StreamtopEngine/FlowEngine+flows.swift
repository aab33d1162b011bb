import StreamtopBase
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// Opening, re-opening, evicting and retiring flows.
extension FlowEngine {
    /// Makes a flow for the decoded frame, forgetting another when the table is full.
    mutating func open(
        _ frame: borrowing DecodedFrame, _ key: FlowKey, hash: UInt32, in known: UInt8? = nil, at time: Timestamp
    ) -> UInt32 {
        let bucket = known ?? flows.bucket(of: key, hash: hash)
        if flows.isFull(bucket) { evictOne(in: bucket) }
        let (fromSource, orientation) = orient(frame)
        let clientIsLow = (frame.sourceEndpoint == key.low) == fromSource
        var entry = FlowEntry(
            key: key, bucket: bucket, ordinal: nextOrdinal() ?? frameAtHand.ordinal << Self.ordinalBits,
            clientIsLow: clientIsLow, orientation: orientation, transport: frame.transport, time: time)
        entry.tunnel = frame.tunnel
        entry.tunnelIdentifier = frame.tunnelIdentifier
        entry.icmpType = frame.icmp.type
        entry.icmpCode = frame.icmp.code
        if frame.transport == .tcp { entry.tcp = trackers.tcp.insert(makeTCPTracker(for: entry, at: time)) }
        return enter(entry, hash: hash, at: time)
    }

    /// A new flow enters the table, which has room for it.
    mutating func enter(_ entry: consuming FlowEntry, hash: UInt32, at time: Timestamp) -> UInt32 {
        let ordinal = entry.ordinal
        let position = flows.insert(entry, hash: hash)
        output.openings.append(FlowReference(ordinal: ordinal, position: position))
        counts.totals.flows += 1
        if flows[position].transport != .icmp { counts.directions.ask(flows[position].serverEndpoint.address) }
        judgement.agenda.add(position, ordinal, at: time)
        emit(.flowOpen, of: position, at: time)
        return position
    }

    /// Bits of a flow's ordinal that tell the flows apart that one frame opens.
    static var ordinalBits: UInt64 { 6 }

    /// The name of the flow that is opened next; nil where the frame at hand has opened as many as can be told apart.
    mutating func nextOrdinal() -> UInt64? {
        if frameAtHand.opened.ordinal != frameAtHand.ordinal { frameAtHand.opened = (frameAtHand.ordinal, 0) }
        guard frameAtHand.opened.count < 1 << Self.ordinalBits else { return nil }
        defer { frameAtHand.opened.count += 1 }
        return frameAtHand.ordinal << Self.ordinalBits | frameAtHand.opened.count
    }

    /// The flow that this frame belongs to although it travels in another VLAN or tunnel.
    mutating func reverseFlow(_ frame: borrowing DecodedFrame, _ key: FlowKey, hash: UInt32) -> UInt32? {
        guard frame.transport != .icmp, let position = flows.findReverse(key, from: frame.sourceEndpoint) else {
            return nil
        }
        flows.join(position, key: key, hash: hash)
        if flows[position].tunnel == .none {
            flows[position].tunnel = frame.tunnel
            flows[position].tunnelIdentifier = frame.tunnelIdentifier
        }
        return position
    }

    /// Whether the sender of the flow's first packet is its client, and how that was told.
    private func orient(_ frame: borrowing DecodedFrame) -> (fromSource: Bool, Orientation) {
        if frame.transport == .tcp {
            if frame.tcp.flags.contains([.syn, .ack]) { return (false, .syn) }
            if frame.tcp.flags.contains(.syn) { return (true, .syn) }
        }
        if frame.transport == .tcp || frame.transport == .udp {
            let source = ServicePort.rank(frame.sourcePort)
            let destination = ServicePort.rank(frame.destinationPort)
            if source != destination { return (source > destination, .port) }
        }
        return (true, .firstPacket)
    }

    /// The flow of a SYN. One that cannot belong to the flow found starts a new one on the same ports; a first one that
    /// arrives after other packets of its flow settles who is the client.
    mutating func reopenIfNew(
        _ frame: borrowing DecodedFrame, _ position: UInt32, at time: Timestamp
    ) -> UInt32 {
        let direction = flows[position].direction(from: frame.sourceEndpoint)
        // Captures of several queues are now and then out of order by a little: a first SYN soon after the first packet
        // belongs to it.
        let isLateSYN = flows[position].orientation != .syn && time - flows[position].start < .seconds(1)
        if !isLateSYN, trackers.tcp[flows[position].tcp].isNewConnection(frame, direction: direction) {
            flows.forgetKey(position)
            flows.change(position, to: .over)
            let key = flows[position].key
            let fresh = open(frame, key, hash: flows.hash(key), at: time)
            note(.portReused, in: fresh)
            return fresh
        }
        if flows[position].orientation != .syn {
            let senderIsClient = !frame.tcp.flags.contains(.ack)
            flows[position].orientation = .syn
            if senderIsClient != (direction == .fromClient) { exchangeEnds(of: position) }
        }
        return position
    }

    /// Makes room for one flow in a bucket that is full.
    mutating func evictOne(in bucket: UInt8) {
        if let victim = flows.victim(in: bucket) { evict(victim) }
    }

    /// Takes a flow out of the table to make room.
    mutating func evict(_ position: UInt32) {
        flows.countEviction()
        counts.totals.evictedFlows += 1
        let isReported = !isWithoutData(position)
        if !isReported { counts.totals.evictedWithoutData.count(flows[position]) }
        retire(position, evicted: true, isReported: isReported)
    }

    /// The flow carried nothing, and nothing was found about it.
    private func isWithoutData(_ position: UInt32) -> Bool {
        guard flows[position].client.payloadBytes == 0, flows[position].server.payloadBytes == 0 else { return false }
        let depth = flows[position].diagnosis
        return depth == FlowEntry.none || judgement.states[depth].verdicts.isEmpty
    }

    /// Forgets a flow as though it had not been seen: its packets were copies of those that come now.
    @inline(never)
    mutating func forget(_ sought: SoughtFlow) {
        guard let position = flows.find(sought) else { return }
        retire(position, evicted: false, isReported: false)
        counts.totals.flows -= 1
    }

    /// Takes a flow out of the table and, `isReported`, hands its last snapshot out.
    mutating func retire(_ position: UInt32, evicted: Bool, isReported: Bool = true) {
        if isReported, options.tellsRetiredFlows {
            var snapshot = flowSnapshot(position, at: now, final: true)
            compareWithKernel(position)
            snapshot.isFinal = !evicted
            snapshot.isEvicted = evicted
            keepForCalls(snapshot)
            output.entries.append(.retired(snapshot))
        }
        dischargeMemory(of: position)
        leaveName(of: position)
        let top = topProtocol(position)
        let entry = flows.remove(position)
        pictures.displayed[position] = nil
        counts.protocols.record(entry, top: top)
        if entry.tcp != FlowEntry.none { trackers.tcp.remove(entry.tcp) }
        trackers.removeStack(entry.layers)
        if entry.rare != FlowEntry.none { rareFacts.remove(entry.rare) }
        if entry.series != FlowEntry.none { series.recorders.remove(entry.series) }
        if entry.sampleCursor != FlowEntry.none { sampler.cursors.remove(entry.sampleCursor) }
        if entry.diagnosis != FlowEntry.none { judgement.states.remove(entry.diagnosis) }
    }

    /// Live captures: flows that are over, or silent for long, leave the table.
    mutating func retireSilentFlows() {
        guard options.retiresFlows else { return }
        let limits = options.limits
        let now = now
        for standing in FlowEntry.Standing.allCases {
            let silent = flows.silent(standing) { entry in
                let idle = standing == .over ? 0 : entry.transport == .tcp ? limits.tcpIdle : limits.udpIdle
                return now - entry.last > saturatingAdd(idle, limits.linger)
            }
            for position in silent { retire(position, evicted: false) }
        }
    }

    /// Counts an anomaly of the engine's own in a flow.
    mutating func note(_ anomaly: Anomaly, in position: UInt32) {
        ensureRare(position)
        rareFacts[flows[position].rare].anomalies.record(anomaly)
    }

    mutating func ensureRare(_ position: UInt32) {
        if flows[position].rare == FlowEntry.none { flows[position].rare = rareFacts.insert(RareFacts()) }
    }

    /// Adds an event of a flow to the history and, when asked, to the outputs.
    mutating func emit(_ kind: FlowEvent.Kind, of position: UInt32, at time: Timestamp) {
        guard options.collectsEvents || options.keepsSeries else { return }
        let sinceStart = time - flows[position].start
        let event = FlowEvent(
            time: time, flow: flows[position].identifier, sinceStart: sinceStart, kind: kind)
        if options.collectsEvents { output.entries.append(.event(event)) }
        guard options.keepsSeries else { return }
        if output.history.count >= options.limits.eventHistory * 2 {
            output.history.removeFirst(options.limits.eventHistory)
            output.unsettledHistory = max(0, output.unsettledHistory - options.limits.eventHistory)
        }
        output.history.append(event)
    }
}

extension EvictedWithoutData {
    fileprivate mutating func count(_ entry: borrowing FlowEntry) {
        flows += 1
        packets &+= entry.client.packets &+ entry.server.packets
        bytes &+= entry.client.bytes &+ entry.server.bytes
        if entry.client.packets == 0 || entry.server.packets == 0 { unanswered += 1 }
    }
}

/// Which end of a conversation is likely the server, by port number alone.
enum ServicePort {
    /// Smaller is more server-like: system ports, well-known user ports of media servers, the rest by range (RFC 6335
    /// section 6: 49152 and above are dynamic).
    static func rank(_ port: UInt16) -> Int {
        switch port {
        case 1..<1024: 0
        case 1935, 3478, 3479, 5349, 8080, 8443, 8554, 8888, 9000: 1
        case 1024..<32768: 2
        default: 3
        }
    }
}
