import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One SRT connection, by the headers that are clear whether or not its payload is encrypted (draft-sharabayko-srt).
package struct SRTTracker: LayerTracker, ~Copyable {
    /// What a receiver says before it has measured (libsrt: 100 ms, half of it as deviation).
    private static let unmeasured: (trip: UInt32, deviation: UInt32) = (100_000, 50_000)

    private var client = SRTEnd()
    private var server = SRTEnd()
    private var version: UInt32?
    private var hasKeys = false
    private var roundTrip = RoundTripRecord()
    private var hasMeasured = false
    private var lossReports: UInt64 = 0
    private var rejection: UInt32?
    private var isOver = false

    package init() {}

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        guard case .datagram = delivery.content else { return }
        var reader = ByteReader(bytes)
        guard let packet = try? SRTPacket(decoding: &reader) else { return }
        switch packet.content {
        case .data(let sequence, let key, let isRetransmitted):
            if key != 0 { hasKeys = true }
            let isClient = now.direction == .fromClient
            let step =
                isClient
                ? client.observe(sequence, packet.timestamp, isRetransmitted: isRetransmitted, at: now.time)
                : server.observe(sequence, packet.timestamp, isRetransmitted: isRetransmitted, at: now.time)
            deliver(step, key: key, bytes: reader.remaining, &now)
        case .control(let type, let subtype, _): control(type, subtype, &reader, packet, &now)
        }
    }

    /// Hands up what came in order and is clear; what comes again later is in nobody's order any more.
    private func deliver(_ step: SRTEnd.Step, key: UInt8, bytes: Int, _ now: inout Observation) {
        guard key == 0 else { return }
        switch step {
        case .repeated: return
        case .gap(let count): now.deliver(.gap(count))
        case .next: break
        }
        now.deliver(.datagram(DeliveredRange(.payload, start: SRTPacket.headerLength, count: bytes)))
    }

    @_lifetime(reader: copy reader)
    private mutating func control(
        _ type: UInt16, _ subtype: UInt16, _ reader: inout ByteReader, _ packet: SRTPacket, _ now: inout Observation
    ) {
        switch type {
        case SRTPacket.ControlType.handshake:
            guard let handshake = try? SRTHandshake(decoding: &reader) else { return }
            if (1_000..<0x8000_0000).contains(handshake.kind) { rejection = handshake.kind }
            note(handshake.facts, now.direction)
        case SRTPacket.ControlType.extensions:
            var facts = SRTExtensionFacts()
            facts.take(subtype, &reader)
            note(facts, now.direction)
        case SRTPacket.ControlType.acknowledgment:
            // The full form says the round trip; the light one only a number.
            guard reader.remaining >= 12 else { return }
            reader.skip(4)
            let trip = reader.uint32()
            let deviation = reader.uint32()
            if !hasMeasured, (trip, deviation) == Self.unmeasured { return }
            hasMeasured = true
            roundTrip.record(Nanoseconds(trip) * 1_000)
        case SRTPacket.ControlType.lossReport: lossReports &+= 1
        case SRTPacket.ControlType.dropRequest:
            guard reader.remaining >= 8 else { return }
            let first = reader.uint32()
            let last = reader.uint32()
            if now.direction == .fromClient { client.drop(first, last) } else { server.drop(first, last) }
        case SRTPacket.ControlType.shutdown:
            guard !isOver else { return }
            isOver = true
            now.signal(.closed(.closed))
        default: break
        }
    }

    private mutating func note(_ facts: SRTExtensionFacts, _ direction: Direction) {
        if let library = facts.libraryVersion { version = max(version ?? 0, library) }
        if facts.hasKeys { hasKeys = true }
        guard let receiver = facts.receiverDelay, let sender = facts.senderDelay else { return }
        let own = Nanoseconds(receiver) * 1_000_000
        let peers = Nanoseconds(sender) * 1_000_000
        let isClient = direction == .fromClient
        if facts.isResponse {
            // The answer says what both keep to: for its sender as receiver, and for the other end.
            set(latency: own, ofReceiverAt: direction)
            set(latency: peers, ofReceiverAt: direction.reversed)
        } else if (isClient ? server.latency : client.latency) == nil {
            set(latency: own, ofReceiverAt: direction)
            set(latency: peers, ofReceiverAt: direction.reversed)
        }
    }

    /// A latency belongs to the data that the other end sends.
    private mutating func set(latency: Nanoseconds, ofReceiverAt end: Direction) {
        if end == .fromClient { server.latency = latency } else { client.latency = latency }
    }

    package mutating func exchangeEnds() { swap(&client, &server) }

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        flow.protocols.append(ProtocolKind.srt.rawValue)
        var snapshot = SRTSnapshot()
        snapshot.version = version.map { "\($0 >> 16 & 0xff).\($0 >> 8 & 0xff).\($0 & 0xff)" }
        snapshot.isEncrypted = hasKeys
        snapshot.latency = BothDirections(client: server.latency, server: client.latency)
        snapshot.roundTrip = roundTrip.snapshot(.srt)
        snapshot.dataPackets = client.packets &+ server.packets
        snapshot.retransmitted = client.retransmitted &+ server.retransmitted
        snapshot.lost = client.lost &+ server.lost
        snapshot.unrecovered = client.unrecovered &+ server.unrecovered
        snapshot.sender = client.packets >= server.packets ? .fromClient : .fromServer
        if (snapshot.sender == .fromClient ? client.latency : server.latency) != nil {
            snapshot.recovered = client.recovered &+ server.recovered
            snapshot.tooLate = client.tooLate &+ server.tooLate
        }
        snapshot.lossReports = lossReports
        snapshot.rejection = rejection
        flow.srt = snapshot
    }
}

