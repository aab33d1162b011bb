import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What is known of one RTP stream, changed in place packet by packet.
struct RTPStreamState: ~Copyable {
    /// As much as padding can be (RFC 3550 section 5.1), and the longest tag (RFC 7714 section 11).
    static let largestPadding = 255 + 16

    /// What a packet told, for the flow.
    struct Findings {
        /// Gaps stayed open: `losses` says which.
        var hasLosses = false
        var isKeyFrame = false
        /// Numbers before this one are missing, or it came after higher ones.
        var isOutOfOrder = false
        /// Its number was missing, or had come before.
        var isBehind = false
    }

    // In the order of use: what each packet changes, what each packet of sound, of pictures or in clear changes, and what few
    // packets do (decision 0370).

    let source: UInt32
    private var lastTimestamp: UInt32 = 0
    private(set) var end: Timestamp
    private(set) var bytes: UInt64 = 0
    private(set) var from: Direction
    /// Payload type of the packet before.
    private(set) var newestType: UInt8 = .max
    /// It repeats and protects no other stream for certain, and none protects it: its packets are nobody's business but its own.
    private(set) var isPlain = false
    /// nil: nothing says it.
    var isEncrypted: Bool?
    var codec: RTPCodec? { didSet { judgeKind() } }
    /// Video by its clock: nothing else uses 90 kHz in browsers; MPEG transport streams do too and have no frames.
    private(set) var isVideo: Bool?
    private var hasMedia = false
    /// The numbers so far are those of a stream for certain.
    var isProven = false
    /// Payloads are clear, or were opened with their keys.
    private(set) var isReadable = false
    /// When the counts are marked next.
    private var nextMark = Timestamp(nanoseconds: .min)
    /// Another source repeats packets of this one.
    var isRepaired = false
    private(set) var recentPackets = RTPRecentPackets()
    /// The stream that this one carries on, and how often one was looked for.
    var outgoingOf: RTPLeg?
    private(set) var holes = RTPHoles()
    private(set) var clock = RTPClock()
    private(set) var rate = RateMeter()
    private(set) var seconds = RTPSeconds()
    private var transitAnchor: (timestamp: UInt32, time: Timestamp)?
    private var meanTransit: Double?
    private(set) var extensions = RTPExtensionReader()
    private(set) var jitter = RTPJitterMeter()
    private(set) var playout = PlayoutModel()
    private(set) var sequence = RTPSequence()

    /// As far as each packet of most streams goes.
    static var busyBytes: Int { 1_152 }

    private(set) var voice = VoiceQuality()
    private var lateForDecoder: UInt64 = 0
    /// One way, mouth to ear, in milliseconds: half the round trip and what is known behind it.
    var oneWayDelay: Double?

    private(set) var frames = RTPFrameMeter()
    private(set) var keyFrames = RTPKeyFrames()
    private(set) var firstKeyFrame: Timestamp?

    private var redundancy = RTPRedundancy()
    private var guess = RTPCodecGuess()
    private var randomness = RTPRandomness()

    /// Number of the flow that the stream is in now.
    private(set) var flow: UInt64
    private(set) var movedFrom: [UInt64] = []
    let start: Timestamp
    private(set) var payloadTypes: [UInt8] = []
    /// Where the stream comes from and goes to.
    let sender: Endpoint
    let receiver: Endpoint
    var looks = 0
    /// Gaps that the packet at hand showed to stay open, by the packets missing in each.
    private(set) var losses: [Int] = []
    /// Gaps that were told as losses.
    private(set) var gapsTold = 0
    /// Packets without media: padding that only takes sequence numbers.
    private(set) var paddingPackets: UInt64 = 0
    private(set) var fecRecovered = 0
    /// Counts every five seconds, of which the newest two intervals make "recently".
    private var marks: [(time: Timestamp, expected: UInt64, lost: UInt64)] = []

