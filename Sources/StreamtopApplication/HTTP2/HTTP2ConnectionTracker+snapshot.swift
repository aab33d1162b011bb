import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What the tracker has to tell.
extension HTTP2ConnectionTracker {
    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        guard client.hasFrames || server.hasFrames else { return }
        flow.protocols.append(ProtocolKind.http2.rawValue)
        if !log.isEmpty {
            flow.add(
                log.snapshot(open: streams.map { $0.exchange.snapshot(errorName: HTTP2ErrorCode.name(of:)) }))
        }
        log.reportMedia(open: streams.lazy.compactMap { $0.exchange.media.flashVideo }.last, into: &flow)
        var http2 = HTTP2Snapshot()
        http2.client = client.snapshot
        http2.server = server.snapshot
        http2.frames = HTTP2FrameType.Kind.allCases.compactMap { kind in
            let count = client.count(of: kind) + server.count(of: kind)
            return count > 0 ? NamedCount(name: kind.name, count: count) : nil
        }
        http2.streams = streamCount
        http2.pushPromises = pushPromises
        http2.pushesCancelled = pushesCancelled
        http2.pushesWastedBytes = pushesWasted
        http2.resets = resets
        http2.undecodedBlocks = undecodedBlocks
        http2.lostSteps = lostSteps
        http2.violations = violations
        http2.headOfLine = BothDirections(client: waits.client.snapshot, server: waits.server.snapshot)
        http2.flowControl = flowControl(flow, at: time)
        flow.http2 = http2
    }

    private func flowControl(_ flow: FlowSnapshot, at time: Timestamp) -> HTTP2FlowControlSnapshot {
        // Named after the end that grants: the client grants what the server may send.
        var control = HTTP2FlowControlSnapshot(
            client: Self.credit(serverCredit, at: time), server: Self.credit(clientCredit, at: time))
        guard serverCredit.dataBytes > 0 || clientCredit.dataBytes > 0 else { return control }
        let isServer = serverCredit.dataBytes >= clientCredit.dataBytes
        let ledger = isServer ? serverCredit : clientCredit
        let blocked = ledger.blockedTimes(at: time)
        control.sender = isServer ? .fromServer : .fromClient
        control.streamsBlocked = ledger.streamsBlocked
        control.blockedByConnection = blocked.connection
        control.blockedByStream = blocked.stream
        if let trip = Self.wholeRoundTrip(flow), trip > 0 {
            let window = min(ledger.connectionMaximum, ledger.streamMaximum ?? ledger.initial)
            control.cap = 8 * Double(max(0, window)) / trip.seconds
        }
        return control
    }

    /// Of the whole path: measured, else the sum of its components.
    private static func wholeRoundTrip(_ flow: FlowSnapshot) -> Nanoseconds? {
        if let total = flow.roundTrip.total?.smoothed { return total }
        guard let server = flow.roundTrip.server?.smoothed, let client = flow.roundTrip.client?.smoothed else {
            return nil
        }
        return server + client
    }

    private static func credit(_ ledger: HTTP2CreditLedger, at time: Timestamp) -> HTTP2CreditSnapshot {
        HTTP2CreditSnapshot(
            last: ledger.connectionCredit(at: Timestamp(nanoseconds: .max)), minimum: ledger.connectionMinimum,
            maximum: ledger.connectionMaximum, streamInitial: ledger.initial, streamMinimum: ledger.streamMinimum)
    }
}
