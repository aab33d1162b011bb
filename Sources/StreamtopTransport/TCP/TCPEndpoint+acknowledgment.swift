import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What an acknowledgment told about the data of its receiver.
struct TCPAcknowledgmentResult {
    /// Round trip to the acknowledging end and back, from the last segment covered; nil where it would be ambiguous.
    var networkSample: Nanoseconds?
    /// The same from the oldest segment newly covered: what the sender's own estimator takes.
    var senderSample: Nanoseconds?
    /// TSval of the segment of `senderSample`, where it had one.
    var oldestStamp: UInt32 = 0
    var hasOldestStamp = false
    /// Delayed acknowledgment suspected: `networkSample` includes the receiver's timer.
    var isDelayed = false
    var advanced = false
    /// The acknowledgment covers bytes that never passed the capture point.
    var unseen = 0
    var sackOutside = false
    /// First sequence number of a retransmission that turned out to be needless.
    var needless: UInt32?
}

extension TCPEndpoint {
    /// The peer's acknowledgment for this end's data. `isPure`: without payload, SYN and FIN; `windowMoved`: it offers
    /// another window than the one before; `roundTrip`: the least of the whole loop, 0 while unknown.
    mutating func acknowledge(
        _ frame: borrowing DecodedFrame, isPure: Bool, windowMoved: Bool, at time: Timestamp, roundTrip: Nanoseconds,
        into result: inout TCPAcknowledgmentResult
    ) {
        let ack = frame.tcp.acknowledgment
        unanswered = 0
        isLastAnswerPure = isPure
        isLastAnswerCut = frame.tcp.options.isCut
        defer { lastAnswer = time }
        guard started else {
            anchor(at: ack, byAnswer: true)
            return
        }
        let beyond = Int(ack.distance(after: next))
        if beyond > 0 {
            // The FIN takes a sequence number without being data.
            let isFin = finSequence.map { ack == $0 &+ 1 } ?? false
            if !isFin {
                guard beyond <= Self.largestJump else { return }
                result.unseen = beyond
                noteUnseen(from: next, to: ack, at: time)
                segments.removeAll()
                next = ack
            }
        }
        if ack.isAfter(acknowledged) {
            let echo = frame.tcp.options.hasTimestamps ? frame.tcp.options.timestampEcho : nil
            advance(to: ack, echo: echo, at: time, into: &result)
        } else if ack == acknowledged, isPure, !windowMoved, outstanding > 0 {
            duplicateAcks &+= 1
            if duplicateAcknowledgmentRun < .max { duplicateAcknowledgmentRun += 1 }
            if !sackPermitted || frame.tcp.options.sackCount == 0 { markWithoutSelective() }
        }
        if frame.tcp.options.sackCount > 0 { selective(frame.tcp.options, ack: ack, at: time, into: &result) }
        if sackedBytes > 0 { markLost(roundTrip: roundTrip, at: time) }
        if let point = recoveryPoint, acknowledged.isAtOrAfter(point) {
            recoveryPoint = nil
            recoveryByTimeout = false
        }
    }

    private mutating func noteUnseen(from first: UInt32, to last: UInt32, at time: Timestamp) {
        let bytes = Int(last.distance(after: first))
        let number = UInt32(clamping: segments(in: bytes))
        note {
            $0.lostBeforeCapture &+= number
            $0.lostBeforeCaptureBytes &+= UInt64(max(0, bytes))
            $0.unseen.add(from: first, to: last, at: time)
        }
    }

    // MARK: Cumulative

