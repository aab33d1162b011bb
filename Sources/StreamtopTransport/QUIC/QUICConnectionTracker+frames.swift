import StreamtopBase
import StreamtopCrypto
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// What opened packets say.
extension QUICConnectionTracker {
    /// Takes the payload in `scratch.buffers`, packet `opened.number` of `direction`.
    mutating func observeOpened(
        _ opened: QUICOpenedPacket, level: QUICLevel, isEarly: Bool = false, size: Int, direction: Direction,
        at time: Timestamp, scratch: inout QUICScratch, _ now: inout Observation
    ) {
        guard !endpoints[direction].recovery.hasSeen(opened.number, level: level) else { return }
        // Out of the scratch and back: frames are read from it while the scratch takes what they bring.
        var payload: [UInt8] = []
        swap(&payload, &scratch.buffers.plain)
        defer { swap(&payload, &scratch.buffers.plain) }
        let bytes = unsafe payload.span.bytes.extracting(0..<scratch.buffers.plainCount)
        var isAckEliciting = false
        var isInFlight = false
        var reader = ByteReader(bytes)
        let isLogged = scratch.packetRoom > 0
        var logged: [QUICFrameRecord] = []
        while !reader.isAtEnd {  // a frame takes at least one byte, an error ends the loop
            guard let frame = try? QUICFrameDecoder.next(&reader) else {
                packets.undecodable += 1
                isInFlight = true
                break
            }
            endpoints[direction].count(frame)
            if frame.kind.isAckEliciting { isAckEliciting = true }
            if case .padding = frame { isInFlight = true }
            if isLogged {
                let exponent = level == .oneRTT ? endpoints[direction].parameters?.integer(.ackDelayExponent) ?? 3 : 3
                logged.append(QUICPacketLog.record(frame, in: bytes, exponent: exponent))
            }
            take(frame, in: bytes, level: level, direction: direction, at: time, scratch: &scratch, &now)
            if followsStreams {
                follow(frame, in: bytes, isEarly: isEarly, direction: direction, at: time, &now)
            }
        }
        if isLogged || packetLog.refused > 0 || !packetLog.packets.isEmpty {
            let kind: QUICPacketRecord.Kind =
                switch level {
                case .initial: .initial
                case .handshake: .handshake
                case .oneRTT: isEarly ? .zeroRTT : .oneRTT
                }
            packetLog.append(
                QUICPacketRecord(
                    time: time, direction: direction, kind: kind, number: opened.number, size: size, frames: logged),
                remaining: &scratch.packetRoom)
        }
        isInFlight = isInFlight || isAckEliciting
        let isNew = endpoints[direction].recovery.sent(
            opened.number, level: level, size: size, isAckEliciting: isAckEliciting, isInFlight: isInFlight, at: time)
        guard isInFlight, isNew else { return }
        followFlight(opened.number, level: level, size: size, direction, at: time)
        guard level == .oneRTT else { return }
        if isNear(direction) { followWindow(opened.number, size, direction, at: time) }
        if hasOpenedOneRTT { followSender(opened.number, size: size, direction, at: time) }
    }

    /// The course of the sender's window, for the name of its congestion control.
    private mutating func followWindow(_ number: UInt64, _ size: Int, _ direction: Direction, at time: Timestamp) {
        let recovery = (
            acknowledged: endpoints[direction].recovery.largestAcknowledged, lost: endpoints[direction].recovery.lost,
            spurious: endpoints[direction].recovery.spurious
        )
        let view = QUICCongestionCourse.View(
            largestAcknowledged: recovery.acknowledged, lost: recovery.lost, spurious: recovery.spurious,
            flight: endpoints[direction].flight.last)
        endpoints[direction].course.sent(number, size: size, view: view, at: time)
    }

    /// The whole round trip as the ends have it, as far as known.
    var loopEstimate: Nanoseconds {
        let sum = saturatingAdd(serverTrip.smoothed ?? 0, clientTrip.smoothed ?? 0)
        return sum > 0 ? sum : QUICRoundTripEstimator.initial
    }

    /// The round trip between the capture point and the end that sends in `direction` as it is now, queues included;
    /// 0 at that end itself and when unknown. A receiver's capture sees few acknowledgments of its own data: the spin
    /// bit, where it turns, is fresher.
    mutating func distance(to direction: Direction) -> Nanoseconds {
        guard !isNear(direction) else { return 0 }
        // Member by member: a meter is large, and this is asked with every acknowledgment.
        let isClient = direction == .fromClient
        let hasSample = isClient ? clientTrip.hasSample : serverTrip.hasSample
        let lastTime = isClient ? clientTrip.lastTime : serverTrip.lastTime
        let spun = spinStates[direction]
        if spin.isUsed, spun.value > 0, !hasSample || spun.time > lastTime {
            endpoints[direction].distance.observe(spun.value, at: spun.time)
            return spun.value
        }
        guard hasSample else { return 0 }
        let last = isClient ? clientTrip.last : serverTrip.last
        endpoints[direction].distance.observe(last, at: lastTime)
        return last
    }

