import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// A segment as data of its sender.
extension TCPFlowTracker {
    /// `sequence`: of its first payload byte. The order matters:
    ///
    /// 1. a distant sender's echo, which tells how far its acknowledgments have come (`hearEcho`);
    /// 2. the view: what the sender knew when it sent this. Everything below is a judgement on that;
    /// 3. the ranges: new, sent again, late or a copy (`transmit`), with the path as it was just before;
    /// 4. first flight, then the window's course, then what hangs on the window: losses, queue, pacing, pauses;
    /// 5. what holds the sender from now on.
    static func segmentSent(
        _ sender: inout TCPEndpoint, _ peer: inout TCPEndpoint, _ frame: borrowing DecodedFrame,
        from sequence: UInt32, _ passage: TCPPassage, _ shared: inout TCPSharedMeters, _ now: inout Observation
    ) {
        let time = passage.time
        // Where the SYNs do not tell, the segments do.
        if !sender.timestampsInUse, !sender.areOptionsWhole, frame.tcp.options.hasTimestamps {
            sender.timestampsInUse = true
        }
        if passage.senderDistance == .far { hearEcho(&sender, &peer, frame, at: time, &shared) }
        var path = pathView(of: &sender, receiver: &peer)
        path.isAtReceiver = passage.peerDistance != .far
        path.hasArrived = passage.peerDistance == .host
        let view = sender.view(
            of: sequence, from: passage.senderDistance,
            edge: peer.window.edge(for: sender.started ? sender.next : sequence),
            toSender: path.toSender, at: time)
        if frame.tcp.flags.isCwr, sender.ecn.negotiated == true, !sender.ecn.accurate {
            let end = sequence &+ UInt32(truncatingIfNeeded: frame.payloadLength)
            sender.note { $0.echo.answered(endingAt: end) }
        }
        let isFirstFlight = view.acknowledged == sender.initialSequence &+ (sender.synSeen ? 1 : 0)
        let nextBefore = sender.started ? sender.next : sequence
        let wasIdle = view.acknowledged.isAtOrAfter(sender.next)
        var sending = TCPSending(
            sequence: sequence, length: frame.payloadLength, view: view, wasIdle: wasIdle,
            bytesBefore: sender.uniqueBytes, repairsBefore: sender.justifiedRepairs)
        sending.endsPause =
            wasIdle && sender.lastData.nanoseconds != .min && time - sender.lastData > path.timeout
            && sequence == sender.next
        let least =
            frame.source.isIPv4 ? TCPBlackHoleMeter.leastIPv4 : TCPBlackHoleMeter.leastIPv6
        let isLarge = frame.ipLength > least
        let segment = TCPTransmission(
            sequence: sequence, length: frame.payloadLength, timestampValue: frame.tcp.options.timestampValue,
            hasTimestamp: frame.tcp.options.hasTimestamps,
            identification: UInt16(truncatingIfNeeded: frame.identification ?? 0), time: time, isLarge: isLarge)
        if !sender.transmitNext(segment) {
            if sender.started, sender.next.isAfter(sequence) {
                path.ceiling = saturatingAdd(sender.roundTrip.usualCeiling, peer.roundTrip.usualCeiling)
            }
            sender.transmit(
                segment, view: view, path: path, peerClosed: peer.window.isClosed, direction: passage.direction,
                &now)
        }
        if peer.window.isOffered, peer.windowShift == nil { peer.noteScale(provenBy: sender.outstanding) }
        if !sender.bulk.isEmpty, let step = sender.bulk.value.fullQueue.take() {
            // The component that is measured while this sender is busy: its own, from afar, or the receiver's.
            if passage.senderDistance == .far, sender.roundTrip.minimum > peer.roundTrip.minimum {
                sender.roundTrip.lengthen(by: step.size, since: step.since)
            } else {
                peer.roundTrip.lengthen(by: step.size, since: step.since)
            }
        }
        if isFirstFlight, sender.synSeen {
            sender.flight.observeInitial(bytes: Int(sender.next.distance(after: nextBefore)))
        } else {
            sender.flight.endInitial(jumping: sequence.isAfter(nextBefore))
        }
        sender.followWindow(sending, at: time)
        if !sender.bulk.isEmpty {
            sender.followBulk(sending, path: path, from: passage.senderDistance, at: time)
        }
        sender.updateLimit(view: view, at: time, delay: 0)
    }
}

/// A segment with payload, and how its sender stood just before it.
struct TCPSending {
    var sequence: UInt32
    var length: Int
    var view: SenderView
    /// Nothing was outstanding.
    var wasIdle: Bool
    /// It ends a pause that was longer than the sender's timeout.
    var endsPause = false
    var bytesBefore: UInt64
    /// Retransmissions so far, without the needless ones.
    var repairsBefore: UInt32
}

