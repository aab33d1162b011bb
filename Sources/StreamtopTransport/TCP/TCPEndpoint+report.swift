import StreamtopBase
import StreamtopModel

extension TCPEndpoint {
    /// `end`: when what is going on now stops counting, `time` or before.
    func report(
        into side: inout TCPEndpointSnapshot, at time: Timestamp, end: Timestamp, isNear: Bool, isBlind: Bool,
        gone: TCPSilence?, anchor: Timestamp
    ) {
        reportOptions(into: &side)
        reportCounts(into: &side, end: end, gone: gone)
        reportWindows(into: &side, isNear: isNear)
        reportRates(into: &side, at: time, end: end, anchor: anchor)
        guard dataSegments > 0 else { return }
        if let offset = brokenSACK { withholdRecovery(&side, sackOffset: offset) }
        if !isAnswered {
            withholdUnanswered(&side)
        } else if isBlind {
            withholdBlind(&side)
        }
    }

    /// Not one acknowledgment of its data is in the capture: what rests on them is unknown (handbook 14.9).
    private func withholdUnanswered(_ side: inout TCPEndpointSnapshot) {
        side.isPathUnmeasured = true
        side.initialWindowBytes = nil
        side.inFlight = nil
        side.congestionWindow = nil
        side.congestionControl = Self.unnamed("no acknowledgment of this data was captured")
        side.windowCuts = []
        side.limitedBy = nil
        side.flightDelayCorrelation = nil
        (side.idlePeriods, side.idleRestarts) = (nil, nil)
        side.loss.withholdCauses()
        side.lossRatio = nil
        (side.recoveries, side.tailRecoveries, side.longestBackoff) = (nil, nil, nil)
    }

    /// The round trip to this sender was not measured while it sent: its flight is at least what was seen, and the course of
    /// its window is not known.
    private func withholdBlind(_ side: inout TCPEndpointSnapshot) {
        side.isPathUnmeasured = true
        side.inFlight?.isLowerBound = true
        side.congestionWindow = nil
        side.congestionControl = Self.unnamed(
            "without timestamps nothing at this capture point tells the round trip to the sender")
        side.windowCuts = []
        side.flightDelayCorrelation = nil
        side.loss.withholdCauses()
    }

    /// Nearly all of the blocks that the peer reports lie outside of what was sent: how far (handbook 14.11). nil where they
    /// tell something.
    private var brokenSACK: Int? {
        guard !rare.isEmpty, rare.value.sackOutside >= 3,
            UInt64(rare.value.sackOutside) * 10 >= UInt64(rare.value.sackBlocks) * 9
        else { return nil }
        return Int(rare.value.sackOffset)
    }

    /// Without blocks that can be trusted neither this observer nor the sender knows what was lost, and why.
    private func withholdRecovery(_ side: inout TCPEndpointSnapshot, sackOffset: Int) {
        side.brokenSACKOffset = sackOffset
        side.loss.withholdCauses()
        side.congestionControl = Self.unnamed("SACK blocks that point nowhere hide what was lost")
        (side.recoveries, side.tailRecoveries) = (nil, nil)
    }

