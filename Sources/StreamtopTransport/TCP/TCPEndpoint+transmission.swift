import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One segment as its sender sent it, without the payload.
struct TCPTransmission {
    var sequence: UInt32
    var length: Int
    var timestampValue: UInt32
    var hasTimestamp: Bool
    var identification: UInt16
    var time: Timestamp
    /// Its packet is larger than what every path carries.
    var isLarge = false

    var end: UInt32 { sequence &+ UInt32(truncatingIfNeeded: length) }
}

extension TCPEndpoint {
    /// Jumps of the sequence number beyond this are not holes but another stream of numbers: the tracker starts anew.
    static let largestJump = 1 << 28
    /// Acknowledged segments kept to recognise packets that the network duplicated.
    private var retention: Int { dataSegments > 256 ? 32 : 8 }

    /// The common case of `transmit`: a segment that begins where the one before it ended. False for any other, which is not
    /// noted yet.
    @inline(__always)
    mutating func transmitNext(_ segment: TCPTransmission) -> Bool {
        guard started, !isAnchoredByAnswer, segment.sequence == next else { return false }
        dataSegments &+= 1
        noteSize(segment.length)
        append(segment)
        lastData = segment.time
        return true
    }

    /// A segment with payload. `direction` is this end's.
    @inline(never)
    mutating func transmit(
        _ segment: TCPTransmission, view: SenderView, path: PathView, peerClosed: Bool, direction: Direction,
        _ now: inout Observation
    ) {
        dataSegments &+= 1
        noteSize(segment.length)
        guard started, !isAnchoredByAnswer else {
            begin(with: segment)
            return
        }
        let distance = Int(segment.sequence.distance(after: next))
        if abs(distance) > Self.largestJump {
            anchor(at: segment.sequence)
            append(segment)
        } else if distance >= 0 {
            if distance > 0 { jump(to: segment, path: path) }
            append(segment)
        } else {
            let old = min(segment.length, -distance)
            if isProbe(segment, peerClosed: peerClosed) {
                lastData = segment.time
                return
            }
            var known = segment
            known.length = old
            repeatRange(known, view: view, path: path, direction: direction, &now)
            if segment.length > old {
                var fresh = segment
                fresh.sequence = next
                fresh.length = segment.length - old
                append(fresh)
            }
        }
        lastData = segment.time
    }

    /// The first data of a sender whose SYN was not captured. What its peer acknowledged before it passed was sent before the
    /// capture began, and is no loss of it.
    private mutating func begin(with segment: TCPTransmission) {
        if !rare.isEmpty {
            rare.value.lostBeforeCapture = 0
            rare.value.lostBeforeCaptureBytes = 0
        }
        if segment.hasTimestamp, !synSeen { timestampsInUse = true }
        anchor(at: segment.sequence)
        append(segment)
        lastData = segment.time
    }

    /// A segment without payload whose sequence number lies just before what comes next: keep-alive or window probe.
    mutating func observeBare(sequence: UInt32, peerClosed: Bool) {
        guard started, sequence == next &- 1, next != initialSequence &+ 1 || dataSegments > 0 else { return }
        note { if peerClosed { $0.windowProbes &+= 1 } else { $0.keepAlives &+= 1 } }
    }

    private mutating func isProbe(_ segment: TCPTransmission, peerClosed: Bool) -> Bool {
        guard segment.length == 1, segment.end == next, acknowledged == next || peerClosed else { return false }
        note { if peerClosed { $0.windowProbes &+= 1 } else { $0.keepAlives &+= 1 } }
        return true
    }

    private mutating func noteSize(_ length: Int) {
        let length = UInt32(clamping: length)
        // Nearly every one: nothing is larger than what was largest.
        if length == fullSegment { return }
        largestSegment = max(largestSegment, length)
        // What fits one packet: the sender's option bounds nothing here, its peer's does, less the timestamp option.
        let limit = sizeLimit
        if length <= limit {
            fullSegment = max(fullSegment, length)
        } else {
            fullSegment = max(fullSegment, min(length, limit))
        }
    }

    var sizeLimit: UInt32 {
        guard peerSegmentSize > 0 else { return 9000 }
        let options: UInt32 = timestampsInUse ? 12 : 0
        return peerSegmentSize > options + 100 ? peerSegmentSize - options : peerSegmentSize
    }

