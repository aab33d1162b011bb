import StreamtopBase
import StreamtopWire

/// One end's recovery as RFC 9002 has the sender do it, replayed from outside: which packets are acknowledged, which
/// the sender takes for lost, how many bytes are under way, and the round trip from each acknowledgment.
struct QUICSenderRecovery: Sendable {
    /// RFC 9002 section 6.1.1 and 6.1.2.
    static let packetThreshold: UInt64 = 3
    static let granularity: Nanoseconds = .milliseconds(1)

    /// By level; an array in place, for its elements are reached by address.
    private var spaces = InlineArray<3, QUICSentPackets> { _ in QUICSentPackets() }
    private(set) var estimator = QUICRoundTripEstimator()

    private(set) var acknowledged = 0
    private(set) var lost = 0
    /// Numbers that never passed here and were never acknowledged: lost before the capture point, or never used.
    private(set) var unseenLost = 0
    /// Packets that arrived and that the capture does not hold.
    private(set) var missed = 0
    private(set) var spurious = 0
    private(set) var lossEvents = 0
    private(set) var packets = 0
    /// The highest number of a 1-RTT packet that was acknowledged.
    private(set) var largestAcknowledged: UInt64?
    /// Bytes sent, neither acknowledged nor lost, as they stand at the capture point.
    private(set) var bytesInFlight = 0
    private var recoveryStart = Timestamp(nanoseconds: .min)

    init() {}

    /// What an acknowledgment brought.
    struct Outcome: Equatable, Sendable {
        /// The round trip between capture point and the acknowledging end, its delay taken off.
        var sample: Nanoseconds?
        var ackedBytes = 0
        var lostPackets = 0
        var lostBytes = 0
        /// When the oldest of them passed; nil when none was lost.
        var firstLostSent: Timestamp?
        /// Numbers newly given up that never passed here.
        var unseenLost = 0
        var spurious = 0
        /// The first loss of a new congestion event (RFC 9002 section 7.3.1).
        var startsRecovery = false
    }

    /// Memory of the packets that are remembered.
    @inline(__always)
    var heldBytes: Int { spaces[0].heldBytes + spaces[1].heldBytes + spaces[2].heldBytes }

    // Asked for every packet. Mutating so that they work in place: a borrowed recovery is copied for the call.

    /// The highest number seen.
    mutating func largest(_ level: QUICLevel) -> UInt64? {
        let space = Int(level.rawValue)
        return spaces[space].isEmpty ? nil : spaces[space].end - 1
    }

    /// The number was seen, or is too old to tell.
    mutating func hasSeen(_ number: UInt64, level: QUICLevel) -> Bool {
        let space = Int(level.rawValue)
        guard !spaces[space].isEmpty, number < spaces[space].end else { return false }
        guard number >= spaces[space].base else { return true }
        let state = spaces[space][number].state
        return state != .unseen && state != .unseenLost && state != .missed
    }

    /// Notes a packet; false when its number had been seen or acknowledged, so that it is not under way.
    @discardableResult
    mutating func sent(
        _ number: UInt64, level: QUICLevel, size: Int, isAckEliciting: Bool, isInFlight: Bool, at time: Timestamp
    ) -> Bool {
        let space = Int(level.rawValue)
        let size = UInt16(clamping: size)
        let packet = QUICSentPacket(
            time: time, size: size, state: .outstanding, isAckEliciting: isAckEliciting, isInFlight: isInFlight)
        var gone = 0
        let wasUnseenLost =
            !spaces[space].isEmpty && number >= spaces[space].base && number < spaces[space].end
            && spaces[space][number].state == .unseenLost
        let insertion = spaces[space].insert(number, packet) { old in
            if old.state == .outstanding, old.isInFlight { gone += Int(old.size) }
        }
        bytesInFlight = max(0, bytesInFlight - gone)
        guard insertion != .duplicate else { return false }
        if insertion == .displaced {
            missed -= 1
            packets += 1
            return false
        }
        if wasUnseenLost { unseenLost -= 1 }
        packets += 1
        if isInFlight { bytesInFlight += Int(size) }
        return true
    }

    /// Keys of a level are gone: what was under way there is forgotten (RFC 9002 section 6.4).
    mutating func discard(_ level: QUICLevel) -> Int {
        let space = Int(level.rawValue)
        var bytes = 0
        while !spaces[space].isEmpty {  // each pass removes one
            let packet = spaces[space].removeFirst()
            if packet.state == .outstanding, packet.isInFlight { bytes += Int(packet.size) }
        }
        bytesInFlight = max(0, bytesInFlight - bytes)
        return bytes
    }