    // As a repeat stream (RFC 4588)
    var repeats: UInt32?
    var pairing = RTPPairing()
    var repairs = 0
    /// Of packets that came here, and that a receiver asked for.
    var requested = 0
    var probes = 0
    /// A key frame began before the stream was proven.
    var beganWithKeyFrame = false
    /// From the packet that showed a gap to the one on another source that filled it.
    private(set) var repairWaits = RoundTripSamples()
    /// What this stream protects of others (RFC 8627), and the stream that protects this one.
    var flexFEC = FlexFECStream()
    var protector: RTPStream? { didSet { isPlain = false } }
    private let depth = AddressOnly()

    /// Nothing holds pictures back. What FlexFEC brings back cannot be seen where it is sealed: a hole holds nobody back then.
    private var isWhole: Bool {
        guard holes.hasUnrepaired else { return true }
        return protector?.state.flexFEC.isReadable == false
    }

    /// It only serves other streams: its packets are no media, its losses nobody's.
    var isRepair: Bool { repeats != nil || flexFEC.isSure }

    init(
        _ header: RTPHeader, in flow: UInt64, from: Direction, sender: Endpoint = .unspecified,
        receiver: Endpoint = .unspecified, at time: Timestamp
    ) {
        self.sender = sender
        self.receiver = receiver
        self.flow = flow
        source = header.source
        self.from = from
        start = time
        end = time
    }

    /// The codec or the clock is another.
    private mutating func judgeKind() {
        if let codec {
            isVideo = codec.isVideo && codec != .mp2t && codec != .mpa
        } else {
            isVideo = clock.rate.map { $0 == 90_000 }
        }
    }

    /// Whether its packets concern other streams, after one that may have decided it.
    mutating func judgePlainness() {
        isPlain = isProven && flexFEC.isOver && pairing.isOver && repeats == nil && protector == nil
    }

    var lastArrival: Timestamp { end }
    var lastMediaTimestamp: UInt32 { lastTimestamp }

    /// The call changed its path: the stream goes on in another flow.
    mutating func move(to flow: UInt64, from: Direction) {
        if movedFrom.count < 16, !movedFrom.contains(self.flow) { movedFrom.append(self.flow) }
        self.flow = flow
        self.from = from
    }

    mutating func exchangeEnds() { from = from.reversed }

    mutating func note(rate: Int, codec: RTPCodec?, origin: RTPClock.Origin) {
        clock.assign(rate, origin: origin)
        jitter.settle(on: rate)
        frames.jitter.settle(on: rate)
        if let codec { self.codec = codec }
        judgeKind()
    }

    /// A packet of this source. `wireLength` is its length on the wire, of which `packet` may be cut short.
    mutating func observe(
        _ header: RTPHeader, packet: RawSpan, wireLength: Int, opened: RawSpan? = nil, at time: Timestamp
    ) -> Findings {
        var findings = Findings()
        recentPackets.prefetchNext()
        playout.prefetchNext()
        if time > end { end = time }
        bytes &+= UInt64(max(0, wireLength))
        rate.record(wireLength, at: time)
        if header.payloadType != newestType { note(payloadType: header.payloadType) }
        let outcome = sequence.observe(header.sequence)
        switch outcome {
        case .next, .first, .suspended: break
        case .gap:
            settle(outcome, header, at: time)
            findings.isOutOfOrder = true
        case .late:
            settle(outcome, header, at: time)
            findings.isOutOfOrder = true
            findings.isBehind = true
        case .duplicate: findings.isBehind = true
        case .restart: settle(outcome, header, at: time)
        }
        if clock.observe(header.timestamp, at: time) { judgeKind() }
        jitter.observe(header.timestamp, at: time)
        if !holes.isEmpty { tellLosses(&findings, at: time) }
        guard outcome != .duplicate else { return findings }
        let payloadLength = max(0, wireLength - header.length)
        if isPadding(header, payloadLength, packet: packet, wireLength: wireLength) {
            paddingPackets &+= 1
        } else {
            observeMedia(header, packet, payloadLength, opened, outcome, at: time, &findings)
        }
        if isWhole { frames.release(at: time) }
        if time >= nextMark { mark(at: time) }
        if codec != nil { judgeVoice(at: time) }
        seconds.observe(expected: sequence.expected, lost: sequence.lost, repaired: holes.repaired, at: time)
        if findings.isKeyFrame {
            seconds.noteKeyFrame()
            firstKeyFrame = firstKeyFrame ?? time
        }
        return findings
    }

