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
    var retention: Int { dataSegments > 256 ? 32 : 8 }

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
    mutating func begin(with segment: TCPTransmission) {
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

    mutating func isProbe(_ segment: TCPTransmission, peerClosed: Bool) -> Bool {
        guard segment.length == 1, segment.end == next, acknowledged == next || peerClosed else { return false }
        note { if peerClosed { $0.windowProbes &+= 1 } else { $0.keepAlives &+= 1 } }
        return true
    }

    mutating func noteSize(_ length: Int) {
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
    func hasSmallerArrived(than length: Int, after index: Int) -> Bool {
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
    func isFull(_ segment: TCPTransmission) -> Bool {
        let own = synSeen && offeredSegmentSize > 0 ? UInt32(offeredSegmentSize) : .max
        let limit = peerSegmentSize > 0 ? min(sizeLimit, own) : largestDelivered
        return limit > 0 && UInt64(segment.length) * 10 >= UInt64(limit) * 9
    }

    /// The hole was left by segments larger than any that came through: both ends accept them, and whole ones of the
    /// largest size seen do not fill it. A path that does not take their size is as likely as chance.
    func mayBeOversize(_ hole: TCPSegment) -> Bool {
        guard peerSegmentSize > 0, largestSegment > 0 else { return false }
        let own = synSeen && offeredSegmentSize > 0 ? UInt32(offeredSegmentSize) : peerSegmentSize
        guard largestSegment < min(sizeLimit, own - min(own, timestampsInUse ? 12 : 0)) else { return false }
        return hole.length > Int(largestSegment) && hole.length % Int(largestSegment) != 0
    }

    mutating func append(_ segment: TCPTransmission) {
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

    mutating func keep(_ range: TCPSegment) {
        if !segments.append(range) { note { $0.rangesForgotten &+= 1 } }
    }

    mutating func jump(to segment: TCPTransmission, path: PathView) {
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
    static let leastHole = 10

    /// Drops acknowledged ranges beyond those kept for comparison.
    mutating func trim() {
        let surplus = segments.retained - retention
        if surplus > 0 { segments.removeFirst(surplus) }
    }
}
