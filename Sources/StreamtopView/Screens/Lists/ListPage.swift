import StreamtopBase
import StreamtopModel

/// A page that is a list: a table of rows of one kind, some with a sentence below them, and the selected row in full below
/// the list.
///
/// The selection follows the row, not its place. Rows keep their places for two seconds after a key, as flows do.
struct ListPage<Row: Sendable>: Sendable {
    var page: Page
    /// The rows that pass the filter, in the order to show.
    var rows: @Sendable (ViewState, ViewContext) -> [Row]
    /// Stays with a row from picture to picture.
    var key: @Sendable (Row) -> UInt64
    var columns: [RowColumn<Row>]
    /// Title of the first column, where it depends on what the user chose.
    var firstTitle: (@Sendable (ViewState) -> String)?
    var severity: @Sendable (Row) -> Verdict.Severity? = { _ in nil }
    /// A sentence below a row, only where something is to be said.
    var note: @Sendable (Row) -> [TextSpan]? = { _ in nil }
    /// The selected row in full.
    var detail: (@Sendable (Row, ListView) -> TallPage)?
    /// Lines that the detail has before the list gets more.
    var detailLines = 8
    /// The flow that a key is about.
    var flow: @Sendable (Row, RowList) -> FlowIdentifier?
    /// Said when there is no row.
    var empty: @Sendable (ViewState, ViewContext) -> [String]

    // MARK: Rows

    /// The rows, in the order they were in where a key was pressed just now.
    func ordered(_ state: ViewState, _ context: ViewContext) -> [Row] {
        let rows = rows(state, context)
        let kept = state.lists[page]?.order ?? []
        guard !kept.isEmpty, ViewReducer.isCalm(state, context) else { return rows }
        var positions: [UInt64: Int] = [:]
        for (position, key) in kept.enumerated() { positions[key] = position }
        return rows.enumerated().sorted { left, right in
            let a = positions[key(left.element)] ?? kept.count + left.offset
            let b = positions[key(right.element)] ?? kept.count + right.offset
            return a < b
        }.map(\.element)
    }

    private func position(of selected: UInt64?, in rows: [Row], near position: Int) -> Int {
        if let selected, let found = rows.firstIndex(where: { key($0) == selected }) { return found }
        return max(0, min(position, rows.count - 1))
    }

    func selected(_ state: ViewState, _ context: ViewContext) -> Row? {
        let rows = ordered(state, context)
        guard !rows.isEmpty else { return nil }
        let list = state.lists[page] ?? RowList()
        return rows[position(of: list.selected, in: rows, near: list.position)]
    }

    private func lines(_ row: Row) -> Int { note(row) == nil ? 1 : 2 }

    // MARK: Room

    /// How many lines of the content the list gets; the rest is the detail's.
    private func listHeight(_ content: Int, _ rows: [Row]) -> Int {
        guard detail != nil, content >= 6 else { return content }
        let wanted = rows.prefix(content).reduce(0) { $0 + lines($1) }
        // A line between the two is the title of the detail.
        return max(2, min(wanted, content - 1 - min(detailLines, content / 2)))
    }

    /// The first row shown, so that the selected one is on screen whole.
    private func firstRow(_ scroll: Int, _ selected: Int, _ rows: [Row], height: Int) -> Int {
        var first = max(0, min(scroll, selected))
        while first < selected, rows[first...selected].reduce(0, { $0 + lines($1) }) > height { first += 1 }
        // No empty lines below while rows wait above.
        while first > 0, rows[(first - 1)...].prefix(height).reduce(0, { $0 + lines($1) }) <= height { first -= 1 }
        return first
    }

    // MARK: What the page does

    private func draw(
        _ context: ViewContext, _ state: ViewState, _ layout: PageLayout, _ cells: inout CellBuffer
    ) {
        let area = layout.content
        let rows = ordered(state, context)
        guard !rows.isEmpty else {
            var y = area.y + 1
            for (index, text) in empty(state, context).enumerated() {
                for line in TextWrap.lines(text, width: area.width - 4, limit: 4) where y < area.bottom {
                    cells.put(line, x: 2, y: y, index == 0 ? .text : .muted, maxWidth: max(0, area.width - 4))
                    y += 1
                }
            }
            return
        }
        let list = state.lists[page] ?? RowList()
        let selected = position(of: list.selected, in: rows, near: list.position)
        var rest = area
        let listArea = rest.takeTop(listHeight(area.height, rows))
        var columns = columns.filter { $0.isWanted?(rows) ?? true }
        if let firstTitle { columns[0].title = firstTitle(state) }
        let table = RowTable(columns, width: area.width - 4, from: area.x + 3)
        table.drawTitles(y: layout.columns.y, into: &cells)
        let first = firstRow(list.scroll, selected, rows, height: listArea.height)
        var y = listArea.y
        for index in rows.indices.dropFirst(first) {
            guard y < listArea.bottom else { break }
            draw(rows[index], isSelected: index == selected, table, y: y, in: listArea, &cells)
            y += lines(rows[index])
        }
        FlowsScreen.drawScrollbar(rows.count, first, listArea, &cells)
        guard let detail, rest.height > 1 else { return }
        let view = ListView(
            state: state, context: context, width: area.width - 1, height: rest.height - 1, cursor: list.cursor)
        let page = detail(rows[selected], view)
        cells.fill(rest.takeTop(1), "─", .border)
        page.show(scroll: list.detail, in: rest, into: &cells)
    }

