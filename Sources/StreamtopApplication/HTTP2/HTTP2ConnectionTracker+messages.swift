import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Requests, responses and pushes (RFC 9113 section 8).
extension HTTP2ConnectionTracker {
    /// A HEADERS frame of the client begins: the first of its stream is the request's first byte.
    mutating func beginRequest(_ stream: UInt32, isEarly: Bool, at time: Timestamp) {
        guard stream & 1 == 1 else { return }
        let index = index(stream, at: time)
        guard streams[index].exchange.requestTime == nil, streams[index].exchange.responseTime == nil else { return }
        streams[index].exchange.requestTime = time
        streams[index].exchange.isEarly = isEarly
        clientCredit.begin(stream, at: time)
    }

    /// A frame with a header block, or with a part of one.
    mutating func takeFields(_ payload: [UInt8], _ header: HTTP2FrameHeader, _ now: inout Observation) {
        let bytes = unsafe payload.span.bytes  // UInt8 has no padding
        var reader = ByteReader(bytes)
        guard let frame = try? HTTP2FieldFrame(decoding: &reader, header) else {
            violations += 1
            return loseFields(now.direction)
        }
        var block = takeBlock(now.direction)
        if header.type == .continuation {
            guard block != nil, block?.stream == header.stream else {
                violations += 1
                return loseFields(now.direction)
            }
        } else {
            if block != nil { violations += 1 }
            block = HTTP2Endpoint.Block(
                stream: header.stream, promisedStream: frame.promisedStream, time: frameTime(now.direction),
                endsStream: header.type == .headers && header.flags.contains(.endStream))
        }
        guard var block else { return }
        block.frames += 1
        guard block.frames <= HTTP2Endpoint.blockFrameCapacity,
            block.bytes.count + payload.count <= HTTP2Endpoint.blockLimit
        else {
            undecodedBlocks += 1
            violations += 1
            return loseFields(now.direction)
        }
        var part = ByteReader(bytes.extracting(frame.block))
        part.append(part.remaining, to: &block.bytes)
        if header.flags.contains(.endHeaders) {
            endBlock(block, &now)
        } else if now.direction == .fromClient {
            client.block = block
        } else {
            server.block = block
        }
    }

    private mutating func takeBlock(_ direction: Direction) -> HTTP2Endpoint.Block? {
        var block: HTTP2Endpoint.Block?
        if direction == .fromClient { swap(&block, &client.block) } else { swap(&block, &server.block) }
        return block
    }

    private mutating func loseFields(_ direction: Direction) {
        if direction == .fromClient { client.loseFields() } else { server.loseFields() }
    }

    private func frameTime(_ direction: Direction) -> Timestamp {
        direction == .fromClient ? client.frameTime : server.frameTime
    }

    private mutating func endBlock(_ block: HTTP2Endpoint.Block, _ now: inout Observation) {
        let bytes = unsafe block.bytes.span.bytes  // UInt8 has no padding
        let decoded = now.direction == .fromClient ? client.fields?.decode(bytes) : server.fields?.decode(bytes)
        if now.direction == .fromClient { client.noteTable() } else { server.noteTable() }
        if decoded == nil { undecodedBlocks += 1 }
        if let promised = block.promisedStream { return promise(promised, decoded, at: block.time) }
        let index = index(block.stream, at: now.time)
        if now.direction == .fromClient {
            takeRequest(index, decoded, at: now.time)
        } else {
            takeResponse(index, decoded, at: block.time, &now)
        }
        if block.endsStream { endMessage(block.stream, &now) }
    }

    private mutating func takeRequest(_ index: Int, _ fields: [HTTPField]?, at time: Timestamp) {
        guard streams[index].exchange.request == nil else { return }  // trailers
        streams[index].exchange.ask(fields.map { HTTPMessageHead($0) } ?? HTTPMessageHead([]), at: time, &reports)
        log.countRequest()
        if let fields, let name = fields.first(where: { $0.name == ":protocol" })?.value {
            streams[index].carries = HTTPUpgrade(
                to: name.lowercased(), request: fields, response: [], url: streams[index].exchange.request?.url,
                duration: nil, at: streams[index].lastTime)
        }
    }

