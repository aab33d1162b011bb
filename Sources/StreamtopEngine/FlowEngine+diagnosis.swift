import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

/// What judgement remembers of one flow.
struct DiagnosisState {
    var diagnosis = FlowDiagnosis()
    var verdicts: [Verdict] = []
}

/// When flows are judged: about once a second of capture time while they are active, the busiest first, and once more
/// when they end.
extension FlowEngine {
    /// Judges the flows that were active, a bounded number each second. Those left over are active again next second
    /// if they matter.
    mutating func diagnoseSome() {
        hostVerdicts = hostDiagnosis.evaluate(health: health, at: now)
        undiagnosed.removeAll { !flows.contains($0) || !flows[$0].needsDiagnosis }
        sharePathBases()
        if undiagnosed.count > options.limits.diagnosesPerSecond {
            sortByBytes()
        }
        let health = health
        for (turn, position) in undiagnosed.enumerated() {
            flows[position].needsDiagnosis = false
            if turn < options.limits.diagnosesPerSecond { diagnose(position, health: health, isLast: false) }
        }
        undiagnosed.removeAll(keepingCapacity: true)
    }

    /// The busiest first; those equally busy stay in their order. Figures and turns are taken together before sorting, so
    /// that comparing two flows does not take a look at each.
    private mutating func sortByBytes() {
        var turns: [JudgementTurn] = []
        turns.reserveCapacity(undiagnosed.count)
        for (place, position) in undiagnosed.enumerated() {
            turns.append(JudgementTurn(bytes: flows[position].windowBytes, place: place, position: position))
        }
        turns.sort()
        for (place, turn) in turns.enumerated() { undiagnosed[place] = turn.position }
    }

    /// Judges every flow that has something to judge a last time, for a picture after the end.
    mutating func diagnoseAll() {
        isJudged = true
        let health = health
        for position in flows.positions.sorted(by: { flows[$0].number < flows[$1].number })
        where isWorthJudging(position) {
            diagnose(position, health: health, isLast: true)
        }
    }

    /// The flow's last snapshot, judged.
    mutating func finalSnapshot(_ position: UInt32, health: CaptureHealth) -> FlowSnapshot {
        var snapshot = flowSnapshot(position, at: now, final: true)
        guard !isJudged, isWorthJudging(position) else { return snapshot }
        let place = flows[position].diagnosis
        var diagnosis = FlowDiagnosis()
        if place != FlowEntry.none { swap(&diagnosis, &diagnoses[place].diagnosis) }
        let verdicts = diagnosis.evaluate(snapshot, health: health, at: snapshot.end)
        if place != FlowEntry.none {
            swap(&diagnosis, &diagnoses[place].diagnosis)
            diagnoses[place].verdicts = verdicts
        }
        snapshot.verdicts = verdicts
        return snapshot
    }

    private func isWorthJudging(_ position: UInt32) -> Bool {
        flows[position].client.packets &+ flows[position].server.packets >= options.limits.packetsBeforeLastDiagnosis
    }

    private mutating func diagnose(_ position: UInt32, health: CaptureHealth, isLast: Bool) {
        let snapshot = flowSnapshot(position, at: now, final: isLast)
        var state = DiagnosisState()
        let place = flows[position].diagnosis
        if place != FlowEntry.none { swap(&state, &diagnoses[place]) }
        let verdicts = state.diagnosis.evaluate(snapshot, health: health, at: isLast ? snapshot.end : now)
        for verdict in verdicts where !state.verdicts.contains(where: { $0.isSame(as: verdict) }) {
            emit(
                .verdict(rule: verdict.rule, severity: verdict.severity, summary: verdict.summary), of: position,
                at: now)
        }
        state.verdicts = verdicts
        if place != FlowEntry.none {
            swap(&state, &diagnoses[place])
        } else {
            flows[position].diagnosis = diagnoses.insert(state)
        }
    }
}

/// A flow that waits to be judged; what comes first is smaller.
private struct JudgementTurn: Comparable {
    var bytes: UInt64
    var place: Int
    var position: UInt32

    static func < (left: JudgementTurn, right: JudgementTurn) -> Bool {
        left.bytes != right.bytes ? left.bytes > right.bytes : left.place < right.place
    }
}

extension Verdict {
    /// Another wording of what was said already: the same rule about the same end.
    func isSame(as other: Verdict) -> Bool {
        rule == other.rule && subject == other.subject
    }
}
