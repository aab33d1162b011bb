import StreamtopBase
import StreamtopModel

/// The first line as it is drawn: the engine's for the whole picture, a flow's own on its screen.
struct HeadlineView {
    var state: Headline.State
    /// The problem, the place first.
    var sentence: String
    /// What to do; empty when there is nothing.
    var advice: String
    /// The flow it is about.
    var flow: FlowIdentifier?

    /// Of the whole picture. `filter` limits what the lists show, and is said where it hides what the line is about.
    static func of(_ context: ViewContext, _ filter: Filter = .all) -> HeadlineView {
        let snapshot = context.snapshot
        guard snapshot.start != nil || snapshot.totals.packets > 0 else {
            let problem = snapshot.health.problem
            return HeadlineView(
                state: problem == nil ? .ok : .unknown, sentence: problem ?? Words.waiting(context.source), advice: "",
                flow: nil)
        }
        let headline = snapshot.headline
        var sentence = headline.text
        if filter != .all, let flow = headline.flow, let index = snapshot.flowIndex(flow),
            !filter.matches(snapshot.flows[index])
        {
            sentence = Words.outsideFilter + sentence
        }
        return HeadlineView(state: headline.state, sentence: sentence, advice: headline.advice, flow: headline.flow)
    }

    /// The worst of one flow.
    static func of(_ flow: FlowSnapshot) -> HeadlineView {
        guard let verdict = flow.worstVerdict else {
            return HeadlineView(state: .ok, sentence: Words.flowIsWell(flow), advice: "", flow: flow.identifier)
        }
        return HeadlineView(
            state: state(verdict.severity), sentence: Words.rule(verdict) + ": " + verdict.summary,
            advice: verdict.advice, flow: flow.identifier)
    }

    private static func state(_ severity: Verdict.Severity) -> Headline.State {
        switch severity {
        case .critical: .act
        case .warning: .watch
        case .info: .ok
        }
    }

    private var role: StyleRole {
        switch state {
        case .act: .headlineAct
        case .watch, .unknown: .headlineWatch
        case .ok: .headlineFine
        }
    }

    private var sign: String {
        switch state {
        case .act: String(Character(Words.severitySign(.critical)))
        case .watch: String(Character(Words.severitySign(.warning)))
        case .ok: Words.wellSign
        case .unknown: Words.unknownSign
        }
    }

    /// Lines that the whole takes at a width.
    func lines(width: Int) -> Int {
        let sentences = TextWrap.lines(sign + " " + sentence, width: width - 2, limit: 9).count
        guard !advice.isEmpty else { return sentences }
        let left = 4 + TextWidth.columns(of: Words.adviceLabel)
        return sentences + TextWrap.lines(advice, width: width - left, limit: 9).count
    }

    /// Draws into the lines there are: the sentence, wrapped if it must, and the advice where a line is left.
    func draw(in area: Rect, into cells: inout CellBuffer) {
        for y in area.y..<area.bottom { cells.set("▌", x: area.x, y: y, role) }
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
