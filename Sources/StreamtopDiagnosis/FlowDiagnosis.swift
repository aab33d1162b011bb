import StreamtopBase
import StreamtopModel

/// Runs the rule table over one flow, about once a second of capture time and when the flow ends.
///
/// A rule speaks after its figures stood for its enter time and goes silent after they were gone for its leave time. A
/// flow that has ended is judged on its whole life: what holds then, and could have held long enough, is said. While the
/// capture drops frames nothing is said at all, and a finding below a confidence of 0.5 is only called possible.
///
/// Flows by the hundred thousand carry one of these each, so it holds nothing but counters until a rule has something
/// to say.
package struct FlowDiagnosis: Sendable {
    private var standing: [Standing] = []
    private var timeouts = BothDirections(client: TimeoutWatch(), server: TimeoutWatch())

    /// A rule whose figures hold, or held a moment ago.
    private struct Standing: Sendable {
        var rule: Int
        var sender: Direction?
        var since: Timestamp
        var lastTrue: Timestamp
        var verdict: Verdict
        var isSpoken: Bool
    }

    package init() {}

    /// The verdicts of the flow at `time`, the most urgent first. `time` must not run backwards by more than the
    /// capture does; the rules' hold times are measured in it.
    package mutating func evaluate(_ flow: borrowing FlowSnapshot, health: CaptureHealth, at time: Timestamp)
        -> [Verdict]
    {
        if HostDiagnosis.isBlind(health, at: time) {
            standing.removeAll(keepingCapacity: false)
            return []
        }
        let facts = Rule.Needs(of: flow)
        let life = flow.isFinal ? flow.end - flow.start : nil
        let rules = RuleTable.rules
        // By index: to copy a question costs as much as to ask it. One that is about to go silent is asked even when what it
        // needs is gone.
        let questions = RuleTable.ofFlows
        var asked = RuleTable.askableOfFlows.questions(with: facts, orAll: !standing.isEmpty)
        while asked != 0 {  // loses a bit each pass
            let index = asked.trailingZeroBitCount
            asked &= asked &- 1
            let finding = questions[index].judge(flow)
            if finding == nil, standing.isEmpty { continue }
            let rule = questions[index].position
            observe(Self.doubted(finding, health: health), rules[rule], sender: nil, life: life, at: time)
            asked = RuleTable.askableOfFlows.questions(with: facts, orAll: !standing.isEmpty, behind: index)
        }
        if let tcp = flow.$tcp {
            timeouts.client.observe(tcp.value.client.timeouts, at: time)
            timeouts.server.observe(tcp.value.server.timeouts, at: time)
        } else if let quic = flow.$quic {
            timeouts.client.observe(quic.value.client.sender.$waits?.value.timeouts ?? 0, at: time)
            timeouts.server.observe(quic.value.server.sender.$waits?.value.timeouts ?? 0, at: time)
        }
        let isFollowed = flow.$tcp == nil ? flow.$quic != nil : true
        guard isFollowed else { return verdicts() }
        for end in Direction.allCases {
            guard let figures = SenderFacts(flow, end) else { continue }
            let hadBurst = timeouts[end].hasBurst(at: time, ever: flow.isFinal)
            let sender = SenderCase(flow: flow, sender: end, figures, hadTimeoutBurst: hadBurst)
            let facts = sender.facts
            let questions = RuleTable.ofSenders
            var asked = RuleTable.askableOfSenders.questions(with: facts, orAll: !standing.isEmpty)
            while asked != 0 {  // loses a bit each pass
                let index = asked.trailingZeroBitCount
                asked &= asked &- 1
                let finding = questions[index].judge(sender)
                if finding == nil, standing.isEmpty { continue }
                observe(finding, rules[questions[index].position], sender: end, life: life, at: time)
                asked = RuleTable.askableOfSenders.questions(with: facts, orAll: !standing.isEmpty, behind: index)
            }
        }
        return verdicts()
    }

    /// `life`: how long the flow lasted; nil while it is alive.
    private mutating func observe(
        _ finding: Finding?, _ rule: borrowing Rule, sender: Direction?, life: Nanoseconds?, at time: Timestamp
    ) {
        let index = standing.firstIndex { $0.rule == rule.number && $0.sender == sender }
        guard let finding else {
            guard let index else { return }
            // Not spoken yet, gone for good; spoken, it stays for its leave time. A flow that ended gets no such grace.
            let isOver = life != nil || time - standing[index].lastTrue >= rule.hold.leave
            if !standing[index].isSpoken || isOver { standing.remove(at: index) }
            return
        }
        let since = index.map { standing[$0].since } ?? time
        var entry = Standing(
            rule: rule.number, sender: sender, since: since, lastTrue: time,
            verdict: Self.verdict(finding, rule, since: since), isSpoken: index.map { standing[$0].isSpoken } ?? false)
        if time - since >= rule.hold.enter { entry.isSpoken = true }
        if let life, life >= rule.hold.life { entry.isSpoken = true }
        if let index { standing[index] = entry } else { standing.append(entry) }
    }

    /// Silence is no finding where the capture holds nobody's answers.
    static func doubted(_ finding: Finding?, health: CaptureHealth) -> Finding? {
        guard var finding, finding.restsOnSilence, health.isOneWay else { return finding }
        finding.confidence = min(finding.confidence, 0.3)
        finding.summary += ", but no flow of this capture holds an answer: it may be of one direction only"
        return finding
    }

    private func verdicts() -> [Verdict] {
        guard !standing.isEmpty else { return [] }
        let spoken = standing.filter(\.isSpoken)
        return spoken.filter { entry in
            guard let position = RuleTable.position(ofNumber: entry.rule) else { return false }
            // A remark on a healthy flow has no place beside something that is wrong.
            if entry.rule == RuleNumber.senderPaced, spoken.contains(where: { $0.verdict.severity > .info }) {
                return false
            }
            // To one that is about to speak, too: it will say it better.
            return !standing.contains { other in
                RuleTable.rules[position].yieldsTo.contains(other.rule)
                    && (other.sender == entry.sender || other.sender == nil || entry.sender == nil)
            }
        }
        .map(\.verdict)
        .sorted { ($0.priority, $0.firstSeen) < ($1.priority, $1.firstSeen) }
    }

    static func verdict(_ finding: Finding, _ rule: Rule, since: Timestamp) -> Verdict {
        let confidence = min(1, max(0, finding.confidence.isFinite ? finding.confidence : 0))
        let isPossible = confidence < 0.5
        let severity = isPossible ? .info : finding.severity
        var verdict = Verdict(
            rule: rule.name, ruleNumber: rule.number, severity: severity, subject: finding.subject,
            summary: isPossible ? "Possible: \(finding.summary)" : finding.summary, evidence: finding.evidence,
            advice: finding.advice, firstSeen: since, confidence: confidence, priority: rule.priority(of: severity))
        verdict.ofMany = finding.ofMany
        verdict.direction = finding.direction
        return verdict
    }

    static func verdict(hostRule number: Int, _ finding: Finding, since: Timestamp) -> Verdict? {
        RuleTable.position(ofNumber: number).map { verdict(finding, RuleTable.rules[$0], since: since) }
    }
}

/// Numbers of rules that the engine treats by name.
enum RuleNumber {
    static let senderPaced = 13
    static let captureLoss = 54
}

/// Two timeouts within ten seconds, told from a counter that is looked at about once a second.
private struct TimeoutWatch: Sendable {
    private var count: Int32 = 0
    /// `.never` keeps this at 24 bytes, where optionals would need 40; a flow has two of them.
    private var lastRise = Timestamp.never
    private var lastBurst = Timestamp.never

    mutating func observe(_ timeouts: Int, at time: Timestamp) {
        let now = Int32(clamping: timeouts)
        defer { count = now }
        // Taken back: they were repetitions to a peer that had gone.
        if now < count {
            lastRise = .never
            lastBurst = .never
        }
        guard now > count else { return }
        if now - count >= 2 || time - lastRise <= .seconds(10) { lastBurst = time }
        lastRise = time
    }

    func hasBurst(at time: Timestamp, ever: Bool) -> Bool {
        guard lastBurst != .never else { return false }
        return ever || time - lastBurst <= .seconds(10)
    }
}

extension Timestamp {
    /// Long before anything: differences to it saturate.
    fileprivate static let never = Timestamp(nanoseconds: .min)
}
