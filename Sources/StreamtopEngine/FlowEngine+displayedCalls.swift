import StreamtopApplication
import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// Calls for a dashboard: those that are over and those that go on, as they stand.
extension FlowEngine {
    /// Flows that a picture's calls are made of. Own: some forty calls; joining more would cost a picture's time.
    private static var displayedCallFlows: Int { 512 }

    /// Calls among the flows of a picture, and among flows of calls that have left the table. They are joined once a second of
    /// capture time: a dashboard makes ten pictures in it.
    mutating func displayedCalls(among flows: [FlowSnapshot]) -> [CallSnapshot] {
        if let last = pictures.calls, last.madeAt <= now, now - last.madeAt < .seconds(1), !judgement.isFinished {
            return last.calls
        }
        var live: [FlowSnapshot] = []
        for index in flows.indices where CallAssembly.isPart(flows[index]) {
            guard live.count < Self.displayedCallFlows else { break }
            live.append(flows[index])
        }
        let room = Self.displayedCallFlows - live.count
        let present = Set(live.map(\.identifier))
        let parts = live + sessions.callFlows.suffix(room).filter { !present.contains($0.identifier) }
        let health = health
        let calls = CallAssembly.calls(among: parts.sorted { $0.identifier < $1.identifier }, at: now)
            .map { CallDiagnosis.judged($0, health: health) }
        pictures.calls = DisplayedCalls(madeAt: now, calls: calls)
        return calls
    }
}

/// Calls as they were last joined for a dashboard.
struct DisplayedCalls {
    var madeAt: Timestamp
    var calls: [CallSnapshot]
}
