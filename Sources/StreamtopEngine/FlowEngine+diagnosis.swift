import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// What judgement remembers of one flow.
struct DiagnosisState {
    var diagnosis = FlowDiagnosis()
    var verdicts: [Verdict] = []
}

/// What is judged, when, and what came of it.
struct Judgement: ~Copyable {
    var states = Slab<DiagnosisState>()
    /// Flows that had packets since the last judgement, and those of them that wait for it.
    var active = ActiveFlows(.judgement)
    var waiting: [UInt32] = []
    var agenda = JudgementAgenda()
    var host = HostDiagnosis()
    var hostVerdicts: [Verdict] = []
    var pathBases = PathBases()
    /// The analysis ended; and every flow was judged after it.
    var isFinished = false
    var isJudged = false
}

/// When flows are judged: about once a second of capture time while they are active, the busiest first, and once more
/// when they end.
extension FlowEngine {
    /// Judges the flows that were active, a bounded number each second. Those left over are active again next second
    /// if they matter.
    mutating func diagnoseSome() {
        judgement.hostVerdicts = judgement.host.evaluate(health: judgedHealth, host: host.host, at: now)
        judgement.waiting.removeAll { !flows.contains($0) || !flows[$0].needsDiagnosis }
        sharePathBases()
        if judgement.waiting.count > options.limits.diagnosesPerSecond {
            sortByBytes()
        }
        let health = judgedHealth
        for (candidate, position) in judgement.waiting.enumerated() {
            flows[position].needsDiagnosis = false
            if candidate < options.limits.diagnosesPerSecond { diagnose(position, health: health, isLast: false) }
        }
        judgement.waiting.removeAll(keepingCapacity: true)
    }

    /// The busiest first, of those equally busy the one that was opened first. Figures and turns are taken together before sorting, so
    /// that comparing two flows does not take a look at each.
    private mutating func sortByBytes() {
        var candidates: [JudgementCandidate] = []
        candidates.reserveCapacity(judgement.waiting.count)
        for position in judgement.waiting {
            candidates.append(
                JudgementCandidate(
                    bytes: flows[position].windowBytes, ordinal: flows[position].ordinal, position: position))
        }
        candidates.sort()
        for (rank, candidate) in candidates.enumerated() { judgement.waiting[rank] = candidate.position }
    }

    /// Judges every flow that has something to judge a last time, for a picture after the end.
    mutating func diagnoseAll() {
        judgement.isJudged = true
        let health = judgedHealth
        for position in flows.positions.sorted(by: { flows[$0].ordinal < flows[$1].ordinal })
        where isWorthJudging(position) {
            diagnose(position, health: health, isLast: true)
        }
    }

    /// The flow's last snapshot, judged.
    mutating func finalSnapshot(_ position: UInt32, health: CaptureHealth) -> FlowSnapshot {
        var snapshot = flowSnapshot(position, at: now, final: true)
        compareWithKernel(position)
        guard !judgement.isJudged, isWorthJudging(position) else { return snapshot }
        let rank = flows[position].diagnosis
        var diagnosis = FlowDiagnosis()
        if rank != FlowEntry.none { swap(&diagnosis, &judgement.states[rank].diagnosis) }
        let verdicts = diagnosis.evaluate(snapshot, health: health, at: snapshot.end)
        if rank != FlowEntry.none {
            swap(&diagnosis, &judgement.states[rank].diagnosis)
            judgement.states[rank].verdicts = verdicts
        }
        snapshot.verdicts = verdicts
        return snapshot
    }

    private func isWorthJudging(_ position: UInt32) -> Bool {
        if flows[position].client.packets &+ flows[position].server.packets >= options.limits.packetsBeforeLastDiagnosis
        {
            return true
        }
        // A single packet that was refused.
        let rare = flows[position].rare
        return rare != FlowEntry.none && rareFacts[rare].unreachable != nil
    }

    private mutating func diagnose(_ position: UInt32, health: CaptureHealth, isLast: Bool) {
        let snapshot = flowSnapshot(position, at: now, final: isLast)
        var state = DiagnosisState()
        let rank = flows[position].diagnosis
        if rank != FlowEntry.none { swap(&state, &judgement.states[rank]) }
        let verdicts = state.diagnosis.evaluate(snapshot, health: health, at: isLast ? snapshot.end : now)
        for verdict in verdicts where !state.verdicts.contains(where: { $0.isSame(as: verdict) }) {
            emit(
                .verdict(rule: verdict.rule, severity: verdict.severity, summary: verdict.summary), of: position,
                at: now)
        }
        state.verdicts = verdicts
        if !isLast { keepOpen(position, snapshot) }
        if rank != FlowEntry.none {
            swap(&state, &judgement.states[rank])
        } else {
            flows[position].diagnosis = judgement.states.insert(state)
        }
    }
}

/// A flow that waits to be judged; what comes first is smaller.
private struct JudgementCandidate: Comparable {
    var bytes: UInt64
    var ordinal: UInt64
    var position: UInt32

    static func < (left: JudgementCandidate, right: JudgementCandidate) -> Bool {
        left.bytes != right.bytes ? left.bytes > right.bytes : left.ordinal < right.ordinal
    }
}

extension Verdict {
    /// Another wording of what was said already: the same rule about the same end.
    func isSame(as other: Verdict) -> Bool {
        rule == other.rule && subject == other.subject
    }
}
