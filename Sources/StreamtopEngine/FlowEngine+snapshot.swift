import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// The picture of now, for renderers.
extension FlowEngine {
    /// Everything a dashboard shows. Flows without a packet since the snapshot before are not made anew: ten pictures a
    /// second of a thousand flows should cost what the active ones cost.
    mutating func snapshot(
        _ request: EngineGroup.SnapshotRequest = EngineGroup.SnapshotRequest(),
        mediaSessions: [MediaSessionSnapshot] = []
    ) -> Snapshot {
        if judgement.isFinished, !judgement.isJudged { diagnoseAll() }
        var snapshot = Snapshot(time: now)
        snapshot.mediaSessions = mediaSessions
        snapshot.start = capture.firstFrame
        snapshot.totals = counts.totals
        snapshot.packetRate = counts.rates.packetRate
        snapshot.bitRate = counts.rates.bitRate
        snapshot.flowCount = flows.count
        snapshot.events = Array(output.history.suffix(options.limits.eventHistory))
        snapshot.health = health
        snapshot.verdicts = judgement.hostVerdicts
        snapshot.host = host.host
        if host.isAsked { snapshot.kernelComparison = host.comparison.snapshot }
        var counter = counts.protocols
        pictures.rotation.begin(limit: options.limits.freshSnapshots)
        for position in displayedPositions(limit: request.flowLimit, counting: &counter) {
            var flow = displayedFlow(position, isSelected: flows[position].identifier == request.selected)
            if flows[position].series != FlowEntry.none {
                let recorder = series.recorders[flows[position].series]
                flow.series =
                    flow.identifier == request.selected
                    ? recorder.series : recorder.series.tail(request.sparkline, of: [.roundTrip])
            }
            snapshot.flows.append(flow)
        }
        snapshot.calls = displayedCalls(among: snapshot.flows)
        (snapshot.headline, snapshot.verdicts) = judged(snapshot)
        snapshot.protocolTotals = counter.all
        return snapshot
    }

    /// The first line of a picture, and its verdicts with those about destinations.
    private func judged(_ snapshot: Snapshot) -> (Headline, [Verdict]) {
        var judge = HeadlineJudge(at: snapshot.time)
        for index in snapshot.flows.indices { judge.add(snapshot.flows[index]) }
        for session in snapshot.mediaSessions { judge.add(session, at: snapshot.time) }
        for call in snapshot.calls { judge.add(call) }
        let headline = judge.headline(capture: snapshot.verdicts, health: snapshot.health, totals: snapshot.totals)
        return (headline, snapshot.verdicts + judge.destinationVerdicts())
    }

    /// The flow's snapshot, from the cache when nothing was added to the flow since, or when so many flows are busy that
    /// they take turns; its packets, rates and verdicts are those of now even then.
    private mutating func displayedFlow(_ position: UInt32, isSelected: Bool) -> FlowSnapshot {
        let packets = flows[position].client.packets &+ flows[position].server.packets
        if let kept = pictures.displayed[position], kept.flow.identifier == flows[position].identifier {
            // Silence changes the state in the end: look again now and then.
            let isHeld = now - kept.madeAt >= .seconds(1) && isHeld(position)
            let isChanged = kept.packets != packets || isHeld || now - kept.madeAt >= .seconds(30)
            if isChanged { pictures.rotation.changed += 1 }
            if !isChanged || !isSelected && !pictures.rotation.isDue(position) {
                var flow = kept.flow
                flow.client = endpoint(flows[position], .fromClient, at: now)
                flow.server = endpoint(flows[position], .fromServer, at: now)
                flow.end = flows[position].last
                flow.verdicts =
                    flows[position].diagnosis == FlowEntry.none
                    ? [] : judgement.states[flows[position].diagnosis].verdicts
                return flow
            }
        }
        let flow = flowSnapshot(position, at: now, final: false)
        pictures.displayed[position] = DisplayedFlow(packets: packets, madeAt: now, flow: flow)
        return flow
    }

    /// The flows to show, by first packet: all, or the last active ones when there are too many.
    private func displayedPositions(limit: Int, counting counter: inout ProtocolCounter) -> [UInt32] {
        var positions = flows.positions
        for position in positions {
            counter.record(flows[position], top: topProtocol(position))
        }
        if positions.count > limit {
            positions.sort { flows[$0].last > flows[$1].last }
            positions.removeSubrange(limit...)
        }
        positions.sort { flows[$0].ordinal < flows[$1].ordinal }
        return positions
    }

    /// Ends the analysis: fragments that wait are given up, and flows are judged on their whole life when they are next
    /// looked at.
    ///
    /// - Parameter lost: datagrams that never became whole.
    mutating func finish(lost: [FragmentIntake.Loss]) {
        count(lost)
        judgement.hostVerdicts = judgement.host.evaluate(health: health, host: host.host, at: now)
        judgement.isFinished = true
        judgement.isJudged = false
    }

    /// The final snapshot of every flow still in the table, judged, by first packet, as long as `goesOn` says so; it is asked
    /// every so many flows. The number of flows that were left out.
    mutating func forEachFinalFlow(while goesOn: () -> Bool, _ body: (FlowSnapshot) -> Void) -> Int {
        let health = health
        let positions = flows.positions.sorted { flows[$0].ordinal < flows[$1].ordinal }
        for (number, position) in positions.enumerated() {
            if number % 256 == 255, !goesOn() { return positions.count - number }
            let flow = finalSnapshot(position, health: health)
            keepForCalls(flow)
            body(flow)
        }
        return 0
    }

