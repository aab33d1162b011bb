import StreamtopBase
import StreamtopModel

extension TCPEndpoint {
    /// `end`: when what is going on now stops counting, `time` or before.
    func report(
        into snapshot: inout TCPEndpointSnapshot, at time: Timestamp, end: Timestamp, isNear: Bool, isBlind: Bool,
        gone: TCPSilence?, anchor: Timestamp
    ) {
        reportOptions(into: &snapshot)
        reportCounts(into: &snapshot, end: end, gone: gone)
        reportWindows(into: &snapshot, isNear: isNear)
        reportRates(into: &snapshot, at: time, end: end, anchor: anchor)
        guard dataSegments > 0 else { return }
        if let offset = brokenSACK { withholdRecovery(&snapshot, sackOffset: offset) }
        if !isAnswered {
            withholdUnanswered(&snapshot)
        } else if isBlind {
            withholdBlind(&snapshot)
        }
    }

    /// Not one acknowledgment of its data is in the capture: what rests on them is unknown (handbook 14.9).
    private func withholdUnanswered(_ snapshot: inout TCPEndpointSnapshot) {
        snapshot.isPathUnmeasured = true
        snapshot.initialWindowBytes = nil
        snapshot.inFlight = nil
        snapshot.congestionWindow = nil
        snapshot.congestionControl = Self.unnamed("no acknowledgment of this data was captured")
        snapshot.windowCuts = []
        snapshot.limitedBy = nil
        snapshot.flightDelayCorrelation = nil
        (snapshot.idlePeriods, snapshot.idleRestarts) = (nil, nil)
        snapshot.loss.withholdCauses()
        snapshot.lossRatio = nil
        (snapshot.recoveries, snapshot.tailRecoveries, snapshot.longestBackoff) = (nil, nil, nil)
    }

    /// The round trip to this sender was not measured while it sent: its flight is at least what was seen, and the course of
    /// its window is not known.
    private func withholdBlind(_ snapshot: inout TCPEndpointSnapshot) {
        snapshot.isPathUnmeasured = true
        snapshot.inFlight?.isLowerBound = true
        snapshot.congestionWindow = nil
        snapshot.congestionControl = Self.unnamed(
            "without timestamps nothing at this capture point tells the round trip to the sender")
        snapshot.windowCuts = []
        snapshot.flightDelayCorrelation = nil
        snapshot.loss.withholdCauses()
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
    private func withholdRecovery(_ snapshot: inout TCPEndpointSnapshot, sackOffset: Int) {
        snapshot.brokenSACKOffset = sackOffset
        snapshot.loss.withholdCauses()
        snapshot.congestionControl = Self.unnamed("SACK blocks that point nowhere hide what was lost")
        (snapshot.recoveries, snapshot.tailRecoveries) = (nil, nil)
    }

    private static func unnamed(_ reason: String) -> CongestionControlSnapshot {
        CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: [reason])
    }

    private func reportOptions(into snapshot: inout TCPEndpointSnapshot) {
        guard synSeen else { return }
        snapshot.mssBytes = offeredSegmentSize > 0 ? Int(offeredSegmentSize) : nil
        snapshot.windowScale = windowScale.map(Int.init)
        snapshot.sackPermitted = sackPermitted
        snapshot.timestamps = timestampsOffered
        snapshot.ecnNegotiated = ecn.negotiated
        snapshot.areOptionsWhole = areOptionsWhole
        snapshot.fastOpen = fastOpen
        snapshot.isEarlyDataDeclined = isEarlyDataDeclined
    }

    private func reportCounts(into snapshot: inout TCPEndpointSnapshot, end: Timestamp, gone: TCPSilence?) {
        snapshot.cePackets = max(ecn.congestionPackets, Int(rare.map { $0.echo.echoes } ?? 0))
        snapshot.ectPackets = Int(ecn.capable)
        snapshot.segments = Int(segmentCount)
        snapshot.dataSegments = Int(dataSegments)
        snapshot.uniqueBytes = uniqueBytes
        snapshot.outstandingBytes = outstanding
        if !rareMeters.isEmpty {
            snapshot.retransmissions = rareMeters.value.repairs.counts
            snapshot.loss = rareMeters.value.losses.counts()
            snapshot.loss.upstream = Int(rareMeters.value.repairs.upstream)
            snapshot.loss.downstream = Int(rareMeters.value.repairs.downstream)
        }
        if let gone { withholdRepeats(since: gone, &snapshot) }
        reportRareCounts(into: &snapshot)
        snapshot.duplicateAcks = Int(duplicateAcks)
        snapshot.zeroWindows = Int(window.zeroSegments)
        snapshot.zeroWindowEpisodes = Int(window.zeroEpisodes)
        snapshot.zeroWindowTime = window.zeroTime(at: end)
        snapshot.windowFull = Int(windowFull)
        snapshot.resets = Int(resets)
        snapshot.fins = Int(fins)
        snapshot.largestSegment = Int(largestSegment)
        // Lost segments over segments sent; those lost upstream were never seen. Where the capture itself lost more
        // than a thousandth, its own losses would be counted as the network's.
        let sent = sentSegments + snapshot.loss.upstream
        let degraded = snapshot.lostBeforeCaptureBytes > uniqueBytes / 1000
        if sent > 0, !degraded {
            snapshot.lossRatio = Double(snapshot.loss.upstream + snapshot.loss.downstream) / Double(sent)
            let recoveries = gone?.recoveries ?? rareMeters.map { $0.repairs.recoveries }
            snapshot.recoveries = Int(recoveries?.total ?? 0)
            snapshot.tailRecoveries = Int(recoveries?.tails ?? 0)
            snapshot.longestBackoff = Int(recoveries?.longestBackoff ?? 0)
            snapshot.timeouts = Int(recoveries?.timeouts ?? 0)
        }
    }