    /// An ACK frame of the other end. `ranges` stands at the frame's ranges; `delay` is decoded and bounded.
    /// `otherDirection` is the round trip between the capture point and this sender, which its timers see on top.
    @_lifetime(ranges: copy ranges)
    mutating func acknowledge(
        _ frame: QUICAckFrame, ranges: inout ByteReader, level: QUICLevel, delay: Nanoseconds,
        otherDirection: Nanoseconds, at time: Timestamp
    ) -> Outcome {
        let space = Int(level.rawValue)
        var outcome = Outcome()
        guard !spaces[space].isEmpty, frame.largest < spaces[space].end else { return outcome }
        if level == .oneRTT { largestAcknowledged = max(largestAcknowledged ?? 0, frame.largest) }
        var newestTime: Timestamp?
        var elicited = false
        var walk = QUICAckRanges(frame)
        while let range = walk.next(&ranges) {  // as many passes as the frame has ranges, which its length bounds
            let low = max(range.low, spaces[space].base)
            guard low <= range.high else { break }
            let openFrom = spaces[space].firstOpen
            var number = max(low, min(openFrom, range.high &+ 1))
            // Below the first open packet only losses can change their state, and those are few and near.
            if low < openFrom { recoverSpurious(level, from: low, to: min(openFrom, range.high &+ 1), &outcome) }
            while number <= range.high {  // at most the packets kept
                settle(level, number, largest: frame.largest, &outcome, &newestTime, &elicited)
                number += 1
            }
        }
        if let sentAt = newestTime, elicited {
            outcome.sample = estimator.record(time - sentAt, delay: delay)
        }
        detectLosses(level, largest: frame.largest, otherDirection: otherDirection, at: time, &outcome)
        spaces[space].advance()
        spaces[space].forget(before: time - .seconds(3))
        return outcome
    }

    private mutating func settle(
        _ level: QUICLevel, _ number: UInt64, largest: UInt64, _ outcome: inout Outcome,
        _ newestTime: inout Timestamp?, _ elicited: inout Bool
    ) {
        let space = Int(level.rawValue)
        var packet = spaces[space][number]
        switch packet.state {
        case .outstanding:
            packet.state = .acknowledged
            spaces[space][number] = packet
            acknowledged += 1
            if packet.isInFlight {
                outcome.ackedBytes += Int(packet.size)
                bytesInFlight = max(0, bytesInFlight - Int(packet.size))
            }
            if number == largest { newestTime = packet.time }
            if packet.isAckEliciting { elicited = true }
        case .lost:
            packet.state = .acknowledged
            spaces[space][number] = packet
            spurious += 1
            outcome.spurious += 1
            acknowledged += 1
        case .unseen, .unseenLost:
            if packet.state == .unseenLost { unseenLost -= 1 }
            // It arrived without passing here: the capture missed it.
            packet.state = .missed
            spaces[space][number] = packet
            missed += 1
        case .acknowledged, .missed: break
        }
    }

    private mutating func recoverSpurious(
        _ level: QUICLevel, from low: UInt64, to high: UInt64, _ outcome: inout Outcome
    ) {
        let space = Int(level.rawValue)
        guard lost > 0 || unseenLost > 0 else { return }
        var ignoredTime: Timestamp?
        var ignored = false
        var number = high > low + 512 ? high - 512 : low
        while number < high {  // at most 512 passes
            let state = spaces[space][number].state
            if state == .lost || state == .unseenLost {
                settle(level, number, largest: .max, &outcome, &ignoredTime, &ignored)
            }
            number += 1
        }
    }

    private mutating func detectLosses(
        _ level: QUICLevel, largest: UInt64, otherDirection: Nanoseconds, at time: Timestamp, _ outcome: inout Outcome
    ) {
        let space = Int(level.rawValue)
        let loop = max(estimator.smoothed, estimator.latest) + max(0, min(otherDirection, .seconds(100)))
        // Both are bounded, so nine eighths of their sum stay in range.
        let patience = max(
            estimator.hasSample ? loop * 9 / 8 : QUICRoundTripEstimator.initial * 9 / 8, Self.granularity)
        var number = spaces[space].firstOpen
        while number < largest {  // at most the packets kept
            defer { number += 1 }
            var packet = spaces[space][number]
            let isBehind = number &+ Self.packetThreshold <= largest
            if packet.state == .unseen {
                guard isBehind else { continue }
                packet.state = .unseenLost
                spaces[space][number] = packet
                unseenLost += 1
                outcome.unseenLost += 1
                continue
            }
            guard packet.state == .outstanding else { continue }
            guard isBehind || time - packet.time >= patience else { continue }
            // Packets that ask for no acknowledgment may stay without one: nobody waits for it.
            packet.state = packet.isInFlight ? .lost : .acknowledged
            spaces[space][number] = packet
            guard packet.isInFlight else { continue }
            lost += 1
            outcome.lostPackets += 1
            if outcome.firstLostSent == nil { outcome.firstLostSent = packet.time }
            outcome.lostBytes += Int(packet.size)
            bytesInFlight = max(0, bytesInFlight - Int(packet.size))
            if packet.time > recoveryStart {
                recoveryStart = time
                lossEvents += 1
                outcome.startsRecovery = true
            }
        }
    }

    /// Lost packets with those that never reached the capture point, when that lies beyond some of the path.
    func lostPackets(countingUnseen: Bool) -> Int { lost + (countingUnseen ? unseenLost : 0) }
}
