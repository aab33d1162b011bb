import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// The RTP streams of one flow, and its RTCP where both share it (RFC 5761).
///
/// Nothing in a datagram proves that it is RTP. A source is believed by how its packets follow each other: three of them,
/// numbers 1 to 16 apart, timestamps no further than five seconds of video (handbook 7.1; RFC 3550 appendix A.1 asks for
/// two in a row). Once a stream is proven, or STUN or DTLS spoke on the same ports, two packets prove another. A source
/// counts from its first packet on; what is not proven is in no report.
package struct RTPFlowTracker: ~Copyable {
    package static let streamCapacity = 64
    /// Sources on trial at once: each begins with a packet that could be anything.
    private static let trials = 8
    /// Own: datagrams that look like RTP by their first bits and lead to no stream, before a flow is given up.
    private static let patience = 96

    // What each packet asks comes first.

    private(set) var streams = RTPStreamList()
    private var transportStream = CarriedTransportStream()
    package private(set) var inherited: Inheritance?
    /// STUN, DTLS or signalling said that media is to be expected on these ports.
    package var isExpected = false
    /// Keys were agreed on for the media (DTLS-SRTP, SDES).
    package private(set) var isProtected = false
    /// Keys of proven streams, in the order of their first packets.
    private(set) var proven: [UInt64] = []
    private var onTrial: [Trial] = []
    private var misses = 0
    package private(set) var evicted: UInt64 = 0
    package var rtcp: RTCPTracker
    let hosts: HostPair
    /// Codecs by payload type, as signalling names them.
    private var signalled: [UInt8: (codec: RTPCodec, rate: Int)] = [:]
    /// Payload types of FlexFEC, as signalling names them.
    private(set) var signalledParity: [UInt8] = []
    /// Header extensions by number, as signalling names them.
    private(set) var extensionNames: [UInt8: String] = [:]
    private(set) var transports = BothDirections(client: RTPTransport(), server: RTPTransport())

    private struct Trial {
        var key: UInt64
        var last: RTPHeader
        var matches = 0
    }

    /// The flow, by the number of the frame that opened it: by this a stream knows where it is.
    package let number: UInt64

    /// A stream moved here from another flow, whose keys hold on.
    package struct Inheritance: Equatable, Sendable {
        package var flow: UInt64
        /// The client of that flow is the server of this one.
        package var isReversed: Bool
    }
    private var ends: BothDirections<Endpoint>

    package init(
        _ flow: UInt64, between hosts: HostPair,
        ends: BothDirections<Endpoint> = BothDirections(client: .unspecified, server: .unspecified)
    ) {
        self.ends = ends
        number = flow
        self.hosts = hosts
        rtcp = RTCPTracker(between: hosts)
    }

    /// Keys were agreed on, or the payloads are as random as with keys.
    package var looksProtected: Bool {
        isProtected || (hasStreams && proven.allSatisfy { streams[$0]?.state.isEncrypted == true })
    }

    /// The media will be needed soon, as far as packets of most streams go.
    @inline(__always)
    package func prefetch() { streams.likelyPlace?.prefetch() }

    package var hasStreams: Bool { !proven.isEmpty }
    package var hasRTCP: Bool { rtcp.packets > 0 }
    /// The flow has shown nothing but datagrams that only look like RTP.
    package var isOver: Bool { misses >= Self.patience && proven.isEmpty && !isExpected }

    /// What a stream takes with its memory of packets.
    private static let streamBytes = RTPRecentPackets.capacity * MemoryLayout<RTPRecentPackets.Packet>.stride + 6_144

    /// Memory of the flow's streams, those on trial among them.
    package var heldBytes: Int { streams.count * Self.streamBytes }

    package static let limits = [
        Limit("RTP streams of a flow", streamCapacity, per: .flow, policy: "more are not followed"),
        Limit("RTP sources on trial", trials, per: .flow, policy: "the oldest goes"),
        Limit(
            "RTP packets remembered", RTPRecentPackets.capacity, per: .stream,
            policy: "the oldest goes: older ones are not known again"),
        Limit("RTP holes that may be filled", RTPHoles.capacity, per: .stream, policy: "the oldest goes, counted"),
        Limit("RTCP report blocks kept", RTCPTracker.reportCapacity, per: .flow, policy: "the oldest goes"),
    ]

    package mutating func protect() {
        guard !isProtected else { return }
        isProtected = true
        isExpected = true
        for stream in streams.all { stream.state.isEncrypted = true }
    }

    /// A datagram whose first two bits are RTP's version. True when it belongs to a stream, or may still do so.
    ///
    /// `opened` is what its keys opened: the payload of an SRTP packet, or the RTCP packets of an SRTCP packet.
    package mutating func observe(
        _ packet: RawSpan, wireLength: Int, opened: RawSpan? = nil, tables: inout MediaTables, _ now: inout Observation
    ) -> Bool {
        guard wireLength >= packet.byteCount else { return false }
        if RTCPTracker.canBegin(packet) {
            guard isProtected || isExpected || hasStreams || rtcp.packets > 0 || isPlainRTCP(packet, wireLength)
            else {
                misses += 1
                return false
            }
            rtcp.observe(
                packet, wireLength: wireLength, opened: opened, isProtected: isProtected, sources: &tables.sources, now)
            return true
        }
        var reader = ByteReader(packet)
        guard let header = try? RTPHeader(decoding: &reader), header.length <= wireLength else {
            misses += 1
            return false
        }
        let key = Self.key(header.source, now.direction)
        transportStream.carry(header, of: key, in: packet, &now)
        if let place = streams.provenPlace(key) {
            if place.state.isPlain {
                takePlain(place, header, packet, wireLength, opened, &tables, &now)
            } else if let stream = streams[key] {
                take(stream, header, packet, wireLength, opened, &tables, &now)
            }
            return true
        }
        return observeTrial(key, header, packet, wireLength, opened, &tables, &now)
    }

    /// Before anything else speaks for it, only a whole compound that begins with a report is RTCP (RFC 3550 section 6.1).
    private func isPlainRTCP(_ packet: RawSpan, _ wireLength: Int) -> Bool {
        var reader = ByteReader(packet)
        guard let header = try? RTCPHeader(decoding: &reader),
            header.type == .senderReport || header.type == .receiverReport
        else { return false }
        let blocks = Int(header.count) * RTCPReportBlock.length
        let fixed = header.type == .senderReport ? 28 : 8
        return header.length >= fixed + blocks && packet.byteCount == wireLength && RTCPPackets.fill(packet)
    }

    static func key(_ source: UInt32, _ direction: Direction) -> UInt64 {
        UInt64(source) << 1 | (direction == .fromClient ? 0 : 1)
    }

    private mutating func observeTrial(
        _ key: UInt64, _ header: RTPHeader, _ packet: RawSpan, _ wireLength: Int, _ opened: RawSpan?,
        _ tables: inout MediaTables, _ now: inout Observation
    ) -> Bool {
        let time = now.time
        let direction = now.direction
        guard let index = onTrial.firstIndex(where: { $0.key == key }) else {
            if let moved = tables.streams.continued(by: header, at: time), proven.count < Self.streamCapacity {
                if inherited == nil {
                    inherited = Inheritance(flow: moved.state.flow, isReversed: moved.state.from != direction)
                }
                moved.state.move(to: number, from: direction)
                streams[key] = moved
                proven.append(key)
                if moved.state.isEncrypted == true { protect() }
                take(moved, header, packet, wireLength, opened, &tables, &now)
                return true
            }
            misses += 1
            guard !isOver, proven.count < Self.streamCapacity else { return false }
            if onTrial.count == Self.trials { streams[onTrial.removeFirst().key] = nil }
            onTrial.append(Trial(key: key, last: header))
            let stream = newStream(header, from: direction, at: time)
            stream.state.isEncrypted = isProtected ? true : nil
            streams[key] = stream
            take(stream, header, packet, wireLength, opened, &tables, &now)
            return true
        }
        guard let stream = streams[key] else { return false }
        let step = header.sequence &- onTrial[index].last.sequence
        let advance = header.timestamp.distance(after: onTrial[index].last.timestamp)
        // Five seconds of 90 kHz, either way: timestamps may go back (B-frames).
        if (1...16).contains(step), abs(Int64(advance)) <= 450_000 {
            onTrial[index].matches += 1
        } else if step != 0 {
            misses += 1
            // Numbers that leap about are no stream's; a trial begins anew with this packet.
            onTrial[index].matches = 0
            onTrial[index].last = header
            if isExpected || hasStreams {
                // Among other streams it may still be one that seldom speaks (RFC 4588).
                take(stream, header, packet, wireLength, opened, &tables, &now)
                if stream.state.pairing.isCertain, proven.count < Self.streamCapacity {
                    prove(stream, key, header, &tables, &now)
                }
                return true
            }
            let fresh = newStream(header, from: direction, at: time)
            fresh.state.isEncrypted = isProtected ? true : nil
            streams[key] = fresh
            take(fresh, header, packet, wireLength, opened, &tables, &now)
            return true
        }
        if step != 0 { onTrial[index].last = header }
        if onTrial[index].matches >= (isExpected || hasStreams ? 1 : 2), proven.count < Self.streamCapacity {
            prove(stream, key, header, &tables, &now)
        }
        take(stream, header, packet, wireLength, opened, &tables, &now)
        return true
    }

    private func newStream(_ header: RTPHeader, from direction: Direction, at time: Timestamp) -> RTPStream {
        RTPStream(
            RTPStreamState(
                header, in: number, from: direction, sender: ends[direction], receiver: ends[direction.reversed],
                at: time))
    }

    private mutating func prove(
        _ stream: RTPStream, _ key: UInt64, _ header: RTPHeader, _ tables: inout MediaTables,
        _ now: inout Observation
    ) {
        stream.state.isProven = true
        onTrial.removeAll { $0.key == key }
        proven.append(key)
        tables.streams.enter(stream)
        tables.legs.enter(stream)
        now.tell(.rtpStart(source: stream.state.source, from: stream.state.from, payloadType: header.payloadType))
        if stream.state.beganWithKeyFrame { now.tell(.keyFrame(source: stream.state.source, from: stream.state.from)) }
    }

    /// A packet of a stream that has nothing to do with others.
    @inline(__always)
    private mutating func takePlain(
        _ place: RTPStreamPlace, _ header: RTPHeader, _ packet: RawSpan, _ wireLength: Int, _ opened: RawSpan?,
        _ tables: inout MediaTables, _ now: inout Observation
    ) {
        if header.payloadType != place.state.newestType { noteSignalled(header.payloadType, place) }
        let findings = place.state.observe(header, packet: packet, wireLength: wireLength, opened: opened, at: now.time)
        if findings.isBehind, !place.state.isRepaired {
            tables.sources.facts(of: place.state.source, between: hosts)?.noteAnswer(header.sequence, at: now.time)
        }
        if place.state.extensions.tellsOfPath { observePath(of: place, at: now.time) }
        if findings.isKeyFrame || findings.hasLosses { tell(findings, of: place, &now) }
    }

    @inline(never)
    private func tell(_ findings: RTPStreamState.Findings, of place: RTPStreamPlace, _ now: inout Observation) {
        let (source, from) = (place.state.source, place.state.from)
        for missing in findings.hasLosses ? place.state.losses : [] {
            now.tell(.rtpLoss(source: source, from: from, packets: missing))
        }
        if findings.isKeyFrame { now.tell(.keyFrame(source: source, from: from)) }
    }

    /// Signalling may name the codec of a type that is new in the stream.
    private func noteSignalled(_ payloadType: UInt8, _ place: RTPStreamPlace) {
        guard !signalled.isEmpty, !place.state.payloadTypes.contains(payloadType), let known = signalled[payloadType]
        else { return }
        place.state.note(rate: known.rate, codec: known.codec, origin: .signalled)
    }

    private mutating func take(
        _ stream: RTPStream, _ header: RTPHeader, _ packet: RawSpan, _ wireLength: Int, _ opened: RawSpan?,
        _ tables: inout MediaTables, _ now: inout Observation
    ) {
        let time = now.time
        noteSignalled(header.payloadType, stream.place)
        let findings = stream.state.observe(header, packet: packet, wireLength: wireLength, opened: opened, at: time)
        if !stream.state.flexFEC.isOver { protect(stream, header, packet, wireLength, opened, at: time) }
        if findings.isOutOfOrder, let protector = stream.state.protector { recover(with: protector, at: time) }
        if findings.isBehind, !stream.state.isRepaired {
            tables.sources.facts(of: stream.state.source, between: hosts)?.noteAnswer(header.sequence, at: time)
        }
        pair(stream, header, packet, wireLength, opened, tables, at: time)
        if stream.state.extensions.tellsOfPath { observePath(of: stream.place, at: time) }
        if !stream.state.isProven, findings.isKeyFrame { stream.state.beganWithKeyFrame = true }
        stream.state.judgePlainness()
        guard stream.state.isProven, !stream.state.isRepair else { return }
        if findings.isKeyFrame || findings.hasLosses { tell(findings, of: stream.place, &now) }
    }

    private mutating func observePath(of stream: RTPStreamPlace, at time: Timestamp) {
        let (sequence, sent) = (stream.state.extensions.transportSequence, stream.state.extensions.sendTime)
        switch stream.state.from {
        case .fromClient: transports.client.observe(sequence, sent, at: time)
        case .fromServer: transports.server.observe(sequence, sent, at: time)
        }
    }

    /// A packet that may repeat one of another stream (RFC 4588).
    private mutating func pair(
        _ stream: RTPStream, _ header: RTPHeader, _ packet: RawSpan, _ wireLength: Int, _ opened: RawSpan?,
        _ tables: borrowing MediaTables, at time: Timestamp
    ) {
        let payload = wireLength - header.length
        // Padding repeats nothing, and its timestamp is the moment's or none.
        guard !header.hasPadding || header.isMarked || payload > RTPStreamState.largestPadding else {
            if stream.state.repeats != nil { stream.state.probes += 1 }
            return
        }
        if let original = stream.state.repeats {
            guard let other = streams[Self.key(original, stream.state.from)] else { return }
            let facts = tables.sources.facts(of: original, between: hosts)
            let named = stream.state.namedOriginal(header, packet, opened)
            let (number, wasMissing) = other.state.repair(
                timestamp: header.timestamp, payload: payload, named: named,
                isAsked: { facts?.awaits($0) ?? false }, at: time)
            let wasAsked = number.flatMap { facts?.noteAnswer($0, at: time) } ?? false
            if wasMissing {
                stream.state.repairs += 1
            } else if wasAsked {
                stream.state.requested += 1
            } else {
                stream.state.probes += 1
            }
            return
        }
        guard !stream.state.pairing.isOver, !stream.state.flexFEC.isLikely else { return }
        let found = original(of: stream, timestamp: header.timestamp, payload: payload)
        if let found {
            var filled: UInt16?
            if found.match == .missing {
                let (number, wasMissing) = found.original.state.repair(
                    timestamp: header.timestamp, payload: payload, named: nil, isAsked: { _ in false }, at: time)
                if wasMissing { filled = number }
            }
            if let filled {
                stream.state.repairs += 1
                stream.state.pairing.noteFilled(filled, of: found.original.state.source)
            } else {
                stream.state.probes += 1
            }
        }
        let original = stream.state.pairing.observe(found?.original.state.source, isExact: found?.match != .sameTime)
        if let original {
            stream.state.repeats = original
            streams[Self.key(original, stream.state.from)]?.state.isRepaired = true
        }
        guard stream.state.pairing.isOver else { return }
        // A stream of its own that shares timestamps with another filled none of its gaps.
        for gap in stream.state.pairing.takeBack(but: original) {
            stream.state.repairs -= 1
            streams[Self.key(gap.source, stream.state.from)]?.state.takeBackRepair(gap.number)
        }
    }

    /// The first stream, those proven before those on trial, of which a packet may be repeated by this one.
    private func original(
        of stream: RTPStream, timestamp: UInt32, payload: Int
    ) -> (original: RTPStream, match: RTPStreamState.Match)? {
        for index in 0..<(proven.count + onTrial.count) {
            let key = index < proven.count ? proven[index] : onTrial[index - proven.count].key
            guard let other = streams[key], other !== stream, other.state.from == stream.state.from,
                !other.state.isRepair,
                let match = other.state.match(timestamp: timestamp, payload: payload)
            else { continue }
            return (other, match)
        }
        return nil
    }

    /// Signalling describes media of these ports.
    package mutating func expect(_ description: MediaDescription) {
        isExpected = true
        if description.isProtected { protect() }
        for codec in description.codecs { expect(codec.payloadType, codec.name, codec.clockRate) }
    }

    /// Signalling describes an end of these ports.
    package mutating func expect(_ end: CallEndDescription) {
        isExpected = true
        for codec in end.codecs { expect(codec.payloadType, codec.name, codec.clockRate) }
        for one in end.extensions { extensionNames[one.identifier] = one.name }
    }

    private mutating func expect(_ payloadType: UInt8, _ name: String, _ clockRate: Int) {
        if FlexFECStream.isName(name), !signalledParity.contains(payloadType), signalledParity.count < 8 {
            signalledParity.append(payloadType)
        }
        // Tones and comfort noise come on the source of the speech, and repeats have no codec of their own.
        guard let known = RTPCodec(encodingName: name), known != .telephoneEvent, known != .cn else { return }
        signalled[payloadType] = (known, clockRate)
        note(payloadType: payloadType, codec: name, clockRate: clockRate)
    }

    /// Signalling names the payload type of streams here.
    package mutating func note(payloadType: UInt8, codec: String, clockRate: Int) {
        for stream in streams.all where stream.state.payloadTypes.contains(payloadType) {
            stream.state.note(rate: clockRate, codec: RTPCodec(encodingName: codec), origin: .signalled)
        }
    }

    package func clockRate(of source: UInt32) -> Int? {
        for direction in Direction.allCases {
            if let stream = streams[Self.key(source, direction)], stream.state.isProven {
                return stream.state.clock.rate
            }
        }
        return nil
    }

    /// Client and server were taken for each other.
    package mutating func exchangeEnds() {
        for stream in streams.all where stream.state.flow == number { stream.state.exchangeEnds() }
        streams.exchangeEnds()
        for index in proven.indices { proven[index] ^= 1 }
        transportStream.exchangeEnds()
        for index in onTrial.indices { onTrial[index].key ^= 1 }
        ends = BothDirections(client: ends.server, server: ends.client)
        inherited?.isReversed.toggle()
        (transports.client, transports.server) = (transports.server, transports.client)
        rtcp.exchangeEnds()
    }
}
