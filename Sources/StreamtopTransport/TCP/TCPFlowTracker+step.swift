import StreamtopBase
import StreamtopModel
import StreamtopWire

/// One segment through both halves. Static, and with both halves inout even where they are only read: neither is ever
/// copied.
extension TCPFlowTracker {
    static func step(
        _ sender: inout TCPHalf, _ peer: inout TCPHalf, _ frame: borrowing DecodedFrame, from direction: Direction,
        at time: Timestamp, total: inout OnDemand<TCPRoundTripMeter>, anomalies: inout AnomalyCounts,
        near: (sender: Bool, peer: Bool), hint: Bool, isReset: Bool, events: inout [FlowEvent.Kind]
    ) {
        sender.segmentCount &+= 1
        if !sender.bulk.isEmpty { sender.bulk.value.rate.record(frame.ipLength, at: time) }
        observeNetwork(
            &sender, frame, direction: direction, at: time, anomalies: &anomalies, isReset: isReset, events: &events)
        if isReset {
            sender.resets &+= 1
            return
        }
        let senderPlace = place(of: &sender, near: near.sender, hint: hint)
        let peerPlace = place(of: &peer, near: near.peer, hint: hint)

        if frame.tcp.flags.isAck {
            answer(
                &sender, &peer, frame, from: direction, at: time, total: &total, anomalies: &anomalies,
                peerPlace: peerPlace, events: &events)
        }
        if frame.tcp.flags.isSyn {
            if frame.payloadLength > 0 {
                emit(
                    &sender, &peer, frame, sequence: frame.tcp.sequence &+ 1, from: direction, at: time, total: &total,
                    place: senderPlace, events: &events)
            }
            return
        }
        if frame.payloadLength > 0 {
            emit(
                &sender, &peer, frame, sequence: frame.tcp.sequence, from: direction, at: time, total: &total,
                place: senderPlace, events: &events)
        } else if !frame.tcp.flags.isFin {
            sender.observeBare(sequence: frame.tcp.sequence, peerClosed: peer.window.isClosed)
        }
        if frame.tcp.flags.isFin {
            sender.fins &+= 1
            let end = frame.tcp.sequence &+ UInt32(truncatingIfNeeded: frame.payloadLength)
            let isBare = frame.payloadLength == 0
            let isRepeat = isBare && sender.finSequence == end
            sender.noteControl(
                isRepeat: isRepeat,
                identification: UInt16(truncatingIfNeeded: frame.identification ?? 0), at: time)
            sender.finSequence = end
        }
    }

    private static func place(of half: inout TCPHalf, near: Bool, hint: Bool) -> TCPPlace {
        // Near by its hop limit alone, its distance is not known: nothing can be timed by it.
        guard near, hint || half.roundTrip.hasSample else { return .far }
        return hint || half.roundTrip.minimum <= 100_000 ? .host : .near
    }

    // MARK: IP header

    private static func observeNetwork(
        _ sender: inout TCPHalf, _ frame: borrowing DecodedFrame, direction: Direction, at time: Timestamp,
        anomalies: inout AnomalyCounts, isReset: Bool, events: inout [FlowEvent.Kind]
    ) {
        if frame.ecn != 0, sender.ecn.observe(codepoint: frame.ecn, at: time, gap: .milliseconds(100)) {
            events.append(.ecnCE(from: direction))
        }
        let hops = frame.hopLimit
        if sender.hopLimit == 0 {
            sender.hopLimit = hops
        } else if hops != sender.hopLimit {
            let far = max(hops, sender.hopLimit) - min(hops, sender.hopLimit) > 2
            if isReset {
                if far { anomalies.record(.resetFromElsewhere) }
            } else {
                // One stray packet is no change of path; the second in a row is.
                sender.hopLimitChanges = sender.hopLimitChanges &+ 1
                if sender.hopLimitChanges >= 2 {
                    sender.hopLimit = hops
                    sender.hopLimitChanges = 0
                    sender.roundTrip.rebase(at: time)
                    anomalies.record(.hopLimitChanged)
                }
            }
        } else {
            sender.hopLimitChanges = 0
        }
    }

    // MARK: As an answer to the peer's data

