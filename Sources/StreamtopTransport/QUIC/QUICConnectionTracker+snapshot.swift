import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What the tracker has to tell.
extension QUICConnectionTracker {
    package func snapshot(at time: Timestamp) -> QUICSnapshot {
        var quic = QUICSnapshot()
        quic.vantage = vantage
        quic.version = version?.description
        quic.hasVersionNegotiation = hasVersionNegotiation
        quic.versionsOffered = offeredVersions
        quic.hasRetry = hasRetry
        quic.isRetryTagValid = isRetryTagValid
        quic.isDecrypted = hasOpenedOneRTT
        if !hasOpenedOneRTT { quic.bursts = bursts.snapshot }
        quic.clientInitials = clientInitials
        if earlyPackets > 0 {
            var early = QUICZeroRTT()
            early.packets = earlyPackets
            early.bytes = earlyBytes
            early.beforeInitial = earlyBeforeInitial
            early.accepted = acceptsEarlyData
            quic.zeroRTT = early
        }
        quic.clientConnectionIDs = endpoints[.fromClient].identifiers.list.filter { !$0.isEmpty }.map(\.description)
        quic.serverConnectionIDs = endpoints[.fromServer].identifiers.list.filter { !$0.isEmpty }.map(\.description)
        quic.originalDestinationID = originalDestination.flatMap { $0.isEmpty ? nil : $0.description }
        quic.spin.isUsed = spin.isUsed
        quic.spin.edges = spin.edges
        quic.spin.rejected = spin.rejected
        quic.migrations = moves
        if hasOpenedOneRTT {
            quic.keyUpdates = keys.updates
            for index in quic.migrations.indices where quic.migrations[index].isValidated == nil {
                quic.migrations[index].isValidated = false
            }
        }
        quic.packets = packets
        quic.clientParameters = parameters(endpoints[.fromClient].parameters)
        quic.serverParameters = parameters(endpoints[.fromServer].parameters)
        quic.client = endpoint(.fromClient, at: time)
        quic.server = endpoint(.fromServer, at: time)
        quic.close = close
        if amplification.hasRatio {
            quic.amplificationRatio = amplification.ratio
            if amplification.blocked > 0 { quic.amplificationBlocked = amplification.blocked }
        }
        quic.isResetSuspected = hasKnownReset || resetSuspect != nil
        quic.handshake = times
        quic.packetLog = packetLog.packets
        quic.packetsNotLogged = packetLog.refused
        return quic
    }

    /// The server's list in Version Negotiation, else the client's in its transport parameters.
    private var offeredVersions: [String] {
        if !offered.isEmpty { return offered.map(\.description) }
        guard case .versions(_, let available) = endpoints[.fromClient].parameters?[.versionInformation] else {
            return []
        }
        return available.map(\.description)
    }

    private func endpoint(_ direction: Direction, at time: Timestamp) -> QUICEndpointSnapshot {
        snapshot(of: endpoints[direction], direction, at: time)
    }

    private func snapshot(of endpoint: borrowing QUICEndpoint, _ direction: Direction, at time: Timestamp)
        -> QUICEndpointSnapshot
    {
        var snapshot = QUICEndpointSnapshot()
        snapshot.pathMTU = endpoint.datagrams.sustained > 0 ? endpoint.datagrams.sustained : nil
        snapshot.mtuProbes = endpoint.datagrams.probes
        snapshot.ectPackets = endpoint.datagrams.ectPackets
        snapshot.cePackets = endpoint.datagrams.cePackets
        snapshot.frames = endpoint.frameSnapshot
        guard hasOpenedOneRTT else { return snapshot }
        snapshot.ackedPackets = endpoint.recovery.acknowledged
        snapshot.lostPackets = endpoint.recovery.lostPackets(countingUnseen: !isNear(direction))
        snapshot.spuriousLosses = endpoint.recovery.spurious
        snapshot.flowControlBlocked = endpoint.flowControlBlocked
        snapshot.streams = endpoint.streamCount
        snapshot.forgottenStreams = streams[direction.index].forgotten
        snapshot.streamBytes = endpoint.streamBytes
        snapshot.sender.uniqueBytes = endpoint.streamBytes
        snapshot.sender.fullPacket = snapshot.pathMTU
        if !endpoint.meters.isEmpty {
            let lost = endpoint.recovery.lostPackets(countingUnseen: countsUnseen(of: direction))
            snapshot.sender.heldForLost = lost
            snapshot.sender.falselyHeld = endpoint.recovery.spurious
            // Once it is over, nothing waits any more.
            let end = close.map { min($0.time, time) } ?? time
            endpoint.meters.value.report(
                into: &snapshot.sender, lost: lost - endpoint.recovery.spurious, at: end)
        }
        if endpoint.flight.hasSample {
            snapshot.inFlight = InFlightSnapshot(
                last: endpoint.flight.bytes(at: time), maximum: endpoint.flight.maximum,
                p50: endpoint.flight.median ?? 0,
                isLowerBound: !isNear(direction) && distance(to: direction) == 0)
        }
        if endpoint.window.maximum > 0 {
            // Held back by something else, or never brought to a loss: the window itself may be larger.
            let isHeld = isNear(direction) && endpoint.course.isLimited
            let isOpen = isHeld || endpoint.recovery.lossEvents == 0
            snapshot.congestionWindow = CongestionWindowSnapshot(
                bytes: endpoint.window.current, packets: packetsIn(endpoint.window.current, endpoint),
                maximum: endpoint.window.maximum,
                source: .estimate, confidence: isOpen ? 0.4 : 0.7,
                phase: isHeld ? .applicationLimited : endpoint.window.phase, isLowerBound: isOpen)
        }
        if endpoint.streamBytes > 0 {
            snapshot.congestionControl =
                isNear(direction)
                ? endpoint.course.verdict()
                : CongestionControlSnapshot(
                    name: .unknown, source: .estimate, confidence: 0,
                    evidence: ["the capture lies too far from this sender to see its window"])
        }
        return snapshot
    }

