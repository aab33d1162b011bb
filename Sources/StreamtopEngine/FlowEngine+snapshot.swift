import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// The picture of now, for renderers.
extension FlowEngine {
    /// What a renderer wants of a snapshot.
    package struct SnapshotRequest: Sendable {
        /// Flows at most, the most recently active ones; their order is that of first packets.
        package var flowLimit = 4_096
        /// The flow whose whole series is wanted; the others get the tail for a sparkline.
        package var selected: FlowIdentifier?
        /// Samples of the tail.
        package var sparkline = 32

        package init() {}
    }

    /// Everything a dashboard shows. Flows without a packet since the snapshot before are not made anew: ten pictures a
    /// second of a thousand flows should cost what the active ones cost.
    package mutating func snapshot(_ request: SnapshotRequest = SnapshotRequest()) -> Snapshot {
        if isFinished, !isJudged { diagnoseAll() }
        var snapshot = Snapshot(time: now)
        snapshot.start = firstFrame
        snapshot.totals = totals
        snapshot.packetRate = rateWindow.packetRate
        snapshot.bitRate = rateWindow.bitRate
        snapshot.flowCount = flows.count
        snapshot.events = Array(eventHistory.suffix(options.limits.eventHistory))
        snapshot.health = health
        snapshot.verdicts = hostVerdicts
        var counter = protocolCounts
        turns.begin(limit: options.limits.freshSnapshots)
        for position in shownPositions(limit: request.flowLimit, counting: &counter) {
            var flow = shownFlow(position, isSelected: flows[position].identifier == request.selected)
            if flows[position].series != FlowEntry.none {
                let recorder = series.recorders[flows[position].series]
                flow.series =
                    flow.identifier == request.selected
                    ? recorder.series : recorder.series.tail(request.sparkline, of: [.roundTrip])
            }
            snapshot.flows.append(flow)
        }
        (snapshot.headline, snapshot.verdicts) = judged(snapshot)
        snapshot.protocolTotals = counter.totals.values.sorted { $0.name < $1.name }
        return snapshot
    }

    /// The first line of a picture, and its verdicts with those about destinations.
    private func judged(_ snapshot: Snapshot) -> (Headline, [Verdict]) {
        var judge = HeadlineJudge(at: snapshot.time)
        for index in snapshot.flows.indices { judge.add(snapshot.flows[index]) }
        let headline = judge.headline(capture: snapshot.verdicts, health: snapshot.health, totals: snapshot.totals)
        return (headline, snapshot.verdicts + judge.destinationVerdicts())
    }

    /// The flow's snapshot, from the cache when nothing was added to the flow since, or when so many flows are busy that
    /// they take turns; its packets, rates and verdicts are those of now even then.
    private mutating func shownFlow(_ position: UInt32, isSelected: Bool) -> FlowSnapshot {
        let packets = flows[position].client.packets &+ flows[position].server.packets
        if let kept = shown[position], kept.flow.identifier == flows[position].identifier {
            // Silence changes the state in the end: look again now and then.
            let isChanged = kept.packets != packets || now - kept.madeAt >= .seconds(30)
            if isChanged { turns.changed += 1 }
            if !isChanged || !isSelected && !turns.isDue(position) {
                var flow = kept.flow
                flow.client = endpoint(flows[position], .fromClient, at: now)
                flow.server = endpoint(flows[position], .fromServer, at: now)
                flow.end = flows[position].last
                flow.verdicts =
                    flows[position].diagnosis == FlowEntry.none ? [] : diagnoses[flows[position].diagnosis].verdicts
                return flow
            }
        }
        let flow = flowSnapshot(position, at: now, final: false)
        shown[position] = ShownFlow(packets: packets, madeAt: now, flow: flow)
        return flow
    }

    /// The flows to show, by first packet: all, or the last active ones when there are too many.
    private func shownPositions(limit: Int, counting counter: inout ProtocolCounter) -> [UInt32] {
        var positions = flows.positions
        for position in positions {
            counter.record(flows[position], tls: isTLS(position))
        }
        if positions.count > limit {
            positions.sort { flows[$0].last > flows[$1].last }
            positions.removeSubrange(limit...)
        }
        positions.sort { flows[$0].number < flows[$1].number }
        return positions
    }

    /// Ends the analysis: fragments that wait are given up, and flows are judged on their whole life when they are next
    /// looked at.
    package mutating func finish() {
        expireFragments(all: true)
        hostVerdicts = hostDiagnosis.evaluate(health: health, at: now)
        isFinished = true
        isJudged = false
    }

