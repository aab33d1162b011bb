import StreamtopBase
import StreamtopModel

/// All verdicts there are, worst first: what, where, on which figures, what to do.
enum VerdictsScreen {
    static let linesPerRow = 3

    static let page = PageRow(
        page: .verdicts, name: "Verdicts", keys: .verdicts, count: { VerdictRow.count(of: $0, .all) },
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        flow: { state, context in selected(state, context)?.flow?.identifier },
        copied: { state, context in selected(state, context).map(Words.copied) },
        move: { movement, state, context, page in
            let count = VerdictRow.count(of: context.snapshot, state.filter)
            state.verdicts.selected = movement.moved(state.verdicts.selected, count: count, page: page)
        },
        select: { line, state, context, page in
            state.verdicts.selected = state.verdicts.scroll + line / linesPerRow
            clip(&state, context, page)
            return true
        },
        clip: clip)

    @Sendable
    private static func clip(_ state: inout ViewState, _ context: ViewContext, _ page: Int) {
        state.verdicts.clip(
            to: VerdictRow.count(of: context.snapshot, state.filter), page: max(1, page / linesPerRow))
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
        let visible = max(1, area.height / linesPerRow)
        for (line, row) in rows.dropFirst(state.verdicts.scroll).prefix(visible).enumerated() {
            let y = area.y + line * linesPerRow
            let isSelected = state.verdicts.scroll + line == state.verdicts.selected
            if isSelected {
                cells.lay(.selection, over: Rect(x: area.x, y: y, width: area.width, height: linesPerRow))
                cells.put("▶", x: 0, y: y, .accent)
            }
            draw(row, Rect(x: area.x, y: y, width: area.width, height: linesPerRow), context, &cells)
        }
        FlowTable.drawScrollbar(
            rows.count, state.verdicts.scroll, Rect(x: area.x, y: area.y, width: area.width, height: visible), &cells)
    }

    private static func draw(_ row: VerdictRow, _ area: Rect, _ context: ViewContext, _ cells: inout CellBuffer) {
        let verdict = row.verdict
        let role = Words.severityRole(verdict.severity)
        let limit = area.right - 2
        cells.set(Words.severitySign(verdict.severity), x: 1, y: area.y, role)
        let since = DurationText.timeOfDay(verdict.firstSeen, utcOffsetSeconds: context.utcOffsetSeconds)
        let place = row.flow.map { Words.ends($0) } ?? Words.subject(verdict.subject)
        var x = 3
        x += cells.put(since, x: x, y: area.y, .muted) + 2
        x += cells.put(Words.rule(verdict), x: x, y: area.y, role, maxWidth: limit - x) + 2
        x += cells.put(verdict.summary, x: x, y: area.y, .text, maxWidth: max(0, limit - x)) + 2
        // The place and the figures go to the second line, what to do to the third: the first stays one sentence.
        var left = 5
        left += cells.put(place, x: left, y: area.y + 1, .accent, maxWidth: max(0, limit - left)) + 2
        let evidence = verdict.evidence.map { Words.evidence($0) }.joined(separator: "  ")
        left += cells.put(evidence, x: left, y: area.y + 1, .label, maxWidth: max(0, limit - left)) + 2
        cells.put(Words.confidence(verdict.confidence), x: left, y: area.y + 1, .muted, maxWidth: max(0, limit - left))
        let label = cells.put(Words.adviceLabel, x: 5, y: area.y + 2, .label)
        cells.put(verdict.advice, x: 5 + label, y: area.y + 2, .text, maxWidth: max(0, limit - 5 - label))
    }
}