    private mutating func advance(
        to ack: UInt32, echo: UInt32?, at time: Timestamp, into result: inout TCPAcknowledgmentResult
    ) {
        result.advanced = true
        var latest = Timestamp(nanoseconds: .min)
        var first: Timestamp?
        var last: Timestamp?
        var oldest = 0
        var clear = true
        var coveredBytes = 0
        var needless: UInt32?
        while segments.retained < segments.count {  // takes or leaves one range each pass
            let index = segments.retained
            if !ack.isAfter(segments[index].start) { break }
            if segments[index].end.isAfter(ack), !segments.split(at: index, sequence: ack) { break }
            let range = segments[index]
            settle(range, at: time)
            if !rareMeters.isEmpty, rareMeters.value.blackHole.isWatching, !range.marks.contains(.sacked) {
                rareMeters.value.blackHole.arrived(length: range.length, most: unit, sent: range.passed)
            }
            if range.marks.contains(.hole) {
                result.unseen += range.length
                noteUnseen(from: range.start, to: range.end, at: time)
            } else if range.marks.contains(.ambiguous) {
                clear = false
                // Only the oldest range is what a receiver echoes when it fills its gap (RFC 7323 section 4.3).
                if range.start == acknowledged, range.marks.contains(.hasTimestamp), let echo,
                    range.timestampValue.isAfter(echo)
                {
                    needless = range.start
                }
            } else if !range.marks.contains(.sacked) {
                if range.passed >= latest {
                    if first == nil {
                        first = range.passed
                        oldest = index
                    }
                    last = range.passed
                }
                coveredBytes += range.length
                largestDelivered = max(largestDelivered, UInt32(clamping: range.length))
            }
            latest = max(latest, range.passed)
            segments.retained += 1
        }
        acknowledged = ack
        lastProgress = time
        duplicateAcknowledgmentRun = 0
        // Karn's rule, and its widening: where an earlier range went out later, recovery held the answer back.
        if clear, let first, let last, last >= latest {
            result.senderSample = max(0, time - first)
            result.networkSample = max(0, time - last)
            result.oldestStamp = segments[oldest].timestampValue
            result.hasOldestStamp = segments[oldest].marks.contains(.hasTimestamp)
            // Less than two full segments, and nothing more on its way that could have come with them: the receiver waited
            // for its timer, 40 ms at least on Linux, up to half a second elsewhere (RFC 5681 section 4.2).
            result.isDelayed =
                coveredBytes < 2 * unit && time - max(lastAnswer, last) >= Self.leastAnswerTimer
                && isNextLater(than: last)
        }
        if let start = needless, !rareMeters.isEmpty {
            result.needless = rareMeters.value.needless(start, start &+ 1)
        }
        trim()
    }

    /// Own: three quarters of the shortest timer in use, Linux' 40 ms.
    private static let leastAnswerTimer: Nanoseconds = .milliseconds(30)

    /// What follows the acknowledged data was sent so much later that it had not arrived when the receiver's timer fired.
    private func isNextLater(than last: Timestamp) -> Bool {
        guard segments.retained < segments.count else { return true }
        let following = segments[segments.retained]
        return following.marks.isDisjoint(with: [.hole, .ambiguous, .sacked, .lost])
            && following.passed - last >= Self.leastAnswerTimer
    }

    /// Takes an acknowledged range out of the running counts.
    private mutating func settle(_ range: TCPSegment, at time: Timestamp) {
        if range.marks.contains(.sacked) { sackedBytes = max(0, sackedBytes - Int32(range.length)) }
        if range.marks.contains(.lost) { lostTotal &-= UInt32(range.length) }
    }

    // MARK: Selective

    private mutating func selective(
        _ options: TCPOptions, ack: UInt32, at time: Timestamp, into result: inout TCPAcknowledgmentResult
    ) {
        // The first block holds the segment that caused the acknowledgment unless that moved the cumulative number
        // (RFC 2018 section 4); what other blocks add may have waited for a place in the option.
        var isFirst = !result.advanced
        for index in 0..<Int(min(options.sackCount, 4)) {
            let block = options.sackBlock(index)
            note { $0.sackBlocks &+= 1 }
            if index == 0, isDuplicateReport(block, options, ack: ack) {
                note { $0.dsacks &+= 1 }
                if rare.value.lastCopy == block.start {
                    rare.value.lastCopy = nil
                } else if !rareMeters.isEmpty, let start = rareMeters.value.needless(block.start, block.end) {
                    result.needless = result.needless ?? start
                }
                continue
            }
            // The FIN takes a number of its own.
            let end = finSequence == next ? next &+ 1 : next
            guard block.end.isAfter(block.start), block.start.isAtOrAfter(acknowledged), end.isAtOrAfter(block.end)
            else {
                if !acknowledged.isAtOrAfter(block.end) {
                    result.sackOutside = true
                    let offset = block.start.distance(after: acknowledged)
                    note {
                        $0.sackOutside &+= 1
                        $0.sackOffset = offset
                    }
                }
                continue
            }
            report(block, timed: isFirst, at: time, into: &result)
            isFirst = false
        }
    }

    /// A first block below the acknowledgment or inside the second block says: arrived twice (RFC 2883 section 4).
    private func isDuplicateReport(_ block: SACKBlock, _ options: TCPOptions, ack: UInt32) -> Bool {
        guard block.end.isAfter(block.start) else { return false }
        if ack.isAtOrAfter(block.end) { return block.end.distance(after: ack) > -(1 << 26) }
        guard options.sackCount > 1 else { return false }
        let second = options.sackBlock(1)
        return block.start.isAtOrAfter(second.start) && second.end.isAtOrAfter(block.end)
    }