    private mutating func takeResponse(
        _ index: Int, _ fields: [HTTPField]?, at time: Timestamp, _ now: inout Observation
    ) {
        guard streams[index].exchange.response == nil else { return }  // trailers
        guard let fields else {
            if streams[index].undecidedHead == nil { streams[index].undecidedHead = time }
            return
        }
        let head = HTTPMessageHead(fields)
        guard !head.isInterim else { return }
        answer(index, head, at: time, &now)
        beginCarrying(index, head, fields, at: time, &now)
    }

    private mutating func answer(
        _ index: Int, _ head: HTTPMessageHead, at time: Timestamp, _ now: inout Observation
    ) {
        streams[index].exchange.answer(head, at: time, roundTrip: now.roundTrip)
        if streams[index].exchange.media.isReported {
            reports.append(streams[index].exchange.report(.answered, at: now.time))
        }
        log.countResponse(streams[index].exchange)
        serverCredit.begin(streams[index].identifier, at: now.time)
    }

    /// A 2xx to an extended CONNECT: the stream carries another protocol from here on (RFC 8441 section 4).
    private mutating func beginCarrying(
        _ index: Int, _ head: HTTPMessageHead, _ fields: [HTTPField], at time: Timestamp, _ now: inout Observation
    ) {
        guard let asked = streams[index].carries, (200..<300).contains(head.status ?? 0), upgrade == nil else { return }
        let exchange = streams[index].exchange
        var agreed = HTTPUpgrade(
            to: asked.protocolName, request: [], response: fields, url: exchange.request?.url,
            duration: exchange.sinceRequest(time), at: time)
        agreed.stream = UInt64(streams[index].identifier)
        upgrade = agreed
        if asked.protocolName == "websocket" { now.signal(.upgraded(to: .webSocket)) }
    }

    /// The stream of the frame in progress, where its content goes up.
    func carriedStream(_ direction: Direction) -> UInt64? {
        guard let stream = upgrade?.stream, stream == UInt64(header(direction).stream) else { return nil }
        return stream
    }

    // MARK: Content

    /// A DATA frame begins: the final head was before it, whether or not it was decoded.
    mutating func beginData(_ header: HTTP2FrameHeader, _ now: inout Observation) {
        if let index = knownIndex(header.stream) {
            streams[index].lastTime = now.time
            if now.direction == .fromServer, streams[index].exchange.response == nil,
                let time = streams[index].undecidedHead
            {
                answer(index, HTTPMessageHead([]), at: time, &now)
            }
        }
    }

    /// The next bytes of a message's content.
    mutating func takeContent(_ content: RawSpan, _ now: inout Observation) {
        countContent(UInt64(content.byteCount), &now)
        guard let index = knownIndex(header(now.direction).stream) else { return }
        if now.direction == .fromClient {
            streams[index].exchange.takeRequestContent(content)
        } else {
            streams[index].exchange.takeContent(content, at: now.time, &reports)
        }
    }

    /// Content that will never come.
    mutating func skipContent(_ bytes: UInt64, _ now: inout Observation) {
        countContent(bytes, &now)
        guard let index = knownIndex(header(now.direction).stream) else { return }
        guard now.direction == .fromServer else { return streams[index].exchange.signalling.skip(from: .fromClient) }
        streams[index].exchange.skipContent(bytes, at: now.time, &reports)
    }

    private mutating func countContent(_ bytes: UInt64, _ now: inout Observation) {
        let index = knownIndex(header(now.direction).stream)
        if now.direction == .fromClient {
            client.payloadBytes &+= bytes
            if let index { streams[index].exchange.requestBytes &+= bytes }
        } else {
            server.payloadBytes &+= bytes
            if let index { streams[index].exchange.responseBytes &+= bytes }
            if let index, streams[index].isReported, streams[index].isPush { pushesWasted &+= bytes }
        }
    }