    private static func answer(
        _ sender: inout TCPHalf, _ peer: inout TCPHalf, _ frame: borrowing DecodedFrame, from direction: Direction,
        at time: Timestamp, total: inout OnDemand<TCPRoundTripMeter>, anomalies: inout AnomalyCounts,
        peerPlace: TCPPlace, events: inout [FlowEvent.Kind]
    ) {
        let flags = frame.tcp.flags
        let isSyn = flags.isSyn
        let scale =
            isSyn ? 0 : (sender.synSeen && peer.synSeen && peer.windowScale != nil ? sender.windowScale ?? 0 : 0)
        let window = Int(frame.tcp.window) << Int(scale)
        let moved = sender.window.last != window || !sender.window.isKnown
        let isPure = frame.payloadLength == 0 && !isSyn && !flags.isFin
        if peer.ecn.accurate, !isSyn { peer.ecn.observeCounter(flags) }

        let before = peer.acknowledged
        var result = TCPAcknowledgmentResult()
        peer.acknowledge(
            frame, isPure: isPure, windowMoved: moved, at: time, roundTrip: leastRoundTrip(peer, sender) ?? 0,
            into: &result)
        if result.unseen > 0 { anomalies.record(.ackOfUnseenData) }
        if result.sackOutside { anomalies.record(.sackOutsideWindow) }
        if let start = result.needless { events.append(.spurious(from: direction.reversed, sequence: start)) }
        if !isSyn {
            let (change, shrunk) = sender.window.record(window, acknowledgment: frame.tcp.acknowledgment, at: time)
            if shrunk { anomalies.record(.windowShrunk) }
            switch change {
            case .none: break
            case .closed: events.append(.zeroWindow(by: direction))
            case .opened(let after): events.append(.windowOpen(by: direction, bytes: window, after: after))
            }
        } else {
            sender.window.provisional(window, acknowledgment: frame.tcp.acknowledgment)
        }
        measure(result, &sender, &peer, at: time, total: &total)
        if peerPlace == .far, result.hasOldestStamp, !peer.bulk.isEmpty {
            timeOneWay(result, of: &peer, answering: sender.roundTrip.last, at: time, total: &total)
        }

        // What the peer will know once this has reached it.
        let view = peer.currentView(edge: sender.window.edge)
        if peerPlace != .host {
            peer.log.append(
                view, timestampValue: frame.tcp.options.hasTimestamps ? frame.tcp.options.timestampValue : nil,
                isSettled: peer.acknowledged == peer.next, at: time)
        } else {
            if peer.acknowledged != before { peer.flight.endInitial() }
            peer.flight.update(peer.pipe(view))
        }
        peer.updateLimit(view: view, at: time, delay: peerPlace == .far ? peer.roundTrip.last : 0)
    }

    /// The sender of the data is distant, and its echoes have fallen silent: the round trip to it is the empty path's and
    /// what the acknowledged segment waited on its way here. Callers have the bulk meters.
    private static func timeOneWay(
        _ result: TCPAcknowledgmentResult, of peer: inout TCPHalf, answering other: Nanoseconds, at time: Timestamp,
        total: inout OnDemand<TCPRoundTripMeter>
    ) {
        guard let sample = result.senderSample, let smoothed = peer.roundTrip.smoothed,
            time - peer.bulk.value.lastEcho > 2 * min(smoothed, .seconds(100)),
            let queue = peer.bulk.value.oneWay.queue(stamp: result.oldestStamp, passed: time - sample)
        else { return }
        hear(saturatingAdd(peer.roundTrip.minimum, queue), of: &peer, answering: other, at: time, total: &total)
    }

    private static func measure(
        _ result: TCPAcknowledgmentResult, _ sender: inout TCPHalf, _ peer: inout TCPHalf, at time: Timestamp,
        total: inout OnDemand<TCPRoundTripMeter>
    ) {
        if let sample = result.senderSample {
            sender.roundTrip.smooth(sample)
            if !total.isEmpty { total.value.smooth(saturatingAdd(sample, peer.roundTrip.last)) }
        }
        if let sample = result.networkSample {
            let late = sample - (sender.roundTrip.hasSample ? sender.roundTrip.minimum : sample) > .milliseconds(30)
            if !(result.isDelayed && late) {
                let queue = sender.roundTrip.maximumQueue
                let base = sender.roundTrip.base
                sender.roundTrip.record(sample, source: .tcpAck, at: time)
                // Everything has arrived: no data of this flow stands in a queue.
                if !peer.bulk.isEmpty, peer.outstanding == 0 {
                    peer.bulk.value.baseStep.observe(
                        sample, base: base, queue: queue,
                        flight: peer.flight.window ?? 0, at: time)
                    if let step = peer.bulk.value.baseStep.take() {
                        sender.roundTrip.rebase(to: step)
                    }
                }
                if !total.isEmpty {
                    total.value.record(saturatingAdd(sample, peer.roundTrip.last), source: .tcpAck, at: time)
                }
            }
        }
    }

    // MARK: As data of its own

