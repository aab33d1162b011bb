import StreamtopBase
import StreamtopCrypto
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// QUIC over UDP: which flow a datagram belongs to, its tracker, and the handshake inside.
extension FlowEngine {
    /// The flow of a datagram with addresses that no flow has: that of a connection which moved, else nil.
    mutating func movedQUICFlow(
        _ frame: borrowing DecodedFrame, _ key: FlowKey, bytes: RawSpan, at time: Timestamp
    ) -> UInt32? {
        guard frame.transport == .udp, !quicPaths.isEmpty else { return nil }
        if let path = quicPaths.path(key), isFlow(path.position, path.number) { return path.position }
        guard let owner = quicPaths.owner(of: frame.payload(in: bytes)), isFlow(owner.position, owner.number) else {
            return nil
        }
        // One end stays: a stray match of both addresses is no move.
        let position = owner.position
        let known = [flows[position].clientEndpoint, flows[position].serverEndpoint]
        let client = owner.end == .fromServer ? frame.sourceEndpoint : frame.destinationEndpoint
        let server = owner.end == .fromServer ? frame.destinationEndpoint : frame.sourceEndpoint
        guard server == known[1] || client == known[0] || server.address == known[1].address else { return nil }
        quicPaths.insert(key, QUICPathTable.Path(position: position, number: owner.number, client: client))
        let moves = quicFlows[flows[position].quic].connection.currentClient ?? known[0]
        quicFlows[flows[position].quic].connection.moved(from: moves, to: client, at: time, events: &pendingEvents)
        return position
    }

    /// A new connection on the addresses of one that is established or over is a flow of its own.
    mutating func reopenIfNewQUIC(
        _ frame: borrowing DecodedFrame, _ position: UInt32, key: FlowKey, hash: UInt32, bytes: RawSpan,
        at time: Timestamp
    ) -> UInt32 {
        let from = direction(of: position, frame, key: key)
        let payload = frame.payload(in: bytes)
        guard frame.payloadLength > 0,
            quicFlows[flows[position].quic].connection.isSucceeded(by: payload, from: from)
        else { return position }
        if flows[position].key == key { flows.forgetKey(position) }
        flows.change(position, to: .over)
        let fresh = open(frame, key, hash: hash, at: time)
        note(.portReused, in: fresh)
        return fresh
    }

    /// Remembers that a client asked for QUIC, should it turn to TCP next.
    private mutating func noteAttempt(_ position: UInt32, at time: Timestamp) {
        guard quicFlows[flows[position].quic].connection.knowsClient else { return }
        quicAttempts.insert(
            QUICAttempts.Wish(client: flows[position].clientEndpoint.address, server: flows[position].serverEndpoint),
            QUICAttempts.Attempt(position: position, number: flows[position].number, time: time))
    }

    /// A TCP connection was made: a client that asked for QUIC at the same service has fallen back to it.
    mutating func noteFallback(to position: UInt32, at time: Timestamp) {
        let wish = QUICAttempts.Wish(
            client: flows[position].clientEndpoint.address, server: flows[position].serverEndpoint)
        guard let attempt = quicAttempts.attempt(wish, at: time), isFlow(attempt.position, attempt.number) else {
            return
        }
        let index = flows[attempt.position].quic
        guard quicFlows[index].fallback == nil, !quicFlows[index].connection.hasHandshake else { return }
        quicFlows[index].fallback = time
        if !flows[attempt.position].needsDiagnosis {
            flows[attempt.position].needsDiagnosis = true
            undiagnosed.append(attempt.position)
        }
    }

    private func isFlow(_ position: UInt32, _ number: UInt64) -> Bool {
        flows.contains(position) && flows[position].number == number && flows[position].quic != FlowEntry.none
    }

    /// Direction of the frame in its flow, on whichever path it travels.
    func direction(of position: UInt32, _ frame: borrowing DecodedFrame, key: FlowKey) -> Direction {
        if frame.transport == .udp, flows[position].key != key, let path = quicPaths.path(key) {
            return frame.sourceEndpoint == path.client ? .fromClient : .fromServer
        }
        return flows[position].direction(from: frame.sourceEndpoint)
    }

