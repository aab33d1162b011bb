import StreamtopModel

/// The menus: a list of choices in a box.
enum ListPopups {
    static func drawSort(_ selected: Int, _ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer) {
        let entries = FlowColumn.sortable.map { column in
            let isCurrent = column == state.table.sort.column
            let mark = isCurrent ? (state.table.sort.descending ? "▼" : "▲") : " "
            return (mark: mark, name: column.style.title, note: column.style.explanation)
        }
        draw(entries, selected, Words.sortTitle, Words.sortFoot, nameWidth: 10, state, context, into: &cells)
    }

    static func drawColumns(_ selected: Int, _ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer) {
        let entries = state.table.columns.map { column in
            (
                mark: state.table.hidden.contains(column) ? " " : "✓", name: column.style.title,
                note: column.style.explanation
            )
        }
        draw(entries, selected, Words.columnsTitle, Words.columnsFoot, nameWidth: 10, state, context, into: &cells)
    }

    static func drawExport(_ selected: Int, _ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer) {
        let entries = Words.exportFormats.map { (mark: " ", name: $0.name, note: $0.note) }
        draw(entries, selected, Words.exportTitle, Words.exportFoot, nameWidth: 6, state, context, into: &cells)
    }

    static func drawThemes(_ selected: Int, _ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer) {
        let entries = context.themes.map { theme in
            (mark: theme.name == state.theme ? "●" : " ", name: theme.name, note: theme.summary)
        }
        draw(entries, selected, Words.themeTitle, Words.themeFoot, nameWidth: 16, state, context, into: &cells)
    }

    private static func draw(
        _ entries: [(mark: String, name: String, note: String)], _ selected: Int, _ title: String, _ foot: String,
        nameWidth: Int, _ state: ViewState, _ context: ViewContext, into cells: inout CellBuffer
    ) {
        let inside = PopupBox.draw(PopupBox.area(state, context), title: title, foot: foot, into: &cells)
        let first = PopupBox.firstRow(selected: selected, visible: inside.height)
        for (line, entry) in entries.dropFirst(first).prefix(inside.height).enumerated() {
            let row = inside.row(line)
            if first + line == selected {
                cells.lay(.popupSelection, over: Rect(x: inside.x - 1, y: row.y, width: inside.width + 2, height: 1))
                cells.put("▶", x: inside.x - 1, y: row.y, .accent)
            }
            cells.put(entry.mark, x: inside.x + 1, y: row.y, .accent)
            cells.put(entry.name, x: inside.x + 3, y: row.y, .value, maxWidth: nameWidth)
            cells.put(entry.note, x: inside.x + 4 + nameWidth, y: row.y, .muted, maxWidth: inside.width - 4 - nameWidth)
        }
    }
}
