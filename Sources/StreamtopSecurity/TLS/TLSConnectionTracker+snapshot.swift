import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// The picture of a TLS connection.
extension TLSConnectionTracker {
    /// - Parameters:
    ///   - tcpSteps: the steps of TCP's handshake, to stand before TLS's.
    ///   - serverRoundTrip: shortest time from the capture point to the server and back.
    package func report(into flow: inout FlowSnapshot, at time: Timestamp) { report(into: &flow, after: []) }

    /// The same behind the steps of the transport's handshake.
    package func report(into flow: inout FlowSnapshot, after steps: [HandshakeStep]) {
        guard verdict == .tls else { return }
        flow.tls = snapshot(tcpSteps: steps, serverRoundTrip: flow.roundTrip.server?.minimum)
        flow.decode.malformed += malformedCount
        flow.protocols.append(ProtocolKind.tls.rawValue)
    }

    package func snapshot(tcpSteps: [HandshakeStep] = [], serverRoundTrip: Nanoseconds? = nil) -> TLSSnapshot {
        var seen = facts
        var steps = tcpSteps + seen.tls.handshake.timeline
        if seen.isVersion13 || seen.offersEarlyData { steps += concludedSteps(&seen) }
        var tls = seen.tls
        tls.earlyData = earlyData
        if !tls.isDecrypted { tls.bursts = bursts.snapshot }
        tls.handshake = seen.summary(earlyAccepted: earlyAccepted, serverRoundTrip: serverRoundTrip)
        tls.handshake.timeline = steps.inOrder(limit: HandshakeFacts.stepCapacity)
        return tls
    }

    /// Steps and moments of a TLS 1.3 handshake that were not read but show in the records' shape.
    private func concludedSteps(_ seen: inout HandshakeFacts) -> [HandshakeStep] {
        var steps: [HandshakeStep] = []
        func step(
            _ name: HandshakeStepName, _ from: Direction, _ time: Timestamp, bytes: Int? = nil, inferred: Bool = true
        ) {
            steps.append(
                HandshakeStep(step: name, from: from, time: time, bytes: bytes, encrypted: true, inferred: inferred))
        }
        if let time = shape.firstEarlyData {
            step(.earlyData, .fromClient, time, bytes: Int(clamping: earlyBytes), inferred: early.bytes == 0)
        }
        if !seen.readsEncryptedExtensions, let start = shape.serverFlightStart, let end = shape.serverFlightEnd {
            step(.encryptedExtensions, .fromServer, start)
            if !seen.pskAccepted { step(.certificate, .fromServer, start) }
            step(.finished, .fromServer, end)
        }
        if seen.moments.clientFinished == nil, let time = shape.clientFinished {
            step(.finished, .fromClient, time, bytes: shape.finishedBytes)
            seen.moments.clientFinished = time
        }
        if seen.moments.firstClientData == nil, let time = shape.firstClientData, !isReading(.fromClient) {
            step(.firstApplicationData, .fromClient, time)
            seen.moments.firstClientData = time
        }
        if seen.moments.firstServerData == nil, let time = shape.firstServerData, !isReading(.fromServer) {
            step(.firstApplicationData, .fromServer, time)
        }
        return steps
    }

    /// Records of the direction are being opened: what is there is known, nothing need be concluded.
    private func isReading(_ direction: Direction) -> Bool {
        facts.tls.isDecrypted && !ends[direction.index].isOpaque
    }

    private var earlyBytes: UInt64 { early.bytes > 0 ? early.bytes : shape.earlyBytes }

    /// The early data was taken: as the server said, or as the shape shows; nil when neither is there.
    private var earlyAccepted: Bool? {
        guard facts.offersEarlyData else { return nil }
        return facts.earlyDataAnswer ?? shape.earlyAccepted
    }

    private var earlyData: EarlyDataSnapshot? {
        guard facts.offersEarlyData else { return nil }
        var data = EarlyDataSnapshot()
        data.accepted = earlyAccepted
        data.bytes = earlyBytes
        data.isReplayed = early.isReplayed
        data.isOpened = early.bytes > 0
        data.request = early.request
        return data
    }
}
