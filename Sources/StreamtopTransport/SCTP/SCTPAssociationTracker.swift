import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// An SCTP association as a tap sees it: over IP, in UDP (RFC 6951) or inside DTLS (RFC 8261).
package struct SCTPAssociationTracker: LayerState, ~Copyable {
    package static let streamCapacity = 256

    private var client = SCTPEndpoint()
    private var server = SCTPEndpoint()
    private var streams: [SCTPSnapshot.Stream] = []
    private var streamPositions: [UInt16: Int] = [:]
    private var streamsLeftOut = 0
    private var chunkCounts: [UInt8: UInt64] = [:]
    package private(set) var state = FlowState.open
    private var initiated: (time: Timestamp, from: Direction, count: Int)?
    private var echoed: (time: Timestamp, from: Direction, count: Int)?
    private var handshake: Nanoseconds?
    /// Who sent the INIT; nil when it was not seen.
    package private(set) var initiator: Direction?
    package private(set) var decodeErrors = DecodeCounts()

    package static let limits = [
        Limit("SCTP streams of an association", streamCapacity, per: .flow, policy: "more are counted"),
        Limit(
            "SCTP chunks not acknowledged", SCTPSentChunks.capacity, per: .direction, policy: "the oldest goes, counted"
        ),
    ]

    package init() {}

    /// Memory of the chunks under way and of the streams.
    package var heldBytes: Int {
        client.heldBytes + server.heldBytes + streams.capacity * MemoryLayout<SCTPSnapshot.Stream>.stride
    }

    /// What came after the common header of a packet.
    package mutating func observe(chunks bytes: RawSpan, _ now: inout Observation) {
        let (time, direction) = (now.time, now.direction)
        let before = (state: state, initiator: initiator)
        var chunks = SCTPChunks(bytes)
        var body = ByteReader(bytes)
        while let header = chunks.next(body: &body) {
            count(header.type)
            do throws(DecodeError) {
                try observe(header, &body, direction, at: time)
            } catch {
                note(error)
            }
        }
        if let error = chunks.error { note(error) }
        if before.initiator == nil, let initiator { now.signal(.clientIs(initiator)) }
        if state != before.state, state != .open { now.signal(.closed(state)) }
    }

    private mutating func note(_ error: DecodeError) {
        switch error.cause {
        case .truncated: decodeErrors.truncated += 1
        case .malformed: decodeErrors.malformed += 1
        case .unsupported: decodeErrors.unsupported += 1
        }
    }

    private mutating func count(_ type: SCTPChunkType) {
        // 256 types at most.
        chunkCounts[type.rawValue, default: 0] &+= 1
    }

    @_lifetime(body: copy body)
    private mutating func observe(
        _ header: SCTPChunkHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp
    ) throws(DecodeError) {
        switch header.type {
        case .data, .interleavedData: try observeData(header, &body, direction, at: time)
        case .selectiveAck:
            let ack = try SCTPSelectiveAck(decoding: &body)
            if direction == .fromClient {
                client.note(ack)
                server.acknowledge(ack, gaps: &body, at: time)
            } else {
                server.note(ack)
                client.acknowledge(ack, gaps: &body, at: time)
            }
        case .initiation, .initiationAck, .cookieEcho, .cookieAck:
            try observeSetUp(header, &body, direction, at: time)
        case .heartbeat, .heartbeatAck: observeHeartbeat(header, &body, direction, at: time)
        case .forwardTSN, .interleavedForwardTSN:
            let forward = try SCTPForwardTSN(header, decoding: &body)
            if direction == .fromClient { client.forward(forward) } else { server.forward(forward) }
        case .reconfiguration: try observeReset(&body)
        case .abort: state = .reset
        case .shutdownComplete, .shutdownAck: if state == .open { state = .closed }
        default: break
        }
    }

    @_lifetime(body: copy body)
    private mutating func observeData(
        _ header: SCTPChunkHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp
    ) throws(DecodeError) {
        let chunk = try SCTPDataChunk(header, decoding: &body)
        let isNew =
            direction == .fromClient ? client.send(chunk, at: time) : server.send(chunk, at: time)
        guard isNew, let position = position(of: chunk.stream) else { return }
        if chunk.protocolIdentifier == DataChannelMessage.establishment {
            guard chunk.isBeginning, chunk.isEnding else { return }
            if case .open(let open) = try DataChannelMessage(decoding: &body) { note(open, at: position) }
            return
        }
        let bytes = UInt64(max(0, chunk.userBytes))
        if direction == .fromClient {
            streams[position].client.bytes &+= bytes
            if chunk.isEnding { streams[position].client.messages &+= 1 }
        } else {
            streams[position].server.bytes &+= bytes
            if chunk.isEnding { streams[position].server.messages &+= 1 }
        }
    }

    private mutating func position(of stream: UInt16) -> Int? {
        if let known = streamPositions[stream] { return known }
        guard streams.count < Self.streamCapacity else {
            streamsLeftOut += 1
            return nil
        }
        streams.append(SCTPSnapshot.Stream(identifier: stream))
        streamPositions[stream] = streams.count - 1
        return streams.count - 1
    }

    private mutating func note(_ open: DataChannelMessage.Open, at position: Int) {
        streams[position].label = open.label
        if !open.subprotocol.isEmpty { streams[position].subprotocol = open.subprotocol }
        streams[position].isOrdered = open.isOrdered
        switch open.reliability {
        case .reliable: break
        case .retransmissions(let most): streams[position].maximumRetransmissions = most
        case .lifetime(let most): streams[position].lifetime = most
        }
    }

    /// INIT to INIT ACK passes the tap and the server, INIT ACK to COOKIE ECHO the client, COOKIE ECHO to its answer the
    /// server again. A repeated question has no certain answer (Karn).
    @_lifetime(body: copy body)
    private mutating func observeSetUp(
        _ header: SCTPChunkHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp
    ) throws(DecodeError) {
        switch header.type {
        case .initiation:
            let initiation = try SCTPInitiation(decoding: &body)
            note(initiation, direction)
            initiator = initiator ?? direction
            initiated = (initiated?.time ?? time, direction, (initiated?.count ?? 0) + 1)
            state = .open
        case .initiationAck:
            note(try SCTPInitiation(decoding: &body), direction)
            if let initiated, initiated.count == 1, initiated.from != direction {
                record(time - initiated.time, sentBy: initiated.from, at: time)
            }
        case .cookieEcho: echoed = (echoed?.time ?? time, direction, (echoed?.count ?? 0) + 1)
        default:
            guard let echoed, echoed.from != direction else { return }
            if echoed.count == 1 { record(time - echoed.time, sentBy: echoed.from, at: time) }
            if handshake == nil, let initiated { handshake = time - initiated.time }
            self.echoed = nil
        }
    }

    private mutating func note(_ initiation: SCTPInitiation, _ direction: Direction) {
        if direction == .fromClient { client.note(initiation) } else { server.note(initiation) }
    }

    private mutating func record(_ trip: Nanoseconds, sentBy direction: Direction, at time: Timestamp) {
        if direction == .fromClient {
            client.recordHandshake(trip, at: time)
        } else {
            server.recordHandshake(trip, at: time)
        }
    }

    @_lifetime(body: copy body)
    private mutating func observeHeartbeat(
        _ header: SCTPChunkHeader, _ body: inout ByteReader, _ direction: Direction, at time: Timestamp
    ) {
        // FNV-1a over at most 128 bytes: both are of the same chunk format, so equal content is the same heartbeat.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var left = 128
        while left > 0, !body.isAtEnd {
            hash = (hash ^ UInt64(body.uint8())) &* 0x100_0000_01b3
            left -= 1
        }
        let isFromClient = direction == .fromClient
        if header.type == .heartbeat {
            if isFromClient {
                client.sendHeartbeat(hash, at: time)
            } else {
                server.sendHeartbeat(hash, at: time)
            }
        } else if isFromClient {
            server.answerHeartbeat(hash, at: time)
        } else {
            client.answerHeartbeat(hash, at: time)
        }
    }

    @_lifetime(body: copy body)
    private mutating func observeReset(_ body: inout ByteReader) throws(DecodeError) {
        var reset: [UInt16?] = []
        try SCTPReconfiguration.resets(&body) { if reset.count < 64 { reset.append($0) } }
        for stream in reset {
            if let stream {
                if let position = streamPositions[stream] { streams[position].resets &+= 1 }
            } else {
                for position in streams.indices { streams[position].resets &+= 1 }
            }
        }
    }

    /// Client and server were taken for each other.
    package mutating func exchangeEnds() {
        swap(&client, &server)
        initiator = initiator?.reversed
        if let found = initiated { initiated = (found.time, found.from.reversed, found.count) }
        if let found = echoed { echoed = (found.time, found.from.reversed, found.count) }
        for position in streams.indices { streams[position].exchangeEnds() }
    }
}