    private func packetsIn(_ bytes: Int, _ endpoint: borrowing QUICEndpoint) -> Int? {
        endpoint.datagrams.sustained > 0 ? bytes / endpoint.datagrams.sustained : nil
    }

    /// The capture point is at the end that sends in `direction`: numbers that never pass were then never sent.
    func isNear(_ direction: Direction) -> Bool {
        guard clientTrip.hasSample, serverTrip.hasSample else { return true }
        let near = direction == .fromClient ? clientTrip.minimum : serverTrip.minimum
        // Both are bounded by a capture's length.
        return near < max(.milliseconds(1), (clientTrip.minimum + serverTrip.minimum) / 20)
    }

    private func parameters(_ parameters: QUICTransportParameters?) -> [QUICParameter] {
        guard let parameters else { return [] }
        return parameters.list.compactMap { parameter in
            // An end without a connection ID says so by an empty one: there is nothing to show.
            if case .bytes(let bytes) = parameter.value, bytes.isEmpty { return nil }
            let name =
                QUICTransportParameters.Name(rawValue: parameter.identifier)?.text
                ?? "parameter_0x" + String(parameter.identifier, radix: 16)
            return QUICParameter(name: name, value: value(parameter.value))
        }
    }

    private func value(_ value: QUICTransportParameters.Value) -> QUICParameter.Value {
        switch value {
        case .integer(let number): .number(number)
        case .bytes(let bytes): .text(bytes.hexadecimal)
        case .present: .flag
        case .versions(let chosen, let available): .list([chosen.description] + available.map(\.description))
        }
    }

    /// Round trips of the flow, by the best source that has spoken.
    package var roundTrip: FlowRoundTrip {
        var trip = FlowRoundTrip()
        trip.server = serverTrip.snapshot
        trip.client = clientTrip.snapshot
        trip.total = loopTrip.snapshot
        trip.baseChange = loopTrip.path.baseChange
        if let first = times.firstInitial, let done = times.firstClientData, done >= first {
            trip.handshake = done - first
        }
        return trip
    }

    package var queueDelay: BothDirections<QueueDelaySnapshot?> {
        BothDirections(client: clientTrip.queueSnapshot, server: serverTrip.queueSnapshot)
    }

    /// Writes what holds at `time` into a sample.
    package func read(into sample: inout FlowSample, at time: Timestamp) {
        sample.roundTrip = BothDirections(client: clientTrip.smoothed, server: serverTrip.smoothed)
        if clientTrip.source != .quicHandshake { sample.queueDelay.client = clientTrip.currentQueue }
        if serverTrip.source != .quicHandshake { sample.queueDelay.server = serverTrip.currentQueue }
        guard hasOpenedOneRTT else { return }
        for direction in Direction.allCases {
            if endpoints[direction].flight.hasSample {
                sample.inFlight[direction] = endpoints[direction].flight.bytes(at: time)
            }
            if endpoints[direction].window.maximum > 0 {
                sample.congestionWindow[direction] = endpoints[direction].window.current
            }
        }
    }

    /// Writes what was counted since the first packet.
    package func count(into counters: inout FlowCounters) {
        guard hasOpenedOneRTT else { return }
        for direction in Direction.allCases {
            counters.losses[direction] = UInt32(clamping: endpoints[direction].recovery.lost)
        }
    }
}