    /// The packet has another type than the one before.
    private mutating func note(payloadType: UInt8) {
        newestType = payloadType
        guard !payloadTypes.contains(payloadType), payloadTypes.count < 16 else { return }
        payloadTypes.append(payloadType)
        if clock.origin == nil || clock.origin == .inferred, payloadTypes.count == 1,
            let known = RTPCodec.assigned(to: payloadType)
        {
            note(rate: known.clockRate, codec: known.codec, origin: .assigned)
        }
    }

    private mutating func tellLosses(_ findings: inout Findings, at time: Timestamp) {
        if !losses.isEmpty { losses.removeAll(keepingCapacity: true) }
        holes.settle(at: time) { losses.append($0) }
        gapsTold += losses.count
        findings.hasLosses = !losses.isEmpty
    }

    private mutating func settle(_ outcome: RTPSequence.Outcome, _ header: RTPHeader, at time: Timestamp) {
        switch outcome {
        case .gap(let count):
            holes.open(
                count, before: sequence.highest, between: lastTimestamp, and: header.timestamp, at: time)
        case .late: holes.fill(sequence.extended(header.sequence))
        case .restart:
            holes.removeAll()
            clock.interrupt()
            jitter.interrupt()
            frames.interrupt()
            playout.interrupt()
        case .first, .next, .duplicate, .suspended: break
        }
    }

    /// Nothing but padding. In SRTP the count is encrypted: then as much as padding can be, without a marker. A count that does not fit is such a one, whether or not anything else said that the payload is protected.
    func isPadding(_ header: RTPHeader, _ payload: Int, packet: RawSpan, wireLength: Int) -> Bool {
        guard header.hasPadding else { return payload == 0 }
        let clear = isEncrypted == true ? nil : header.payloadLength(of: packet, wireLength: wireLength)
        if let clear { return clear == 0 }
        return !header.isMarked && payload <= Self.largestPadding
    }

    private mutating func observeMedia(
        _ header: RTPHeader, _ packet: RawSpan, _ payloadLength: Int, _ opened: RawSpan?,
        _ outcome: RTPSequence.Outcome, at time: Timestamp, _ findings: inout Findings
    ) {
        let isClear = opened == nil && isEncrypted != true && header.length < packet.byteCount
        var hash: UInt32 = 0
        if let opened {
            hash = RTPRecentPackets.hash(opened)
        } else if isClear {
            hash = RTPRecentPackets.hash(packet.extracting(header.length..<packet.byteCount))
        }
        remember(header, payloadLength, hash: hash, at: time)
        defer {
            if header.timestamp.isAfter(lastTimestamp) || !hasMedia { lastTimestamp = header.timestamp }
            hasMedia = true
        }
        var isFrameStart = false
        if isVideo != false {
            isFrameStart = frames.observe(
                header.timestamp, bytes: payloadLength, isMarked: header.isMarked, isWhole: isWhole,
                at: time)
        }
        noteTransit(header, isFirst: isFrameStart || isVideo == false, at: time)
        extensions.observe(header, packet: packet, isFrameStart: isFrameStart, at: time)
        if extensions.isKeyFrameStart { findings.isKeyFrame = true }
        if let opened {
            isReadable = true
            observeClear(header, opened, at: time, &findings)
        } else if isClear {
            let payload = packet.extracting(header.length..<packet.byteCount)
            // Static payload types are sent in clear or named by signalling; of the others only the bytes can tell.
            if isEncrypted == nil, codec == nil, !randomness.isOver, header.payloadType >= 35 {
                randomness.observe(payload)
                if randomness.isRandom {
                    isEncrypted = true
                    return
                }
            }
            observeClear(header, payload, at: time, &findings)
        }
        if isVideo == false, case .next = outcome, let transit = clock.transit(of: header.timestamp, at: time),
            let rate = clock.rate
        {
            let media = Double(header.timestamp.distance(after: lastTimestamp)) / Double(rate)
            let isLate = playout.observe(transit, packetTime: min(0.12, max(0, media)), at: time)
            if isLate { lateForDecoder &+= 1 }
        }
    }

