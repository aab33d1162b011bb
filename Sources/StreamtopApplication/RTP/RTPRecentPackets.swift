import StreamtopBase
import StreamtopWire

/// The newest packets of a stream, by which another source is known to repeat or to forward them.
struct RTPRecentPackets: Sendable {
    static let capacity = 512

    struct Packet: Equatable, Sendable {
        var timestamp: UInt32
        /// Microseconds, wrapping: packets that are compared are seconds apart.
        var arrival: UInt32
        /// Of the beginning of a payload that could be read; 0 where it could not.
        var hash: UInt32
        var sequence: UInt16
        var payload: UInt16
        /// Bytes before the payload.
        var header: UInt8
        var isMarked: Bool
    }

    private(set) var packets: [Packet] = []
    /// Where the oldest is, once the room is full.
    private var oldest = 0
    /// Packets ever appended.
    private(set) var total: UInt64 = 0
    /// How many there were when one last followed the packet before it otherwise than by `mostStep` numbers and `longestPause`.
    private var irregular: UInt64 = 0

    /// Own: so many numbers from one packet to the next that those of a whole memory differ by less than half of all numbers,
    private static let mostStep: UInt16 = 63
    /// and so many microseconds that their arrivals do.
    private static let longestPause: UInt32 = 4_000_000

    mutating func append(_ packet: Packet) {
        total &+= 1
        if let newest,
            !(1...Self.mostStep).contains(packet.sequence &- newest.sequence)
                || packet.arrival &- newest.arrival > Self.longestPause
        {
            irregular = total
        }
        if packets.count < Self.capacity {
            packets.append(packet)
        } else {
            packets[oldest] = packet
            oldest = (oldest &+ 1) % Self.capacity
        }
    }

    /// The place of the next packet will be needed soon.
    @inline(__always)
    func prefetchNext() { packets.prefetch(total < Self.capacity ? Int(truncatingIfNeeded: total) : oldest) }

    /// Numbers and arrivals ascend from the oldest packet to the newest: a packet is found without looking at all.
    private var isRegular: Bool { total &- irregular >= UInt64(max(0, packets.count - 1)) || irregular == 0 }

    /// By age: the newest is 0.
    private func packet(age: Int) -> Packet { packets[place(packets.count &- 1 &- age)] }

    /// Where the packet is that came as the `number`th of those remembered.
    private func place(_ number: Int) -> Int {
        let place = oldest &+ number
        return place < packets.count ? place : place &- packets.count
    }

    /// The oldest first.
    func visit(_ body: (Packet) -> Void) {
        for index in packets.indices { body(packets[place(index)]) }
    }

    /// By the order in which they came: the oldest is 0.
    @inline(__always)
    subscript(number: Int) -> Packet { packets[place(number)] }

    /// Numbers of all that arrived at most `longest` microseconds before `arrival` and `latest` after it, and where they do not ascend of
    /// others, too. `near` is the first of what was found for an arrival shortly before.
    func numbers(around arrival: UInt32, longest: Int64, latest: Int64, near: Int) -> Range<Int> {
        guard isRegular, !packets.isEmpty else { return packets.indices }
        let first = self[0].arrival
        let middle = Int64(Int32(bitPattern: arrival &- first))
        var low = min(near, packets.count)
        // Towards the oldest, and then towards the newest.
        while low > 0, Int64(self[low - 1].arrival &- first) >= middle - longest { low -= 1 }
        while low < packets.count, Int64(self[low].arrival &- first) < middle - longest { low += 1 }
        var high = low
        while high < packets.count, Int64(self[high].arrival &- first) <= middle + latest { high += 1 }
        return low..<high
    }

    /// The same, looked for behind the packet that was found last in a row of numbers that ascend.
    func packet(_ sequence: UInt16, behind age: inout Int) -> Packet? {
        if age > 0, age <= packets.count {
            let guess = packet(age: age - 1)
            if guess.sequence == sequence, isRegular {
                age -= 1
                return guess
            }
        }
        guard let found = packet(sequence), let newest else { return nil }
        age = min(packets.count - 1, Int(newest.sequence &- sequence))
        while age > 0, packet(age: age).sequence != sequence { age -= 1 }  // towards the newest
        return found
    }

    /// Whether one of the newest `count` packets is such a one.
    func hasNewest(_ count: Int, where isSuch: (Packet) -> Bool) -> Bool {
        (0..<min(max(0, count), packets.count)).contains { isSuch(packet(age: $0)) }
    }

    /// The newest packet with this number.
    func packet(_ sequence: UInt16) -> Packet? {
        guard let newest else { return nil }
        // As a rule as far back as the numbers are apart, or less far by those that are missing between.
        let back = Int(newest.sequence &- sequence)
        if isRegular {
            var age = min(back, packets.count - 1)
            while age >= 0 {  // towards the newest
                let other = packet(age: age)
                let distance = Int(newest.sequence &- other.sequence)
                if distance <= back { return distance == back ? other : nil }
                age -= 1
            }
            return nil
        }
        if back < packets.count {
            let guess = packet(age: back)
            if guess.sequence == sequence { return guess }
        }
        return packets.last { $0.sequence == sequence }
    }

    /// Packets that came after `other`, one of these.
    func count(after other: Packet) -> UInt64 {
        var count: UInt64 = 0
        if isRegular {
            var age = 0
            // Towards the oldest.
            while age < packets.count, Int32(bitPattern: packet(age: age).arrival &- other.arrival) > 0 {
                count &+= 1
                age += 1
            }
        } else {
            visit { if Int32(bitPattern: $0.arrival &- other.arrival) > 0 { count &+= 1 } }
        }
        return count
    }

    var newest: Packet? { packets.isEmpty ? nil : packet(age: 0) }

    static func micros(_ time: Timestamp) -> UInt32 { UInt32(truncatingIfNeeded: time.nanoseconds / 1_000) }

    /// Of the last 64 bytes: boxes rewrite the descriptors that stand before the media, and not the media.
    static func hash(_ payload: RawSpan) -> UInt32 {
        var reader = ByteReader(payload.extracting(droppingFirst: max(0, payload.byteCount - 64)))
        var value = UInt64(truncatingIfNeeded: reader.remaining)
        while reader.remaining >= 8 { value = mix(value, reader.uint64()) }  // each turn reads eight bytes
        if reader.remaining > 0 { value = mix(value, reader.uint(size: reader.remaining)) }
        let folded = UInt32(truncatingIfNeeded: value ^ value >> 32)
        return folded == 0 ? 1 : folded
    }

    /// The two halves of a product, by which all bits of one word meet all of the other.
    @inline(__always)
    private static func mix(_ value: UInt64, _ word: UInt64) -> UInt64 {
        let (high, low) = (value ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: word ^ 0xd6e8_feb8_6659_fd93)
        return high ^ low
    }
}