    /// One of the next ranges was reported as received, and is smaller. So many are looked at: a hole has the rest of its flight
    /// behind it.
    private func hasSmallerArrived(than length: Int, after index: Int) -> Bool {
        guard sackedBytes > 0 else { return false }
        let end = min(segments.count, index + 64)
        var position = index
        while position < end {
            if segments[position].marks.contains(.sacked), segments[position].length < length { return true }
            position += 1
        }
        return false
    }

    /// Nine tenths of what both ends accept; without their SYNs, of the largest segment that has arrived.
    private func isFull(_ segment: TCPTransmission) -> Bool {
        let own = synSeen && offeredSegmentSize > 0 ? UInt32(offeredSegmentSize) : .max
        let limit = peerSegmentSize > 0 ? min(sizeLimit, own) : largestDelivered
        return limit > 0 && UInt64(segment.length) * 10 >= UInt64(limit) * 9
    }

    /// The hole was left by segments larger than any that came through: both ends accept them, and whole ones of the
    /// largest size seen do not fill it. A path that does not take their size is as likely as chance.
    private func mayBeOversize(_ hole: TCPSegment) -> Bool {
        guard peerSegmentSize > 0, largestSegment > 0 else { return false }
        let own = synSeen && offeredSegmentSize > 0 ? UInt32(offeredSegmentSize) : peerSegmentSize
        guard largestSegment < min(sizeLimit, own - min(own, timestampsInUse ? 12 : 0)) else { return false }
        return hole.length > Int(largestSegment) && hole.length % Int(largestSegment) != 0
    }

    private mutating func append(_ segment: TCPTransmission) {
        uniqueBytes &+= UInt64(segment.length)
        lastNewData = segment.time
        let step = segment.identification &- lastIdentification
        if segment.identification != 0, step > 0, step < 64 {
            if identificationRun < .max { identificationRun += 1 }
        } else {
            identificationRun = 0
        }
        lastIdentification = segment.identification
        next = segment.end
        var marks: TCPSegment.Marks = []
        if segment.hasTimestamp { marks.insert(.hasTimestamp) }
        keep(
            TCPSegment(
                start: segment.sequence, end: segment.end, passed: segment.time,
                timestampValue: segment.timestampValue, identification: segment.identification, marks: marks))
    }

    private mutating func keep(_ range: TCPSegment) {
        if !segments.append(range) { note { $0.rangesForgotten &+= 1 } }
    }

    private mutating func jump(to segment: TCPTransmission, path: PathView) {
        openRareMeters()
        rareMeters.value.jumps.record(path.queue ?? 0, at: segment.time, span: path.smoothed ?? .milliseconds(100))
        var marks: TCPSegment.Marks = [.hole]
        if segment.hasTimestamp { marks.insert(.hasTimestamp) }
        keep(
            TCPSegment(
                start: next, end: segment.sequence, passed: segment.time, timestampValue: segment.timestampValue,
                identification: segment.identification, marks: marks))
        let missing = Int(segment.sequence.distance(after: next))
        if missing > max(flight.maximum, Self.leastHole * unit) {
            rareMeters.value.flightUnknownUntil = segment.sequence
        }
        next = segment.sequence
    }
    /// Segments of an initial window (RFC 6928): so much may leave at once.
    private static let leastHole = 10

    // MARK: Bytes below the highest sequence number

