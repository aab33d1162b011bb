import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Bytes below the highest sequence number: a retransmission, a late packet or a copy.
extension TCPEndpoint {
    /// The range lies wholly in sequence space that has passed already: a retransmission, a late packet or a copy.
    mutating func repeatRange(
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
                    location: upstream ? .upstream : .downstream))
        }
    }

    /// The segment was acknowledged a moment ago, before it passed: it is neither missing nor sent again, only stamped or
    /// delivered to us behind its acknowledgment.
    mutating func takeDisplaced(_ segment: TCPTransmission) -> Bool {
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
    func isCopy(of first: TCPSegment, _ segment: TCPTransmission, path: PathView) -> Bool {
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

    mutating func isRepairCopy(_ segment: TCPTransmission) -> Bool {
        guard segment.hasTimestamp || segment.identification != 0, !rareMeters.isEmpty,
            rareMeters.value.repairs.holdsCopy(
                start: segment.sequence, timestampValue: segment.timestampValue, identification: segment.identification)
        else { return false }
        noteCopy(segment)
        return true
    }

    mutating func noteCopy(_ segment: TCPTransmission) {
        note {
            $0.duplicatePackets &+= 1
            $0.lastCopy = segment.sequence
        }
    }

    /// A range that never passed arrives after later ones: sent anew (true), or overtaken on its way (false).
    func isRepair(of hole: TCPSegment, _ segment: TCPTransmission, path: PathView) -> Bool {
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

    mutating func fillReordered(_ segment: TCPTransmission, from index: Int) {
        let above = max(0, segments.count - 1 - index)
        note {
            $0.outOfOrder &+= 1
            $0.reorderExtent = max($0.reorderExtent, UInt32(clamping: above))
        }
        fill(segment, from: index, repaired: false)
    }

    /// Marks the range as passed now: `repaired`, sent anew, or else late.
    mutating func fill(_ segment: TCPTransmission, from first: Int, repaired: Bool) {
        var index = first
        while index < segments.count, segment.end.isAfter(segments[index].start) {  // one range each pass
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
}
