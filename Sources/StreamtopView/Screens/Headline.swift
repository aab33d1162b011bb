import StreamtopBase
import StreamtopModel

/// The sentence a tired engineer reads first: where the trouble is, how much, what to do.
struct Headline {
    var severity: Verdict.Severity?
    /// The trouble, the place first.
    var sentence: String
    /// What to do; empty when there is nothing.
    var advice: String
    /// The flow it is about.
    var flow: FlowIdentifier?

    /// The worst there is in the picture.
    static func of(_ context: ViewContext) -> Headline {
        let snapshot = context.snapshot
        guard snapshot.start != nil || snapshot.totals.packets > 0 else {
            let trouble = snapshot.health.trouble
            return Headline(
                severity: trouble == nil ? nil : .warning, sentence: trouble ?? Words.waiting(context.source),
                advice: "", flow: nil)
        }
        if let trouble = snapshot.health.trouble {
            return Headline(severity: .warning, sentence: trouble, advice: "", flow: nil)
        }
        var worst: (verdict: Verdict, index: Int?)?
        for verdict in snapshot.verdicts where worst.map({ verdict.isShownBefore($0.verdict) }) ?? true {
            worst = (verdict, nil)
        }
        for index in snapshot.flows.indices where !snapshot.flows[index].verdicts.isEmpty {
            guard let verdict = snapshot.flows[index].worstVerdict else { continue }
            if worst.map({ verdict.isShownBefore($0.verdict) }) ?? true { worst = (verdict, index) }
        }
        if let worst, worst.verdict.severity > .info {
            return of(worst.verdict, worst.index.map { snapshot.flows[$0] })
        }
        let health = snapshot.health
        let lost = health.kernelDrops + health.interfaceDrops + health.ownDrops
        if lost > 0 {
            return Headline(
                severity: .warning, sentence: Words.captureLost(lost, of: snapshot.totals.packets),
                advice: Words.captureLostAdvice, flow: nil)
        }
        return Headline(severity: nil, sentence: Words.allWell(snapshot), advice: "", flow: nil)
    }

    /// The worst of one flow.
    static func of(_ flow: FlowSnapshot) -> Headline {
        guard let verdict = flow.worstVerdict else {
            return Headline(severity: nil, sentence: Words.flowIsWell(flow), advice: "", flow: flow.identifier)
        }
        var headline = of(verdict, nil)
        headline.sentence = Words.rule(verdict) + ": " + verdict.summary
        headline.flow = flow.identifier
        return headline
    }

    private static func of(_ verdict: Verdict, _ flow: FlowSnapshot?) -> Headline {
        let place = flow.map { Words.ends($0) + "  " } ?? ""
        return Headline(
            severity: verdict.severity, sentence: place + Words.rule(verdict) + ": " + verdict.summary,
            advice: verdict.advice, flow: flow?.identifier)
    }

    /// Draws into one or two lines: the sentence, wrapped if it must, and the advice where a line is left.
    func draw(in area: Rect, into cells: inout CellBuffer) {
        let role: StyleRole =
            switch severity {
            case .critical: .headlineAct
            case .warning: .headlineWatch
            case .info, nil: .headlineFine
            }
        for y in area.y..<area.bottom { cells.set("▌", x: area.x, y: y, role) }
        let sign = severity.map { String(Character(Words.severitySign($0))) } ?? Words.wellSign
        let lines = TextWrap.lines(sign + " " + sentence, width: area.width - 2, limit: area.height)
        for (row, line) in lines.enumerated() {
            cells.put(line, x: area.x + 1, y: area.y + row, role, maxWidth: area.width - 2)
        }
        guard lines.count < area.height, !advice.isEmpty else { return }
        let label = cells.put(Words.adviceLabel, x: area.x + 3, y: area.y + lines.count, .label)
        let left = area.x + 3 + label
        let advised = TextWrap.lines(advice, width: area.right - left - 1, limit: area.height - lines.count)
        for (row, line) in advised.enumerated() {
            cells.put(line, x: left, y: area.y + lines.count + row, .text, maxWidth: area.right - left - 1)
        }
    }
}