    /// The range lies wholly in sequence space that has passed already: a retransmission, a late packet or a copy.
    private mutating func repeatRange(
        _ segment: TCPTransmission, view: SenderView, path: PathView, direction: Direction,
        _ now: inout Observation
    ) {
        if takeDisplaced(segment) { return }
        var index = segments.firstIndex(endingAfter: segment.sequence)
        guard index < segments.count, segments[index].start.distance(after: segment.end) < 0 else {
            // Older than anything remembered: acknowledged long ago.
            if isRepairCopy(segment) { return }
            recordRepair(
                segment, cause: .spurious, upstream: false, isLoss: true, recovery: 0, direction: direction,
                &now)
            return
        }
        if segment.sequence.isAfter(segments[index].start), segments.split(at: index, sequence: segment.sequence) {
            index += 1
        }
        let first = segments[index]
        if isCopy(of: first, segment, path: path) {
            noteCopy(segment)
            return
        }
        if first.marks.contains(.hole), !isRepair(of: first, segment, path: path) {
            fillReordered(segment, from: index)
            return
        }
        let cause = cause(of: segment, first: first, view: view, path: path)
        let upstream = first.marks.contains(.hole)
        let isLoss = upstream || !path.hasArrived
        if cause == .timeout, !recoveryByTimeout || recoveryPoint == nil { beginTimeoutRecovery() }
        fill(segment, from: index, repaired: true)
        if cause != .spurious { noteUnanswered(segment, sent: first.passed) }
        let recovery = cause == .spurious ? 0 : noteRecovery(segment, cause: cause, view: view, path: path)
        recordRepair(
            segment, cause: cause, upstream: upstream, isLoss: isLoss, recovery: recovery, direction: direction,
            &now)
        if segment.isLarge, !path.isAtReceiver, isFull(segment) {
            rareMeters.value.blackHole.observeRepeat(
                sequence: segment.sequence, length: min(segment.length, unit), sent: first.passed,
                hasSmaller: hasSmallerArrived(than: segment.length, after: index), at: segment.time,
                timeout: path.timeout)
        }
        guard cause != .spurious, isLoss else { return }
        let count = segments(in: segment.length)
        let hole = upstream ? first.passed : nil
        let isNew = noteLoss(
            count, repeats: cause == .timeout && first.marks.contains(.ambiguous), sent: first.passed, hole: hole,
            isOversize: upstream && mayBeOversize(first), at: segment.time,
            path: path)
        rareMeters.value.repairs.attributeNewest(to: rareMeters.value.losses.newestNumber)
        if isNew, !bulk.isEmpty { bulk.value.fullQueue.observeLoss(delivered: deliveredBytes, at: segment.time) }
        if isNew {
            now.tell(
                .loss(
                    from: direction, segments: count, verdict: rareMeters.value.losses.newestVerdict,
                    side: upstream ? .upstream : .downstream))
        }
    }

    /// The segment was acknowledged a moment ago, before it passed: it is neither missing nor sent again, only stamped or
    /// delivered to us behind its acknowledgment.
    private mutating func takeDisplaced(_ segment: TCPTransmission) -> Bool {
        guard !rare.isEmpty,
            rare.value.unseen.take(from: segment.sequence, to: segment.end, at: segment.time)
        else { return false }
        uniqueBytes &+= UInt64(segment.length)
        let number = UInt32(clamping: segments(in: segment.length))
        rare.value.displaced &+= 1
        rare.value.lostBeforeCaptureBytes &-= min(rare.value.lostBeforeCaptureBytes, UInt64(segment.length))
        rare.value.lostBeforeCapture &-= min(rare.value.lostBeforeCapture, number)
        if rare.value.lostBeforeCaptureBytes == 0 { rare.value.lostBeforeCapture = 0 }
        return true
    }

    /// The network delivered the same packet twice: same identification or, without one, the same timestamp so soon
    /// after that no sender could have repeated it.
    private func isCopy(of first: TCPSegment, _ segment: TCPTransmission, path: PathView) -> Bool {
        guard !first.marks.contains(.hole) else { return false }
        let lag = segment.time - first.passed
        let soon = max(.milliseconds(1), (path.minimum ?? 0) / 10)
        let sameStamp =
            segment.hasTimestamp
            ? first.marks.contains(.hasTimestamp) && first.timestampValue == segment.timestampValue : true
        guard sameStamp else { return false }
        if segment.identification != 0 || first.identification != 0 {
            return segment.identification == first.identification && lag < max(.milliseconds(100), path.minimum ?? 0)
        }
        return lag < soon && segment.hasTimestamp
    }

    private mutating func isRepairCopy(_ segment: TCPTransmission) -> Bool {
        guard segment.hasTimestamp || segment.identification != 0, !rareMeters.isEmpty,
            rareMeters.value.repairs.holdsCopy(
                start: segment.sequence, timestampValue: segment.timestampValue, identification: segment.identification)
        else { return false }
        noteCopy(segment)
        return true
    }

    private mutating func noteCopy(_ segment: TCPTransmission) {
        note {
            $0.duplicatePackets &+= 1
            $0.lastCopy = segment.sequence
        }
    }

