import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What the tracker has to tell.
extension HTTP3ConnectionTracker {
    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        guard !isEmpty else { return }
        if !flow.protocols.contains(ProtocolKind.http3.rawValue) {
            flow.protocols.append(ProtocolKind.http3.rawValue)
        }
        flow.add(snapshot())
        log.reportMedia(open: requests.lazy.compactMap { $0.exchange?.media.flashVideo }.last, into: &flow)
        flow.http3 = connectionSnapshot()
        if !webTransport.isEmpty { flow.protocols.append(ProtocolKind.webTransport.rawValue) }
        if let media = webTransport.media {
            flow.protocols.append(ProtocolKind.moq.rawValue)
            flow.moq = media
        }
    }

    /// The exchanges.
    package func snapshot() -> HTTPSnapshot {
        log.snapshot(
            open: requests.compactMap { $0.exchange?.snapshot(errorName: HTTP3ErrorCode.name(of:)) })
    }

    /// What lies below them.
    package func connectionSnapshot() -> HTTP3Snapshot {
        var http3 = HTTP3Snapshot()
        http3.client = endpoints[Direction.fromClient.index].snapshot
        http3.server = endpoints[Direction.fromServer.index].snapshot
        http3.streams = streamCount
        http3.pushPromises = pushPromises
        http3.undecodedSections =
            undecodedSections + clientFields.undecoded + serverFields.undecoded + clientFields.waitingCount
            + serverFields.waitingCount
        http3.lostStreams = lostStreams
        http3.violations = violations
        http3.headOfLine = BothDirections(client: waits.client.snapshot, server: waits.server.snapshot)
        http3.blockedSections = blockedSections
        http3.blockedTime = blockedTime
        http3.webTransport = webTransport.snapshots
        return http3
    }
}