    private mutating func take(
        _ frame: QUICFrame, in payload: RawSpan, level: QUICLevel, direction: Direction, at time: Timestamp,
        scratch: inout QUICScratch, _ now: inout Observation
    ) {
        switch frame {
        case .ack(let ack):
            acknowledge(ack, in: payload, level: level, by: direction, at: time, &now)
        case .crypto(let offset, let data):
            let bytes = payload.extracting(data.start..<(data.start + data.count))
            endpoints[direction].cryptoStreams[level.index].insert(bytes, at: offset, time: time)
            takeMessages(level: level, direction: direction, at: time, scratch: &scratch, &now)
        case .newConnectionID(_, _, let identifier, let token):
            note(identifier, of: direction, &now)
            if endpoints[direction].resetTokens.count < QUICConnectionIDSet.capacity {
                endpoints[direction].resetTokens.append(token)
            }
        case .pathChallenge(let data):
            if challenges.count >= Self.challengeCapacity { challenges.removeFirst() }
            challenges.append(QUICChallenge(data: data, direction: direction, time: time))
        case .pathResponse(let data):
            validatePath(data, by: direction)
        case .connectionClose(let code, let isApplication, let reason):
            guard close == nil else { break }
            var text = ByteReader(payload)
            text.skip(reason.start)
            close = QUICClose(
                code: code, isApplication: isApplication,
                reason: String(decoding: text.copy(min(reason.count, 256)), as: UTF8.self), by: direction, time: time)
        case .dataBlocked, .streamDataBlocked:
            if level == .oneRTT, !endpoints[direction].meters.isEmpty {
                endpoints[direction].meters.value.blocked(at: time)
            }
        case .maxData, .maxStreamData:
            if !endpoints[direction.reversed].meters.isEmpty {
                let loop = loopEstimate
                endpoints[direction.reversed].meters.value.released(loop: loop, at: time)
            }
        case .handshakeDone:
            guard times.confirmed == nil else { break }
            times.confirmed = time
            for end in Direction.allCases {
                let bytes = endpoints[end].recovery.discard(.initial) + endpoints[end].recovery.discard(.handshake)
                endpoints[end].release(bytes, at: time)
            }
            step(.handshakeDone, from: direction, bytes: 1, encrypted: true, &now)
        default: break
        }
    }

    /// Puts stream data in order for who reads it (RFC 9000 section 2.2).
    private mutating func follow(
        _ frame: QUICFrame, in payload: RawSpan, isEarly: Bool, direction: Direction, at time: Timestamp,
        _ now: inout Observation
    ) {
        // Early data that was refused was never read by the server.
        guard !isEarly || acceptsEarlyData != false else { return }
        func model(_ stream: UInt64, _ content: Delivery.Content = .end) -> Delivery {
            Delivery(stream: stream, direction: direction, time: time, isEarly: isEarly, content: content)
        }
        switch frame {
        case .stream(let identifier, let offset, let data, let isLast):
            streams[direction.index].insert(
                payload.extracting(data.start..<(data.start + data.count)), offset: offset, isLast: isLast,
                like: model(identifier), into: &now.deliveries)
        case .resetStream(let identifier, let code, _):
            streams[direction.index].reset(code: code, like: model(identifier), into: &now.deliveries)
        case .stopSending(let identifier, let code):
            now.deliveries.append(model(identifier, .stopSending(code: code)))
        case .datagram(let data):
            let start = now.deliveries.bytes.count
            now.deliveries.bytes.append(payload.extracting(data.start..<(data.start + data.count)))
            now.deliveries.append(model(0, .datagram(DeliveredRange(.queue, start: start, count: data.count))))
        case .connectionClose:
            for end in Direction.allCases {
                streams[end.index].flush(
                    like: Delivery(direction: end, time: time, content: .end), into: &now.deliveries)
            }
        default: break
        }
    }

    private mutating func validatePath(_ data: UInt64, by direction: Direction) {
        guard let index = challenges.firstIndex(where: { $0.data == data && $0.direction != direction }) else { return }
        let asked = challenges.remove(at: index).time
        // The path in use when the challenge left is the last one moved to before it, or just about to be.
        if let move = moves.lastIndex(where: { $0.time <= asked + .milliseconds(500) }) {
            moves[move].isValidated = true
        }
    }