    private mutating func observeClear(
        _ header: RTPHeader, _ payload: RawSpan, at time: Timestamp, _ findings: inout Findings
    ) {
        switch redundancy.observe(payload, header) {
        case .packets(let fec)?: recover(fec, at: time)
        case .timestamps(let times)?:
            for one in times where holes.repair(between: one, at: time) != nil { fecRecovered &+= 1 }
        case nil: break
        }
        guard isVideo != false, !redundancy.isParity(header.payloadType) else { return }
        if codec == nil {
            guess.observe(header, payload: payload, at: time)
            if isVideo == true, let found = guess.codec {
                codec = found
                keyFrames = guess.keyFrames
                return
            }
        }
        guard let codec, let facts = RTPPayloadFacts(codec, payload: payload), facts.isStart, facts.isKeyFrame == true
        else { return }
        if keyFrames.observe(header.timestamp, at: time) { findings.isKeyFrame = true }
    }

    /// A FEC packet brings one missing packet back when it is the only one it protects that is missing.
    private mutating func recover(_ fec: ULPFECHeader, at time: Timestamp) {
        var missing: Int64?
        for position in UInt16(0)..<48 where fec.mask >> (47 - UInt64(position)) & 1 == 1 {
            let number = sequence.extended(fec.sequenceBase &+ position)
            guard !sequence.isSeen(number) else { continue }
            guard missing == nil else { return }
            missing = number
        }
        if let missing, holes.repair(number: missing, at: time) != nil { fecRecovered &+= 1 }
    }

    private mutating func remember(_ header: RTPHeader, _ payloadLength: Int, hash: UInt32, at time: Timestamp) {
        let packet = RTPRecentPackets.Packet(
            timestamp: header.timestamp, arrival: RTPRecentPackets.micros(time),
            hash: hash, sequence: header.sequence,
            payload: UInt16(clamping: payloadLength), header: UInt8(clamping: header.length), isMarked: header.isMarked)
        recentPackets.append(packet)
        outgoingOf?.observe(packet)
    }

    /// What a packet on another source may repeat of this stream.
    enum Match {
        /// A packet there has not come, or one of that size has, or only the time is the same.
        case missing, known, sameTime
    }

    /// A packet of `timestamp` whose payload holds two bytes more than an original of this stream, or one that is missing.
    func match(timestamp: UInt32, payload: Int) -> Match? {
        let original = payload - 2
        var isNear = false
        var isKnown = false
        for packet in recentPackets.packets where packet.timestamp == timestamp {
            isNear = true
            if Int(packet.payload) == original { isKnown = true }
        }
        let isMissing = holes.open.contains { hole in
            !hole.isRepaired && timestamp.isAtOrAfter(hole.before) && hole.after.isAtOrAfter(timestamp)
        }
        // A missing packet of the same picture, or between two that came.
        if isMissing, isNear || timestamp.distance(after: lastTimestamp) < 90_000 * 2 { return .missing }
        return isKnown ? .known : isNear ? .sameTime : nil
    }

    /// A packet on another source repeats one of this stream: its number where that can be told, and whether it was missing.
    ///
    /// `named` is the number that stands before a payload that can be read (RFC 4588 section 4). `isAsked` tells numbers that a
    /// receiver asked for: of several packets of one time and size the one that was asked for is meant.
    mutating func repair(
        timestamp: UInt32, payload: Int, named: UInt16?, isAsked: (UInt16) -> Bool, at time: Timestamp
    ) -> (number: UInt16?, wasMissing: Bool) {
        if let named, let known = recentPackets.packet(named), known.timestamp == timestamp { return (named, false) }
        if let named, let hole = holes.repair(number: sequence.extended(named), at: time) {
            noteRepair(of: hole, at: time)
            return (named, true)
        }
        if let hole = holes.repair(timestamp: timestamp, at: time) {
            noteRepair(of: hole, at: time)
            return (UInt16(truncatingIfNeeded: hole.number), true)
        }
        let known = recentPackets.packets.first { packet in
            packet.timestamp == timestamp && Int(packet.payload) == payload - 2 && isAsked(packet.sequence)
        }
        return (known?.sequence, false)
    }

