import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Requests and the responses to them: on one connection they answer each other in order (RFC 9112 section 9.3).
struct HTTP1Exchanges: ~Copyable {
    /// Exchanges that wait for their end; the oldest goes first. No client pipelines as many.
    static let openCapacity = 64

    private(set) var open: [HTTPExchange] = []
    var log = HTTPExchangeLog()
    var reports = MediaReports()
    let isSecure: Bool
    /// Fields of the last request that asked for another protocol.
    private var offer: [HTTPField] = []
    /// What the connection carries from now on, once that was agreed.
    private(set) var upgrade: HTTPUpgrade?
    private(set) var isTunnel = false
    private var isResponseLost = false
    private var anomalies = AnomalyCounts()

    init(isSecure: Bool) { self.isSecure = isSecure }

    static let limits = [
        Limit("HTTP/1.1 exchanges under way", openCapacity, per: .flow, policy: "the oldest is forgotten, counted")
    ]

    /// Memory of the exchanges, under way and over.
    var heldBytes: Int {
        var held = log.heldBytes
        for index in open.indices { held += open[index].heldBytes }
        for field in offer { held += field.name.utf8.count + field.value.utf8.count }
        return held
    }

    func report(into flow: inout FlowSnapshot) {
        guard !log.isEmpty else { return }
        flow.protocols.append(ProtocolKind.http1.rawValue)
        flow.add(log.snapshot(open: open.map { $0.snapshot { _ in nil } }))
        log.reportMedia(open: open.lazy.compactMap { $0.media.flashVideo }.last, into: &flow)
        flow.anomalies.add(anomalies)
        if log.earlyResponses > 0 { flow.anomalies.record(.earlyResponse, times: log.earlyResponses) }
    }

    /// A head is complete; says how its content is framed.
    mutating func take(_ head: HTTP1Head, _ end: inout HTTP1Endpoint, _ now: inout Observation) -> HTTP1Framing {
        if head.hasConflictingLengths { anomalies.record(.httpLengthConflict) }
        if case .request = head.startLine { return takeRequest(head, &end, &now) }
        return takeResponse(head, &end, &now)
    }

    private mutating func takeRequest(
        _ head: HTTP1Head, _ end: inout HTTP1Endpoint, _ now: inout Observation
    ) -> HTTP1Framing {
        if now.direction != .fromClient { now.signal(.clientIs(now.direction)) }
        // Responses that went by unseen answered whatever was asked before now, as far as anyone can tell.
        // Each pass takes one away.
        while isResponseLost || open.count >= Self.openCapacity, !open.isEmpty { forget(0) }
        isResponseLost = false
        var exchange = log.begin(stream: nil)
        exchange.requestTime = end.start
        exchange.isEarly = end.isEarly
        exchange.ask(HTTPMessageHead(head, isSecure: isSecure), at: now.time, &reports)
        log.countRequest()
        end.exchange = exchange.identifier
        end.isRequest = true
        offer = head["upgrade"] == nil && !head.asksForUpgrade ? [] : head.fields
        open.append(exchange)
        return HTTP1Framing(head, answering: nil)
    }

    private mutating func takeResponse(
        _ head: HTTP1Head, _ end: inout HTTP1Endpoint, _ now: inout Observation
    ) -> HTTP1Framing {
        if now.direction != .fromServer { now.signal(.clientIs(now.direction.reversed)) }
        end.isRequest = false
        let status = head.status ?? 0
        guard status >= 200 || status == 101 else {
            end.exchange = nil
            return .none
        }
        let index = open.firstIndex { $0.response == nil } ?? beginUnasked()
        let framing = HTTP1Framing(head, answering: open[index].request?.method)
        open[index].isChunked = framing == .chunked
        open[index].answer(HTTPMessageHead(head, isSecure: isSecure), at: end.start, roundTrip: now.roundTrip)
        if open[index].media.isReported { reports.append(open[index].report(.answered, at: now.time)) }
        end.exchange = open[index].identifier
        // Where HTTP/2 takes over, the response to the request comes on its stream 1 (RFC 7540 section 3.2).
        if status != 101 || head["upgrade"]?.lowercased() != "h2c" { log.countResponse(open[index]) }
        if framing == .tunnel { beginTunnel(index, head, at: end.start, &now) }
        return framing
    }