    private func draw(
        _ row: Row, isSelected: Bool, _ table: RowTable<Row>, y: Int, in area: Rect, _ cells: inout CellBuffer
    ) {
        let count = min(lines(row), area.bottom - y)
        if isSelected {
            cells.lay(.selection, over: Rect(x: area.x, y: y, width: area.width, height: count))
            cells.set("▶", x: area.x, y: y, .accent)
        }
        if let severity = severity(row), severity > .info {
            cells.set(Words.severitySign(severity), x: area.x + 1, y: y, Words.severityRole(severity))
        }
        table.draw(row, y: y, into: &cells)
        if count > 1, let note = note(row) {
            cells.put(note, x: area.x + 4, y: y + 1, maxWidth: max(0, area.width - 6))
        }
    }

    private func move(
        _ movement: Action.Movement, _ state: inout ViewState, _ context: ViewContext, _ height: Int
    ) {
        let rows = ordered(state, context)
        guard !rows.isEmpty else { return }
        var list = state.lists[page] ?? RowList()
        let now = position(of: list.selected, in: rows, near: list.position)
        let fits = rows.reduce(0) { $0 + lines($1) } <= listHeight(height, rows)
        // Where all rows are in sight, keys for pages move what is below them; with one row all keys do.
        let isPaging =
            switch movement {
            case .up, .down, .first, .last: false
            case .pageUp, .pageDown, .halfPageUp, .halfPageDown: true
            }
        if detail != nil, rows.count == 1 || isPaging && fits {
            let detailHeight = max(1, height - listHeight(height, rows) - 1)
            let view = ListView(
                state: state, context: context, width: state.width - 1, height: detailHeight, cursor: list.cursor)
            let tall = detail?(rows[now], view).height ?? 0
            list.detail = movement.moved(
                min(list.detail, max(0, tall - detailHeight)), count: max(1, tall - detailHeight + 1),
                page: detailHeight)
        } else {
            let next = movement.moved(now, count: rows.count, page: listHeight(height, rows))
            if next != now { (list.detail, list.cursor) = (0, nil) }
            list.position = next
            list.selected = key(rows[next])
        }
        state.lists[page] = list
    }

    private func select(_ line: Int, _ state: inout ViewState, _ context: ViewContext, _ height: Int) -> Bool {
        let rows = ordered(state, context)
        guard line < listHeight(height, rows) else { return false }
        var list = state.lists[page] ?? RowList()
        let now = position(of: list.selected, in: rows, near: list.position)
        var y = 0
        for index in rows.indices.dropFirst(firstRow(list.scroll, now, rows, height: listHeight(height, rows))) {
            if line >= y, line < y + lines(rows[index]) {
                if index != now { (list.detail, list.cursor) = (0, nil) }
                list.position = index
                list.selected = key(rows[index])
                state.lists[page] = list
                return true
            }
            y += lines(rows[index])
        }
        return false
    }

    private func clip(_ state: inout ViewState, _ context: ViewContext, _ height: Int) {
        guard state.page == page else { return }
        let rows = ordered(state, context)
        var list = state.lists[page] ?? RowList()
        if !ViewReducer.isCalm(state, context) || list.order.isEmpty { list.order = rows.map(key) }
        if !rows.isEmpty {
            // Until a key was pressed, the first row is what matters.
            let selected = state.lastInput == nil ? 0 : position(of: list.selected, in: rows, near: list.position)
            list.position = selected
            list.selected = key(rows[selected])
            list.flow = flow(rows[selected], list)
            list.scroll = firstRow(list.scroll, selected, rows, height: listHeight(height, rows))
        }
        state.lists[page] = list
    }

    /// The page's row in `PageTable`.
    func row(
        name: String, digit: Int?, count: @escaping @Sendable (Snapshot) -> Int, keys: KeyBinding.Scope = .list,
        opens: FlowTab = .charts, headline: (@Sendable (Row, ViewContext) -> HeadlineView?)? = nil
    ) -> PageRow {
        PageRow(
            page: page, name: name, digit: digit, keys: keys, count: count, isPresent: { count($0) > 0 },
            draw: { context, state, layout, cells in draw(context, state, layout, &cells) },
            flow: { state, context in
                selected(state, context).flatMap { flow($0, state.lists[page] ?? RowList()) }
            },
            opens: opens,
            move: { movement, state, context, height in move(movement, &state, context, height) },
            select: { line, state, context, height in select(line, &state, context, height) },
            clip: { state, context, height in clip(&state, context, height) },
            headline: { state, context in selected(state, context).flatMap { headline?($0, context) } })
    }
}

/// What the detail of a row is drawn for: the picture, the room below the list, and the cursor.
struct ListView {
    var state: ViewState
    var context: ViewContext
    var width: Int
    var height: Int
    /// Where the time cursor stands; nil follows now.
    var cursor: Timestamp?
}

/// What the user's keys have made of a list.
struct RowList: Equatable, Sendable {
    /// Key of the selected row, and its place when it was selected.
    var selected: UInt64?
    var position = 0
    /// First row shown.
    var scroll = 0
    /// First line of the detail that is shown.
    var detail = 0
    /// Where the time cursor stands; nil follows now.
    var cursor: Timestamp?
    /// The flow of the selected row: its whole series is wanted.
    var flow: FlowIdentifier?
    /// Keys of the rows as they stood when a key was pressed last.
    var order: [UInt64] = []
}
