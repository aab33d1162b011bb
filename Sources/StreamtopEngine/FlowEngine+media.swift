import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// Media and data channels: what shares a UDP port with STUN and DTLS, and SCTP over IP.
extension FlowEngine {
    /// RTP keeps away from system ports and from name resolution; where STUN or DTLS spoke, ports mean nothing (nDPI leaves
    /// the same ports out).
    func mayCarryMedia(_ position: UInt32) -> Bool {
        let stack = flows[position].layers
        if stack != FlowEntry.none, trackers.stacks[stack].count > 1 { return true }
        let key = flows[position].key
        return Self.mayCarryMedia(key.low.port) && Self.mayCarryMedia(key.high.port)
    }

    private static func mayCarryMedia(_ port: UInt16) -> Bool { port >= 1_024 && port != 5_353 && port != 5_355 }

    /// Where media were found and neither QUIC nor SRT nor SCTP, no other reader can want the datagram: it begins as RTP does, not as
    /// RTCP, and with nothing that QUIC or SRT begin with. Most of a call are such, and all questions that a datagram of anything is
    /// asked cost more than the media themselves (decision 0370).
    @inline(__always)
    static func canBeMediaAlone(_ payload: RawSpan) -> Bool {
        guard let start = ByteReader(payload).peekUInt64() else { return false }
        let word = UInt32(truncatingIfNeeded: start >> 32)
        // Version 2; a QUIC end that negotiates has zeros for a version, Google's is a letter where RTCP's types are.
        guard word >> 30 == 2, word >> 21 & 3 != 2, start >> 24 & 0xffff_ffff != 0 else { return false }
        return word != 0x8000_0000 && word != 0x8002_0000
    }

    /// A datagram of media that were found before, for the reader at `index` of its slab.
    @inline(__always)
    mutating func observeKnownMedia(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ index: UInt32, _ payload: RawSpan, direction: Direction,
        at time: Timestamp
    ) {
        let wireLength = frame.payloadLength
        observation.roundTrip = BothDirections(client: nil, server: nil)
        observation.hopLimit = frame.hopLimit
        observation.begin(from: direction, at: time)
        let isSettled =
            trackers.observeMedia(
                flows[position].layers, index, payload, wireLength: wireLength, &observation)
            && observation.deliveries.isEmpty && ascent.closing == nil
        if !isSettled || !observation.events.isEmpty { conclude(position, payload, wireLength: wireLength, at: time) }
    }

    /// The media told something, hand something up, or hold more than before.
    @inline(never)
    private mutating func conclude(_ position: UInt32, _ payload: RawSpan, wireLength: Int, at time: Timestamp) {
        if !observation.deliveries.isEmpty, let depth = trackers.stacks[flows[position].layers].above(0, .rtp) {
            observation.cutBytes = max(0, wireLength - payload.byteCount)
            climb(position, from: depth, payload: payload)
            observation.cutBytes = 0
        }
        conclude(position, at: time)
        chargeMemory(of: position)
    }

    /// A datagram that begins as RTP and RTCP do, for the layer at `depth`.
    mutating func observeMedia(
        _ position: UInt32, _ depth: Int, _ payload: RawSpan, wireLength: Int, direction: Direction, at time: Timestamp
    ) {
        observation.begin(from: direction, at: time)
        let stack = flows[position].layers
        let index = trackers.stacks[stack][depth].index
        _ = trackers.observeMedia(stack, index, payload, wireLength: wireLength, &observation)
        if !observation.deliveries.isEmpty { climb(position, from: depth, payload: payload) }
        conclude(position, at: time)
    }

    /// A packet of SCTP over IP; the payload is what comes behind the common header.
    mutating func observeSCTP(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        if flows[position].layers == FlowEntry.none {
            flows[position].layers = trackers.stacks.insert(
                LayerStack(.sctp, index: trackers.sctp.insert(SCTPAssociationTracker())))
        }
        observation.begin(from: direction, at: time)
        let index = trackers.stacks[flows[position].layers][0].index
        trackers.sctp[index].observe(chunks: frame.payload(in: bytes), &observation)
        conclude(position, at: time)
    }
}

extension TrackerStore {
    /// Gives a datagram to a flow's media; `wireLength` is its length on the wire. True where the flow holds as much as before.
    mutating func observeMedia(
        _ stack: UInt32, _ index: UInt32, _ payload: RawSpan, wireLength: Int, _ now: inout Observation
    ) -> Bool {
        if !rtp[index].isPrepared(media.descriptions.generation) { prepare(stack, index) }
        return rtp[index].observe(payload, wireLength: wireLength, tables: &media, &now)
    }

    /// What others say of the media, and the keys to them.
    @inline(never)
    private mutating func prepare(_ stack: UInt32, _ index: UInt32) {
        if rtp[index].described != media.descriptions.generation {
            let checks = stacks[stack].index(of: .stun).map { stun[$0].userNames } ?? []
            rtp[index].describe(by: media.descriptions, checks)
        }
        if !rtp[index].isAlone { prepareMedia(stack, index) }
        if !rtp[index].hasKeys, let from = rtp[index].rtp.inherited { inheritKeys(index, from) }
    }

    /// What STUN and DTLS beside the media say of them.
    private mutating func prepareMedia(_ stack: UInt32, _ index: UInt32) {
        if stacks[stack].index(of: .stun) != nil { rtp[index].rtp.isExpected = true }
        guard let secured = stacks[stack].index(of: .dtls), dtls[secured].protectsMedia else { return }
        rtp[index].rtp.protect()
        let generation = security.secretGeneration
        // The handshake may not be over yet: then the next packet asks again.
        guard rtp[index].wantsKeys(generation) else { return }
        let keys = dtls[secured].mediaKeys(security)
        if let keys {
            mediaKeys.insert(MediaKeys(protection: keys.protection, keys: keys.keys), for: rtp[index].rtp.number)
        }
        rtp[index].take(keys, keys == nil ? nil : generation)
    }

    /// The stream that moved here brings the keys of its flow.
    private mutating func inheritKeys(_ index: UInt32, _ from: RTPFlowTracker.Inheritance) {
        guard let known = mediaKeys[from.flow] else { return }
        let keys = from.isReversed ? known.keys.reversed : known.keys
        rtp[index].take((known.protection, keys), nil)
        // The call may move on from here.
        mediaKeys.insert(MediaKeys(protection: known.protection, keys: keys), for: rtp[index].rtp.number)
    }

    /// A datagram for a flow's STUN; `wireLength` is its length on the wire.
    mutating func observeSTUN(_ index: UInt32, _ datagram: RawSpan, wireLength: Int, _ now: inout Observation) {
        stun[index].observe(datagram, wireLength: wireLength, relayed: &relayed, &now)
    }

    /// A datagram of SIP; `wireLength` is its length on the wire.
    mutating func observeSIP(_ index: UInt32, _ datagram: RawSpan, wireLength: Int, _ now: inout Observation) {
        sip[index].observe(datagram: datagram, wireLength: wireLength, tables: &media, now)
    }

    /// A packet of SCTP with its common header, inside UDP or DTLS.
    mutating func observeSCTP(_ index: UInt32, _ packet: RawSpan, _ now: inout Observation) {
        guard packet.byteCount >= SCTPCommonHeader.length else { return }
        sctp[index].observe(chunks: packet.extracting(SCTPCommonHeader.length..<packet.byteCount), &now)
    }
}

/// Keys of both ends of a flow for its media.
struct MediaKeys: Sendable {
    var protection: SRTPProtection
    var keys: SRTPMasterKeys
}