    private static func emit(
        _ sender: inout TCPHalf, _ peer: inout TCPHalf, _ frame: borrowing DecodedFrame, sequence: UInt32,
        from direction: Direction, at time: Timestamp, total: inout OnDemand<TCPRoundTripMeter>, place: TCPPlace,
        events: inout [FlowEvent.Kind]
    ) {
        if place == .far { hear(&sender, &peer, frame, at: time, total: &total) }
        var path = pathView(of: &sender, receiver: &peer)
        if sender.started, sender.next.isAfter(sequence) {
            path.ceiling = saturatingAdd(sender.roundTrip.usualCeiling, peer.roundTrip.usualCeiling)
        }
        let view = sender.view(place: place, edge: peer.window.edge, toSender: path.toSender, at: time)
        let firstFlight = view.acknowledged == sender.initialSequence &+ (sender.synSeen ? 1 : 0)
        let newBefore = sender.uniqueBytes
        let nextBefore = sender.started ? sender.next : sequence
        let repairsBefore = sender.justifiedRepairs
        let wasIdle = view.acknowledged.isAtOrAfter(sender.next)
        let isFresh =
            wasIdle && sender.lastData.nanoseconds != .min && time - sender.lastData > path.timeout
            && sequence == sender.next
        sender.transmit(
            TCPTransmission(
                sequence: sequence, length: frame.payloadLength, timestampValue: frame.tcp.options.timestampValue,
                hasTimestamp: frame.tcp.options.hasTimestamps,
                identification: UInt16(truncatingIfNeeded: frame.identification ?? 0), time: time),
            view: view, path: path, peerClosed: peer.window.isClosed, direction: direction, events: &events)
        if firstFlight {
            sender.flight.observeInitial(bytes: Int(sender.next.distance(after: nextBefore)))
        } else {
            sender.flight.endInitial(jumping: sequence.isAfter(nextBefore))
        }
        sender.followWindow(
            sequence, view: view, repairsBefore: repairsBefore, idle: wasIdle, short: frame.payloadLength < sender.unit,
            at: time)
        if !sender.bulk.isEmpty {
            if !sender.trouble.isEmpty, !sender.isInRecovery {
                sender.trouble.value.losses.observe(
                    window: (sender.flight.window ?? 0) / sender.unit, at: time,
                    roundTrip: path.smoothed ?? .milliseconds(100))
            }
            sender.bulk.value.queueLink.observe(
                flight: sender.flight.last, queue: path.queue, roundTrip: path.smoothed, at: time)
            if place == .far, frame.tcp.options.hasTimestamps {
                sender.bulk.value.oneWay.observe(stamp: frame.tcp.options.timestampValue, at: time)
            }
            if place != .far, sender.justifiedRepairs == repairsBefore, sender.uniqueBytes != newBefore {
                sender.bulk.value.pacing.observe(
                    length: frame.payloadLength, unit: sender.unit, idle: wasIdle, answer: sender.lastAnswer,
                    distance: place == .near ? sender.roundTrip.minimum : 0, at: time)
            }
            let isHindered =
                sender.isInRecovery || view.sacked > 0 || sender.justifiedRepairs != repairsBefore
                || view.edge.distance(after: sender.next) < sender.unit
            sender.bulk.value.idle.observe(
                fresh: isFresh, start: sequence, next: sender.next, acknowledged: view.acknowledged,
                flight: sender.pipe(view), hindered: isHindered, unit: sender.unit, initial: sender.flight.initial)
        }
        sender.updateLimit(view: view, at: time, delay: 0)
    }

    /// The sender is not here: its segment tells by the timestamp that it echoes which acknowledgment had reached it,
    /// and how long that loop took.
    private static func hear(
        _ sender: inout TCPHalf, _ peer: inout TCPHalf, _ frame: borrowing DecodedFrame, at time: Timestamp,
        total: inout OnDemand<TCPRoundTripMeter>
    ) {
        guard frame.tcp.options.hasTimestamps else { return }
        guard let passed = sender.log.reached(echo: frame.tcp.options.timestampEcho) else { return }
        let sample = max(0, time - passed)
        // The echo waits for data to send: where the sender was silent for long, that is what was measured.
        let silent = time - sender.lastData
        guard sender.lastData.nanoseconds != .min, silent < sample / 2 || sample < .milliseconds(1) else { return }
        if let smoothed = sender.roundTrip.smoothed,
            sample > max(.seconds(1), saturatingAdd(smoothed, 7 * min(smoothed, .seconds(100))))
        {
            return
        }
        if !sender.bulk.isEmpty { sender.bulk.value.lastEcho = time }
        hear(sample, of: &sender, answering: peer.roundTrip.last, at: time, total: &total)
    }

