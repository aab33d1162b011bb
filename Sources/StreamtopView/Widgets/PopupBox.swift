/// A framed box over the middle of the screen, and where its rows are.
enum PopupBox {
    static func area(_ state: ViewState, _ context: ViewContext) -> Rect {
        let size =
            switch state.popup {
            case .help: HelpPopup.size(state, context)
            case .sort: (width: 44, height: FlowColumn.sortable.count + 2)
            case .columns: (width: 56, height: FlowColumn.allCases.count + 2)
            case .export: (width: 48, height: ViewExport.Format.allCases.count + 2)
            case .theme: (width: 72, height: max(1, context.themes.count) + 2)
            case nil: (width: 0, height: 0)
            }
        let width = min(size.width, state.width)
        let height = min(size.height, max(0, state.height - 2))
        return Rect(
            x: (state.width - width) / 2, y: max(1, (state.height - height) / 2), width: width, height: height)
    }

    /// Index of the entry drawn on a row of the screen.
    static func row(at y: Int, _ state: ViewState, _ context: ViewContext) -> Int? {
        let area = area(state, context)
        guard y > area.y, y < area.bottom - 1 else { return nil }
        return y - area.y - 1 + firstRow(selected: selected(state), visible: area.height - 2)
    }

    static func selected(_ state: ViewState) -> Int {
        switch state.popup {
        case .sort(let selected), .columns(let selected), .export(let selected): selected
        case .theme(let selected, _): selected
        default: 0
        }
    }

    /// First entry shown so that the selected one is.
    static func firstRow(selected: Int, visible: Int) -> Int { max(0, selected - max(1, visible) + 1) }

    /// Draws the box with its title and foot and returns the area inside.
    static func draw(_ area: Rect, title: String, foot: String, into cells: inout CellBuffer) -> Rect {
        cells.fill(area, " ", .text, ground: .popup)
        guard area.width >= 4, area.height >= 2 else { return area }
        for x in (area.x + 1)..<(area.right - 1) {
            cells.set("─", x: x, y: area.y, .border)
            cells.set("─", x: x, y: area.bottom - 1, .border)
        }
        for y in (area.y + 1)..<(area.bottom - 1) {
            cells.set("│", x: area.x, y: y, .border)
            cells.set("│", x: area.right - 1, y: y, .border)
        }
        cells.set("╭", x: area.x, y: area.y, .border)
        cells.set("╮", x: area.right - 1, y: area.y, .border)
        cells.set("╰", x: area.x, y: area.bottom - 1, .border)
        cells.set("╯", x: area.right - 1, y: area.bottom - 1, .border)
        cells.put(" \(title) ", x: area.x + 2, y: area.y, .title, maxWidth: area.width - 4)
        cells.put(" \(foot) ", x: area.x + 2, y: area.bottom - 1, .muted, maxWidth: area.width - 4)
        return area.inset(horizontal: 2, vertical: 1)
    }
}
