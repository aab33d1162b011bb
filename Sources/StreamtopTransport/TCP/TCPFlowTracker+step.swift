import StreamtopBase
import StreamtopModel
import StreamtopWire

/// One segment through both halves. Static, with both halves inout: neither is ever copied.
extension TCPFlowTracker {
    static func step(
        _ sender: inout TCPHalf, _ peer: inout TCPHalf, _ frame: borrowing DecodedFrame, from direction: Direction,
        at time: Timestamp, shared total: inout TCPRoundTripMeter, anomalies: inout AnomalyCounts, vantage: Vantage?,
        isReset: Bool, events: inout [FlowEvent.Kind]
    ) {
        sender.segmentCount &+= 1
        sender.rate.record(frame.ipLength, at: time)
        observeNetwork(
            &sender, frame, direction: direction, at: time, anomalies: &anomalies, isReset: isReset, events: &events)
        if isReset {
            sender.resets &+= 1
            return
        }
        let near = direction == .fromClient ? Vantage.client : .server
        let senderIsNear = vantage == near
        let peerIsNear = vantage == (direction == .fromClient ? Vantage.server : .client)

        if frame.tcp.flags.contains(.ack) {
            answer(
                &sender, &peer, frame, from: direction, at: time, total: &total, anomalies: &anomalies,
                peerIsNear: peerIsNear, events: &events)
        }
        if frame.tcp.flags.contains(.syn) {
            if frame.payloadLength > 0 {
                emit(
                    &sender, &peer, frame, sequence: frame.tcp.sequence &+ 1, from: direction, at: time, total: &total,
                    isNear: senderIsNear, events: &events)
            }
            return
        }
        if frame.payloadLength > 0 {
            emit(
                &sender, &peer, frame, sequence: frame.tcp.sequence, from: direction, at: time, total: &total,
                isNear: senderIsNear, events: &events)
        } else if !frame.tcp.flags.contains(.fin) {
            sender.observeBare(sequence: frame.tcp.sequence, peerClosed: peer.window.isClosed)
        }
        if frame.tcp.flags.contains(.fin) {
            sender.fins &+= 1
            sender.finSequence = frame.tcp.sequence &+ UInt32(truncatingIfNeeded: frame.payloadLength)
        }
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
                    sender.roundTrip.rebase()
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
        at time: Timestamp, total: inout TCPRoundTripMeter, anomalies: inout AnomalyCounts, peerIsNear: Bool,
        events: inout [FlowEvent.Kind]
    ) {
        let flags = frame.tcp.flags
        let isSyn = flags.contains(.syn)
        let scale =
            isSyn ? 0 : (sender.synSeen && peer.synSeen && peer.windowScale != nil ? sender.windowScale ?? 0 : 0)
        let window = Int(frame.tcp.window) << Int(scale)
        let moved = sender.window.last != window || !sender.window.isKnown
        let isPure = frame.payloadLength == 0 && !isSyn && !flags.contains(.fin)
        if peer.ecn.accurate, !isSyn { peer.ecn.observeCounter(flags) }

        let path = pathView(of: peer, receiver: sender, total: total, isNear: peerIsNear)
        let before = peer.acknowledged
        let wasRecovering = peer.isInRecovery
        let result = peer.acknowledge(frame.tcp, isPure: isPure, windowMoved: moved, at: time, path: path)
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
        measure(result, &sender, peer, at: time, total: &total)

        // What the peer will know once this has reached it.
        let view = peer.currentView(edge: sender.window.edge)
        if !peerIsNear {
            peer.log.append(
                view, timestampValue: frame.tcp.options.hasTimestamps ? frame.tcp.options.timestampValue : nil, at: time
            )
        }
        if result.advanced, peer.acknowledged != before { peer.flight.endInitial() }
        if peer.isInRecovery, !wasRecovering { peer.flight.cut() }
        if peerIsNear { peer.flight.update(peer.pipe(view)) }
        _ = peer.flight.advance(acknowledged: peer.acknowledged, next: peer.next)
        peer.updateLimit(view: view, at: time, delay: peerIsNear ? 0 : path.toSender ?? 0)
    }

    private static func measure(
        _ result: TCPAcknowledgmentResult, _ sender: inout TCPHalf, _ peer: borrowing TCPHalf, at time: Timestamp,
        total: inout TCPRoundTripMeter
    ) {
        if let sample = result.senderSample {
            sender.roundTrip.smooth(sample)
            let near = peer.roundTrip.hasSample ? peer.roundTrip.last : 0
            if peer.roundTrip.hasSample { total.smooth(saturatingAdd(sample, near)) }
        }
        if let sample = result.networkSample {
            let late = sample - (sender.roundTrip.hasSample ? sender.roundTrip.minimum : sample) > .milliseconds(30)
            if !(result.isDelayed && late) {
                sender.roundTrip.record(sample, source: .tcpAck, at: time)
                if peer.roundTrip.hasSample {
                    total.record(saturatingAdd(sample, peer.roundTrip.last), source: .tcpAck, at: time)
                }
            }
        }
    }

