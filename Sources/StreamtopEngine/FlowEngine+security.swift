import StreamtopBase
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// The byte streams of a TCP connection that carries TLS, and who reads them.
struct SecureStream: ~Copyable, Sendable {
    var client: TCPStreamAssembler
    var server: TCPStreamAssembler
    var tls = TLSConnectionTracker()
    private let place = AddressOnly()

    init(client: TCPStreamAssembler, server: TCPStreamAssembler) {
        self.client = client
        self.server = server
    }
}

/// TLS over TCP: from segments to ordered bytes to the tracker of the connection.
extension FlowEngine {
    /// Adds key log text; lines may be cut anywhere. What it opens later is decrypted, what waited for it too.
    package mutating func append(keyLog text: [UInt8]) { security.append(keyLog: text) }

    /// The key log's text ended: a last line without a line feed counts. Text of another source may follow.
    package mutating func endKeyLog() { security.endKeyLog() }

    /// Secrets that the key log text given so far held.
    package var secretsRead: Int { security.secretsRead }

    /// More secrets may come: encrypted records are held for them, within bounds.
    package mutating func awaitSecrets(_ awaits: Bool) { security.awaitsSecrets = awaits }

    /// Takes over the secrets given to another engine, for one that starts afresh.
    package mutating func adoptSecrets(of other: borrowing FlowEngine) {
        security.secrets = other.security.secrets
        security.awaitsSecrets = other.security.awaitsSecrets
    }

