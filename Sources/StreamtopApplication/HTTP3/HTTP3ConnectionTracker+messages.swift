import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Requests, responses and pushes.
extension HTTP3ConnectionTracker {
    /// Notes the first byte of a request.
    mutating func note(_ index: Int, _ direction: Direction, isEarly: Bool, at time: Timestamp) {
        guard direction == .fromClient, requests[index].exchange?.requestTime == nil else { return }
        requests[index].exchange?.requestTime = time
        requests[index].exchange?.isEarly = isEarly
    }

    mutating func readMessage(
        _ index: Int, _ direction: Direction, _ bytes: RawSpan, at time: Timestamp, _ now: inout Observation
    ) {
        let stream = requests[index].identifier
        var reader = ByteReader(bytes)
        // Each element moves the reader or the frame decoder on. A stream may leave while it is read: it is over then.
        while let position = knownIndex(stream),
            let element = requests[position].messages[direction.index].frames.next(&reader)
        {
            switch element {
            case .frame(let type, let session, _)
            where type.rawValue == WebTransportSessions.bidirectionalType && !webTransport.isEmpty
                && requests[position].exchange?.request == nil && direction == .fromClient:
                return becomeSessionStream(position, of: session, reader.restSpan, direction, at: time)
            case .frame(let type, let length, let headerLength):
                endpoints[direction.index].count(type, headerLength: headerLength)
                check(type, position, direction)
                if !requests[position].messages[direction.index].begin(type, length: length, at: time) {
                    undecodedSections += 1
                }
                if type == .data { beginContent(position, direction) }
            case .payload(let count, let isLast):
                let end = reader.consumed
                let payload = bytes.extracting((end - count)..<end)
                if countPayload(count, position, direction) {
                    takeContent(payload, position, direction, at: time)
                    carry(payload, at: end - count, stream, &now)
                } else {
                    requests[position].messages[direction.index].collect(payload)
                }
                if isLast { endFrame(position, direction, &now) }
            }
        }
    }

    private mutating func check(_ type: HTTP3FrameType, _ index: Int, _ direction: Direction) {
        switch type.kind {
        case .data where requests[index].exchange != nil && head(index, direction) == nil:
            if requests[index].messages[direction.index].undecidedHead == nil { violations += 1 }
        case .settings, .goAway, .maxPushID, .cancelPush, .origin: violations += 1
        case .pushPromise where direction == .fromClient: violations += 1
        case .unknown where type.isForbidden: violations += 1
        default: break
        }
    }

    private func head(_ index: Int, _ direction: Direction) -> HTTPMessageHead? {
        direction == .fromClient ? requests[index].exchange?.request : requests[index].exchange?.response
    }

    /// Counts bytes of a frame's payload; true where they are of the content.
    private mutating func countPayload(_ count: Int, _ index: Int, _ direction: Direction) -> Bool {
        let bytes = UInt64(count)
        let isContent = requests[index].countContent(bytes, from: direction)
        if isContent {
            endpoints[direction.index].payloadBytes &+= bytes
        } else {
            endpoints[direction.index].overheadBytes &+= bytes
        }
        return isContent
    }

    private mutating func takeContent(_ content: RawSpan, _ index: Int, _ direction: Direction, at time: Timestamp) {
        if direction == .fromClient {
            requests[index].exchange?.takeRequestContent(content)
        } else {
            requests[index].exchange?.takeContent(content, at: time, &reports)
        }
    }

    /// Content follows the final head: a section that was not decoded has been that.
    private mutating func beginContent(_ index: Int, _ direction: Direction) {
        guard direction == .fromServer, let time = requests[index].messages[Direction.fromServer.index].undecidedHead
        else { return }
        if requests[index].exchange?.responseTime == nil { requests[index].exchange?.responseTime = time }
    }