extension SCTPAssociationTracker {
    /// A tap is at an end whose component RTT is below this share of it (handbook 0.1).
    private static let nearShare = 20

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        flow.sctp = snapshot
        flow.decode.truncated += decodeErrors.truncated
        flow.decode.malformed += decodeErrors.malformed
        if flow.protocols.contains(ProtocolKind.dtls.rawValue) {
            flow.protocols.append(ProtocolKind.dataChannel.rawValue)
        } else if flow.transport != .sctp {
            flow.protocols.append(ProtocolKind.sctp.rawValue)
        }
        if flow.transport == .sctp {
            let (server, client) = componentRoundTrips
            flow.roundTrip.server = server
            flow.roundTrip.client = client
        }
    }

    package var snapshot: SCTPSnapshot {
        var result = SCTPSnapshot()
        result.client = client.facts
        result.server = server.facts
        result.streams = streams.sorted { $0.identifier < $1.identifier }
        result.streamsLeftOut = streamsLeftOut
        result.state = state
        result.handshake = handshake
        result.roundTrip = loop
        result.chunks = chunkCounts.sorted { $0.key < $1.key }.map {
            SCTPChunkCount(name: Self.name(of: $0.key), count: $0.value)
        }
        return result
    }

    /// From the tap to the server and back, and to the client and back.
    package var componentRoundTrips: (server: RoundTripSnapshot?, client: RoundTripSnapshot?) {
        (
            RoundTripSnapshot(client.roundTrips, source: .sctp), RoundTripSnapshot(server.roundTrips, source: .sctp)
        )
    }

    /// The loop as one end sees it: at an end the far component, between both their sum.
    private var loop: RoundTripSnapshot? {
        let (server, client) = componentRoundTrips
        guard let server else { return client }
        guard let client else { return server }
        let (near, far) = server.minimum < client.minimum ? (server, client) : (client, server)
        if near.minimum < max(.milliseconds(1), far.minimum / Int64(Self.nearShare)) { return far }
        return RoundTripSnapshot(
            samples: min(near.samples, far.samples), minimum: near.minimum + far.minimum, last: near.last + far.last,
            smoothed: near.smoothed + far.smoothed, mean: near.mean + far.mean, p50: near.p50 + far.p50,
            p95: near.p95 + far.p95, p99: near.p99 + far.p99, maximum: near.maximum + far.maximum,
            jitter: near.jitter + far.jitter, source: .sctp)
    }

    private static func name(of type: UInt8) -> String {
        switch SCTPChunkType(rawValue: type) {
        case .data: "data"
        case .initiation: "init"
        case .initiationAck: "init_ack"
        case .selectiveAck: "sack"
        case .heartbeat: "heartbeat"
        case .heartbeatAck: "heartbeat_ack"
        case .abort: "abort"
        case .shutdown: "shutdown"
        case .shutdownAck: "shutdown_ack"
        case .error: "error"
        case .cookieEcho: "cookie_echo"
        case .cookieAck: "cookie_ack"
        case .shutdownComplete: "shutdown_complete"
        case .interleavedData: "i_data"
        case .reconfiguration: "re_config"
        case .padding: "pad"
        case .forwardTSN: "forward_tsn"
        case .interleavedForwardTSN: "i_forward_tsn"
        default: "chunk_\(type)"
        }
    }
}
