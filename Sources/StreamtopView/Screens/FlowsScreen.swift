import StreamtopBase
import StreamtopModel

/// The table of flows.
enum FlowsScreen {
    static let page = PageRow(
        page: .flows, name: "Flows", digit: 5, keys: .flows,
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        flow: { state, _ in state.table.selected },
        move: { movement, state, _, page in
            let rows = state.table.rows
            guard !rows.isEmpty else { return }
            let now = rows.firstIndex { $0.flow == state.table.selected } ?? 0
            state.table.selected = rows[movement.moved(now, count: rows.count, page: page)].flow
        },
        select: { line, state, _, _ in
            let row = state.table.scroll + line
            guard state.table.rows.indices.contains(row) else { return false }
            state.table.selected = state.table.rows[row].flow
            return true
        })

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let columns = layout.columnExtents(state, context)
        drawHeader(columns, state.table.sort, layout.columns, &cells)
        let rows = state.table.rows
        guard !rows.isEmpty else { return drawEmpty(context, state, layout.content, &cells) }
        for line in 0..<layout.content.height {
            let index = state.table.scroll + line
            guard rows.indices.contains(index) else { break }
            guard let anchor = context.snapshot.flowIndex(rows[index].flow, hint: rows[index].hint) else { continue }
            let area = layout.content.row(line)
            let isSelected = rows[index].flow == state.table.selected
            if isSelected { cells.lay(.selection, over: area) }
            drawRow(context.snapshot.flows[anchor], columns, y: area.y, isSelected: isSelected, &cells)
        }
        drawScrollbar(rows.count, state.table.scroll, layout.content, &cells)
    }

    private static func drawRow(
        _ flow: FlowSnapshot, _ columns: [FlowColumn.Extent], y: Int, isSelected: Bool, _ cells: inout CellBuffer
    ) {
        if let severity = flow.worstVerdict?.severity, severity > .info {
            cells.set(Words.severitySign(severity), x: 1, y: y, Words.severityRole(severity))
        }
        if isSelected { cells.set("▶", x: 0, y: y, .accent) }
        for extent in columns { extent.column.style.draw(FlowCell(flow: flow, extent: extent, y: y), &cells) }
    }

    private static func drawHeader(
        _ columns: [FlowColumn.Extent], _ sort: FlowSort, _ area: Rect, _ cells: inout CellBuffer
    ) {
        for extent in columns {
            let style = extent.column.style
            let title =
                TextWidth.columns(of: style.title) > extent.width ? style.shortTitle ?? style.title : style.title
            let isSorted = extent.column == sort.column
            let role: StyleRole = isSorted ? .columnSorted : .columnHeader
            if extent.column.isNumber {
                cells.putRight(title, right: extent.x + extent.width, y: area.y, role, maxWidth: extent.width)
            } else {
                cells.put(title, x: extent.x, y: area.y, role, maxWidth: extent.width)
            }
        }
    }

    private static func drawEmpty(
        _ context: ViewContext, _ state: ViewState, _ area: Rect, _ cells: inout CellBuffer
    ) {
        let lines =
            context.snapshot.flows.isEmpty
            ? Words.noFlows(context.source)
            : state.filter == .all && state.table.hidesEnded
                ? Words.allEnded(context.snapshot.flows.count)
                : Words.noMatches(state.filterText, context.snapshot.flows.count)
        for (row, line) in lines.enumerated() {
            let width = TextWidth.columns(of: line)
            cells.put(
                line, x: max(2, (area.width - width) / 2), y: area.y + max(0, area.height / 3) + row,
                row == 0 ? .text : .muted, maxWidth: area.width - 4)
        }
    }

    /// How far down one is, in the last column, only when there is more than fits.
    static func drawScrollbar(_ count: Int, _ scroll: Int, _ area: Rect, _ cells: inout CellBuffer) {
        guard count > area.height, area.height > 1 else { return }
        let size = max(1, area.height * area.height / count)
        let top = (area.height - size) * scroll / max(1, count - area.height)
        for row in 0..<area.height {
            let isThumb = row >= top && row < top + size
            cells.set(isThumb ? "┃" : "│", x: area.right - 1, y: area.y + row, isThumb ? .accent : .border)
        }
    }
}