    private mutating func endFrame(_ index: Int, _ direction: Direction, _ now: inout Observation) {
        guard let payload = requests[index].messages[direction.index].takeSection() else { return }
        let reader = requests[index].messages[direction.index]
        var target = HTTP3FieldDecoder.Target(stream: requests[index].identifier, time: reader.frameTime)
        target.ready = now.time
        var section = payload
        if reader.type == .pushPromise {
            // Push ID (i), then the section (RFC 9114 section 7.2.5).
            pushPromises += 1
            var bytes = ByteReader(unsafe payload.span.bytes)  // UInt8 has no padding
            guard let push = try? bytes.quicInteger(in: .http3) else {
                violations += 1
                return
            }
            target.push = push
            section = bytes.copy(bytes.remaining)
        } else if requests[index].messages[direction.index].undecidedHead == nil, head(index, direction) == nil {
            requests[index].messages[direction.index].undecidedHead = reader.frameTime
        }
        requests[index].messages[direction.index].waitingSections += 1
        var decoded: [HTTP3FieldDecoder.Decoded] = []
        if direction == .fromClient {
            clientFields.read(section, for: target, &decoded)
        } else {
            serverFields.read(section, for: target, &decoded)
        }
        take(decoded, direction, &now)
    }

    /// Sections that the end sending in `direction` sent were decoded, or never will be.
    mutating func take(
        _ decoded: [HTTP3FieldDecoder.Decoded], _ direction: Direction, _ now: inout Observation
    ) {
        for section in decoded {
            if section.target.isBlocked {
                blockedSections += 1
                blockedTime = saturatingAdd(blockedTime, max(0, now.time - section.target.ready))
            }
            if let push = section.target.push, let fields = section.fields { promise(push, HTTPMessageHead(fields)) }
            guard let index = knownIndex(section.target.stream) else { continue }
            requests[index].messages[direction.index].waitingSections = max(
                0, requests[index].messages[direction.index].waitingSections - 1)
            if section.target.push == nil {
                takeHead(section.fields, index, direction, at: section.target.time, &now)
            }
            closeIfOver(index, &now)
        }
    }

    private mutating func takeHead(
        _ fields: [HTTPField]?, _ index: Int, _ direction: Direction, at time: Timestamp,
        _ now: inout Observation
    ) {
        guard requests[index].exchange != nil else { return }
        let head = fields.map(HTTPMessageHead.init)
        if direction == .fromClient {
            guard requests[index].exchange?.request == nil else { return }  // trailers
            requests[index].exchange?.ask(head ?? HTTPMessageHead([]), at: time, &reports)
            requests[index].messages[Direction.fromClient.index].undecidedHead = nil
            log.countRequest()
            if let fields { askToCarry(index, fields, at: requests[index].exchange?.requestTime ?? time) }
            return
        }
        guard let head, requests[index].exchange?.response == nil else { return }
        requests[index].messages[Direction.fromServer.index].undecidedHead = nil
        guard !head.isInterim else { return }
        answer(index, head, at: time, now)
        beginCarrying(index, head.status, fields ?? [], at: time, &now)
    }

    private mutating func answer(
        _ index: Int, _ head: HTTPMessageHead, at time: Timestamp, _ now: borrowing Observation
    ) {
        requests[index].exchange?.answer(head, at: time, roundTrip: now.roundTrip)
        if let exchange = requests[index].exchange, exchange.media.isReported {
            reports.append(exchange.report(.answered, at: now.time))
        }
        if let exchange = requests[index].exchange { log.countResponse(exchange) }
    }

    // MARK: Pushes

    private mutating func promise(_ push: UInt64, _ head: HTTPMessageHead) {
        if let index = requests.firstIndex(where: { $0.push == push }) {
            requests[index].exchange?.request = head
        } else if promises.count < Self.promiseCapacity {
            promises[push] = head
        }
    }