    /// A range that never passed arrives after later ones: sent anew (true), or overtaken on its way (false).
    private func isRepair(of hole: TCPSegment, _ segment: TCPTransmission, path: PathView) -> Bool {
        if identificationRun >= 8, segment.identification != 0 {
            let order = Int16(bitPattern: segment.identification &- hole.identification)
            if order < 0, order > -2048 { return false }
            if order > 0, order < 2048 { return true }
        }
        let loop = path.minimum ?? .milliseconds(3)
        if segment.hasTimestamp, hole.marks.contains(.hasTimestamp) {
            let ticks = segment.timestampValue.distance(after: hole.timestampValue)
            if ticks < 0 { return false }
            // Ticks of 1 ms at most (RFC 7323 section 5.4 allows up to a second: then this says nothing).
            if ticks > 1, Int64(ticks) * 1_000_000 >= loop / 2 { return true }
        }
        // A repair that the receiver asked for takes one whole loop, wherever the capture point is.
        return segment.time - hole.passed >= loop * 3 / 4
    }

    private mutating func fillReordered(_ segment: TCPTransmission, from index: Int) {
        let above = max(0, segments.count - 1 - index)
        note {
            $0.outOfOrder &+= 1
            $0.reorderExtent = max($0.reorderExtent, UInt32(clamping: above))
        }
        fill(segment, from: index, repaired: false)
    }

    /// Marks the range as passed now: `repaired`, sent anew, or else late.
    private mutating func fill(_ segment: TCPTransmission, from first: Int, repaired: Bool) {
        var index = first
        while index < segments.count, segment.end.isAfter(segments[index].start) {  // one range each turn
            if segments[index].end.isAfter(segment.end) { segments.split(at: index, sequence: segment.end) }
            let range = segments[index]
            if range.marks.contains(.hole) { uniqueBytes &+= UInt64(range.length) }
            if repaired, range.marks.contains(.lost) { repairedTotal &+= UInt32(range.length) }
            if !repaired, range.marks.contains(.lost) { lostTotal &-= UInt32(range.length) }
            segments[index].marks.remove([.hole, .lost])
            segments[index].marks.insert(.ambiguous)
            if segment.hasTimestamp { segments[index].marks.insert(.hasTimestamp) }
            segments[index].passed = segment.time
            segments[index].timestampValue = segment.timestampValue
            segments[index].identification = segment.identification
            index += 1
        }
    }

    // MARK: Why it was sent again

    private func cause(
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
    private mutating func noteUnanswered(_ segment: TCPTransmission, sent: Timestamp) {
        openRareMeters()
        if unanswered == 0 { rareMeters.value.silence = TCPSilence(rareMeters.value, sent: sent) }
        if unanswered < .max { unanswered += 1 }
        rareMeters.value.silence?.observeRepeat(bytes: segment.length, at: segment.time)
    }

    /// The last segment of the flight, repeated for the first time (RFC 8985 section 7: probes need SACK).
    private func isTail(_ segment: TCPTransmission, first: TCPSegment) -> Bool {
        sackPermitted && segment.end == next && !first.marks.contains(.ambiguous)
    }

    /// After a timeout everything outstanding and not reported counts as lost (RFC 6675 section 5.1).
    private mutating func beginTimeoutRecovery() {
        for index in segments.retained..<max(segments.retained, segments.count) {
            guard segments[index].marks.isDisjoint(with: [.sacked, .lost]) else { continue }
            segments[index].marks.insert(.lost)
            lostTotal &+= UInt32(segments[index].length)
        }
        recoveryPoint = next
        recoveryByTimeout = true
    }

    /// Enters the repair into the count of recoveries; returns the recovery's number.
    private mutating func noteRecovery(
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

    private mutating func recordRepair(
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
    private mutating func noteLoss(
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
    private var deliveredBytes: UInt64 {
        let missing = UInt64(max(0, outstanding - Int(sackedBytes)))
        return uniqueBytes - min(uniqueBytes, missing)
    }

    /// Drops acknowledged ranges beyond those kept for comparison.
    mutating func trim() {
        let surplus = segments.retained - retention
        if surplus > 0 { segments.removeFirst(surplus) }
    }
}
