import StreamtopBase
import StreamtopModel

/// One stream that goes on as another: an SFU or a proxy changes its source, numbers and timestamps by a constant each, and may encrypt
/// it anew; sizes, markers and the order stay (or the payload itself, where it can be read).
final class RTPLeg {
    /// Own: longer than any box holds a packet it forwards.
    private static let longestDelay: Int32 = 200_000
    /// Two queues of one host are not stamped in order to the last microsecond.
    private static let earliest: Int32 = -100
    /// Own: packets compared for a join, and how many of them must fit.
    private static let compared = 96
    private static let leastMatches = 48
    private static let leastShare = 0.9
    /// Of the packets remembered, as many are followed from before the join on.
    private static let mostReplayed = 400
    /// Own: sizes, or payloads, told apart among them. Packets of one size all look alike, and so do payloads of silence.
    private static let leastSizes = 6
    /// Own: where they do, the one must follow the other's jitter: its delay spreads by less than a quarter of what spreads the arrivals.
    private static let leastJitter = 4.0
    /// Packets that must agree before the numbers are taken to have moved.
    private static let leastMoved = 4
    /// Padding and tags that another protection adds.
    private static let mostAdded = 32

    let incoming: RTPStream
    let outgoing: RTPStream
    private var sequenceOffset: UInt16
    private let timestampOffset: UInt32
    private let sizeOffset: Int
    private(set) var matched: UInt64 = 0
    private(set) var hashMatches: UInt64 = 0
    private var delays = LogHistogram()
    private var longest: UInt32 = 0
    /// Packets that had come in when the first of them went out, and now.
    private var receivedBefore: UInt64
    /// Packets that had come in when the newest of them went out: what comes after the last is no loss of the box.
    private var receivedUntil: UInt64 = 0
    private let share: Double
    /// Another offset that the newest packets would fit, and how many did.
    private var moved: (offset: UInt16, packets: [(RTPRecentPackets.Packet, RTPRecentPackets.Packet)])?

    private init(_ incoming: RTPStream, _ outgoing: RTPStream, _ offsets: Offsets, share: Double) {
        self.incoming = incoming
        self.outgoing = outgoing
        sequenceOffset = offsets.sequence
        timestampOffset = offsets.timestamp
        sizeOffset = offsets.size
        receivedBefore = 0
        self.share = share
    }

    private struct Offsets: Hashable {
        var sequence: UInt16
        var timestamp: UInt32
        var size: Int
    }

    // MARK: Finding

    /// The stream among `candidates` that `outgoing` carries on; nil where none fits, or several that cannot be told apart.
    static func find(_ outgoing: RTPStream, among candidates: [RTPStream]) -> RTPLeg? {
        var found: (leg: RTPLeg, delay: Int64)?
        var packets: [RTPRecentPackets.Packet] = []
        outgoing.state.recentPackets.visit { packets.append($0) }
        // Not the oldest: what they carry on may be forgotten already.
        packets.removeFirst(max(0, packets.count - mostReplayed))
        guard packets.count >= leastMatches else { return nil }
        var scratch = Scratch()
        for incoming in candidates where canFeed(incoming, outgoing) {
            guard let leg = compare(incoming, outgoing, packets, &scratch) else { continue }
            let delay = leg.delays.quantile(0.5) ?? 0
            // Copies to others left the box a moment before; what came in was there first.
            let isSameHost = incoming.state.receiver.address == outgoing.state.sender.address
            if let best = found {
                let isBestSameHost = best.leg.incoming.state.receiver.address == outgoing.state.sender.address
                guard isSameHost && !isBestSameHost || isSameHost == isBestSameHost && delay > best.delay else {
                    continue
                }
            }
            found = (leg, delay)
        }
        return found?.leg
    }

    /// What is gathered of two streams, kept for its storage from one comparison to the next.
    private struct Scratch {
        var votes: [(offsets: Offsets, count: Int)] = []
        var pairs: [(RTPRecentPackets.Packet, RTPRecentPackets.Packet)] = []
        var sizes: [UInt16] = []
        var hashes: [UInt32] = []

        mutating func clear() {
            votes.removeAll(keepingCapacity: true)
            pairs.removeAll(keepingCapacity: true)
            sizes.removeAll(keepingCapacity: true)
            hashes.removeAll(keepingCapacity: true)
        }
    }

    /// Of one kind, at one time, in two flows, and not two copies of one sender's.
    private static func canFeed(_ incoming: RTPStream, _ outgoing: RTPStream) -> Bool {
        incoming !== outgoing && incoming.state.flow != outgoing.state.flow && !incoming.state.isRepair
            && !outgoing.state.isRepair
            && incoming.state.isVideo == outgoing.state.isVideo
            && incoming.state.sender.address != outgoing.state.sender.address
            && incoming.state.receiver.address != outgoing.state.receiver.address && incoming.state.outgoingOf == nil
    }

