import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Why a range was sent again, and what that makes of its loss.
extension TCPEndpoint {
    func cause(
        of segment: TCPTransmission, first: TCPSegment, view: SenderView, path: PathView
    ) -> RetransmissionCause {
        if view.acknowledged.isAtOrAfter(segment.end) { return .spurious }
        let quiet = segment.time - lastData
        let timeout = path.timeout
        if recoveryByTimeout, let point = recoveryPoint, point.isAfter(segment.sequence) {
            return .timeout
        }
        // Quiet for a whole timeout: it was the timer, whatever was reported before.
        let atFront = segment.sequence == view.acknowledged
        let waited = segment.time - max(lastData, lastProgress)
        if atFront, waited >= timeout - .milliseconds(10), !isTail(segment, first: first) { return .timeout }
        if first.marks.contains(.lost) || Int(view.sacked) >= 3 * unit || duplicateAcknowledgmentRun >= 3 {
            return .fast
        }
        if view.lost.distance(after: repairedTotal) > 0 { return .fast }
        let smoothed = path.smoothed ?? .milliseconds(200)
        if isTail(segment, first: first), quiet >= min(smoothed, .milliseconds(500)) { return .tailProbe }
        if atFront, quiet >= max(.milliseconds(200), smoothed) { return .timeout }
        if view.sacked > 0 { return .fast }
        return .unclassified
    }

    /// The peer has said nothing since the range passed before, or since some repetition of it.
    mutating func noteUnanswered(_ segment: TCPTransmission, sent: Timestamp) {
        openRareMeters()
        if unanswered == 0 { rareMeters.value.silence = TCPSilence(rareMeters.value, sent: sent) }
        if unanswered < .max { unanswered += 1 }
        rareMeters.value.silence?.observeRepeat(bytes: segment.length, at: segment.time)
    }

    /// The last segment of the flight, repeated for the first time (RFC 8985 section 7: probes need SACK).
    func isTail(_ segment: TCPTransmission, first: TCPSegment) -> Bool {
        sackPermitted && segment.end == next && !first.marks.contains(.ambiguous)
    }

    /// After a timeout everything outstanding and not reported counts as lost (RFC 6675 section 5.1).
    mutating func beginTimeoutRecovery() {
        for index in segments.retained..<max(segments.retained, segments.count) {
            guard segments[index].marks.isDisjoint(with: [.sacked, .lost]) else { continue }
            segments[index].marks.insert(.lost)
            lostTotal &+= UInt32(segments[index].length)
        }
        recoveryPoint = next
        recoveryByTimeout = true
    }

    /// Enters the repair into the count of recoveries; returns the recovery's number.
    mutating func noteRecovery(
        _ segment: TCPTransmission, cause: RetransmissionCause, view: SenderView, path: PathView
    ) -> UInt32 {
        openRareMeters()
        let atFront = segment.sequence == view.acknowledged
        // After a timeout everything outstanding goes out again; the timer fired only where nothing went out before.
        if cause == .timeout, atFront, segment.time - lastData >= max(.milliseconds(150), path.smoothed ?? 0) {
            rareMeters.value.repairs.recoveries.recordTimeout(of: segment.sequence)
        }
        // Less than the three segments that would have raised duplicate acknowledgments followed the lost one.
        let after = Int(next.distance(after: segment.sequence))
        let isTail =
            cause == .tailProbe || cause == .timeout && atFront && view.sacked == 0 && after <= 3 * unit
        return rareMeters.value.repairs.recoveries.record(acknowledged: view.acknowledged, next: next, tail: isTail)
    }

    mutating func recordRepair(
        _ segment: TCPTransmission, cause: RetransmissionCause, upstream: Bool, isLoss: Bool, recovery: UInt32,
        direction: Direction,
        _ now: inout Observation
    ) {
        openRareMeters()
        rareMeters.value.repairs.record(
            TCPRepairRecord.Repair(
                start: segment.sequence, end: segment.end, timestampValue: segment.timestampValue,
                identification: segment.identification, cause: cause, upstream: upstream, isLoss: isLoss,
                segments: UInt16(clamping: segments(in: segment.length)), recovery: recovery))
        now.tell(
            .retransmission(from: direction, sequence: segment.sequence, bytes: segment.length, cause: cause))
        if cause == .spurious { now.tell(.spurious(from: direction, sequence: segment.sequence)) }
    }

    /// Enters a loss into the loss meter, with the state of the path. Returns true when it opens an event.
    /// `repeats`: the range has been sent again before; `sent`: when the lost packet passed, or the one behind the hole that it left.
    mutating func noteLoss(
        _ count: Int, repeats: Bool, sent: Timestamp, hole: Timestamp?, isOversize: Bool, at time: Timestamp,
        path: PathView
    ) -> Bool {
        let minimum = path.minimum ?? 0
        // A loss before the capture point shows when the hole opens; its repair comes a round trip later.
        let queue = hole.map { rareMeters.value.jumps.queue(at: $0) ?? 0 } ?? path.queue ?? 0
        let share = minimum + queue > 0 ? Float(queue) / Float(minimum + queue) : 0
        let event = LossMeter.Event(
            time: time, isQueueKnown: hole == nil ? path.queue != nil : !path.isBlind, segments: Int32(clamping: count),
            queue: queue, ceiling: max(queue, path.ceiling ?? 0),
            minimum: minimum, backlog: Float(flight.window ?? 0) * share / Float(unit), delivered: deliveredBytes,
            window: rareMeters.value.losses.windows.window(at: sent, roundTrip: path.smoothed ?? .milliseconds(100)),
            segmentSize: UInt16(clamping: unit), isOversize: isOversize)
        return rareMeters.value.losses.record(
            event, span: max(path.smoothed ?? .milliseconds(100), .milliseconds(1)), repeats: repeats)
    }

    /// Payload bytes known to have arrived.
    var deliveredBytes: UInt64 {
        let missing = UInt64(max(0, outstanding - Int(sackedBytes)))
        return uniqueBytes - min(uniqueBytes, missing)
    }
}
