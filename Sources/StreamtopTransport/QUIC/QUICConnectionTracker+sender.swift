import StreamtopBase
import StreamtopModel

/// Each end as a sender, in the terms that every transport is judged in (decision 0180).
extension QUICConnectionTracker {
    /// The path as it concerns the data sent in `direction`.
    func path(of direction: Direction) -> PathView {
        direction == .fromClient
            ? PathView(sender: clientTrip.path, receiver: serverTrip.path)
            : PathView(sender: serverTrip.path, receiver: clientTrip.path)
    }

    /// A 1-RTT packet in flight passed; flight and window have been brought up to date.
    mutating func followSender(_ number: UInt64, size: Int, _ direction: Direction, at time: Timestamp) {
        let path = path(of: direction)
        let loop = min(path.smoothed ?? 0, .seconds(100))
        // Where nothing has been heard from an end for two round trips, its half is of the past.
        let newest = max(clientTrip.lastTime, serverTrip.lastTime)
        let highest = endpoints[direction].recovery.largest(.oneRTT) ?? number
        let sending = QUICSenderMeters.Sending(
            size: size, flight: endpoints[direction].flight.bytes, window: endpoints[direction].window.current,
            unit: unit(of: direction), behind: highest > number ? Int(clamping: highest - number) : 0,
            distance: isNear(direction) ? 0 : nil, isPathFresh: time - newest <= 2 * loop)
        endpoints[direction].fillMeters()
        endpoints[direction].meters.value.sent(sending, path: path, at: time)
    }

    /// The peer of `sender` acknowledged packets: what that says of the sender. Called once its samples are recorded.
    mutating func followAcknowledgment(
        _ outcome: QUICSenderRecovery.Outcome, of sender: Direction, distance: Nanoseconds, at time: Timestamp
    ) {
        guard !endpoints[sender].meters.isEmpty else { return }
        let lost = outcome.lostPackets + (countsUnseen(of: sender) ? outcome.unseenLost : 0)
        if lost > 0 {
            var path = path(of: sender)
            path.ceiling = saturatingAdd(clientTrip.path.usualCeiling, serverTrip.path.usualCeiling)
            endpoints[sender].meters.value.lost(
                lost, sent: outcome.firstLostSent ?? time, window: endpoints[sender].window.current,
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
        let flight = endpoints[sender].window.current
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
    private func unit(of direction: Direction) -> Int {
        let sustained = endpoints[direction].datagrams.sustained
        return sustained > 0 ? sustained : 1_200  // RFC 9000 section 14: every path carries them
    }

    /// Where the capture was taken; nil while a half of the round trip is unknown.
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