    /// The process ends: leaves what is known of the flows to the system. Giving the buffers of a hundred thousand
    /// flows back one by one takes as long as a twentieth of the analysis.
    mutating func abandon() {
        trackers.abandon()
        flows.abandon()
    }

    /// The flows that had packets after `time`, as they stand, by first packet.
    func forEachFlow(activeSince time: Timestamp, _ body: (FlowSnapshot) -> Void) {
        let positions = flows.positions.filter { flows[$0].last > time || isHeld($0) }.sorted {
            flows[$0].ordinal < flows[$1].ordinal
        }
        for position in positions { body(flowSnapshot(position, at: now, final: false)) }
    }

    /// What is to be said of the capture itself.
    var captureVerdicts: [Verdict] { judgement.hostVerdicts }

    /// One flow by its identifier; nil when it is not in the table.
    func flow(_ identifier: FlowIdentifier) -> FlowSnapshot? {
        guard let position = flows.positions.first(where: { flows[$0].identifier == identifier }) else { return nil }
        return flowSnapshot(position, at: now, final: false)
    }

    /// The capture's state, with every table and cap.
    var health: CaptureHealth {
        var health = judgedHealth
        health.undecoded = counts.undecoded.counts
        health.tables = tableHealth
        health.memory = memory.budget
        health.limits = options.limits.all
        return health
    }

    /// What flows are judged by; asked for each second of a capture.
    var judgedHealth: CaptureHealth {
        var health = CaptureHealth()
        health.kernelDrops = counts.drops.kernel
        health.interfaceDrops = counts.drops.interface
        health.ownDrops = counts.drops.own
        health.behind = counts.behind
        health.truncatedFrames = counts.truncatedFrames
        health.decode = counts.decode
        health.timestampsBackwards = capture.timestampsBackwards
        health.clock = capture.intake.clock
        health.isOneWay = counts.directions.isOneWay
        health.problem = counts.sourceProblem
        health.seenTwice = copies.seenTwice
        health.lastDrop = judgement.host.lastDrop
        return health
    }

    var trafficTotals: TrafficTotals { counts.totals }

    private var tableHealth: [TableHealth] {
        [
            TableHealth(name: "flows", used: flows.count, capacity: flows.capacity, evicted: flows.evicted)
        ] + capture.intake.connections + [
            TableHealth(
                name: "QUIC paths", used: quicPaths.count, capacity: options.limits.quicPaths,
                evicted: quicPaths.evicted),
            TableHealth(name: "series", used: series.recorders.count, capacity: options.limits.series, evicted: 0),
        ] + capture.intake.fragments + [
            TableHealth(
                name: "host names", used: hostNames.count, capacity: hostNames.capacity, evicted: hostNames.refused)
        ] + capture.tables + trackers.security.health
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
            flow.unreachable = rare.unreachable
            flow.anomalies = rare.anomalies
            flow.decode = rare.decode
            flow.parent = rare.carrier.flatMap { name(of: $0) }
            flow.children = rare.carried.compactMap { name(of: $0) }
        }
        if entry.tcp != FlowEntry.none { fillTCP(&flow, entry, at: time) }
        if entry.layers != FlowEntry.none { fillLayers(&flow, entry, at: time) }
        if entry.transport == .udp { flow.datagramSizes = datagramSizes(entry) }
        fillHost(&flow, entry, at: time)
        if final, entry.series != FlowEntry.none { flow.series = series.recorders[entry.series].series }
        if entry.diagnosis != FlowEntry.none { flow.verdicts = judgement.states[entry.diagnosis].verdicts }
        HandshakeDiagnosis.judge(&flow)
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

    private func datagramSizes(_ entry: borrowing FlowEntry) -> BothDirections<DatagramSizes>? {
        func sizes(_ counters: FlowEntry.Counters) -> DatagramSizes {
            DatagramSizes(
                minimum: counters.packets == 0 ? 0 : Int(counters.smallest), maximum: Int(counters.largest),
                mean: counters.packets == 0 ? 0 : Double(counters.payloadBytes) / Double(counters.packets))
        }
        return BothDirections(client: sizes(entry.client), server: sizes(entry.server))
    }

    private func state(of entry: borrowing FlowEntry, at time: Timestamp) -> FlowState {
        let idle = entry.transport == .tcp ? options.limits.tcpIdle : options.limits.udpIdle
        if entry.tcp != FlowEntry.none {
            let state = trackers.tcp[entry.tcp].state
            if state == .closed || state == .reset { return state }
            return time - entry.last > idle ? .expired : state
        }
        if let quic = trackers.index(of: .quic, in: entry.layers) {
            let state = trackers.quic[quic].connection.state
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
        [entry.key.low.address.isIPv4 ? "ipv4" : "ipv6", entry.transport.protocolKind.rawValue]
    }

    private func name(of tunnel: TunnelKind) -> String {
        switch tunnel {
        case .none: "none"
        case .ipv6InIPv4: "6in4"
        default: "\(tunnel)"
        }
    }
}

/// Which flows are looked at anew in a picture when more are busy than one has time for.
struct SnapshotRotation {
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

    /// Every flow is due once in `period` pictures.
    func isDue(_ position: UInt32) -> Bool { (position &+ picture) % period == 0 }
}

/// Snapshots made for the dashboard, kept while their flow is silent.
struct FlowPictures {
    var displayed: [UInt32: DisplayedFlow] = [:]
    var rotation = SnapshotRotation()
    var calls: DisplayedCalls?
}

/// A flow's snapshot as it was last made for a dashboard, and how many packets the flow had then.
struct DisplayedFlow {
    var packets: UInt64
    var madeAt: Timestamp
    var flow: FlowSnapshot
}
