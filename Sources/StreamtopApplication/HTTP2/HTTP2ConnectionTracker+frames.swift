import StreamtopBase
import StreamtopLayer
import StreamtopWire

/// From bytes to frames, and what they say of the connection.
extension HTTP2ConnectionTracker {
    mutating func read(_ bytes: RawSpan, isEarly: Bool, _ now: inout Observation) {
        var reader = ByteReader(bytes)
        while let element = next(&reader, now.direction) {  // each moves the reader or the frame decoder on
            switch element {
            case .preface:
                if now.direction == .fromClient { client.hasPreface = true } else { server.hasPreface = true }
                if now.direction == .fromServer { now.signal(.clientIs(.fromServer)) }
            case .frame(let header):
                if isRefuted(by: header, now.direction) { return now.signal(.notThisProtocol) }
                begin(header, now.direction, at: now.time)
                if header.type == .headers, now.direction == .fromClient {
                    beginRequest(header.stream, isEarly: isEarly, at: now.time)
                }
                if header.type == .data { beginData(header, &now) }
            case .payload(let count, let isLast):
                let start = reader.consumed - count
                takePayload(bytes.extracting(start..<(start + count)), at: start, &now)
                if isLast { endFrame(&now) }
            case .malformed:
                violations += 1
                if !client.hasFrames, !server.hasFrames { now.signal(.notThisProtocol) }
                loseStep(now.direction)
            }
        }
    }

    /// The server alone has spoken, and what the client begins with is neither its preface nor the SETTINGS of an end whose side
    /// was guessed wrong.
    private func isRefuted(by header: HTTP2FrameHeader, _ direction: Direction) -> Bool {
        direction == .fromClient && !client.hasFrames && !client.hasPreface && server.hasFrames && lostSteps == 0
            && (header.type != .settings || !header.isPlausible)
    }

    /// `count` bytes will never come.
    mutating func bridge(_ count: UInt64, _ now: inout Observation) {
        let isClient = now.direction == .fromClient
        let hadStep = isClient ? !client.frames.hasLostStep : !server.frames.hasLostStep
        let hole = isClient ? client.frames.gap(of: count) : server.frames.gap(of: count)
        if header(now.direction).type == .data {
            let content = isClient ? client.skipContent(hole.payload) : server.skipContent(hole.payload)
            skipContent(UInt64(content), &now)
            if let carries = carriedStream(now.direction), content > 0 {
                now.deliver(.gap(UInt64(content)), stream: carries)
            }
        }
        if isClient { client.losePayload() } else { server.losePayload() }
        if hole.endsFrame { endFrame(&now) }
        let hasStep = isClient ? !client.frames.hasLostStep : !server.frames.hasLostStep
        if hadStep, !hasStep { loseStep(now.direction) }
    }

    private mutating func loseStep(_ direction: Direction) {
        lostSteps += 1
        if direction == .fromClient { client.loseFields() } else { server.loseFields() }
    }

    @_lifetime(reader: copy reader)
    private mutating func next(_ reader: inout ByteReader, _ direction: Direction) -> HTTP2FrameDecoder.Element? {
        direction == .fromClient ? client.frames.next(&reader) : server.frames.next(&reader)
    }

    private mutating func begin(_ header: HTTP2FrameHeader, _ direction: Direction, at time: Timestamp) {
        if direction == .fromClient { client.begin(header, at: time) } else { server.begin(header, at: time) }
    }

    func header(_ direction: Direction) -> HTTP2FrameHeader {
        direction == .fromClient ? client.header : server.header
    }

    /// A part of a frame is here that had to wait for a hole before it.
    private mutating func noteWait(_ direction: Direction) {
        guard let index = knownIndex(header(direction).stream), !streams[index].hasWaited[direction] else { return }
        streams[index].hasWaited[direction] = true
        waits[direction].countStream()
    }

    private mutating func takePayload(_ payload: RawSpan, at start: Int, _ now: inout Observation) {
        if now.waited > 0 { noteWait(now.direction) }
        let content = now.direction == .fromClient ? client.take(payload) : server.take(payload)
        guard let content, !content.isEmpty else { return }
        takeContent(payload.extracting(content), &now)
        if let carries = carriedStream(now.direction) {
            now.deliver(start + content.lowerBound, count: content.count, stream: carries)
        }
    }

