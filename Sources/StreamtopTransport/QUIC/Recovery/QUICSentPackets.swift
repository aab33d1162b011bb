import StreamtopBase

/// What is known of one packet number of a sender.
struct QUICSentPacket: Equatable, Sendable {
    enum State: UInt8, Sendable {
        /// The number was passed over: lost before the capture point, skipped by the sender, or still on its way here.
        case unseen
        case outstanding, acknowledged, lost
        /// Never seen and taken for lost.
        case unseenLost
        /// Acknowledged without having passed: the capture missed it, or shows it later.
        case missed
    }

    var time = Timestamp(nanoseconds: 0)
    /// Bytes of the packet, header and tag included.
    var size: UInt16 = 0
    var state = State.unseen
    var isAckEliciting = false
    var isInFlight = false
}

/// The packets that one end sent in one packet number space, by number, in a ring that keeps its storage.
struct QUICSentPackets: Sendable {
    /// A flight of 20 MB, and enough history to notice that a packet taken for lost arrived after all.
    static let capacity = 16_384
    /// A larger jump in packet numbers is no gap but a capture that starts anew.
    static let gapLimit: UInt64 = 4_096
    /// Of few packets so few may have been missed: memory follows the packets that came, not the number that one claims. Own: a
    /// capture that sees one packet of seventeen is none to judge a sender by.
    private static let leastGap: UInt64 = 64
    private static let gapForPacket: UInt64 = 16

    private var ring: [QUICSentPacket] = []
    private var head = 0
    private(set) var count = 0
    /// Number of the oldest packet kept.
    private(set) var base: UInt64 = 0
    /// Packets noted, up to the number that allows the largest gap.
    private var noted: UInt32 = 0
    /// No packet below this one waits for an acknowledgment.
    private(set) var firstOpen: UInt64 = 0

    init() {}

    /// Memory that they take.
    @inline(__always)
    var heldBytes: Int { ring.capacity * MemoryLayout<QUICSentPacket>.stride }

    /// One past the highest number seen.
    var end: UInt64 { base &+ UInt64(count) }

    var isEmpty: Bool { count == 0 }

    enum Insertion: Equatable, Sendable {
        case new, late, duplicate
        /// It passes behind its own acknowledgment.
        case displaced
    }

    /// Notes a packet. `dropped` gets every packet that had to make room.
    mutating func insert(
        _ number: UInt64, _ packet: QUICSentPacket, dropped: (QUICSentPacket) -> Void
    ) -> Insertion {
        if count > 0, number < end {
            guard number >= base else { return .duplicate }
            let index = slot(number)
            if ring[index].state == .missed {
                ring[index] = packet
                ring[index].state = .acknowledged
                return .displaced
            }
            guard ring[index].state == .unseen || ring[index].state == .unseenLost else { return .duplicate }
            ring[index] = packet
            firstOpen = min(firstOpen, number)
            return .late
        }
        let gap = min(Self.gapLimit, Self.leastGap + Self.gapForPacket * UInt64(noted))
        if noted < 256 { noted += 1 }
        if count == 0 || number &- end > gap {
            for offset in 0..<count { dropped(ring[(head + offset) & (ring.count - 1)]) }
            head = 0
            count = 0
            base = number
            firstOpen = number
        }
        while end < number { append(QUICSentPacket(), dropped: dropped) }  // at most `gapLimit` passes
        append(packet, dropped: dropped)
        return .new
    }

    private mutating func append(_ packet: QUICSentPacket, dropped: (QUICSentPacket) -> Void) {
        if count == ring.count {
            if count < Self.capacity { grow() } else { dropped(removeFirst()) }
        }
        ring[(head + count) & (ring.count - 1)] = packet
        count += 1
    }

    /// Forgets the oldest packet.
    @discardableResult
    mutating func removeFirst() -> QUICSentPacket {
        let first = ring[head]
        head = (head + 1) & (ring.count - 1)
        count -= 1
        base &+= 1
        firstOpen = max(firstOpen, base)
        return first
    }

    private mutating func grow() {
        var larger: [QUICSentPacket] = []
        let size = max(16, ring.count * 2)
        larger.reserveCapacity(size)
        for offset in 0..<count { larger.append(ring[(head + offset) & (ring.count - 1)]) }
        larger.append(contentsOf: repeatElement(QUICSentPacket(), count: size - count))
        ring = larger
        head = 0
    }

    private func slot(_ number: UInt64) -> Int { (head + Int(number - base)) & (ring.count - 1) }

    /// The packet of a number from `base` up to, not including, `end`.
    subscript(number: UInt64) -> QUICSentPacket {
        get { ring[slot(number)] }
        set { ring[slot(number)] = newValue }
    }

    /// Moves `firstOpen` over packets that wait no longer.
    mutating func advance() {
        while firstOpen < end {  // each pass moves on by one
            let state = self[firstOpen].state
            guard state != .outstanding, state != .unseen else { return }
            firstOpen += 1
        }
    }

    /// Forgets settled packets older than `time`: a late acknowledgment of them no longer matters.
    mutating func forget(before time: Timestamp) {
        while count > 0, base < firstOpen, ring[head].time < time { removeFirst() }
    }
}