    /// A TCP segment of the flow at `position`.
    mutating func observeStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        let captured = min(frame.payloadCaptured, bytes.byteCount - frame.payloadOffset)
        guard frame.payloadLength > 0, captured >= 0 || flows[position].secureStream != FlowEntry.none else {
            return acknowledge(frame, position, direction: direction, at: time)
        }
        let start = min(frame.payloadOffset, bytes.byteCount)
        let payload = bytes.extracting(start..<(start + max(0, captured)))
        let sequence = frame.tcp.sequence &+ (frame.tcp.flags.isSyn ? 1 : 0)
        if flows[position].secureStream == FlowEntry.none {
            guard opensStream(frame, position, payload, sequence: sequence, direction: direction) else { return }
        }
        let stream = flows[position].secureStream
        // The direction may have been found wrong while the stream was opened.
        let from = flows[position].direction(from: frame.sourceEndpoint)
        if from == .fromClient {
            secureStreams[stream].client.offer(payload, sequence: sequence, length: frame.payloadLength)
        } else {
            secureStreams[stream].server.offer(payload, sequence: sequence, length: frame.payloadLength)
        }
        deliver(position, payload, from, at: time)
        if flows[position].secureStream != FlowEntry.none { acknowledge(frame, position, direction: from, at: time) }
    }

    /// The segment acknowledges the other direction's bytes: holes below that will not be filled.
    private mutating func acknowledge(
        _ frame: borrowing DecodedFrame, _ position: UInt32, direction: Direction, at time: Timestamp
    ) {
        let stream = flows[position].secureStream
        guard stream != FlowEntry.none, frame.tcp.flags.isAck, !frame.tcp.flags.isRst else { return }
        if direction == .fromClient {
            secureStreams[stream].server.acknowledge(frame.tcp.acknowledgment)
        } else {
            secureStreams[stream].client.acknowledge(frame.tcp.acknowledgment)
        }
        deliver(position, RawSpan(), direction.reversed, at: time)
    }

    /// Whether the segment begins a TLS stream; if so the stream is there afterwards.
    private mutating func opensStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ payload: RawSpan, sequence: UInt32,
        direction: Direction
    ) -> Bool {
        let isFirst = flows[position].tlsProbe.isFresh
        switch flows[position].tlsProbe.examine(payload) {
        case .notTLS: return false
        case .unsure:
            // The stream's first segment may come later than this one.
            guard isFirst, let begin = tcpTrackers[flows[position].tcp].streamStart(direction),
                sequence.isAfter(begin), sequence.distance(after: begin) < 65_536
            else { return false }
            makeStream(frame, position, direction, start: begin)
        case .candidate:
            let begin = tcpTrackers[flows[position].tcp].streamStart(direction)
            let isEarlier = begin.map { isFirst && sequence.isAfter($0) && sequence.distance(after: $0) < 65_536 }
            if TLSProbe.isClientHello(payload), direction == .fromServer, flows[position].orientation != .syn {
                // Nobody saw who opened the connection; the one who says hello is the client.
                flows[position].flip()
                tcpTrackers[flows[position].tcp].flipDirections()
                flows[position].orientation = .request
                makeStream(frame, position, .fromClient, start: sequence)
            } else {
                makeStream(frame, position, direction, start: isEarlier == true ? begin ?? sequence : sequence)
            }
        }
        return true
    }

    private mutating func makeStream(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ direction: Direction, start: UInt32
    ) {
        let other = frame.tcp.flags.isAck ? frame.tcp.acknowledgment : nil
        flows[position].secureStream = secureStreams.insert(
            SecureStream(
                client: TCPStreamAssembler(start: direction == .fromClient ? start : other),
                server: TCPStreamAssembler(start: direction == .fromServer ? start : other)))
    }

    /// Gives what has come in order to the tracker.
    private mutating func deliver(_ position: UInt32, _ payload: RawSpan, _ direction: Direction, at time: Timestamp) {
        let stream = flows[position].secureStream
        while let piece = nextPiece(stream, direction) {  // the assembler runs out of bytes
            switch piece {
            case .offered(let offset, let count):
                secureStreams[stream].tls.observe(
                    payload.extracting(offset..<(offset + count)), direction: direction, at: time, tables: &security,
                    events: &pendingEvents)
            case .held(let bytes):
                // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
                unsafe secureStreams[stream].tls.observe(
                    bytes.span.bytes, direction: direction, at: time, tables: &security, events: &pendingEvents)
            case .gap(let count):
                secureStreams[stream].tls.gap(of: count, direction: direction)
            }
        }
        if secureStreams[stream].tls.verdict == .notTLS {
            dropStream(position)
            flows[position].tlsProbe.refute()
            pendingEvents.removeAll(keepingCapacity: true)
        } else if !pendingEvents.isEmpty {
            flushEvents(of: position, at: time)
        }
    }

    private mutating func nextPiece(_ stream: UInt32, _ direction: Direction) -> TCPStreamAssembler.Piece? {
        direction == .fromClient ? secureStreams[stream].client.next() : secureStreams[stream].server.next()
    }

    /// Forgets the flow's stream; a later segment may open one again.
    mutating func dropStream(_ position: UInt32) {
        guard flows[position].secureStream != FlowEntry.none else { return }
        _ = secureStreams.remove(flows[position].secureStream)
        flows[position].secureStream = FlowEntry.none
    }

    /// The flow was found to carry TLS.
    func isTLS(_ position: UInt32) -> Bool {
        let stream = flows[position].secureStream
        guard stream != FlowEntry.none else { return false }
        return secureStreams[stream].tls.verdict == .tls
    }

    /// Fills in what the flow's TLS connection shows.
    func fillTLS(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry) {
        guard secureStreams[entry.secureStream].tls.verdict == .tls else { return }
        let times = tcpTrackers[entry.tcp].handshakeTimes
        var steps: [HandshakeStep] = []
        func add(_ step: HandshakeStepName, _ from: Direction, _ time: Timestamp?) {
            if let time { steps.append(HandshakeStep(step: step, from: from, time: time, bytes: nil)) }
        }
        add(.tcpSyn, .fromClient, times.syn)
        add(.tcpSynAck, .fromServer, times.synAck)
        add(.tcpAck, .fromClient, times.ack)
        flow.tls = secureStreams[entry.secureStream].tls.snapshot(
            tcpSteps: steps, serverRoundTrip: flow.roundTrip.server?.minimum)
        flow.decode.malformed += secureStreams[entry.secureStream].tls.malformedCount
        flow.protocols.append("tls")
    }
}