    private mutating func acknowledge(
        _ ack: QUICAckFrame, in payload: RawSpan, level: QUICLevel, by direction: Direction, at time: Timestamp,
        _ now: inout Observation
    ) {
        let sender = direction.reversed
        var ranges = ByteReader(payload)
        ranges.skip(ack.rangesOffset)
        let delay = level == .oneRTT ? endpoints[direction].ackDelay(ack.delay) : 0
        let distance = distance(to: sender)
        let outcome = endpoints[sender].recovery.acknowledge(
            ack, ranges: &ranges, level: level, delay: delay, otherDirection: distance, at: time)
        release(outcome, of: sender, distance: distance, at: time)
        // Asked twice, nobody knows which of the two was answered, or whether an answer was lost.
        let isAmbiguous = level == .initial && direction == .fromServer && times.repeatedRequest != nil
        if let sample = outcome.sample, !isAmbiguous {
            record(sample, to: direction, source: level == .oneRTT ? .quicAck : .quicHandshake, at: time)
        }
        if level == .oneRTT { followAcknowledgment(outcome, of: sender, distance: distance, at: time) }
        if outcome.lostPackets > 0 {
            now.tell(.loss(from: sender, segments: outcome.lostPackets, verdict: .unknown, location: nil))
        }
        if outcome.spurious > 0 {
            now.tell(.spurious(from: sender, sequence: UInt32(truncatingIfNeeded: ack.largest)))
        }
    }

    /// A round trip between the capture point and the end that sends in `direction`.
    private mutating func record(
        _ sample: Nanoseconds, to direction: Direction, source: RoundTripSource, at time: Timestamp
    ) {
        let other: Nanoseconds?
        let isClient = direction == .fromClient
        let (base, queue) =
            isClient
            ? (clientTrip.path.ownBase, clientTrip.path.maximumQueue)
            : (serverTrip.path.ownBase, serverTrip.path.maximumQueue)
        if isClient {
            clientTrip.record(sample, source: source, at: time)
            other = serverTrip.hasSample && serverTrip.source == source ? serverTrip.last : nil
        } else {
            serverTrip.record(sample, source: source, at: time)
            other = clientTrip.hasSample && clientTrip.source == source ? clientTrip.last : nil
        }
        if let other { loopTrip.record(saturatingAdd(sample, other), source: source, at: time) }
        if source == .quicAck { followBase(sample, to: direction, base: base, queue: queue, at: time) }
    }

    /// Hands whole handshake messages on and reads from them what QUIC needs.
    private mutating func takeMessages(
        level: QUICLevel, direction: Direction, at time: Timestamp, scratch: inout QUICScratch,
        _ now: inout Observation
    ) {
        var start = scratch.messageBytes.count
        // Each pass takes four bytes or more.
        while endpoints[direction].cryptoStreams[level.index].takeMessage(into: &scratch.messageBytes, time: time)
            != nil
        {
            let count = scratch.messageBytes.count - start
            scratch.messages.append(
                QUICHandshakeMessage(direction: direction, level: level, time: time, start: start, count: count))
            let couldBeEarly = acceptsEarlyData == nil
            glance(scratch, from: start, count: count, direction: direction)
            if couldBeEarly, acceptsEarlyData == false, earlyPackets > 0 { restartStreams(at: time, &now) }
            start += count
        }
    }

    /// The server refused the early data: the client begins anew (RFC 9001 section 4.6.2).
    private mutating func restartStreams(at time: Timestamp, _ now: inout Observation) {
        streams[Direction.fromClient.index] = QUICStreamTable()
        now.deliveries.append(Delivery(direction: .fromClient, time: time, content: .restart))
    }

    private mutating func glance(_ scratch: borrowing QUICScratch, from start: Int, count: Int, direction: Direction) {
        let bytes = unsafe scratch.messageBytes.span.bytes.extracting(start..<(start + count))
        var reader = ByteReader(bytes)
        guard let glance = try? QUICHandshakeGlance(decoding: &reader) else { return }
        switch glance.message {
        case .clientHello:
            random = HelloRandom(glance.random)
            offersEarlyData = glance.hasEarlyData
        case .serverHello:
            if let suite = glance.cipherSuite { keys.choose(cipherSuite: suite) }
        case .encryptedExtensions:
            if offersEarlyData { acceptsEarlyData = glance.hasEarlyData }
        }
        guard let parameters = glance.parameters else { return }
        endpoints[direction].parameters = parameters
        if case .bytes(let token) = parameters[.statelessResetToken], token.count == 16 {
            let words = token.reduce(into: (UInt64(0), UInt64(0))) { words, byte in
                words = (words.0 << 8 | words.1 >> 56, words.1 << 8 | UInt64(byte))
            }
            endpoints[direction].resetTokens.append(QUICResetToken(high: words.0, low: words.1))
        }
    }
}
