import StreamtopBase
import StreamtopModel

/// What the mouse means where it is. Layouts are asked, so a click hits what is drawn.
enum MouseReducer {
    private static let wheelRows = 3

    static func reduce(_ state: inout ViewState, _ event: MouseEvent, _ context: ViewContext) -> [Effect] {
        switch event.kind {
        case .release: return []
        case .wheelUp, .wheelDown: return wheel(event.kind == .wheelUp ? .up : .down, &state, context)
        case .press, .doubleClick: break
        }
        if state.popup != nil {
            // A click beside a popup closes it.
            if !PopupBox.area(state, context).contains(x: event.x, y: event.y) {
                return PopupReducer.reduce(&state, .escape, context)
            }
            return clickPopup(&state, event, context)
        }
        let screen = ScreenLayout(state, context)
        if let replay = context.replay, screen.seek.contains(x: event.x, y: event.y) {
            return ReplayReducer.seek(toColumn: event.x, of: SeekBar.track(screen.seek, replay), replay)
        }
        if state.openFlow != nil { return clickFlow(&state, event, context) }
        return clickPage(&state, event, context)
    }

    private static func wheel(
        _ movement: Action.Movement, _ state: inout ViewState, _ context: ViewContext
    ) -> [Effect] {
        if state.popup != nil { return PopupReducer.reduce(&state, movement == .up ? .up : .down, context) }
        if state.openFlow?.tab == .charts {
            return ViewReducer.perform(movement == .up ? .zoomIn : .zoomOut, &state, context)
        }
        var effects: [Effect] = []
        for _ in 0..<wheelRows { effects += ViewReducer.move(movement, &state, context) }
        return effects
    }

    private static func clickPopup(_ state: inout ViewState, _ event: MouseEvent, _ context: ViewContext) -> [Effect] {
        guard let row = PopupBox.row(at: event.y, state, context) else { return [] }
        switch state.popup {
        case .sort:
            state.popup = .sort(selected: row)
            return PopupReducer.reduce(&state, .enter, context)
        case .theme(_, let before):
            guard context.themes.indices.contains(row) else { return [] }
            state.popup = .theme(selected: row, before: before)
            state.theme = context.themes[row].name
            return event.kind == .doubleClick
                ? PopupReducer.reduce(&state, .enter, context) : [.useTheme(state.theme)]
        default: return []
        }
    }

    private static func clickFlow(_ state: inout ViewState, _ event: MouseEvent, _ context: ViewContext) -> [Effect] {
        let layout = FlowLayout(state, context)
        if layout.tabs.contains(x: event.x, y: event.y) {
            let names = OpenFlow.Tab.allCases.map(Words.tab)
            if let tab = PageLayout.tab(atColumn: event.x, names: names).flatMap(OpenFlow.Tab.init) {
                state.openFlow?.tab = tab
                state.openFlow?.scroll = 0
            }
        } else if layout.content.contains(x: event.x, y: event.y), state.openFlow?.tab == .charts {
            CursorReducer.place(atColumn: event.x, &state, context)
        }
        return []
    }

    private static func clickPage(_ state: inout ViewState, _ event: MouseEvent, _ context: ViewContext) -> [Effect] {
        let layout = PageLayout(state, context)
        if layout.tabs.contains(x: event.x, y: event.y) {
            let names = PageScreen.tabNames(context.snapshot)
            if let page = PageLayout.tab(atColumn: event.x, names: names).flatMap(Page.init) { state.page = page }
            return []
        }
        if layout.headline.contains(x: event.x, y: event.y) {
            guard event.kind == .doubleClick, let flow = context.snapshot.headline.flow else { return [] }
            return ViewReducer.open(flow, &state)
        }
        if state.page == .flows, layout.columns.contains(x: event.x, y: event.y) {
            let columns = layout.placedColumns(sortedBy: state.table.sort.column)
            if let hit = columns.first(where: { $0.range.contains(event.x) })?.column, FlowColumn.sortable.contains(hit)
            {
                ViewReducer.setSort(hit, &state, context)
            }
            return []
        }
        guard layout.content.contains(x: event.x, y: event.y) else { return [] }
        let line = event.y - layout.content.y
        switch state.page {
        case .flows:
            let row = state.table.scroll + line
            guard state.table.rows.indices.contains(row) else { return [] }
            state.table.selected = state.table.rows[row].flow
        case .verdicts:
            state.verdicts.selected = state.verdicts.scroll + line / VerdictsScreen.linesPerRow
            state.verdicts.clip(
                to: VerdictRow.count(of: context.snapshot, state.filter),
                page: max(1, layout.content.height / VerdictsScreen.linesPerRow))
        case .events:
            state.events.selected = state.events.scroll + line
            state.events.clip(to: context.snapshot.events.count, page: layout.content.height)
        case .handshakes:
            guard let row = HandshakesScreen.failure(atLine: line, state, context, page: layout.content.height) else {
                return []
            }
            state.handshakes.selected = row
        case .capture: return []
        }
        return event.kind == .doubleClick ? ViewReducer.perform(.open, &state, context) : []
    }
}