/// One end of an SRT connection as sender of data, as the capture point sees it.
struct SRTEnd: ~Copyable {
    enum Step: Equatable {
        case next
        /// So many numbers are missing before it.
        case gap(UInt64)
        /// It was there, or comes late.
        case repeated
    }

    /// Holes followed at once: a second of 40 Mb/s.
    private static let holeCapacity = 4_096
    /// Own: a larger jump is a new beginning.
    private static let largestGap: Int64 = 65_536
    /// Own: clocks of hosts drift by 100 ppm and less, 3 ms in this time.
    private static let baseWindow: Nanoseconds = .seconds(30)

    private(set) var packets: UInt64 = 0
    private(set) var retransmitted: UInt64 = 0
    private(set) var lost: UInt64 = 0
    private(set) var recovered: UInt64 = 0
    private(set) var tooLate: UInt64 = 0
    /// How long the receiver delays what this end sends, as agreed.
    var latency: Nanoseconds?
    private var numbers = WrappingClock(bits: 31)
    private var times = WrappingClock(bits: 32)
    private var highest: Int64?
    private var holes = BoundedMap<Int64, Bool>(capacity: SRTEnd.holeCapacity)
    /// Capture time less the sender's time: its least is the path without queue.
    private var base = WindowedMinimum()

    /// Numbers that never came, dropped ones included.
    var unrecovered: UInt64 { lost &- recovered &- tooLate }

    mutating func observe(
        _ sequence: UInt32, _ timestamp: UInt32, isRetransmitted: Bool, at time: Timestamp
    ) -> Step {
        packets &+= 1
        if isRetransmitted { retransmitted &+= 1 }
        let number = numbers.extend(UInt64(sequence))
        // Timestamps that leap on and on pass any range: nothing traps, and what comes of them is theirs.
        let sent = times.extend(UInt64(timestamp)) &* 1_000
        let transit = time.nanoseconds &- sent
        if !isRetransmitted { base.record(transit, at: time, window: Self.baseWindow) }
        guard let highest else {
            self.highest = number
            return .next
        }
        if number <= highest {
            guard holes[number] != nil else { return .repeated }
            holes.removeValue(for: number)
            // Its play time: the sender's time, the shortest way, and the latency (section 4.5).
            if let latency, let base = base.value, transit &- base > latency { tooLate &+= 1 } else { recovered &+= 1 }
            return .repeated
        }
        self.highest = number
        let missing = number - highest - 1
        guard missing > 0, missing <= Self.largestGap else { return .next }
        lost &+= UInt64(missing)
        for position in max(highest + 1, number - Int64(Self.holeCapacity))..<number {
            holes.insert(true, for: position)
        }
        return .gap(UInt64(missing))
    }

    /// The sender gives these numbers up.
    mutating func drop(_ first: UInt32, _ last: UInt32) {
        var copy = numbers
        let from = copy.extend(UInt64(first & 0x7fff_ffff))
        let to = copy.extend(UInt64(last & 0x7fff_ffff))
        guard from <= to, to - from <= Self.largestGap else { return }
        for number in from...to { holes.removeValue(for: number) }
    }
}
