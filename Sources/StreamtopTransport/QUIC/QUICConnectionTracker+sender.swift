import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Each end as a sender, in the terms that every transport is judged in (decision 0180).
extension QUICConnectionTracker {
    /// The path as it concerns the data sent in `direction`.
    func path(of direction: Direction) -> PathView {
        direction == .fromClient
            ? PathView(sender: clientTrip.path, receiver: serverTrip.path)
            : PathView(sender: serverTrip.path, receiver: clientTrip.path)
    }

    /// A packet in flight passed: what its sender has under way with it, and the window that this shows.
    mutating func followFlight(
        _ number: UInt64, level: QUICLevel, size: Int, _ direction: Direction, at time: Timestamp
    ) {
        endpoints[direction].underWay.sent(size, at: time)
        followCut(of: direction)
        let sending = QUICWindowCourse.Sending(
            number: level == .oneRTT ? number : nil, size: size, unit: unit(of: direction),
            acknowledged: endpoints[direction].underWay.acknowledged, bytes: endpoints[direction].underWay.bytes,
            isUnharmed: endpoints[direction].recovery.lost == 0)
        endpoints[direction].follow(sending)
    }

    /// The sender has acknowledged packets, or lost ones, to take from its flight.
    mutating func release(
        _ outcome: QUICSenderRecovery.Outcome, of sender: Direction, distance: Nanoseconds, at time: Timestamp
    ) {
        let known = endpoints[sender].recovery.largestAcknowledged.map { $0 &+ 1 } ?? 0
        endpoints[sender].underWay.released(
            QUICFlightCount.Release(
                bytes: outcome.ackedBytes + outcome.lostBytes, acknowledged: known,
                startsRecovery: outcome.startsRecovery), distance: distance, at: time)
        followCut(of: sender)
        endpoints[sender].flight.update(endpoints[sender].underWay.bytes)
    }

    private mutating func followCut(of sender: Direction) {
        guard endpoints[sender].underWay.takeCut() else { return }
        let next = endpoints[sender].recovery.largest(.oneRTT).map { $0 &+ 1 } ?? 0
        endpoints[sender].cutWindow(next: next)
    }

    /// The flight and window of the sender are its own: seen at the sender itself, or over a stretch whose length was measured
    /// just now and does not change. Otherwise more may have been under way.
    func knowsFlight(of direction: Direction, at time: Timestamp) -> Bool {
        isNear(direction) || endpoints[direction].distance.isSteady(at: time, loop: loopEstimate)
    }

    /// A 1-RTT packet in flight passed; flight and window have been brought up to date.
    mutating func followSender(_ number: UInt64, size: Int, _ direction: Direction, at time: Timestamp) {
        let path = path(of: direction)
        let loop = min(path.smoothed ?? 0, .seconds(100))
        // Where nothing has been heard from an end for two round trips, its component is out of date.
        let newest = max(clientTrip.lastTime, serverTrip.lastTime)
        let highest = endpoints[direction].recovery.largest(.oneRTT) ?? number
        let sending = QUICSenderMeters.Sending(
            size: size, flight: endpoints[direction].flight.last, window: endpoints[direction].flight.window ?? 0,
            unit: unit(of: direction), behind: highest > number ? Int(clamping: highest - number) : 0,
            distance: isNear(direction) ? 0 : nil, isPathFresh: time - newest <= 2 * loop)
        endpoints[direction].fillMeters()
        endpoints[direction].meters.value.sent(sending, path: path, at: time)
        // Elsewhere a packet's delay on its way here cannot be told from its sender's.
        guard clientTrip.hasSample, serverTrip.hasSample, isNear(direction) else { return }
        let timer = timer(of: direction)
        endpoints[direction].meters.value.followTimer(
            timer, outstanding: endpoints[direction].flight.last - size,
            lastHeard: endpoints[direction.reversed].lastDatagram, at: time)
    }

    /// The probe timeout of the sender, where the capture lies at it (RFC 9002 section 6.2.1).
    private func timer(of direction: Direction) -> Nanoseconds {
        let estimator = endpoints[direction].recovery.estimator
        guard estimator.hasSample else { return .seconds(100) }
        let promised = min(16_384, endpoints[direction.reversed].parameters?.integer(.maxAckDelay) ?? 25)
        return estimator.smoothed + max(4 * estimator.variation, QUICSenderRecovery.granularity)
            + .milliseconds(Int64(promised))
    }

    /// The peer of `sender` acknowledged packets: what that says of the sender. Called once its samples are recorded.
    mutating func followAcknowledgment(
        _ outcome: QUICSenderRecovery.Outcome, of sender: Direction, distance: Nanoseconds, at time: Timestamp
    ) {
        guard !endpoints[sender].meters.isEmpty else { return }
        let lost = outcome.lostPackets + (countsUnseen(of: sender) ? outcome.unseenLost : 0)
        if outcome.ackedBytes > 0 {
            endpoints[sender].meters.value.timers.answered(startsRecovery: outcome.startsRecovery, at: time)
        }
        if lost > 0 {
            var path = path(of: sender)
            path.ceiling = saturatingAdd(clientTrip.path.usualCeiling, serverTrip.path.usualCeiling)
            endpoints[sender].meters.value.lost(
                lost, sent: outcome.firstLostSent ?? time, window: endpoints[sender].flight.window ?? 0,
                unit: unit(of: sender), path: path, at: time)
        }
        if outcome.spurious > 0 { endpoints[sender].meters.value.arrivedAfterAll(outcome.spurious) }
        endpoints[sender].meters.value.acknowledged(
            flight: endpoints[sender].recovery.bytesInFlight, delay: distance, at: time)
    }

    /// A round trip to `end`, which acknowledged all that its peer had sent: the path's own length may show in it.
    mutating func followBase(
        _ sample: Nanoseconds, to end: Direction, base: Nanoseconds, queue: Nanoseconds, at time: Timestamp
    ) {
        let sender = end.reversed
        guard !endpoints[sender].meters.isEmpty, endpoints[sender].recovery.bytesInFlight == 0 else { return }
        let flight = endpoints[sender].flight.window ?? 0
        guard
            let step = endpoints[sender].meters.value.observeBase(
                sample, base: base, queue: queue, flight: flight, at: time)
        else { return }
        if end == .fromClient { clientTrip.rebase(to: step) } else { serverTrip.rebase(to: step) }
    }

    /// Numbers that never passed are packets lost before the capture point. At the sender itself they were never used, and of an
    /// end that mostly acknowledges they were most likely acknowledgments, whose loss costs nothing.
    func countsUnseen(of direction: Direction) -> Bool {
        guard !isNear(direction) else { return false }
        return endpoints[direction].meters.map { $0.packets * 2 >= endpoints[direction].recovery.packets } ?? false
    }

    /// Bytes of a full packet.
    func unit(of direction: Direction) -> Int {
        let sustained = endpoints[direction].datagrams.sustained
        return sustained > 0 ? sustained : 1_200  // RFC 9000 section 14: every path carries them
    }

    /// Where the capture was taken; nil while a component RTT is unknown.
    var vantage: Vantage? {
        guard clientTrip.hasSample, serverTrip.hasSample else { return nil }
        switch (isNear(.fromClient), isNear(.fromServer)) {
        case (true, true): return .loopback
        case (true, false): return .client
        case (false, true): return .server
        case (false, false): return .middle
        }
    }
}