    /// The final snapshot of every flow still in the table, judged, by first packet.
    package mutating func forEachFinalFlow(_ body: (FlowSnapshot) -> Void) {
        let health = health
        let positions = flows.positions.sorted { flows[$0].number < flows[$1].number }
        for position in positions { body(finalSnapshot(position, health: health)) }
    }

    /// The process ends: leaves what is known of the flows to the system. Giving the buffers of a hundred thousand
    /// flows back one by one takes as long as a twentieth of the analysis.
    package mutating func abandon() {
        tcpTrackers.abandon()
        flows.abandon()
    }

    /// The flows that had packets after `time`, as they stand, by first packet.
    package func forEachFlow(activeSince time: Timestamp, _ body: (FlowSnapshot) -> Void) {
        let positions = flows.positions.filter { flows[$0].last > time }.sorted { flows[$0].number < flows[$1].number }
        for position in positions { body(flowSnapshot(position, at: now, final: false)) }
    }

    /// What is to be said of the capture itself.
    package var captureVerdicts: [Verdict] { hostVerdicts }

    /// One flow by its identifier; nil when it is not in the table.
    package func flow(_ identifier: FlowIdentifier) -> FlowSnapshot? {
        guard let position = flows.positions.first(where: { flows[$0].identifier == identifier }) else { return nil }
        return flowSnapshot(position, at: now, final: false)
    }

    package var health: CaptureHealth {
        var health = CaptureHealth()
        health.kernelDrops = captureDrops.kernel
        health.interfaceDrops = captureDrops.interface
        health.ownDrops = captureDrops.own
        health.behind = behind
        health.truncatedFrames = truncatedFrames
        health.decode = decode
        health.undecoded = undecoded.counts
        health.timestampsBackwards = timestampsBackwards
        health.tables = tableHealth
        health.lastDrop = hostDiagnosis.lastDrop
        return health
    }

    package var trafficTotals: TrafficTotals { totals }

    private var tableHealth: [TableHealth] {
        [
            TableHealth(name: "flows", used: flows.count, capacity: flows.capacity, evicted: flows.evicted),
            TableHealth(
                name: "QUIC connection IDs", used: quicPaths.count, capacity: options.limits.quicConnectionIDs,
                evicted: quicPaths.evicted),
            TableHealth(
                name: "QUIC paths", used: quicPaths.pathCount, capacity: options.limits.quicPaths,
                evicted: quicPaths.evictedPaths),
            TableHealth(
                name: "QUIC attempts", used: quicAttempts.count, capacity: options.limits.quicAttempts,
                evicted: quicAttempts.evicted),
            TableHealth(name: "series", used: series.recorders.count, capacity: options.limits.series, evicted: 0),
            TableHealth(
                name: "fragmented datagrams", used: fragments.count, capacity: options.limits.fragments.datagrams,
                evicted: UInt64(fragments.counters.evicted)),
            TableHealth(
                name: "host names", used: hostNames.count, capacity: hostNames.capacity, evicted: hostNames.refused),
        ] + security.health
    }

    /// Everything known of one flow at `time`.
    func flowSnapshot(_ position: UInt32, at time: Timestamp, final: Bool) -> FlowSnapshot {
        flowSnapshot(of: flows[position], at: time, final: final)
    }