    /// The frame in progress is complete.
    private mutating func endFrame(_ now: inout Observation) {
        let direction = now.direction
        let header = header(direction)
        if header.type == .data { return endData(header, &now) }
        guard let payload = direction == .fromClient ? client.takePayload() : server.takePayload() else {
            if header.type.carriesFields {
                undecodedBlocks += 1
                if direction == .fromClient { client.loseFields() } else { server.loseFields() }
            }
            return
        }
        var reader = ByteReader(unsafe payload.span.bytes)  // UInt8 has no padding
        switch header.type {
        case .headers, .pushPromise, .continuation: takeFields(payload, header, &now)
        case .settings: takeSettings(payload, header, direction, at: now.time)
        case .windowUpdate: takeGrant(reader.uint32() & 0x7fff_ffff, header.stream, &now)
        case .ping: takePing(reader.uint64(), header, direction, at: now.time)
        case .reset: takeReset(header.stream, code: UInt64(reader.uint32()), &now)
        case .goAway:
            let last = reader.uint32() & 0x7fff_ffff
            let code = UInt64(reader.uint32())
            guard !reader.overrun else { break }
            if direction == .fromClient { client.goAway = (last, code) } else { server.goAway = (last, code) }
        default: break
        }
    }

    private mutating func takeSettings(
        _ payload: [UInt8], _ header: HTTP2FrameHeader, _ direction: Direction, at time: Timestamp
    ) {
        guard header.flags.contains(.acknowledgment) else {
            let list = HTTP2Setting.list(decoding: unsafe payload.span.bytes)  // UInt8 has no padding
            if direction == .fromClient { client.announce(list) } else { server.announce(list) }
            return
        }
        // What the other end announced is in force for what this end sends (RFC 9113 section 6.5.3).
        if direction == .fromClient {
            guard !server.unacknowledged.isEmpty else { return }
            for setting in server.unacknowledged.removeFirst() {
                if setting.name == .initialWindowSize { clientCredit.setInitial(setting.value, at: time) }
                if setting.name == .headerTableSize { client.fields?.setCapacity(setting.value) }
            }
        } else {
            guard !client.unacknowledged.isEmpty else { return }
            for setting in client.unacknowledged.removeFirst() {
                if setting.name == .initialWindowSize { serverCredit.setInitial(setting.value, at: time) }
                if setting.name == .headerTableSize { server.fields?.setCapacity(setting.value) }
            }
        }
    }

    private mutating func takeGrant(_ bytes: UInt32, _ stream: UInt32, _ now: inout Observation) {
        if now.direction == .fromClient {
            serverCredit.grant(bytes, on: stream, at: now.time, roundTrip: now.roundTrip.server)
        } else {
            clientCredit.grant(bytes, on: stream, at: now.time, roundTrip: now.roundTrip.client)
        }
    }

    /// RFC 9113 section 6.7. The answer repeats the data; what was answered twice or never asked is no sample.
    private mutating func takePing(
        _ data: UInt64, _ header: HTTP2FrameHeader, _ direction: Direction, at time: Timestamp
    ) {
        guard header.flags.contains(.acknowledgment) else {
            if direction == .fromClient {
                Self.remember(data, at: time, &client.pings)
            } else {
                Self.remember(data, at: time, &server.pings)
            }
            return
        }
        if direction == .fromClient {
            if let sent = Self.take(data, &server.pings) { client.pingRoundTrips.record(time - sent) }
        } else {
            if let sent = Self.take(data, &client.pings) { server.pingRoundTrips.record(time - sent) }
        }
    }

    private static func remember(_ data: UInt64, at time: Timestamp, _ pings: inout [(data: UInt64, time: Timestamp)]) {
        if pings.count >= HTTP2Endpoint.pingCapacity { pings.removeFirst() }
        pings.append((data, time))
    }

    /// When the only open PING with this data was sent.
    private static func take(_ data: UInt64, _ pings: inout [(data: UInt64, time: Timestamp)]) -> Timestamp? {
        let sent = pings.first { $0.data == data }?.time
        let isAlone = pings.count { $0.data == data } == 1
        pings.removeAll { $0.data == data }
        return isAlone ? sent : nil
    }
}