    private static func hear(
        _ sample: Nanoseconds, of sender: inout TCPHalf, answering other: Nanoseconds, at time: Timestamp,
        total: inout OnDemand<TCPRoundTripMeter>
    ) {
        sender.roundTrip.record(sample, source: .tcpTimestamps, at: time)
        sender.roundTrip.smooth(sample)
        if !total.isEmpty {
            let whole = saturatingAdd(sample, other)
            total.value.record(whole, source: .tcpTimestamps, at: time)
            total.value.smooth(whole)
        }
    }

    // MARK: The path

    /// Both halves together, of what is known of them; nil while nothing is.
    private static func leastRoundTrip(
        _ one: borrowing TCPHalf, _ other: borrowing TCPHalf
    ) -> Nanoseconds? {
        guard one.roundTrip.hasSample else { return other.roundTrip.hasSample ? other.roundTrip.minimum : nil }
        guard other.roundTrip.hasSample else { return one.roundTrip.minimum }
        return saturatingAdd(one.roundTrip.minimum, other.roundTrip.minimum)
    }

    /// The path as it concerns the data that `half` sends to `receiver`.
    static func pathView(
        of half: inout TCPHalf, receiver: inout TCPHalf
    ) -> TCPPathView {
        var view = TCPPathView()
        let near = half.roundTrip.hasSample
        let far = receiver.roundTrip.hasSample
        view.toSender = near ? half.roundTrip.last : nil
        view.minimum = leastRoundTrip(half, receiver)
        if near, far {
            view.smoothed = saturatingAdd(half.roundTrip.smoothed ?? 0, receiver.roundTrip.smoothed ?? 0)
            view.variation = saturatingAdd(half.roundTrip.estimator.variation, receiver.roundTrip.estimator.variation)
        } else if near || far {
            view.smoothed = near ? half.roundTrip.smoothed : receiver.roundTrip.smoothed
            view.variation = near ? half.roundTrip.estimator.variation : receiver.roundTrip.estimator.variation
        }
        if near || far {
            view.queue = saturatingAdd(half.roundTrip.queue ?? 0, receiver.roundTrip.queue ?? 0)
        }
        return view
    }
}

extension TCPHalf {
    /// What this sender knew when it sent the segment that passes now.
    mutating func view(place: TCPPlace, edge: UInt32, toSender: Nanoseconds?, at time: Timestamp) -> TCPSenderView {
        switch place {
        case .host: return currentView(edge: edge)
        case .near: log.reached(before: time - roundTrip.minimum)
        case .far: if !timestampsInUse, let toSender { log.reached(before: time - toSender) }
        }
        if let known = log.known { return known }
        let first = initialSequence &+ (synSeen ? 1 : 0)
        return TCPSenderView(acknowledged: first, edge: edge, sacked: 0, lost: 0)
    }

    /// The window's course after the segment at `sequence` was sent. `idle`: nothing was outstanding before it;
    /// `short`: it was not full.
    mutating func followWindow(
        _ sequence: UInt32, view: TCPSenderView, repairsBefore: UInt32, idle: Bool, short: Bool, at time: Timestamp
    ) {
        let bytes = pipe(view)
        let size = Float(unit)
        if bulk.isEmpty {
            guard dataSegments >= 24 else {
                _ = flight.advance(acknowledged: view.acknowledged, next: next)
                flight.record(bytes)
                return
            }
            bulk.fill(TCPBulkMeters(congestion: TCPCongestionMeter(lost: view.lost)))
        }
        let window = Float(flight.window ?? bytes) / size
        if bulk.value.congestion.observe(
            view, next: next, window: window, repairs: repairsBefore,
            repairing: justifiedRepairs != repairsBefore ? sequence : nil,
            byTimeout: recoveryByTimeout, at: time)
        {
            flight.cut()
        }
        if let ended = flight.advance(acknowledged: view.acknowledged, next: next) {
            bulk.value.congestion.endRound(flight: Float(ended) / size, repairs: justifiedRepairs, at: time)
        }
        if idle || short && Float(bytes) < 0.8 * window * size || view.edge.distance(after: next) < unit {
            bulk.value.congestion.noteLimited()
        }
        if view.edge.distance(after: next) < unit { windowFull &+= 1 }
        flight.record(bytes, recovering: bulk.value.congestion.isRecovering)
        bulk.value.congestion.observeFlight(Float(bytes) / size, at: time)
    }

    mutating func updateLimit(view: TCPSenderView, at time: Timestamp, delay: Nanoseconds) {
        guard started else { return }
        let room = view.edge.distance(after: next)
        let state: TCPLimitMeter.State
        if Int(room) < unit, dataSegments > 0 {
            state = .receiver
        } else if next.isAfter(view.acknowledged) {
            state = .network
        } else {
            state = .application
        }
        limits.enter(state, at: time, delay: delay)
    }
}