    /// The source that seemed to repeat this packet repeats nothing.
    mutating func takeBackRepair(_ number: UInt16) { holes.takeBack(sequence.extended(number)) }

    private mutating func noteRepair(of hole: RTPHoles.Hole, at time: Timestamp) {
        repairWaits.record(time - hole.displayed, at: time)
        if isWhole { frames.release(at: time) }
    }

    /// The packet with this number came, or was brought back.
    func isKnown(_ number: Int64) -> Bool { sequence.isSeen(number) || holes.isRepaired(number) }

    /// A FlexFEC packet brings the packet with this number back.
    mutating func recover(_ number: Int64, at time: Timestamp) -> Bool {
        guard holes.repair(number: number, at: time) != nil else { return false }
        fecRecovered &+= 1
        // What brings it back is being changed, and is not asked whether it can be read: it can.
        if !holes.hasUnrepaired { frames.release(at: time) }
        return true
    }

    private static let markInterval: Nanoseconds = .seconds(5)

    private mutating func mark(at time: Timestamp) {
        nextMark = time + Self.markInterval
        if marks.count == 3 { marks.removeFirst() }
        marks.append((time, sequence.expected, sequence.lost - min(sequence.lost, holes.repaired)))
    }

    /// Packets expected and lost for the decoder in the last five to ten seconds.
    var recent: RTPRecentLoss? {
        guard marks.count > 1, let first = marks.first else { return nil }
        let lost = sequence.lost - min(sequence.lost, holes.repaired)
        return RTPRecentLoss(
            expected: sequence.expected - min(sequence.expected, first.expected), lost: lost - min(lost, first.lost))
    }

    /// When the media of `timestamp` passed the tap, or would have, by the mean transit of the newest packets; nil without a clock.
    func expectedArrival(of timestamp: UInt32) -> Timestamp? {
        guard let rate = clock.rate, let anchor = transitAnchor, let mean = meanTransit else { return nil }
        let media = Double(timestamp.distance(after: anchor.timestamp)) / Double(rate)
        return anchor.time + Nanoseconds((media + mean) * 1e9)
    }

    /// Arrival less media time from the anchor on, smoothed over some sixteen pictures or packets of sound.
    private mutating func noteTransit(_ header: RTPHeader, isFirst: Bool, at time: Timestamp) {
        guard isFirst, let rate = clock.rate else { return }
        guard let anchor = transitAnchor, abs(Int64(header.timestamp.distance(after: anchor.timestamp))) < 1 << 30
        else {
            transitAnchor = (header.timestamp, time)
            meanTransit = 0
            return
        }
        let media = Double(header.timestamp.distance(after: anchor.timestamp)) / Double(rate)
        let transit = (time - anchor.time).seconds - media
        meanTransit = (meanTransit ?? transit) + (transit - (meanTransit ?? transit)) / 16
    }

    private mutating func judgeVoice(at time: Timestamp) {
        guard let quality = voiceCodec else { return }
        let lost = sequence.lost - min(sequence.lost, holes.repaired)
        voice.observe(
            quality, expected: sequence.expected, lost: lost &+ lateForDecoder,
            bursts: gapsTold,
            oneWay: oneWayDelay.map { $0 + (playout.target ?? 0) * 1000 + 25 }, at: time)
    }

    private var voiceCodec: VoiceQuality.Codec? {
        switch codec {
        case .pcmu, .pcma: .g711
        case .g729: .g729
        case .opus: .opus
        default: nil
        }
    }

    /// What repairs the stream from within it, by payloads that can be read.
    var fec: (kind: RTPForwardErrorCorrectionSnapshot.Kind, packets: UInt64, bytes: UInt64)? {
        guard isEncrypted != true || isReadable else { return nil }
        if let parity = redundancy.parity { return (.ulpfec, parity.packets, parity.bytes) }
        return redundancy.repetition.map { (.red, $0.packets, $0.bytes) }
    }
}