    /// `packets` are the newest of the outgoing stream.
    private static func compare(
        _ incoming: RTPStream, _ outgoing: RTPStream, _ packets: [RTPRecentPackets.Packet], _ scratch: inout Scratch
    ) -> RTPLeg? {
        scratch.clear()
        let sample = packets.prefix(compared)
        guard let best = offsets(incoming, sample.prefix(leastMatches / 2), &scratch.votes) else { return nil }
        var matches = 0
        var known = 0
        var equal = 0
        var offsets = best
        var age = 0
        for packet in sample {
            // A box that closes gaps moves the offset on.
            var found: RTPRecentPackets.Packet?
            var step: UInt16 = 0
            while found == nil, step <= 4 {  // five turns at most
                var moved = offsets
                moved.sequence &-= step
                step += 1
                let number = packet.sequence &- moved.sequence
                guard let other = incoming.state.recentPackets.packet(number, behind: &age) else { continue }
                if step == 1 { known += 1 }
                guard fits(other, packet, moved) else { continue }
                found = other
                offsets = moved
            }
            guard let other = found else { continue }
            matches += 1
            note(packet.payload, in: &scratch.sizes)
            scratch.pairs.append((other, packet))
            guard other.hash != 0, other.hash == packet.hash else { continue }
            equal += 1
            note(packet.hash, in: &scratch.hashes)
        }
        guard matches >= leastMatches, Double(matches) >= leastShare * Double(known) else { return nil }
        let isHashed = equal * 10 >= matches * 9 && scratch.hashes.count >= leastSizes
        guard isHashed || scratch.sizes.count >= leastSizes || followsJitter(scratch.pairs) else { return nil }
        let leg = RTPLeg(incoming, outgoing, best, share: Double(matches) / Double(known))
        for packet in packets { leg.observe(packet) }
        return leg
    }

    /// Each packet that fits at all proposes offsets; the ones of a forwarded stream agree. Of equally many the least step of numbers.
    private static func offsets(
        _ incoming: RTPStream, _ sample: ArraySlice<RTPRecentPackets.Packet>,
        _ votes: inout [(offsets: Offsets, count: Int)]
    ) -> Offsets? {
        // What the packet before proposed, this one mostly does in the same order.
        var next = 0
        var near = 0
        for packet in sample {
            let numbers = incoming.state.recentPackets.numbers(
                around: packet.arrival, longest: Int64(longestDelay), latest: -Int64(earliest), near: near)
            near = numbers.lowerBound
            for number in numbers {
                let other = incoming.state.recentPackets[number]
                let size = Int(packet.payload) - Int(other.payload)
                guard isBefore(other, packet), other.isMarked == packet.isMarked, abs(size) <= mostAdded else {
                    continue
                }
                let offsets = Offsets(
                    sequence: packet.sequence &- other.sequence, timestamp: packet.timestamp &- other.timestamp,
                    size: size)
                vote(for: offsets, in: &votes, &next)
            }
        }
        let best = votes.max { ($0.count, $1.offsets.sequence) < ($1.count, $0.offsets.sequence) }
        guard let best, best.count >= leastMatches / 4 else { return nil }
        return best.offsets
    }

    /// `next` is where they are likely to be.
    @inline(__always)
    private static func vote(
        for offsets: Offsets, in votes: inout [(offsets: Offsets, count: Int)], _ next: inout Int
    ) {
        for _ in votes.indices {
            if next >= votes.count { next = 0 }
            next += 1
            if votes[next - 1].offsets == offsets {
                votes[next - 1].count += 1
                return
            }
        }
        votes.append((offsets, 1))
        next = 0
    }

    /// Of values that are told apart as many as need be.
    private static func note<Value: Equatable>(_ value: Value, in values: inout [Value]) {
        if values.count < leastSizes, !values.contains(value) { values.append(value) }
    }

    /// `other` came no later, and not long before.
    private static func isBefore(_ other: RTPRecentPackets.Packet, _ packet: RTPRecentPackets.Packet) -> Bool {
        (earliest...longestDelay).contains(delay(other, packet))
    }

    private static func delay(_ other: RTPRecentPackets.Packet, _ packet: RTPRecentPackets.Packet) -> Int32 {
        Int32(bitPattern: packet.arrival &- other.arrival)
    }

    /// What goes out is as uneven as what came in, and the time between is not: it was sent because the other came.
    private static func followsJitter(_ pairs: [(RTPRecentPackets.Packet, RTPRecentPackets.Packet)]) -> Bool {
        guard pairs.count >= leastMatches else { return false }
        let gaps = spread((1..<pairs.count).map { Double(delay(pairs[$0 - 1].0, pairs[$0].0)) })
        guard gaps > leastJitter else { return false }
        return gaps > leastJitter * max(spread(pairs.map { Double(delay($0.0, $0.1)) }), 1)
    }

    /// Between the first and the ninth tenth.
    private static func spread(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard sorted.count > 9 else { return 0 }
        return sorted[sorted.count * 9 / 10] - sorted[sorted.count / 10]
    }