    /// Marks the ranges of a block. New ones lie at its ends almost always: both ends are walked until a range is met
    /// that was reported before; only when something is still missing the whole block is.
    private mutating func report(
        _ block: SACKBlock, timed: Bool, at time: Timestamp, into result: inout TCPAcknowledgmentResult
    ) {
        var index = segments.firstIndex(endingAfter: block.start)
        guard index < segments.count else { return }
        if block.start.isAfter(segments[index].start), segments.split(at: index, sequence: block.start) { index += 1 }
        var newest: Timestamp?
        var oldest: Timestamp?
        while index < segments.count, block.end.isAfter(segments[index].start) {  // one range each pass
            if segments[index].end.isAfter(block.end), !segments.split(at: index, sequence: block.end) { break }
            if segments[index].marks.contains(.sacked) {
                index += 1
                continue
            }
            let range = segments[index]
            if !rareMeters.isEmpty, rareMeters.value.blackHole.isWatching, !range.marks.contains(.hole) {
                rareMeters.value.blackHole.arrived(length: range.length, most: unit, sent: range.passed)
            }
            if range.marks.contains(.lost) { lostTotal &-= UInt32(range.length) }
            segments[index].marks.remove(.lost)
            segments[index].marks.insert(.sacked)
            sackedBytes += Int32(range.length)
            if range.marks.isDisjoint(with: [.hole, .ambiguous]) {
                if newest == nil || range.passed > newest! { newest = range.passed }
                if oldest == nil || range.passed < oldest! { oldest = range.passed }
            }
            index += 1
        }
        if sackedBytes > 0,
            sackedBytes == Int32(clamping: block.end.distance(after: block.start))
                || block.end.isAfter(rare.map { $0.highestSacked } ?? 0)
        {
            note { $0.highestSacked = block.end }
        }
        if timed, let newest, let oldest, result.senderSample == nil {
            result.senderSample = max(0, time - oldest)
            result.networkSample = max(0, time - newest)
        }
    }

    // MARK: Held for lost

    /// RFC 6675 section 4 and RFC 8985: with three segments reported above it, or inside a recovery, a range that was
    /// sent before one that has arrived is lost.
    private mutating func markLost(roundTrip: Nanoseconds, at time: Timestamp) {
        guard !rare.isEmpty, Int(sackedBytes) >= 3 * unit || isInRecovery else { return }
        // All of it once in a quarter of a loop, for repairs that were lost themselves; else what is new.
        let isWhole = time - rare.value.lastScan >= roundTrip / 4
        var index =
            isWhole
            ? segments.retained : max(segments.retained, segments.firstIndex(endingAfter: rare.value.scanned))
        if isWhole { rare.value.lastScan = time }
        let highest = rare.value.highestSacked
        rare.value.scanned = highest
        var newestArrived = Timestamp(nanoseconds: .min)
        let end = segments.firstIndex(endingAfter: highest)
        var position = min(end, segments.count) - 1
        // The latest transmission known to have arrived.
        while position >= index, position > end - 8 {  // at most eight passes
            if segments[position].marks.contains(.sacked) {
                newestArrived = max(newestArrived, segments[position].passed)
            }
            position -= 1
        }
        var bytes = 0
        while index < end {
            let range = segments[index]
            if range.marks.isDisjoint(with: [.sacked, .lost]), range.passed < newestArrived,
                !range.marks.contains(.ambiguous) || newestArrived - range.passed > roundTrip / 4
            {
                segments[index].marks.insert(.lost)
                lostTotal &+= UInt32(range.length)
                bytes += range.length
            }
            index += 1
        }
        enterRecovery(bytes)
    }

    /// Without SACK the third duplicate acknowledgment speaks for the first range (RFC 5681 section 3.2).
    private mutating func markWithoutSelective() {
        guard duplicateAcknowledgmentRun == 3, segments.retained < segments.count else { return }
        let index = segments.retained
        guard !segments[index].marks.contains(.lost) else { return }
        segments[index].marks.insert(.lost)
        lostTotal &+= UInt32(segments[index].length)
        enterRecovery(segments[index].length)
    }

    private mutating func enterRecovery(_ bytes: Int) {
        guard bytes > 0 else { return }
        if recoveryPoint == nil { recoveryPoint = next }
    }
}
