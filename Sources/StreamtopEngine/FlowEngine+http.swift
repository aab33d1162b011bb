import StreamtopApplication
import StreamtopBase
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport

/// HTTP over QUIC: from streams in order to the tracker of the connection.
extension FlowEngine {
    /// Names of HTTP/3 in the application protocols of TLS (RFC 9114 section 3.1), its drafts' among them.
    static func isHTTP3(_ alpn: String) -> Bool { alpn == "h3" || alpn.hasPrefix("h3-") }

    /// Forgets a QUIC connection and what was read in it.
    mutating func dropQUIC(_ index: UInt32) {
        let http3 = quicFlows[index].http3
        if http3 != FlowEntry.none { _ = http3Trackers.remove(http3) }
        quicScratch.packetRoom += quicFlows[index].connection.loggedPackets
        _ = quicFlows.remove(index)
    }

    /// Gives the stream data of the last datagram to who reads it.
    mutating func readQUICStreams(_ position: UInt32) {
        let index = flows[position].quic
        guard carriesHTTP3(index) else {
            quicFlows[index].connection.followsStreams = false
            if quicFlows[index].http3 != FlowEntry.none {
                _ = http3Trackers.remove(quicFlows[index].http3)
                quicFlows[index].http3 = FlowEntry.none
            }
            return
        }
        if quicFlows[index].http3 == FlowEntry.none {
            quicFlows[index].http3 = http3Trackers.insert(HTTP3ConnectionTracker())
        }
        let tracker = quicFlows[index].http3
        // Out of the engine and back: bytes are read from them while trackers of the engine change.
        quicScratch.exchangeStreams(&streamPieces, &streamBytes)
        var bytes: [UInt8] = []
        swap(&bytes, &streamBytes)
        for number in streamPieces.indices { give(streamPieces[number], bytes, to: tracker) }
        swap(&bytes, &streamBytes)
        quicScratch.exchangeStreams(&streamPieces, &streamBytes)
    }

    private mutating func give(_ piece: QUICStreamPiece, _ bytes: borrowing [UInt8], to tracker: UInt32) {
        let stream = piece.stream
        let direction = piece.direction
        switch piece.content {
        case .bytes(let start, let count):
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            let span = unsafe bytes.span.bytes.extracting(start..<(start + count))
            http3Trackers[tracker].observe(
                span, stream: stream, direction: direction, isEarly: piece.isEarly, at: piece.time,
                events: &pendingEvents)
        case .gap(let count):
            http3Trackers[tracker].gap(
                of: count, stream: stream, direction: direction, at: piece.time, events: &pendingEvents)
        case .end:
            http3Trackers[tracker].end(
                stream: stream, direction: direction, at: piece.time, events: &pendingEvents)
        case .reset(let code):
            http3Trackers[tracker].reset(
                stream: stream, direction: direction, code: code, at: piece.time, events: &pendingEvents)
        case .stopSending(let code):
            http3Trackers[tracker].stopSending(
                stream: stream, direction: direction, code: code, events: &pendingEvents)
        case .restart:
            http3Trackers[tracker] = HTTP3ConnectionTracker()
        }
    }

    /// The streams are HTTP/3's: agreed, or while that is hidden yet, offered.
    private func carriesHTTP3(_ index: UInt32) -> Bool {
        if let alpn = quicFlows[index].handshake.alpn { return Self.isHTTP3(alpn) }
        return quicFlows[index].handshake.alpnOffered.contains(where: Self.isHTTP3)
    }

    /// Fills in what was read of HTTP/3.
    func fillHTTP3(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry) {
        let tracker = quicFlows[entry.quic].http3
        guard tracker != FlowEntry.none, !http3Trackers[tracker].isEmpty else { return }
        if !flow.protocols.contains("http/3") { flow.protocols.append("http/3") }
        let http = http3Trackers[tracker].snapshot()
        flow.http = http
        flow.http3 = http3Trackers[tracker].connectionSnapshot()
        judgeEarlyData(&flow, http)
    }

    /// What early data asked for says what harm its replay could do (RFC 8470 section 5).
    private func judgeEarlyData(_ flow: inout FlowSnapshot, _ http: HTTPSnapshot) {
        guard var early = flow.tls?.earlyData, early.accepted != false, !early.isReplayed else { return }
        let asked = http.exchanges.filter { $0.isEarly && $0.method != nil }
        // Methods that may be repeated (RFC 9110 section 9.2.1).
        let unsafe = asked.first { !["GET", "HEAD", "OPTIONS", "TRACE"].contains($0.method) }
        guard let telling = unsafe ?? asked.first, let method = telling.method else { return }
        early.replayRisk = unsafe == nil ? .idempotent : .unsafe
        early.reason = telling.url.map { "\(method) \($0)" } ?? method
        flow.tls?.earlyData = early
    }
}
