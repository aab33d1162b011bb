import StreamtopBase
import StreamtopModel

extension TCPFlowTracker {
    /// Everything known at `time`; may be asked for at any moment and changes nothing.
    package func report(at time: Timestamp) -> TCPReport {
        var report = TCPReport(snapshot(at: time))
        (report.roundTrip.client, report.queueDelay.client) = client.roundTrip.snapshots
        (report.roundTrip.server, report.queueDelay.server) = server.roundTrip.snapshots
        report.roundTrip.total = wholeLoop(report.roundTrip.client, report.roundTrip.server)
        report.roundTrip.handshake = handshake.total
        report.queueDelay.client?.inboundShare = client.rare.map { $0.inbound.share } ?? nil
        report.queueDelay.server?.inboundShare = server.rare.map { $0.inbound.share } ?? nil
        // The component that is measured beside one that is not holds nothing of the path: alone it would look like an empty queue.
        if isBlind { report.queueDelay = BothDirections(client: nil, server: nil) }
        report.roundTrip.baseChange = baseChange
        if client.roundTrip.hasShared || server.roundTrip.hasShared {
            report.roundTrip.sharedBase = saturatingAdd(client.roundTrip.base, server.roundTrip.base)
        }
        report.blackHoleSuspected = client.suspectsBlackHole || server.suspectsBlackHole
        report.gaps = client.lostBeforeCapture + server.lostBeforeCapture
        report.gapBytes = client.lostBytesBeforeCapture &+ server.lostBytesBeforeCapture
        report.anomalies = shared.anomalies
        let forgotten = client.rangesForgotten + server.rangesForgotten
        if forgotten > 0 { report.anomalies.record(.tableFull, times: forgotten) }
        return report
    }

    private func snapshot(at time: Timestamp) -> TCPSnapshot {
        var snapshot = TCPSnapshot()
        // Nothing waits any more once the connection is over: what was going on ended with its last segment.
        let end = connection.isOver ? min(time, lastTime) : time
        client.report(
            into: &snapshot.client, at: time, end: end, isNear: vantage == .client,
            isBlind: client.lacksRoundTrips(answering: server), gone: client.silence(of: server, at: time),
            anchor: start)
        server.report(
            into: &snapshot.server, at: time, end: end, isNear: vantage == .server,
            isBlind: server.lacksRoundTrips(answering: client), gone: server.silence(of: client, at: time),
            anchor: start)
        snapshot.client.peerGone = client.gone(server, at: time)
        snapshot.server.peerGone = server.gone(client, at: time)
        snapshot.vantage = vantage
        snapshot.multipath = multipath
        snapshot.synRetransmissions = Int(handshake.synRepeats)
        snapshot.synAckRetransmissions = Int(handshake.answerRepeats)
        snapshot.opening.syn = handshake.synTime
        snapshot.opening.synAck = handshake.answerTime
        snapshot.opening.ack = handshake.completionTime
        snapshot.firstFin = firstFin
        return snapshot
    }

    /// The loop as one end sees it: measured in the middle, else the far component with the little that the near end adds.
    private func wholeLoop(_ toClient: RoundTripSnapshot?, _ toServer: RoundTripSnapshot?) -> RoundTripSnapshot? {
        if !shared.loop.isEmpty { return shared.loop.value.snapshot }
        guard let toClient, let toServer else { return nil }
        var (far, near) = (toClient, toServer)
        if far.p50 < near.p50 { swap(&far, &near) }
        far.minimum = saturatingAdd(far.minimum, near.minimum)
        far.last = saturatingAdd(far.last, near.p50)
        far.smoothed = saturatingAdd(far.smoothed, near.p50)
        far.mean = saturatingAdd(far.mean, near.p50)
        far.p50 = saturatingAdd(far.p50, near.p50)
        far.p95 = saturatingAdd(far.p95, near.p50)
        far.p99 = saturatingAdd(far.p99, near.p50)
        far.maximum = saturatingAdd(far.maximum, near.p50)
        return far
    }

    /// The newest jump of the base of either component, told of the whole round trip.
    private var baseChange: BaseRoundTripChange? {
        let (near, far) = (client.roundTrip.baseChange, server.roundTrip.baseChange)
        let isClient = (near?.time.nanoseconds ?? .min) >= (far?.time.nanoseconds ?? .min)
        guard var change = isClient ? near : far else { return nil }
        let other = isClient ? server.roundTrip.ownBase : client.roundTrip.ownBase
        guard other != .max else { return change }
        change.before = saturatingAdd(change.before, other)
        change.after = saturatingAdd(change.after, other)
        return change
    }

    /// The round trip to an end that sends much was not measured while it did.
    private var isBlind: Bool {
        client.lacksRoundTrips(answering: server) || server.lacksRoundTrips(answering: client)
    }

    /// Writes what holds at `time` into a sample.
    package func read(into sample: inout FlowSample, at time: Timestamp) {
        if !isBlind {
            sample.roundTrip = BothDirections(client: client.roundTrip.smoothed, server: server.roundTrip.smoothed)
            sample.queueDelay = BothDirections(client: client.roundTrip.queue, server: server.roundTrip.queue)
        }
        if !client.lacksRoundTrips(answering: server) {
            sample.inFlight.client = client.flightNow(isNear: vantage == .client, at: time)
            sample.congestionWindow.client = client.isAnswered ? client.flight.window : nil
        }
        if !server.lacksRoundTrips(answering: client) {
            sample.inFlight.server = server.flightNow(isNear: vantage == .server, at: time)
            sample.congestionWindow.server = server.isAnswered ? server.flight.window : nil
        }
        sample.receiveWindow = BothDirections(
            client: client.window.isKnown ? client.window.last : nil,
            server: server.window.isKnown ? server.window.last : nil)
    }

    /// Writes what was counted since the first segment.
    package func count(into counters: inout FlowCounters) {
        counters.countsSegments = true
        counters.retransmissions = BothDirections(
            client: UInt32(clamping: client.repairCount), server: UInt32(clamping: server.repairCount))
        counters.losses = BothDirections(
            client: UInt32(clamping: client.lostSegments), server: UInt32(clamping: server.lostSegments))
        counters.zeroWindows = BothDirections(client: client.window.zeroSegments, server: server.window.zeroSegments)
    }
}