    mutating func endData(_ header: HTTP2FrameHeader, _ now: inout Observation) {
        let ends = header.flags.contains(.endStream)
        if now.direction == .fromClient {
            clientCredit.spend(header.payloadLength, on: header.stream, endsStream: ends, at: now.time)
        } else {
            serverCredit.spend(header.payloadLength, on: header.stream, endsStream: ends, at: now.time)
        }
        if ends { endMessage(header.stream, &now) }
    }

    // MARK: Pushes

    private mutating func promise(_ stream: UInt32, _ fields: [HTTPField]?, at time: Timestamp) {
        pushPromises += 1
        guard stream & 1 == 0, knownIndex(stream) == nil else {
            violations += 1
            return
        }
        let index = index(stream, at: time)
        streams[index].isPush = true
        streams[index].requestIsOver = true
        streams[index].exchange.isPushed = true
        streams[index].exchange.requestTime = time
        streams[index].exchange.requestEndTime = time
        streams[index].exchange.request = fields.map { HTTPMessageHead($0) } ?? HTTPMessageHead([])
    }

    // MARK: Ends

    private mutating func endMessage(_ stream: UInt32, _ now: inout Observation) {
        guard let index = knownIndex(stream) else { return }
        if now.direction == .fromClient {
            streams[index].requestIsOver = true
            streams[index].exchange.endRequest(at: now.time, &reports)
            clientCredit.close(stream, at: now.time)
        } else {
            streams[index].responseIsOver = true
            if streams[index].exchange.response == nil, let time = streams[index].undecidedHead {
                answer(index, HTTPMessageHead([]), at: time, &now)
            }
            if streams[index].exchange.endTime == nil { streams[index].exchange.endTime = now.time }
            serverCredit.close(stream, at: now.time)
            report(index, &now)
        }
        if upgrade?.stream == UInt64(stream) { now.deliver(.end, stream: UInt64(stream)) }
        if streams[index].requestIsOver, streams[index].responseIsOver { remove(index, at: now.time) }
    }

    /// RST_STREAM. What is still under way of the stream counts to it.
    mutating func takeReset(_ stream: UInt32, code: UInt64, _ now: inout Observation) {
        resets += 1
        guard let index = knownIndex(stream) else { return }
        // A server ends in this way a request that it has answered already (RFC 9113 section 8.1).
        let isHarmless = now.direction == .fromServer && code == 0 && streams[index].responseIsOver
        if !isHarmless, !streams[index].isReported {
            streams[index].exchange.isReset = true
            streams[index].exchange.errorCode = code
            if streams[index].isPush, now.direction == .fromClient {
                pushesCancelled += 1
                pushesWasted &+= streams[index].exchange.responseBytes
            }
            report(index, &now)
        }
        if upgrade?.stream == UInt64(stream) { now.deliver(.reset(code: code), stream: UInt64(stream)) }
        clientCredit.close(stream, at: now.time)
        serverCredit.close(stream, at: now.time)
    }

    /// The connection is over: what was under way never ends.
    mutating func breakOff(_ now: inout Observation) {
        for index in streams.indices where !streams[index].isReported {
            streams[index].exchange.isBrokenOff = true
            report(index, &now)
        }
        if let stream = upgrade?.stream { now.deliver(.end, stream: stream) }
        while !streams.isEmpty { remove(streams.count - 1, at: now.time) }  // each pass takes one away
    }

    private mutating func report(_ index: Int, _ now: inout Observation) {
        guard !streams[index].isReported else { return }
        streams[index].isReported = true
        streams[index].exchange.endMedia(at: now.time, &reports)
        log.countEnd(streams[index].exchange)
        now.tell(.httpExchange(streams[index].exchange.snapshot(errorName: HTTP2ErrorCode.name(of:))))
    }
}