extension TCPEndpoint {
    /// The meters of a busy sender; callers have them.
    @inline(__always)
    fileprivate mutating func followBulk(
        _ sending: TCPSending, path: PathView, from distance: CaptureDistance, at time: Timestamp
    ) {
        let repairs = justifiedRepairs
        if !rareMeters.isEmpty, !isInRecovery {
            rareMeters.value.losses.observe(
                window: (flight.window ?? 0) / unit, at: time, roundTrip: path.smoothed ?? .milliseconds(100))
        }
        bulk.value.queueLink.observe(flight: flight.last, queue: path.queue, roundTrip: path.smoothed, at: time)
        if distance != .far, repairs == sending.repairsBefore, uniqueBytes != sending.bytesBefore {
            bulk.value.pacing.observe(
                length: sending.length, unit: unit, idle: sending.wasIdle, answer: lastAnswer,
                distance: distance == .near ? roundTrip.minimum : 0, at: time)
        }
        if uniqueBytes != sending.bytesBefore, repairs == sending.repairsBefore {
            let waited = bulk.value.nagle.observe(
                isSmall: sending.length < (peerSegmentSize > 0 ? Int(sizeLimit) : unit), wasIdle: sending.wasIdle,
                answer: isLastAnswerPure ? lastAnswer : Timestamp(nanoseconds: .min), roundTrip: path.minimum ?? 0,
                toSender: distance == .host ? 0 : path.toSender ?? 0, at: time)
            if waited > 0 { limits.excuseNetwork(waited) }
        }
        let isHindered =
            isInRecovery || sending.view.sacked > 0 || repairs != sending.repairsBefore
            || sending.view.edge.distance(after: next) < unit
        bulk.value.idle.observe(
            fresh: sending.endsPause, start: sending.sequence, next: next, acknowledged: sending.view.acknowledged,
            flight: pipe(sending.view), hindered: isHindered, unit: unit, initial: flight.initial)
    }

    /// What this sender knew when it sent the segment at `sequence` that passes now.
    fileprivate mutating func view(
        of sequence: UInt32, from distance: CaptureDistance, edge: UInt32, toSender: Nanoseconds?, at time: Timestamp
    ) -> SenderView {
        // The first data of a flow that was already running: what was under way before it is not known.
        guard started, !isAnchoredByAnswer else {
            return SenderView(acknowledged: sequence, edge: edge, sacked: 0, lost: lostTotal)
        }
        switch distance {
        case .host: return currentView(edge: edge)
        case .near: log.reached(before: time - roundTrip.minimum)
        case .far:
            // How far it is may not be known: what has passed here has reached the sender at best, and its flight is that or more.
            if !timestampsInUse { log.reached(before: time - (toSender ?? 0)) }
        }
        if let known = log.known { return known }
        let first = initialSequence &+ (synSeen ? 1 : 0)
        return SenderView(acknowledged: first, edge: edge, sacked: 0, lost: 0)
    }

    /// The window's course after the segment was sent.
    @inline(__always)
    fileprivate mutating func followWindow(_ sending: TCPSending, at time: Timestamp) {
        let view = sending.view
        let bytes = pipe(view)
        let size = Float(unit)
        if !rareMeters.isEmpty, let point = rareMeters.value.flightUnknownUntil {
            guard view.acknowledged.isAtOrAfter(point) else { return }
            rareMeters.value.flightUnknownUntil = nil
            flight.cut()
        }
        // What it reported as received is missing from the view, and the flight would be too large by it.
        if isLastAnswerCut { return }
        if bulk.isEmpty {
            guard dataSegments >= TCPBulkMeters.leastSegments else {
                _ = flight.advance(acknowledged: view.acknowledged, next: next)
                flight.record(bytes)
                return
            }
            bulk.fill(TCPBulkMeters(congestion: CongestionMeter(lost: view.lost)))
        }
        let window = Float(flight.window ?? bytes) / size
        if bulk.value.congestion.observe(
            view, next: next, window: window, repairs: sending.repairsBefore,
            repairing: justifiedRepairs != sending.repairsBefore ? sending.sequence : nil,
            byTimeout: recoveryByTimeout, at: time)
        {
            flight.cut()
        }
        if let ended = flight.advance(acknowledged: view.acknowledged, next: next) {
            bulk.value.congestion.endRound(flight: Float(ended) / size, repairs: justifiedRepairs, at: time)
        }
        let isShort = sending.length < unit
        let isAtEdge = view.edge.distance(after: next) < unit
        if sending.wasIdle || isShort && Float(bytes) < 0.8 * window * size || isAtEdge {
            bulk.value.congestion.noteLimited()
        }
        if isAtEdge { windowFull &+= 1 }
        flight.record(bytes, recovering: bulk.value.congestion.isRecovering)
        bulk.value.congestion.observeFlight(Float(bytes) / size, at: time)
    }

    @inline(__always)
    mutating func updateLimit(view: SenderView, at time: Timestamp, delay: Nanoseconds) {
        guard started else { return }
        let available = view.edge.distance(after: next)
        let state: LimitMeter.State
        if Int(available) < unit, dataSegments > 0 {
            state = .receiver
        } else if next.isAfter(view.acknowledged) {
            state = .network
        } else {
            state = .application
        }
        limits.enter(state, at: time, delay: delay)
    }
}