    private func flowSnapshot(of entry: borrowing FlowEntry, at time: Timestamp, final: Bool) -> FlowSnapshot {
        var flow = FlowSnapshot(
            identifier: entry.identifier, transport: flowTransport(entry.transport), protocols: protocols(of: entry),
            protocolNumber: entry.key.transport, client: endpoint(entry, .fromClient, at: time),
            server: endpoint(entry, .fromServer, at: time), orientation: entry.orientation, start: entry.start,
            end: entry.last, state: state(of: entry, at: time))
        flow.time = time
        flow.isFinal = final
        flow.icmpType = entry.icmpType
        flow.icmpCode = entry.icmpCode
        let vlan = entry.key.vlan == FlowKey.noVLAN ? entry.other?.vlan ?? FlowKey.noVLAN : entry.key.vlan
        if vlan != FlowKey.noVLAN { flow.vlan = vlan }
        if entry.tunnel != .none {
            flow.tunnel = TunnelSnapshot(kind: name(of: entry.tunnel), identifier: entry.tunnelIdentifier)
        }
        if entry.rare != FlowEntry.none {
            let rare = rareFacts[entry.rare]
            if rare.hasFragmentation { flow.fragmentation = rare.fragmentation }
            flow.anomalies = rare.anomalies
            flow.decode = rare.decode
        }
        if entry.tcp != FlowEntry.none { fillTCP(&flow, entry, at: time) }
        if entry.quic != FlowEntry.none { fillQUIC(&flow, entry, at: time) }
        if entry.secureStream != FlowEntry.none { fillTLS(&flow, entry) }
        if entry.secureDatagrams != FlowEntry.none { fillDTLS(&flow, entry) }
        if entry.transport == .udp { flow.datagramSizes = datagramSizes(entry) }
        if final, entry.series != FlowEntry.none { flow.series = series.recorders[entry.series].series }
        if entry.diagnosis != FlowEntry.none { flow.verdicts = diagnoses[entry.diagnosis].verdicts }
        let score = FlowDiagnosis.score(flow)
        flow.score = score
        return flow
    }

    private func endpoint(_ entry: borrowing FlowEntry, _ direction: Direction, at time: Timestamp) -> EndpointSnapshot
    {
        let isClient = direction == .fromClient
        let counters = isClient ? entry.client : entry.server
        var end = EndpointSnapshot(endpoint: isClient ? entry.clientEndpoint : entry.serverEndpoint)
        end.name = hostNames[end.endpoint.address]
        end.packets = counters.packets
        end.bytes = counters.bytes
        end.payloadBytes = counters.payloadBytes
        end.rate = counters.rate(at: time)
        if counters.packets > 0 { end.lastPacket = counters.last }
        return end
    }

    private func datagramSizes(_ entry: borrowing FlowEntry) -> BothWays<DatagramSizes>? {
        func sizes(_ counters: FlowEntry.Counters) -> DatagramSizes {
            DatagramSizes(
                minimum: counters.packets == 0 ? 0 : Int(counters.smallest), maximum: Int(counters.largest),
                mean: counters.packets == 0 ? 0 : Double(counters.payloadBytes) / Double(counters.packets))
        }
        return BothWays(client: sizes(entry.client), server: sizes(entry.server))
    }

    private func state(of entry: borrowing FlowEntry, at time: Timestamp) -> FlowState {
        let idle = entry.transport == .tcp ? options.limits.tcpIdle : options.limits.udpIdle
        if entry.tcp != FlowEntry.none {
            let state = tcpTrackers[entry.tcp].state
            if state == .closed || state == .reset { return state }
            return time - entry.last > idle ? .expired : state
        }
        if entry.quic != FlowEntry.none {
            let state = quicFlows[entry.quic].connection.state
            if state == .closed || state == .reset { return state }
            return time - entry.last > idle ? .expired : state
        }
        return time - entry.last > idle ? .expired : .open
    }

    private func flowTransport(_ kind: TransportKind) -> FlowTransport {
        switch kind {
        case .tcp: .tcp
        case .sctp: .sctp
        case .icmp: .icmp
        case .udp, .none, .other: .udp
        }
    }

    private func protocols(of entry: borrowing FlowEntry) -> [String] {
        [entry.key.low.address.isIPv4 ? "ipv4" : "ipv6", protocolCounts.name(of: entry.transport)]
    }

    private func name(of tunnel: TunnelKind) -> String {
        switch tunnel {
        case .none: "none"
        case .ipv6InIPv4: "6in4"
        default: "\(tunnel)"
        }
    }
}

/// Whose turn it is to be looked at anew when more flows are busy than one picture has time for.
struct SnapshotTurns {
    /// Flows that had packets since their last snapshot, so far in this picture.
    var changed = 0
    private var picture: UInt32 = 0
    private var period: UInt32 = 1

    /// A picture begins; `limit` is the number of flows that it should look at anew.
    mutating func begin(limit: Int) {
        period = UInt32(clamping: max(1, (changed + limit - 1) / max(1, limit)))
        changed = 0
        picture &+= 1
    }

    /// Every flow's turn comes once in `period` pictures.
    func isDue(_ position: UInt32) -> Bool { (position &+ picture) % period == 0 }
}

/// A flow's snapshot as it was last made for a dashboard, and how many packets the flow had then.
struct ShownFlow {
    var packets: UInt64
    var madeAt: Timestamp
    var flow: FlowSnapshot
}
