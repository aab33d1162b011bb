import StreamtopBase
import StreamtopModel

/// All verdicts there are, worst first, one line each; below them the selected one in full: what, where, on which figures,
/// what to do.
enum VerdictsScreen {
    /// Rows of the list on a screen with so many lines of content.
    static func listHeight(_ content: Int) -> Int { content - detailHeight(content) }

    private static func detailHeight(_ content: Int) -> Int { content < 8 ? 0 : min(10, content * 3 / 5) }

    static let page = PageRow(
        page: .verdicts, name: "Verdicts", digit: 7, keys: .verdicts, count: { VerdictRow.count(of: $0, .all) },
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        flow: { state, context in selected(state, context)?.flow?.identifier },
        copied: { state, context in selected(state, context).map(Words.copied) },
        move: { movement, state, context, page in
            let count = VerdictRow.count(of: context.snapshot, state.filter)
            state.verdicts.selected = movement.moved(
                state.verdicts.selected, count: count, page: listHeight(page))
        },
        select: { line, state, context, page in
            guard line < listHeight(page) else { return false }
            state.verdicts.selected = state.verdicts.scroll + line
            clip(&state, context, page)
            return true
        },
        clip: clip)

    @Sendable
    private static func clip(_ state: inout ViewState, _ context: ViewContext, _ page: Int) {
        state.verdicts.clip(
            to: VerdictRow.count(of: context.snapshot, state.filter), page: max(1, listHeight(page)))
    }

    private static func selected(_ state: ViewState, _ context: ViewContext) -> VerdictRow? {
        let rows = VerdictRow.all(of: context.snapshot, state.filter)
        return rows.indices.contains(state.verdicts.selected) ? rows[state.verdicts.selected] : nil
    }

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let rows = VerdictRow.all(of: context.snapshot, state.filter)
        let area = layout.content
        cells.put(Words.verdictsHeader, x: 3, y: layout.columns.y, .columnHeader, maxWidth: area.width - 4)
        guard !rows.isEmpty else {
            let hidden = state.filter == .all ? 0 : VerdictRow.all(of: context.snapshot, .all).count
            let isWell = hidden == 0 && context.snapshot.headline.state == .ok
            cells.put(
                hidden > 0 ? Words.noVerdictPasses(hidden) : isWell ? Words.noVerdicts : Words.noVerdictsYet, x: 3,
                y: area.y + 1, isWell ? .fine : .label, maxWidth: area.width - 4)
            return
        }
        var detail = area
        let list = detail.takeTop(listHeight(area.height))
        for (line, row) in rows.dropFirst(state.verdicts.scroll).prefix(list.height).enumerated() {
            let position = list.row(line)
            if state.verdicts.scroll + line == state.verdicts.selected {
                cells.lay(.selection, over: position)
                cells.put("▶", x: 0, y: position.y, .accent)
            }
            drawLine(row, position, context, &cells)
        }
        FlowsScreen.drawScrollbar(rows.count, state.verdicts.scroll, list, &cells)
        if let selected = selected(state, context) { drawInFull(selected, detail, &cells) }
    }

    private static func drawLine(_ row: VerdictRow, _ area: Rect, _ context: ViewContext, _ cells: inout CellBuffer) {
        let verdict = row.verdict
        let limit = area.right - 2
        cells.set(Words.severitySign(verdict.severity), x: 1, y: area.y, Words.severityRole(verdict.severity))
        let since = DurationText.timeOfDay(verdict.firstSeen, utcOffsetSeconds: context.utcOffsetSeconds)
        var x = 3
        x += cells.put(since, x: x, y: area.y, .muted) + 2
        x +=
            cells.put(
                Words.rule(verdict), x: x, y: area.y, Words.severityRole(verdict.severity), maxWidth: limit - x) + 2
        x += cells.put(position(row), x: x, y: area.y, .accent, maxWidth: max(0, limit - x)) + 2
        cells.put(verdict.summary, x: x, y: area.y, .text, maxWidth: max(0, limit - x))
    }

    private static func position(_ row: VerdictRow) -> String {
        row.flow.map { Words.ends($0) } ?? Words.subject(row.verdict.subject)
    }

    /// Sentence, what to do, figures: in this order, for the end is what a small screen lacks room for.
    private static func drawInFull(_ row: VerdictRow, _ area: Rect, _ cells: inout CellBuffer) {
        guard area.height > 1 else { return }
        let verdict = row.verdict
        cells.fill(area.row(0), "─", .border)
        cells.put(" \(position(row)) ", x: area.x + 1, y: area.y, .accent, maxWidth: max(0, area.width - 4))
        let evidence = verdict.evidence.map { Words.evidence($0) }.joined(separator: ", ")
        let trust = Words.confidence(verdict.confidence) + ", " + Words.ruleNumber(verdict.ruleNumber)
        let parts: [(label: String, text: String, role: StyleRole)] = [
            ("", Words.rule(verdict) + ": " + verdict.summary, Words.severityRole(verdict.severity)),
            (Words.adviceLabel, verdict.advice, .text),
            (Words.evidenceLabel + " ", evidence.isEmpty ? "" : evidence + "; " + trust, .label),
        ]
        var y = area.y + 1
        for part in parts where !part.text.isEmpty {
            guard y < area.bottom else { return }
            let left = area.x + 3 + cells.put(part.label, x: area.x + 3, y: y, .label)
            for line in TextWrap.lines(part.text, width: area.right - left - 1, limit: area.bottom - y) {
                cells.put(line, x: left, y: y, part.role, maxWidth: area.right - left - 1)
                y += 1
            }
        }
    }
}
