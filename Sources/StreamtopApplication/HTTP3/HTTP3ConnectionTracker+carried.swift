import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Other protocols that a request asked for (RFC 9220): WebSocket goes up, WebTransport is counted here.
extension HTTP3ConnectionTracker {
    private static func isWebTransport(_ name: String) -> Bool { name.hasPrefix("webtransport") }

    /// The head of a request is known.
    mutating func askToCarry(_ index: Int, _ fields: [HTTPField], at time: Timestamp) {
        guard let name = fields.first(where: { $0.name == ":protocol" })?.value.lowercased() else { return }
        let url = requests[index].exchange?.request?.url
        if Self.isWebTransport(name) { webTransport.ask(requests[index].identifier, url: url, at: time) }
        requests[index].carries = HTTPUpgrade(
            to: name, request: fields, response: [], url: url, duration: nil, at: time)
    }

    /// The final head of its response is known: a 2xx agrees.
    mutating func beginCarrying(
        _ index: Int, _ status: Int?, _ fields: [HTTPField], at time: Timestamp, _ now: inout Observation
    ) {
        guard let asked = requests[index].carries else { return }
        let stream = requests[index].identifier
        let isAccepted = (200..<300).contains(status ?? 0)
        if Self.isWebTransport(asked.protocolName) {
            let subprotocol = fields.first { $0.name == "wt-protocol" || $0.name == "sec-webtransport-protocol" }?.value
            return webTransport.answer(stream, isAccepted: isAccepted, subprotocol: subprotocol, at: time)
        }
        guard isAccepted, upgrade == nil else { return }
        var agreed = HTTPUpgrade(
            to: asked.protocolName, request: [], response: fields, url: asked.url,
            duration: requests[index].exchange?.sinceRequest(time), at: time)
        agreed.stream = stream
        upgrade = agreed
        if asked.protocolName == "websocket" { now.signal(.upgraded(to: .webSocket)) }
    }

    /// Content of a request's stream that something else reads: `payload` begins at `start` of what the tracker was given.
    mutating func carry(_ payload: RawSpan, at start: Int, _ stream: UInt64, _ now: inout Observation) {
        if upgrade?.stream == stream {
            now.deliver(start, count: payload.byteCount, stream: stream)
        } else if webTransport.isSession(stream) {
            webTransport.takeCapsules(payload, stream, now.direction)
        }
    }

    mutating func endCarried(_ stream: UInt64, _ content: Delivery.Content, _ now: inout Observation) {
        if upgrade?.stream == stream { now.deliver(content, stream: stream) }
        webTransport.end(stream, at: now.time)
    }

    // MARK: Streams of a session

    /// A stream that is no request: its first frame says which session it belongs to. `rest`: the bytes behind that.
    mutating func becomeSessionStream(
        _ index: Int, of session: UInt64, _ rest: RawSpan, _ direction: Direction, at time: Timestamp
    ) {
        let stream = requests[index].identifier
        if let exchange = requests[index].exchange { log.withdraw(exchange) }
        requests.remove(at: index)
        streamCount -= 1
        webTransport.join(stream, to: session, by: direction)
        webTransport.take(rest, stream, direction, at: time)
    }

    /// A stream that the server opened in both directions: WebTransport alone has those (RFC 9114 section 6.1).
    mutating func observeServerStream(_ bytes: RawSpan, _ delivery: borrowing Delivery) {
        let stream = delivery.stream
        guard case .bytes = delivery.content, delivery.direction == .fromServer else { return }
        var reader = ByteReader(bytes)
        let known = serverOpened.firstIndex { $0.stream == stream }
        if known == nil, serverOpened.count >= Self.unidirectionalCapacity { serverOpened.removeFirst() }
        let index = known ?? serverOpened.count
        if known == nil { serverOpened.append((stream, HTTP3FrameDecoder())) }
        guard case .frame(let type, let session, _)? = serverOpened[index].decoder.next(&reader) else { return }
        serverOpened.remove(at: index)
        guard type.rawValue == WebTransportSessions.bidirectionalType else { return }
        webTransport.join(stream, to: session, by: .fromServer)
        webTransport.take(reader.restSpan, stream, .fromServer, at: delivery.time)
    }

    /// What comes on a stream of a session.
    mutating func observeSessionStream(_ bytes: RawSpan, _ delivery: borrowing Delivery) {
        switch delivery.content {
        case .bytes: webTransport.take(bytes, delivery.stream, delivery.direction, at: delivery.time)
        case .gap(let count): webTransport.skip(count, delivery.stream, delivery.direction)
        case .reset: webTransport.reset(delivery.stream, delivery.direction)
        case .end, .datagram, .stopSending, .restart: break
        }
    }
}