    /// Bytes of a push stream behind its type: the identifier of the push, then a response.
    mutating func readPush(
        _ stream: UInt64, _ bytes: RawSpan, at time: Timestamp, _ now: inout Observation
    ) {
        var reader = ByteReader(bytes)
        let index: Int
        if let known = knownIndex(stream) {
            index = known
        } else {
            index = open(stream, at: time)
            requests[index].isPush = true
            requests[index].exchange?.isPushed = true
        }
        requests[index].lastTime = time
        if requests[index].push == nil {
            guard let push = requests[index].pushInteger.next(&reader) else { return }
            requests[index].push = push.number
            endpoints[Direction.fromServer.index].overheadBytes &+= UInt64(push.length)
            requests[index].exchange?.request = promises.removeValue(forKey: push.number)
        }
        readMessage(index, .fromServer, reader.restSpan, at: time, &now)
    }

    // MARK: Ends and holes

    mutating func bridge(
        _ count: UInt64, _ index: Int, _ direction: Direction, at time: Timestamp, _ now: inout Observation
    ) {
        let hadSync = !requests[index].messages[direction.index].frames.hasLostSync
        let hole = requests[index].messages[direction.index].frames.gap(of: count)
        if requests[index].messages[direction.index].losesSection() {
            undecodedSections += 1
            if head(index, direction) == nil {
                requests[index].messages[direction.index].undecidedHead =
                    requests[index].messages[direction.index].frameTime
            }
        }
        let isContent = countPayload(Int(clamping: hole.payload), index, direction)
        if isContent {
            if direction == .fromServer {
                requests[index].exchange?.skipContent(UInt64(hole.payload), at: time, &reports)
            } else {
                requests[index].exchange?.signalling.skip(from: direction)
            }
        }
        if isContent, hole.payload > 0, upgrade?.stream == requests[index].identifier {
            now.deliver(.gap(hole.payload), stream: requests[index].identifier)
        }
        if hadSync, requests[index].messages[direction.index].frames.hasLostSync { lostStreams += 1 }
    }

    mutating func endMessage(
        _ index: Int, _ direction: Direction, at time: Timestamp, _ now: inout Observation
    ) {
        requests[index].messages[direction.index].isOver = true
        if direction == .fromServer {
            requests[index].exchange?.endTime = time
        } else {
            requests[index].exchange?.endRequest(at: time, &reports)
        }
        closeIfOver(index, &now)
    }

    /// The exchange is over when its response is, once its heads are decoded.
    private mutating func closeIfOver(_ index: Int, _ now: inout Observation) {
        guard requests[index].messages[Direction.fromServer.index].isOver,
            requests[index].messages[Direction.fromServer.index].waitingSections == 0,
            requests[index].messages[Direction.fromClient.index].waitingSections == 0
        else { return }
        if requests[index].exchange != nil, requests[index].exchange?.response == nil,
            let time = requests[index].messages[Direction.fromServer.index].undecidedHead
        {
            answer(index, HTTPMessageHead([]), at: time, now)
        }
        close(index, &now)
        if requests[index].isPush || requests[index].messages[Direction.fromClient.index].isOver {
            requests.remove(at: index)
        }
    }

    mutating func resetMessage(
        _ index: Int, _ direction: Direction, code: UInt64, at time: Timestamp, _ now: inout Observation
    ) {
        requests[index].messages[direction.index].isOver = true
        // A client ends a request that was answered early in this way (RFC 9114 section 4.1).
        let isHarmless = direction == .fromClient && code == 0x100
        if !isHarmless { breakOff(index, code: code, &now) }
        if requests[index].messages[Direction.fromClient.index].isOver,
            requests[index].messages[Direction.fromServer.index].isOver || requests[index].isPush
        {
            requests.remove(at: index)
        }
    }

    mutating func breakOff(_ index: Int, code: UInt64, _ now: inout Observation) {
        guard requests[index].exchange != nil else { return }
        requests[index].exchange?.isReset = true
        requests[index].exchange?.errorCode = code
        close(index, &now)
    }

    private mutating func close(_ index: Int, _ now: inout Observation) {
        guard var exchange = requests[index].exchange else { return }
        requests[index].exchange = nil
        exchange.endMedia(at: now.time, &reports)
        let snapshot = exchange.snapshot(errorName: HTTP3ErrorCode.name(of:))
        log.end(exchange, snapshot)
        now.tell(.httpExchange(snapshot))
    }
}
