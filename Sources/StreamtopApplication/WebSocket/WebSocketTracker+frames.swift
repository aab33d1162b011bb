import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// From bytes to frames and messages. Ends are values too large to be handed about: each step names the one that it is for.
extension WebSocketTracker {
    mutating func read(_ bytes: RawSpan, _ now: inout Observation) {
        var reader = ByteReader(bytes)
        while let element = next(&reader, now.direction) {  // each moves the reader or the frame decoder on
            switch element {
            case .frame(let header):
                check(header, now.direction)
                if now.direction == .fromClient { client.begin(header) } else { server.begin(header) }
                beginMessage(header, now.direction)
            case .payload(let count, let position, let isLast):
                let end = reader.consumed
                take(bytes.extracting((end - count)..<end), at: position, now)
                if isLast { endFrame(&now) }
            }
        }
    }

    /// `count` bytes will never come.
    mutating func bridge(_ count: UInt64, _ now: inout Observation) {
        let isClient = now.direction == .fromClient
        let hole = isClient ? client.frames.gap(of: count) : server.frames.gap(of: count)
        if isClient {
            client.counts.payloadBytes &+= hole.payload
            client.loseContent(hole.payload)
            client.control.removeAll()
        } else {
            server.counts.payloadBytes &+= hole.payload
            server.loseContent(hole.payload)
            server.control.removeAll()
        }
        if hole.endsFrame { endFrame(&now, isWhole: false) }
    }

    @_lifetime(reader: copy reader)
    private mutating func next(_ reader: inout ByteReader, _ direction: Direction) -> WebSocketFrameDecoder.Element? {
        direction == .fromClient ? client.frames.next(&reader) : server.frames.next(&reader)
    }

    private func header(_ direction: Direction) -> WebSocketFrameHeader? {
        direction == .fromClient ? client.header : server.header
    }

    private func hasMessage(_ direction: Direction) -> Bool {
        direction == .fromClient ? client.message != nil : server.message != nil
    }

    private mutating func check(_ header: WebSocketFrameHeader, _ direction: Direction) {
        if direction == .fromClient, header.mask == nil { count(.unmaskedClient) }
        if direction == .fromServer, header.mask != nil { count(.maskedServer) }
        if !header.isMinimal || header.hasImpossibleLength { count(.nonMinimalLength) }
        let isFirst = header.opcode == .text || header.opcode == .binary
        // RSV1 belongs to the first frame of a compressed message, where compression was agreed on; of a connection that was
        // joined late, that is not known.
        let allowsRSV1 = isFirst && (isCompressionAgreed || upgrade == nil)
        if header.reserved & (allowsRSV1 ? 3 : 7) != 0 { count(.reservedBits) }
        guard let opcode = header.opcode else { return count(.reservedOpcode) }
        if opcode.isControl {
            if header.payloadLength > WebSocketEndpoint.longestControl { count(.longControl) }
            if !header.isFinal { count(.fragmentedControl) }
        } else if opcode == .continuation, !hasMessage(direction) {
            count(.strayContinuation)
        } else if isFirst, hasMessage(direction) {
            count(.unfinishedMessage)
        }
    }

    private mutating func beginMessage(_ header: WebSocketFrameHeader, _ direction: Direction) {
        guard header.opcode == .text || header.opcode == .binary else { return }
        let message = WebSocketEndpoint.Message(
            isText: header.opcode == .text,
            isCompressed: header.isCompressed && (isCompressionAgreed || upgrade == nil))
        if direction == .fromClient { client.message = message } else { server.message = message }
    }

    private mutating func take(_ payload: RawSpan, at position: UInt64, _ now: borrowing Observation) {
        let isControl = header(now.direction)?.opcode?.isControl ?? true
        if now.direction == .fromClient {
            client.counts.payloadBytes &+= UInt64(payload.byteCount)
            if isControl {
                client.takeControl(payload, at: position)
            } else {
                client.takeContent(payload, at: position, time: now.time)
            }
        } else {
            server.counts.payloadBytes &+= UInt64(payload.byteCount)
            if isControl {
                server.takeControl(payload, at: position)
            } else {
                server.takeContent(payload, at: position, time: now.time)
            }
        }
    }

