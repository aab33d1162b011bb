import StreamtopBase
import StreamtopModel

/// What judgement remembers of one flow.
struct DiagnosisState {
    var verdicts: [Verdict] = []
}

/// What judgement remembers of the capture and its host.
struct HostDiagnosisState {
    var verdicts: [Verdict] = []
}

extension FlowEngine {
    /// Judges the flows that were active, a bounded number each second.
    mutating func diagnoseSome() {
        undiagnosed.removeAll(keepingCapacity: true)
    }

    mutating func diagnose(_ position: UInt32, isLast: Bool) {}
}