    /// A response whose request was not captured.
    private mutating func beginUnasked() -> Int {
        open.append(log.begin(stream: nil))
        return open.count - 1
    }

    private mutating func beginTunnel(
        _ index: Int, _ head: HTTP1Head, at time: Timestamp, _ now: inout Observation
    ) {
        isTunnel = true
        guard head.status == 101, let name = head["upgrade"]?.lowercased() else { return }
        upgrade = HTTPUpgrade(
            to: name, request: offer, response: head.fields, url: open[index].request?.url,
            duration: open[index].sinceRequest(time), at: time)
        switch name {
        case "websocket": now.signal(.upgraded(to: .webSocket))
        case "h2c": now.signal(.upgraded(to: .http2))
        default: break
        }
    }

    mutating func countMalformed() { anomalies.record(.httpMalformed) }

    // MARK: Content and ends

    /// The next bytes of a message's content; `startsChunk` where they begin a chunk.
    mutating func takeContent(_ bytes: RawSpan, startsChunk: Bool, _ end: HTTP1Endpoint, at time: Timestamp) {
        guard let index = index(of: end) else { return }
        if end.isRequest {
            open[index].requestBytes &+= UInt64(bytes.byteCount)
            open[index].takeRequestContent(bytes)
        } else {
            open[index].responseBytes &+= UInt64(bytes.byteCount)
            open[index].takeContent(bytes, startsChunk: startsChunk, at: time, &reports)
        }
    }

    /// Content that will never come.
    mutating func skipContent(_ bytes: UInt64, _ end: HTTP1Endpoint, at time: Timestamp) {
        guard let index = index(of: end) else { return }
        if end.isRequest {
            open[index].requestBytes &+= bytes
            open[index].signalling.skip(from: .fromClient)
        } else {
            open[index].responseBytes &+= bytes
            open[index].skipContent(bytes, at: time, &reports)
        }
    }

    mutating func releaseHeldBytes() {
        for index in open.indices { open[index].releaseHeldBytes() }
    }

    mutating func endChunk(_ end: HTTP1Endpoint, at time: Timestamp) {
        guard !end.isRequest, let index = index(of: end) else { return }
        open[index].chunks.end(at: time)
    }

    /// A message is complete.
    mutating func endMessage(_ end: inout HTTP1Endpoint, _ now: inout Observation) {
        defer { end.exchange = nil }
        guard let index = index(of: end) else { return }
        if end.isRequest {
            open[index].endRequest(at: now.time, &reports)
        } else {
            open[index].endTime = now.time
            close(index, &now)
        }
    }

    /// The rest of a message will never be known: as much of it as was seen is kept.
    mutating func loseMessage(_ end: inout HTTP1Endpoint) {
        defer { end.exchange = nil }
        guard let index = index(of: end) else { return }
        if end.isRequest { open[index].isRequestEndLost = true } else { forget(index) }
    }

    /// A hole in what the server sent: from here to the next request nobody can tell which request a response answers.
    mutating func loseResponses() { isResponseLost = true }

    /// Nothing more comes from an end: an exchange that waits for it is broken off.
    mutating func breakOff(_ end: inout HTTP1Endpoint, _ now: inout Observation) {
        end.exchange = nil
        while let exchange = open.first {  // each pass takes one away
            open[0].isBrokenOff = exchange.endTime == nil
            close(0, &now)
        }
    }

    private func index(of end: HTTP1Endpoint) -> Int? {
        end.exchange.flatMap { wanted in open.firstIndex { $0.identifier == wanted } }
    }

    private mutating func forget(_ index: Int) {
        log.forget(open.remove(at: index).snapshot { _ in nil })
    }

    private mutating func close(_ index: Int, _ now: inout Observation) {
        var exchange = open.remove(at: index)
        exchange.endMedia(at: now.time, &reports)
        let snapshot = exchange.snapshot { _ in nil }
        log.end(exchange, snapshot)
        now.tell(.httpExchange(snapshot))
    }
}