    /// The peer has left, or does not answer any more: what was sent again since is no loss of the path (handbook 14.4).
    private func withholdRepeats(since gone: TCPSilence, _ snapshot: inout TCPEndpointSnapshot) {
        let all = snapshot.retransmissions
        snapshot.retransmissions = gone.counts
        snapshot.retransmissions.packets = all.packets
        snapshot.retransmissions.bytes = all.bytes
        snapshot.retransmissions.peerGone = all.packets - gone.counts.packets
        snapshot.loss = rareMeters.value.losses.counts(upTo: (gone.lossEvent, gone.lossPackets))
        snapshot.loss.upstream = Int(gone.upstream)
        snapshot.loss.downstream = Int(gone.downstream)
    }

    private func reportRareCounts(into snapshot: inout TCPEndpointSnapshot) {
        guard !rare.isEmpty else { return }
        snapshot.controlRetransmissions = Int(rare.value.controlRepeats)
        snapshot.outOfOrder = Int(rare.value.outOfOrder)
        snapshot.reorderExtent = Int(rare.value.reorderExtent)
        snapshot.duplicatePackets = Int(rare.value.duplicatePackets)
        snapshot.displacedSegments = Int(rare.value.displaced)
        snapshot.lostBeforeCapture = lostBeforeCapture
        snapshot.lostBeforeCaptureBytes = lostBytesBeforeCapture
        snapshot.keepAlives = Int(rare.value.keepAlives)
        snapshot.windowProbes = Int(rare.value.windowProbes)
        snapshot.dsacks = Int(rare.value.dsacks)
    }

    /// Segments that the other end acknowledged and the capture does not hold, and their bytes.
    var lostBeforeCapture: Int { Int(rare.map { $0.lostBeforeCapture } ?? 0) }
    var lostBytesBeforeCapture: UInt64 { rare.map { $0.lostBeforeCaptureBytes } ?? 0 }

    var rangesForgotten: Int { Int(rare.map { $0.rangesForgotten } ?? 0) }

    /// Data segments on the wire, super-segments cut up.
    private var sentSegments: Int {
        largestSegment > fullSegment && fullSegment > 0
            ? max(
                Int(dataSegments),
                Int(uniqueBytes / UInt64(fullSegment)) + Int(rareMeters.map { $0.repairs.segments } ?? 0))
            : Int(dataSegments)
    }

    private func reportWindows(into snapshot: inout TCPEndpointSnapshot, isNear: Bool) {
        if dataSegments > 0 {
            snapshot.initialWindowBytes = flight.initial > 0 ? flight.initial : nil
            if flight.hasValue {
                snapshot.inFlight = InFlightSnapshot(
                    last: flight.last, maximum: flight.maximum, p50: flight.median,
                    isLowerBound: !isNear && !roundTrip.hasSample || !synSeen && acknowledged == initialSequence)
            }
            snapshot.congestionWindow = congestionWindow(isNear: isNear)
            let size = Float(unit)
            snapshot.windowCuts =
                bulk.map { meters in
                    meters.congestion.cuts.map { cut in
                        WindowCut(
                            time: cut.time, beforeBytes: Int(cut.before * size), afterBytes: Int(cut.after * size))
                    }
                } ?? []
            snapshot.congestionControl =
                bulk.map {
                    CongestionClassifier($0.congestion, losses: snapshot.loss.events, isPaced: $0.pacing.isPaced)
                        .verdict()
                }
                ?? CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: [])
        }
        if window.isKnown {
            snapshot.receiveWindow = ReceiveWindowSnapshot(
                last: window.last, maximum: window.maximum, minimum: window.minimum, occupied: window.occupied,
                scaleUnknown: false)
        } else if window.isOffered, leastScale > 0 {
            snapshot.windowScaleMin = Int(leastScale)
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
        into snapshot: inout TCPEndpointSnapshot, at time: Timestamp, end: Timestamp, anchor: Timestamp
    ) {
        guard dataSegments > 0 else { return }
        snapshot.limitedBy = limits.shares(at: end)
        if !bulk.isEmpty {
            snapshot.flightDelayCorrelation = bulk.value.queueLink.value
            snapshot.unsettledJump = bulk.value.fullQueue.unsettled ?? rare.map { $0.inbound.unsettled } ?? nil
            snapshot.pacing = bulk.value.pacing.isPaced
            snapshot.smallSegments = Int(bulk.value.nagle.small)
            snapshot.delayedAckWaits = Int(bulk.value.nagle.waits)
            if bulk.value.nagle.waits > 0 {
                snapshot.delayedAckWait = bulk.value.nagle.waited / Int64(bulk.value.nagle.waits)
            }
            snapshot.idlePeriods = Int(bulk.value.idle.periods)
            snapshot.idleRestarts = Int(bulk.value.idle.restarts)
            if let last = bulk.value.rate.rate(at: time) {
                snapshot.lastRate = last
                snapshot.maxRate = max(bulk.value.rate.maximum, last)
            }
        }
        let span = max(lastNewData, lastProgress) - anchor
        // One segment of a flow that was already running is no rate.
        if span > 0, synSeen || dataSegments > 1 {
            snapshot.goodput = Double(uniqueBytes) * 8 / span.seconds
            snapshot.meanRate = snapshot.goodput
        }
    }

    /// Full segments vanish on this end's path, and no message said why.
    var suspectsBlackHole: Bool {
        rareMeters.map { $0.blackHole.isSuspected && !$0.blackHole.isExplained } ?? false
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
