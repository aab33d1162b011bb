import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// UDP datagrams: to the layer of their protocol, of which a port may carry several (RFC 7983).
extension FlowEngine {
    /// A UDP datagram of the flow at `position`.
    @inline(__always)
    mutating func observeDatagram(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        let payload = frame.payload(in: bytes)
        let media = flows[position].media
        if media != FlowEntry.none, Self.canBeMediaAlone(payload) {
            return observeKnownMedia(frame, position, media, payload, direction: direction, at: time)
        }
        observeAny(frame, position, payload, bytes: bytes, direction: direction, at: time)
        if !trackers.relayed.isEmpty { routeRelayed(by: position) }
        if flows[position].layers != FlowEntry.none || flows[position].chargedBytes > 0 { chargeMemory(of: position) }
    }

    /// A datagram that may be the first of its protocol in the flow.
    @inline(never)
    private mutating func observeAny(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ payload: RawSpan, bytes: RawSpan, direction: Direction,
        at time: Timestamp
    ) {
        guard frame.payloadLength > 0 else { return }
        // What a stream's carrier has measured says nothing of this flow.
        observation.roundTrip = BothDirections(client: nil, server: nil)
        observation.hopLimit = frame.hopLimit
        let stack = flows[position].layers
        if stack != FlowEntry.none, let depth = trackers.stacks[stack].above(0, .quic) {
            return observeQUIC(frame, position, depth, payload, isNew: false, direction: direction, at: time)
        }
        // Data of SRT begins with any byte: where it was found it stays.
        let isSRT = stack != FlowEntry.none && trackers.stacks[stack].above(0, .srt) != nil
        if !isSRT, QUICProbe(payload) != .none {
            guard let depth = pushOnUDP(.quic, position, at: time) else { return }
            return observeQUIC(frame, position, depth, payload, isNew: true, direction: direction, at: time)
        }
        observeShared(
            payload, wireLength: frame.payloadLength, from: frame.sourceEndpoint, position, direction: direction,
            at: time)
    }

    /// A datagram of one of the protocols that share a port, from a frame or out of a relay.
    mutating func observeShared(
        _ payload: RawSpan, wireLength: Int, from source: Endpoint, _ position: UInt32, direction: Direction,
        at time: Timestamp
    ) {
        let stack = flows[position].layers
        let isSRT = stack != FlowEntry.none && trackers.stacks[stack].above(0, .srt) != nil
        // What else than STUN a relay's client sends, only the relay's reader can tell.
        let relay = stack == FlowEntry.none ? nil : trackers.stacks[stack].above(0, .stun)
        let isRelays =
            relay.map {
                trackers.stun[trackers.stacks[stack][$0].index].accepts(payload, wireLength: wireLength)
            } ?? false
        guard
            let kind = isRelays
                ? .stun : isSRT ? .srt : datagramKind(position, payload, wireLength: wireLength),
            let depth = datagramReader(kind, position, payload, direction, at: time)
        else { return }
        let from = flows[position].direction(from: source)
        observation.cutBytes = max(0, wireLength - payload.byteCount)
        defer { observation.cutBytes = 0 }
        if kind == .rtp {
            return observeMedia(position, depth, payload, wireLength: wireLength, direction: from, at: time)
        }
        observation.begin(from: from, at: time)
        if kind == .sip {
            trackers.observeSIP(
                trackers.stacks[flows[position].layers][depth].index, payload, wireLength: wireLength, &observation)
            return conclude(position, at: time)
        }
        if kind == .stun {
            return observeSTUN(
                payload, wireLength: wireLength, from: source, position, depth, direction: from, at: time)
        }
        let delivery = Delivery(
            direction: from, time: time,
            content: .datagram(DeliveredRange(.payload, start: 0, count: payload.byteCount)))
        let layer = trackers.stacks[flows[position].layers][depth]
        trackers.observe(layer, payload, delivery, &observation)
        climb(position, from: depth, payload: payload)
        conclude(position, at: time)
    }

    private mutating func observeSTUN(
        _ payload: RawSpan, wireLength: Int, from source: Endpoint, _ position: UInt32, _ depth: Int,
        direction: Direction, at time: Timestamp
    ) {
        let index = trackers.stacks[flows[position].layers][depth].index
        trackers.observeSTUN(index, payload, wireLength: wireLength, &observation)
        let embedded = trackers.stun[index].embedded
        climb(position, from: depth, payload: payload)
        conclude(position, at: time)
        // A piece of DTLS that libwebrtc put into a check goes the way of one that travels alone.
        guard let embedded, !embedded.isEmpty, embedded.upperBound <= payload.byteCount,
            MultiplexedDatagram(firstByte: ByteReader(payload).peekUInt8(ahead: embedded.lowerBound) ?? 0) == .dtls
        else { return }
        observeShared(
            payload.extracting(embedded), wireLength: embedded.count, from: source, position, direction: direction,
            at: time)
    }

    /// What the datagram is. SCTP over UDP begins with any byte: where it was found it stays, and where nothing was found its
    /// checksum tells (RFC 6951).
    private func datagramKind(_ position: UInt32, _ payload: RawSpan, wireLength: Int) -> ProtocolKind? {
        let stack = flows[position].layers
        if stack != FlowEntry.none, trackers.stacks[stack].above(0, .sctp) != nil { return .sctp }
        if let kind = LayerSelection.datagram(payload, wireLength: wireLength), kind != .rtp || mayCarryMedia(position)
        {
            guard kind != .stun, stack == FlowEntry.none, SCTPProbe.isPacket(payload, isInDTLS: false) else {
                return kind
            }
            return .sctp
        }
        return stack == FlowEntry.none && SCTPProbe.isPacket(payload, isInDTLS: false) ? .sctp : nil
    }

    /// The place of the layer that reads datagrams of this kind, put there when this one can be its first.
    private mutating func datagramReader(
        _ kind: ProtocolKind, _ position: UInt32, _ payload: RawSpan, _ direction: Direction, at time: Timestamp
    ) -> Int? {
        let stack = flows[position].layers
        if stack != FlowEntry.none, let known = trackers.stacks[stack].above(0, kind) { return known }
        guard case .reader(_, let isClient) = LayerSelection.canBegin(kind, payload) else { return nil }
        // Only port numbers are a guess: in WebRTC the client of DTLS need not be the one who opened the flow.
        if isClient == true, flows[position].orientation == .port { clientIs(direction, position) }
        return pushOnUDP(kind, position, at: time)
    }

    private mutating func pushOnUDP(_ kind: ProtocolKind, _ position: UInt32, at time: Timestamp) -> Int? {
        if flows[position].layers == FlowEntry.none {
            flows[position].layers = trackers.stacks.insert(LayerStack(.udp))
        }
        return push(kind, on: 0, of: position, at: time)
    }
}
