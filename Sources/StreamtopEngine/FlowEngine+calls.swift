import StreamtopApplication
import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// Calls, put together at the end of a run from what their flows know.
extension FlowEngine {
    /// Flows of calls that are kept; a call has a dozen.
    private static var callFlowCapacity: Int { 4_096 }
    /// Encrypted connections that are kept, of those that could carry media.
    private static var encryptedCapacity: Int { 1_024 }

    /// A flow is over, or the run is: what it knows of a call, or of media that could
    /// not be read, is kept for the sessions of the run.
    mutating func keepForCalls(_ flow: borrowing FlowSnapshot) {
        if sessions.encryptedConnections.count < Self.encryptedCapacity, let connection = EncryptedConnection(flow) {
            sessions.encryptedConnections.append(connection)
        }
        guard CallAssembly.isPart(flow), sessions.callFlows.count < Self.callFlowCapacity else { return }
        sessions.callFlows.append(copy flow)
    }

    /// The calls of which a flow had packets after `time`, as they stand.
    func calls(activeSince time: Timestamp) -> [CallSnapshot] {
        var parts = sessions.callFlows
        for position in flows.positions where trackers.isPartOfCall(flows[position].layers) {
            guard parts.count < Self.callFlowCapacity else { break }
            let flow = flowSnapshot(position, at: now, final: false)
            if CallAssembly.isPart(flow) { parts.append(flow) }
        }
        let health = health
        return CallAssembly.calls(among: parts.sorted { $0.identifier < $1.identifier }, at: now)
            .filter { $0.end > time }
            .map { CallDiagnosis.judged($0, health: health) }
    }

    /// The calls of the run, after the final flows were asked for.
    mutating func finalCalls() -> [CallSnapshot] {
        let health = health
        // Whoever asks for the final flows twice is given one answer.
        var seen: Set<FlowIdentifier> = []
        sessions.callFlows = sessions.callFlows.reversed().filter { seen.insert($0.identifier).inserted }
        let calls = CallAssembly.calls(among: sessions.callFlows.sorted { $0.identifier < $1.identifier }, at: now)
            .map { CallDiagnosis.judged($0, health: health) }
        sessions.callCount = calls.count
        counts.totals.sessions = UInt64(calls.count)
        return calls
    }
}