    // MARK: As data of its own

    private static func emit(
        _ sender: inout TCPHalf, _ peer: inout TCPHalf, _ frame: borrowing DecodedFrame, sequence: UInt32,
        from direction: Direction, at time: Timestamp, total: inout TCPRoundTripMeter, isNear: Bool,
        events: inout [FlowEvent.Kind]
    ) {
        if !isNear { hear(&sender, peer, frame, at: time, total: &total) }
        let path = pathView(of: sender, receiver: peer, total: total, isNear: isNear)
        let view = sender.view(isNear: isNear, edge: peer.window.edge, toSender: path.toSender, at: time)
        let firstFlight = view.acknowledged == sender.initialSequence &+ (sender.synSeen ? 1 : 0)
        let newBefore = sender.uniqueBytes
        sender.transmit(
            TCPTransmission(
                sequence: sequence, length: frame.payloadLength, timestampValue: frame.tcp.options.timestampValue,
                hasTimestamp: frame.tcp.options.hasTimestamps,
                identification: UInt16(truncatingIfNeeded: frame.identification ?? 0), time: time),
            view: view, path: path, peerClosed: peer.window.isClosed, direction: direction, events: &events)
        if firstFlight {
            sender.flight.observeInitial(bytes: Int(sender.uniqueBytes &- newBefore))
        } else {
            sender.flight.endInitial()
        }
        let flight = sender.pipe(view)
        sender.flight.record(flight)
        sender.queueLink.observe(flight: flight, queue: path.queue, roundTrip: path.smoothed, at: time)
        sender.updateLimit(view: view, at: time, delay: 0)
    }

    /// The sender is not here: its segment tells by the timestamp that it echoes which acknowledgment had reached it,
    /// and how long that loop took.
    private static func hear(
        _ sender: inout TCPHalf, _ peer: borrowing TCPHalf, _ frame: borrowing DecodedFrame, at time: Timestamp,
        total: inout TCPRoundTripMeter
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
        sender.roundTrip.record(sample, source: .tcpTimestamps, at: time)
        sender.roundTrip.smooth(sample)
        if peer.roundTrip.hasSample {
            let whole = saturatingAdd(sample, peer.roundTrip.last)
            total.record(whole, source: .tcpTimestamps, at: time)
            total.smooth(whole)
        }
    }

    // MARK: The path

    /// The path as it concerns the data that `half` sends to `receiver`.
    static func pathView(
        of half: borrowing TCPHalf, receiver: borrowing TCPHalf, total: borrowing TCPRoundTripMeter, isNear: Bool
    ) -> TCPPathView {
        var view = TCPPathView()
        view.senderIsNear = isNear
        let near = half.roundTrip.hasSample
        let far = receiver.roundTrip.hasSample
        view.toSender = near ? half.roundTrip.last : nil
        if near, far {
            view.minimum = saturatingAdd(half.roundTrip.minimum, receiver.roundTrip.minimum)
            view.smoothed = saturatingAdd(half.roundTrip.smoothed ?? 0, receiver.roundTrip.smoothed ?? 0)
            view.variation = saturatingAdd(half.roundTrip.estimator.variation, receiver.roundTrip.estimator.variation)
        } else if near || far {
            let one = near ? half.roundTrip.minimum : receiver.roundTrip.minimum
            view.minimum = one
            view.smoothed = near ? half.roundTrip.smoothed : receiver.roundTrip.smoothed
            view.variation = near ? half.roundTrip.estimator.variation : receiver.roundTrip.estimator.variation
        }
        if near || far {
            view.queue = saturatingAdd(half.roundTrip.queue ?? 0, receiver.roundTrip.queue ?? 0)
            view.peakQueue = saturatingAdd(half.roundTrip.peakQueue, receiver.roundTrip.peakQueue)
        }
        return view
    }
}

extension TCPHalf {
    /// What this sender knew when it sent the segment that passes now.
    mutating func view(isNear: Bool, edge: UInt32, toSender: Nanoseconds?, at time: Timestamp) -> TCPSenderView {
        if isNear { return currentView(edge: edge) }
        if !timestampsInUse, let toSender { log.reached(before: time - toSender) }
        return log.known
            ?? TCPSenderView(acknowledged: initialSequence &+ (synSeen ? 1 : 0), edge: edge, sacked: 0, lost: 0)
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