    /// A UDP datagram of the flow at `position`; does nothing unless it is QUIC.
    mutating func observeQUIC(
        _ frame: borrowing DecodedFrame, _ position: UInt32, bytes: RawSpan, direction: Direction, at time: Timestamp
    ) {
        guard frame.payloadLength > 0 else { return }
        let payload = frame.payload(in: bytes)
        let isNew = flows[position].quic == FlowEntry.none
        if isNew {
            guard QUICProbe(payload) != .none else { return }
            flows[position].quic = quicFlows.insert(QUICFlow(start: time))
        }
        let outcome = observeQUICDatagram(frame, position, payload, direction: direction, at: time)
        if outcome == .turnedAround {
            flows[position].flip()
            dropQUIC(flows[position].quic)
            flows[position].quic = quicFlows.insert(QUICFlow(start: time))
            pendingEvents.removeAll(keepingCapacity: true)
            _ = observeQUICDatagram(frame, position, payload, direction: direction.reversed, at: time)
        }
        let index = flows[position].quic
        if isNew { noteAttempt(position, at: time) }
        if flows[position].orientation != .quicInitial, quicFlows[index].connection.knowsClient {
            flows[position].orientation = .quicInitial
        }
        registerQUICIdentifiers(position)
        readQUICHandshake(position)
        if !quicScratch.pieces.isEmpty { readQUICStreams(position) }
        if !pendingEvents.isEmpty { flushEvents(of: position, at: time) }
        let state = quicFlows[index].connection.state
        if state == .closed || state == .reset, flows[position].standing != .over {
            flows.change(position, to: .over)
            emit(.flowClose(state), of: position, at: time)
        }
    }

    private mutating func observeQUICDatagram(
        _ frame: borrowing DecodedFrame, _ position: UInt32, _ payload: RawSpan, direction: Direction,
        at time: Timestamp
    ) -> QUICConnectionTracker.Outcome {
        quicScratch.clear()
        return quicFlows[flows[position].quic].connection.observe(
            payload, wireLength: frame.payloadLength, ecn: frame.ecn, direction: direction, at: time,
            secrets: security.secrets, scratch: &quicScratch, events: &pendingEvents)
    }

    private mutating func registerQUICIdentifiers(_ position: UInt32) {
        let number = flows[position].number
        for chosen in quicScratch.chosen {
            quicPaths.insert(
                chosen.identifier, QUICPathTable.Owner(position: position, number: number, end: chosen.owner))
        }
    }

    /// Gives whole handshake messages and QUIC's own steps to the handshake's tracker.
    private mutating func readQUICHandshake(_ position: UInt32) {
        let index = flows[position].quic
        for kind in pendingEvents {
            switch kind {
            case .handshakeStep(let step, let from, let bytes, _):
                quicFlows[index].handshake.add(step, from: from, at: now, bytes: bytes)
            case .established:
                quicFlows[index].handshake.applicationData(from: .fromClient, at: now)
            default: break
            }
        }
        guard !quicScratch.messages.isEmpty else { return }
        let (messages, bytes) = quicScratch.takeMessages()
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        let span = unsafe bytes.span.bytes
        for message in messages {
            quicFlows[index].handshake.observe(
                span.extracting(message.start..<(message.start + message.count)), from: message.direction,
                at: message.time, encrypted: message.level != .initial, tables: &security, events: &pendingEvents)
        }
    }

    /// Fills in what the flow's QUIC connection shows.
    func fillQUIC(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, at time: Timestamp) {
        // Nothing is on the way any more once the connection is over: what was stays as it stood at its last packet.
        let end = flow.state == .closed || flow.state == .reset ? min(time, entry.last) : time
        flow.quic = quicFlows[entry.quic].connection.snapshot(at: end)
        flow.roundTrip = quicFlows[entry.quic].connection.roundTrip
        flow.queueDelay = quicFlows[entry.quic].connection.queueDelay
        flow.protocols.append("quic")
        let gaps = quicFlows[entry.quic].connection.streamGaps
        flow.decode.gaps += gaps.count
        flow.decode.gapBytes &+= gaps.bytes
        flow.quic?.fallback = quicFlows[entry.quic].fallback
        let times = quicFlows[entry.quic].connection.handshakeTimes
        guard !quicFlows[entry.quic].handshake.isEmpty else { return }
        flow.tls = quicFlows[entry.quic].handshake.snapshot(
            early: flow.quic?.zeroRTT?.bytes ?? 0, serverHandshake: times.serverHandshake,
            clientHandshake: times.clientHandshake, hasSecrets: flow.quic?.isDecrypted ?? false,
            serverRoundTrip: flow.roundTrip.server?.minimum)
        if let alpn = flow.tls?.alpn, Self.isHTTP3(alpn) { flow.protocols.append("http/3") }
        fillHTTP3(&flow, entry)
    }
}