    private static func unnamed(_ reason: String) -> CongestionControlSnapshot {
        CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: [reason])
    }

    private func reportOptions(into side: inout TCPEndpointSnapshot) {
        guard synSeen else { return }
        side.mssBytes = offeredSegmentSize > 0 ? Int(offeredSegmentSize) : nil
        side.windowScale = windowScale.map(Int.init)
        side.sackPermitted = sackPermitted
        side.timestamps = timestampsOffered
        side.ecnNegotiated = ecn.negotiated
        side.areOptionsWhole = areOptionsWhole
        side.fastOpen = fastOpen
        side.isEarlyDataDeclined = isEarlyDataDeclined
    }

    private func reportCounts(into side: inout TCPEndpointSnapshot, end: Timestamp, gone: TCPSilence?) {
        side.cePackets = max(ecn.congestionPackets, Int(rare.map { $0.echo.echoes } ?? 0))
        side.ectPackets = Int(ecn.capable)
        side.segments = Int(segmentCount)
        side.dataSegments = Int(dataSegments)
        side.uniqueBytes = uniqueBytes
        side.outstandingBytes = outstanding
        if !rareMeters.isEmpty {
            side.retransmissions = rareMeters.value.repairs.counts
            side.loss = rareMeters.value.losses.counts()
            side.loss.upstream = Int(rareMeters.value.repairs.upstream)
            side.loss.downstream = Int(rareMeters.value.repairs.downstream)
        }
        if let gone { withholdRepeats(since: gone, &side) }
        reportRareCounts(into: &side)
        side.duplicateAcks = Int(duplicateAcks)
        side.zeroWindows = Int(window.zeroSegments)
        side.zeroWindowEpisodes = Int(window.zeroEpisodes)
        side.zeroWindowTime = window.zeroTime(at: end)
        side.windowFull = Int(windowFull)
        side.resets = Int(resets)
        side.fins = Int(fins)
        side.largestSegment = Int(largestSegment)
        // Lost segments over segments sent; those lost upstream were never seen. Where the capture itself lost more
        // than a thousandth, its own losses would be counted as the network's.
        let sent = sentSegments + side.loss.upstream
        let degraded = side.lostBeforeCaptureBytes > uniqueBytes / 1000
        if sent > 0, !degraded {
            side.lossRatio = Double(side.loss.upstream + side.loss.downstream) / Double(sent)
            let recoveries = gone?.recoveries ?? rareMeters.map { $0.repairs.recoveries }
            side.recoveries = Int(recoveries?.total ?? 0)
            side.tailRecoveries = Int(recoveries?.tails ?? 0)
            side.longestBackoff = Int(recoveries?.longestBackoff ?? 0)
            side.timeouts = Int(recoveries?.timeouts ?? 0)
        }
    }

    /// The peer has left, or does not answer any more: what was sent again since is no loss of the path (handbook 14.4).
    private func withholdRepeats(since gone: TCPSilence, _ side: inout TCPEndpointSnapshot) {
        let all = side.retransmissions
        side.retransmissions = gone.counts
        side.retransmissions.packets = all.packets
        side.retransmissions.bytes = all.bytes
        side.retransmissions.peerGone = all.packets - gone.counts.packets
        side.loss = rareMeters.value.losses.counts(upTo: (gone.lossEvent, gone.lossPackets))
        side.loss.upstream = Int(gone.upstream)
        side.loss.downstream = Int(gone.downstream)
    }

    private func reportRareCounts(into side: inout TCPEndpointSnapshot) {
        guard !rare.isEmpty else { return }
        side.controlRetransmissions = Int(rare.value.controlRepeats)
        side.outOfOrder = Int(rare.value.outOfOrder)
        side.reorderExtent = Int(rare.value.reorderExtent)
        side.duplicatePackets = Int(rare.value.duplicatePackets)
        side.displacedSegments = Int(rare.value.displaced)
        side.lostBeforeCapture = Int(rare.value.lostBeforeCapture)
        side.lostBeforeCaptureBytes = rare.value.lostBeforeCaptureBytes
        side.keepAlives = Int(rare.value.keepAlives)
        side.windowProbes = Int(rare.value.windowProbes)
        side.dsacks = Int(rare.value.dsacks)
    }

    var rangesForgotten: Int { Int(rare.map { $0.rangesForgotten } ?? 0) }

    /// Data segments on the wire, super-segments cut up.
    private var sentSegments: Int {
        largestSegment > fullSegment && fullSegment > 0
            ? max(
                Int(dataSegments),
                Int(uniqueBytes / UInt64(fullSegment)) + Int(rareMeters.map { $0.repairs.segments } ?? 0))
            : Int(dataSegments)
    }

    private func reportWindows(into side: inout TCPEndpointSnapshot, isNear: Bool) {
        if dataSegments > 0 {
            side.initialWindowBytes = flight.initial > 0 ? flight.initial : nil
            if flight.hasValue {
                side.inFlight = InFlightSnapshot(
                    last: flight.last, maximum: flight.maximum, p50: flight.median,
                    isLowerBound: !isNear && !roundTrip.hasSample || !synSeen && acknowledged == initialSequence)
            }
            side.congestionWindow = congestionWindow(isNear: isNear)
            let size = Float(unit)
            side.windowCuts =
                bulk.map { meters in
                    meters.congestion.cuts.map { cut in
                        WindowCut(
                            time: cut.time, beforeBytes: Int(cut.before * size), afterBytes: Int(cut.after * size))
                    }
                } ?? []
            side.congestionControl =
                bulk.map {
                    CongestionClassifier($0.congestion, losses: side.loss.events, isPaced: $0.pacing.isPaced).verdict()
                }
                ?? CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: [])
        }
        if window.isKnown {
            side.receiveWindow = ReceiveWindowSnapshot(
                last: window.last, maximum: window.maximum, minimum: window.minimum, occupied: window.occupied,
                scaleUnknown: false)
        } else if window.isOffered, leastScale > 0 {
            side.windowScaleMin = Int(leastScale)
        }
    }

    private func congestionWindow(isNear: Bool) -> CongestionWindowSnapshot? {
        guard let bytes = flight.window else { return nil }
        // Held back by something else, or seen from too far: the window itself may be larger.
        let isHeld = limits.current != .network || (bulk.map { $0.congestion.isLimited } ?? true)
        let isBlind = !isNear && !roundTrip.hasSample
        let confidence = isBlind ? 0.2 : isHeld ? 0.4 : isNear ? 0.85 : 0.7
        return CongestionWindowSnapshot(
            bytes: bytes, packets: bytes / unit, maximum: flight.maximum, source: .estimate, confidence: confidence,
            phase: phase, isLowerBound: isHeld || isBlind)
    }

    private var phase: CongestionPhase? {
        if isInRecovery { return .recovery }
        switch limits.current {
        case .receiver: return .receiverLimited
        case .application: return .applicationLimited
        case .network: return bulk.map { $0.congestion.isSlowStart ? .slowStart : .congestionAvoidance }
        }
    }

    var repairCount: Int { rareMeters.map { $0.repairs.counts.packets } ?? 0 }
    var lostSegments: Int { rareMeters.map { $0.repairs.lostSegments } ?? 0 }

    private func reportRates(
        into side: inout TCPEndpointSnapshot, at time: Timestamp, end: Timestamp, anchor: Timestamp
    ) {
        guard dataSegments > 0 else { return }
        side.limitedBy = limits.shares(at: end)
        if !bulk.isEmpty {
            side.flightDelayCorrelation = bulk.value.queueLink.value
            side.pacing = bulk.value.pacing.isPaced
            side.smallSegments = Int(bulk.value.nagle.small)
            side.delayedAckWaits = Int(bulk.value.nagle.waits)
            if bulk.value.nagle.waits > 0 {
                side.delayedAckWait = bulk.value.nagle.waited / Int64(bulk.value.nagle.waits)
            }
            side.idlePeriods = Int(bulk.value.idle.periods)
            side.idleRestarts = Int(bulk.value.idle.restarts)
            if let last = bulk.value.rate.rate(at: time) {
                side.lastRate = last
                side.maxRate = max(bulk.value.rate.maximum, last)
            }
        }
        let span = max(lastNewData, lastProgress) - anchor
        // One segment of a flow that was already running is no rate.
        if span > 0, synSeen || dataSegments > 1 {
            side.goodput = Double(uniqueBytes) * 8 / span.seconds
            side.meanRate = side.goodput
        }
    }

    /// Full segments vanish on this end's path, and no message said why.
    var suspectsBlackHole: Bool {
        rareMeters.map { $0.blackHole.isSuspected && !$0.blackHole.isExplained } ?? false
    }

    /// Where this end's bytes may wait: in its receive buffer, and on the path to it.
    func reportBuffers(_ name: String, into buffers: inout [BufferSnapshot]) {
        if window.isKnown, window.maximum > 0 {
            buffers.append(
                BufferSnapshot(
                    layer: .socketReceive, side: name, occupiedBytes: window.occupied, capacityBytes: window.maximum,
                    delay: nil, source: "receive_window", confidence: 0.7))
        }
        if let queue = roundTrip.queue, roundTrip.count >= 8 {
            buffers.append(
                BufferSnapshot(
                    layer: .path, side: name, occupiedBytes: nil, capacityBytes: nil, delay: queue, source: "rtt",
                    confidence: 0.8))
        }
    }

    /// Bytes in flight at `time`, which may lie after the last segment.
    func flightNow(isNear: Bool, at time: Timestamp) -> Int? {
        guard flight.hasValue, isAnswered else { return nil }
        if isNear { return flight.last }
        guard roundTrip.hasSample, let view = log.view(before: time - roundTrip.last) else { return flight.last }
        guard log.known.map({ view.acknowledged.isAtOrAfter($0.acknowledged) }) ?? true else { return flight.last }
        return min(flight.last, pipe(view))
    }
}
