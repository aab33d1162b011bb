import StreamtopBase
import StreamtopModel

/// Judges the capture itself: whether we see what passes (rule 54). One for an engine, asked about once a second.
///
/// Only frames that were meant for us and lost count: those the kernel dropped because its buffer was full, and those
/// we threw away. Interfaces also count as dropped what no protocol wanted, all day long (decision 0052).
package struct HostDiagnosis: Sendable {
    private var seen: UInt64 = 0
    private var since: Timestamp?
    /// When each remark was first made, by rule.
    private var remarked: [Int: Timestamp] = [:]
    private var buffers = BufferDiagnosis()
    /// Capture time at which drops were last seen to rise; the engine hands it on in `CaptureHealth.lastDrop`.
    package private(set) var lastDrop: Timestamp?

    /// How long after a drop judgement is withheld.
    static let blindness: Nanoseconds = .seconds(10)

    package init() {}

    /// The verdicts about host and capture at `time`. While rule 54 speaks, flows have no verdicts.
    /// `host`: the buffers of this host, where its kernel is asked.
    package mutating func evaluate(health: CaptureHealth, host: HostSnapshot? = nil, at time: Timestamp) -> [Verdict] {
        let total = health.kernelDrops &+ health.ownDrops  // wrapping takes longer than any run
        if total > seen { lastDrop = time }
        seen = total
        // What the kernel counts of itself is true whatever the capture misses.
        let remarks = remarks(on: health, at: time) + buffers.evaluate(host, at: time)
        guard let lastDrop, time - lastDrop < Self.blindness else {
            since = nil
            return remarks
        }
        let start = since ?? time
        since = start
        let finding = CaptureRules.dropped(total, of: health)
        let blind = FlowDiagnosis.verdict(hostRule: RuleNumber.captureLoss, finding, since: start).map { [$0] } ?? []
        return blind + remarks
    }

    /// What is to be said of the capture without keeping anyone from judging.
    private mutating func remarks(on health: CaptureHealth, at time: Timestamp) -> [Verdict] {
        var verdicts: [Verdict] = []
        for position in RuleTable.ofCaptures {
            guard case .capture(let judge) = RuleTable.rules[position].judge, let finding = judge(health) else {
                continue
            }
            let number = RuleTable.rules[position].number
            let first = remarked[number] ?? time
            remarked[number] = first
            if let verdict = FlowDiagnosis.verdict(hostRule: number, finding, since: first) {
                verdicts.append(verdict)
            }
        }
        return verdicts
    }

    /// Frames were dropped within the last ten seconds, so that what flows look like now says nothing about the network;
    /// or the analysis is so far behind that it says nothing about now.
    static func isBlind(_ health: CaptureHealth, at time: Timestamp) -> Bool {
        if health.isTooFarBehind { return true }
        guard let lastDrop = health.lastDrop else { return false }
        return time - lastDrop < blindness
    }
}