    private static func fits(
        _ other: RTPRecentPackets.Packet, _ packet: RTPRecentPackets.Packet, _ offsets: Offsets
    ) -> Bool {
        isBefore(other, packet) && other.isMarked == packet.isMarked
            && packet.timestamp &- other.timestamp == offsets.timestamp
            && Int(packet.payload) - Int(other.payload) == offsets.size
    }

    // MARK: Following

    /// A packet went out, seen for the first time.
    func observe(_ packet: RTPRecentPackets.Packet) {
        let offsets = Offsets(sequence: sequenceOffset, timestamp: timestampOffset, size: sizeOffset)
        if let other = incoming.state.recentPackets.packet(packet.sequence &- sequenceOffset),
            Self.fits(other, packet, offsets)
        {
            moved = nil
            return note(other, packet)
        }
        // Some boxes close the gaps of what they forward: then the offset moves on by what was lost. Packets of one picture are alike,
        // so one alone proves nothing.
        for step in UInt16(1)...16 {
            let offset = sequenceOffset &- step
            guard let other = incoming.state.recentPackets.packet(packet.sequence &- offset),
                Self.fits(other, packet, Offsets(sequence: offset, timestamp: timestampOffset, size: sizeOffset))
            else { continue }
            if moved?.offset == offset {
                moved?.packets.append((other, packet))
            } else {
                moved = (offset, [(other, packet)])
            }
            break
        }
        guard let moved, moved.packets.count >= Self.leastMoved else { return }
        sequenceOffset = moved.offset
        for (other, packet) in moved.packets { note(other, packet) }
        self.moved = nil
    }

    private func note(_ other: RTPRecentPackets.Packet, _ packet: RTPRecentPackets.Packet) {
        // Up to this packet: less those behind it in the memory of what came in.
        let received =
            incoming.state.sequence.packets - min(incoming.state.sequence.packets, incoming.state.sequence.duplicates)
        var later: UInt64 = 0
        if incoming.state.recentPackets.newest?.sequence != other.sequence {
            later = incoming.state.recentPackets.count(after: other)
        }
        receivedUntil = max(receivedUntil, received - min(received, later))
        if matched == 0 { receivedBefore = receivedUntil - min(1, receivedUntil) }
        matched &+= 1
        if other.hash != 0, other.hash == packet.hash { hashMatches &+= 1 }
        let delay = max(0, Self.delay(other, packet))
        delays.record(Int64(delay))
        longest = max(longest, UInt32(delay))
    }

    /// `reports` is what RTCP says of the outgoing stream.
    func snapshot(_ reports: RTCPSource?) -> RTPLegSnapshot {
        let since = receivedUntil - min(receivedUntil, receivedBefore)
        var result = RTPLegSnapshot(flow: incoming.state.flow, source: incoming.state.source)
        result.isHashed = hashMatches * 10 >= matched * 9 && matched > 0
        result.lostIn = incoming.state.sequence.lost
        result.lostInBox = since - min(since, matched)
        if let reported = reports?.lastLost {
            // Gaps that were sent on as they came are no loss of this leg.
            result.lostOut = UInt64(max(0, reported)) - min(UInt64(max(0, reported)), outgoing.state.sequence.lost)
        }
        if let p50 = delays.quantile(0.5), let p95 = delays.quantile(0.95) {
            result.delay = CallLegDelay(
                p50: p50 * 1_000, p95: p95 * 1_000, maximum: Int64(longest) * 1_000)
        }
        result.confidence = (result.isHashed ? 0.99 : 0.9) * share
        return result
    }
}

/// Streams that may be forwarded ones, and those that may be what they carry on. Bounded: the oldest goes first.
struct RTPLegTable: ~Copyable {
    static let capacity = 1_024
    /// Pairs compared in a second of capture time.
    private static let mostCompared = 512
    /// A stream is looked at once it has so many packets, and a few times more.
    private static let looks: [UInt64] = [96, 192, 384, 1_024, 4_096]

    static let limits = [
        Limit("RTP streams looked at for forwarding", capacity, per: .engine, policy: "the oldest goes"),
        Limit(
            "pairs of streams compared in a second", mostCompared, per: .engine, policy: "the others the next second"),
    ]

    private var streams: [RTPStream] = []
    private var next = 0

    mutating func enter(_ stream: RTPStream) {
        if streams.count == Self.capacity { streams.removeFirst(Self.capacity / 8) }
        streams.append(stream)
    }

    /// Looks for streams that carry others on; about once a second.
    mutating func search(at time: Timestamp) {
        guard streams.count > 1 else { return }
        let living = streams.filter { time - $0.state.lastArrival < .seconds(5) }
        guard living.count > 1 else { return }
        var room = Self.mostCompared
        for offset in living.indices {
            guard room > 0 else { break }
            let stream = living[(next + offset) % living.count]
            guard stream.state.outgoingOf == nil, stream.state.looks < Self.looks.count,
                stream.state.recentPackets.total >= Self.looks[stream.state.looks]
            else { continue }
            stream.state.looks += 1
            room -= living.count
            stream.state.outgoingOf = RTPLeg.find(stream, among: living)
        }
        next &+= 1
    }
}