    /// The frame in progress is complete; `isWhole` when none of it fell into a hole.
    private mutating func endFrame(_ now: inout Observation, isWhole: Bool = true) {
        guard let header = header(now.direction), let opcode = header.opcode else { return }
        guard opcode.isControl else {
            guard header.isFinal else { return }
            let isFine = now.direction == .fromClient ? client.endMessage() : server.endMessage()
            if !isFine { count(.invalidUTF8) }
            noteDescriptions(now)
            return
        }
        guard isWhole else { return }
        let payload = now.direction == .fromClient ? client.control : server.control
        switch opcode {
        case .ping: takePing(payload, now.direction, at: now.time)
        case .pong: takePong(payload, &now)
        default: takeClose(payload, &now)
        }
    }

    private mutating func noteDescriptions(_ now: borrowing Observation) {
        let found =
            now.direction == .fromClient
            ? client.takeDescriptions(at: now.time, from: .fromClient)
            : server.takeDescriptions(at: now.time, from: .fromServer)
        guard !found.isEmpty else { return }
        descriptions += found.prefix(SignallingReader.capacity - min(SignallingReader.capacity, descriptions.count))
        unreported += found
    }

    // MARK: Control frames

    private mutating func takePing(_ payload: [UInt8], _ direction: Direction, at time: Timestamp) {
        if direction == .fromClient { client.remember(payload, at: time) } else { server.remember(payload, at: time) }
    }

    private mutating func takePong(_ payload: [UInt8], _ now: inout Observation) {
        if now.direction == .fromClient {
            guard let sent = server.takePing(payload) else { return }
            client.takeAnswer(after: now.time - sent, path: now.roundTrip.client)
        } else {
            guard let sent = client.takePing(payload) else { return }
            server.takeAnswer(after: now.time - sent, path: now.roundTrip.server)
        }
    }

    /// RFC 6455 sections 5.5.1 and 7.4: nothing, or a code and a reason.
    private mutating func takeClose(_ payload: [UInt8], _ now: inout Observation) {
        var reader = ByteReader(unsafe payload.span.bytes)  // UInt8 has no padding
        let code = payload.count >= 2 ? Int(reader.uint16()) : nil
        if payload.count == 1 || code.map({ !Self.mayBeSent($0) }) ?? false { count(.badCloseCode) }
        let reason = reader.copy(reader.remaining)
        var text = UTF8Validator()
        text.add(reason)
        if !text.isComplete { count(.invalidUTF8) }
        guard close == nil else { return }
        let closing = WebSocketCloseSnapshot(
            code: code, reason: code == nil ? nil : String(decoding: reason, as: UTF8.self), by: now.direction)
        close = closing
        now.tell(.webSocketClose(closing))
    }

    /// RFC 6455 section 7.4.1 and the registry.
    private static func mayBeSent(_ code: Int) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension WebSocketEndpoint {
    mutating func takeControl(_ payload: RawSpan, at position: UInt64) {
        guard control.count + payload.byteCount <= Self.longestControl else { return }
        WebSocketMask.append(payload, mask: header?.mask, at: position, to: &control)
    }

    mutating func remember(_ payload: [UInt8], at time: Timestamp) {
        if pings.count >= Self.pingCapacity { pings.removeFirst() }
        pings.append((payload, time))
    }

    /// When the ping was sent that a pong with this payload answers. A pong may answer the newest ping alone, so those before it
    /// get none; of several with the same payload nobody can say which one it is.
    mutating func takePing(_ payload: [UInt8]) -> Timestamp? {
        guard let index = pings.lastIndex(where: { $0.payload == payload }) else { return nil }
        let sent = pings[index].time
        let isAlone = pings.count { $0.payload == payload } == 1
        pings.removeSubrange(...index)
        return isAlone ? sent : nil
    }

    /// This end answered a ping. `path`: the round trip between it and the capture point at that moment.
    mutating func takeAnswer(after span: Nanoseconds, path: Nanoseconds?) {
        pingRoundTrips.record(span)
        guard span > 0, let path else { return }
        let late = max(0, span - path)
        lag.record(late / 1_000)
        longestLag = max(longestLag, late)
    }
}
