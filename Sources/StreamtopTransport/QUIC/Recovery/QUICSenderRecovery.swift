import StreamtopBase
import StreamtopWire

/// One end's recovery as RFC 9002 has the sender do it, replayed from outside: which packets are acknowledged, which
/// the sender takes for lost, how many bytes are under way, and the round trip from each acknowledgment.
struct QUICSenderRecovery: Sendable {
    /// RFC 9002 section 6.1.1 and 6.1.2.
    static let packetThreshold: UInt64 = 3
    static let granularity: Nanoseconds = .milliseconds(1)

    private var initial = QUICSentPackets()
    private var handshake = QUICSentPackets()
    private var application = QUICSentPackets()
    private(set) var estimator = QUICRoundTripEstimator()

    private(set) var acknowledged = 0
    private(set) var lost = 0
    /// Numbers that never passed here and were never acknowledged: lost before the capture point, or never used.
    private(set) var unseenLost = 0
    private(set) var spurious = 0
    private(set) var lossEvents = 0
    private(set) var packets = 0
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
        var spurious = 0
        /// The first loss of a new congestion event (RFC 9002 section 7.3.1).
        var startsRecovery = false
    }

    private subscript(level: QUICLevel) -> QUICSentPackets {
        _read {
            switch level {
            case .initial: yield initial
            case .handshake: yield handshake
            case .oneRTT: yield application
            }
        }
        _modify {
            switch level {
            case .initial: yield &initial
            case .handshake: yield &handshake
            case .oneRTT: yield &application
            }
        }
    }

    func largest(_ level: QUICLevel) -> UInt64? { self[level].isEmpty ? nil : self[level].end - 1 }

    /// The number was seen, or is too old to tell.
    func hasSeen(_ number: UInt64, level: QUICLevel) -> Bool {
        guard !self[level].isEmpty, number < self[level].end else { return false }
        guard number >= self[level].base else { return true }
        let state = self[level][number].state
        return state != .unseen && state != .unseenLost
    }

    /// Notes a packet; false when its number had been seen.
    @discardableResult
    mutating func sent(
        _ number: UInt64, level: QUICLevel, size: Int, isAckEliciting: Bool, isInFlight: Bool, at time: Timestamp
    ) -> Bool {
        let size = UInt16(clamping: size)
        let packet = QUICSentPacket(
            time: time, size: size, state: .outstanding, isAckEliciting: isAckEliciting, isInFlight: isInFlight)
        var gone = 0
        let wasUnseenLost =
            !self[level].isEmpty && number >= self[level].base && number < self[level].end
            && self[level][number].state == .unseenLost
        let insertion = self[level].insert(number, packet) { old in
            if old.state == .outstanding, old.isInFlight { gone += Int(old.size) }
        }
        bytesInFlight = max(0, bytesInFlight - gone)
        guard insertion != .duplicate else { return false }
        if wasUnseenLost { unseenLost -= 1 }
        packets += 1
        if isInFlight { bytesInFlight += Int(size) }
        return true
    }

    /// Keys of a level are gone: what was under way there is forgotten (RFC 9002 section 6.4).
    mutating func discard(_ level: QUICLevel) -> Int {
        var bytes = 0
        while !self[level].isEmpty {  // each turn removes one
            let packet = self[level].removeFirst()
            if packet.state == .outstanding, packet.isInFlight { bytes += Int(packet.size) }
        }
        bytesInFlight = max(0, bytesInFlight - bytes)
        return bytes
    }

    /// An ACK frame of the other end. `ranges` stands at the frame's ranges; `delay` is decoded and bounded.
    /// `otherHalf` is the round trip between the capture point and this sender, which its timers see on top.
    @_lifetime(ranges: copy ranges)
    mutating func acknowledge(
        _ frame: QUICAckFrame, ranges: inout ByteReader, level: QUICLevel, delay: Nanoseconds,
        otherHalf: Nanoseconds, at time: Timestamp
    ) -> Outcome {
        var outcome = Outcome()
        guard !self[level].isEmpty, frame.largest < self[level].end else { return outcome }
        var newestTime: Timestamp?
        var elicited = false
        var walk = QUICAckRanges(frame)
        while let range = walk.next(&ranges) {  // as many turns as the frame has ranges, which its length bounds
            let low = max(range.low, self[level].base)
            guard low <= range.high else { break }
            let openFrom = self[level].firstOpen
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
        detectLosses(level, largest: frame.largest, otherHalf: otherHalf, at: time, &outcome)
        self[level].advance()
        self[level].forget(before: time - .seconds(3))
        return outcome
    }

    private mutating func settle(
        _ level: QUICLevel, _ number: UInt64, largest: UInt64, _ outcome: inout Outcome,
        _ newestTime: inout Timestamp?, _ elicited: inout Bool
    ) {
        var packet = self[level][number]
        switch packet.state {
        case .outstanding:
            packet.state = .acknowledged
            self[level][number] = packet
            acknowledged += 1
            if packet.isInFlight {
                outcome.ackedBytes += Int(packet.size)
                bytesInFlight = max(0, bytesInFlight - Int(packet.size))
            }
            if number == largest { newestTime = packet.time }
            if packet.isAckEliciting { elicited = true }
        case .lost:
            packet.state = .acknowledged
            self[level][number] = packet
            spurious += 1
            outcome.spurious += 1
            acknowledged += 1
        case .unseen, .unseenLost:
            if packet.state == .unseenLost { unseenLost -= 1 }
            // It arrived without passing here: the capture missed it.
            packet.state = .acknowledged
            self[level][number] = packet
        case .acknowledged: break
        }
    }

    private mutating func recoverSpurious(
        _ level: QUICLevel, from low: UInt64, to high: UInt64, _ outcome: inout Outcome
    ) {
        guard lost > 0 || unseenLost > 0 else { return }
        var ignoredTime: Timestamp?
        var ignored = false
        var number = high > low + 512 ? high - 512 : low
        while number < high {  // at most 512 turns
            let state = self[level][number].state
            if state == .lost || state == .unseenLost {
                settle(level, number, largest: .max, &outcome, &ignoredTime, &ignored)
            }
            number += 1
        }
    }

    private mutating func detectLosses(
        _ level: QUICLevel, largest: UInt64, otherHalf: Nanoseconds, at time: Timestamp, _ outcome: inout Outcome
    ) {
        let loop = max(estimator.smoothed, estimator.latest) + max(0, min(otherHalf, .seconds(100)))
        // Both are bounded, so nine eighths of their sum stay in range.
        let patience = max(
            estimator.hasSample ? loop * 9 / 8 : QUICRoundTripEstimator.initial * 9 / 8, Self.granularity)
        var number = self[level].firstOpen
        while number < largest {  // at most the packets kept
            defer { number += 1 }
            var packet = self[level][number]
            let isBehind = number &+ Self.packetThreshold <= largest
            if packet.state == .unseen {
                guard isBehind else { continue }
                packet.state = .unseenLost
                self[level][number] = packet
                unseenLost += 1
                continue
            }
            guard packet.state == .outstanding else { continue }
            guard isBehind || time - packet.time >= patience else { continue }
            // Packets that ask for no acknowledgment may stay without one: nobody waits for it.
            packet.state = packet.isInFlight ? .lost : .acknowledged
            self[level][number] = packet
            guard packet.isInFlight else { continue }
            lost += 1
            outcome.lostPackets += 1
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
