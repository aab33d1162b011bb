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
        if state.prompt == nil, state.searchPrompt == nil, state.notice == nil,
            screen.footer.contains(x: event.x, y: event.y)
        {
            let hint = FooterLine.hints(context, state, in: screen.footer).first { $0.range.contains(event.x) }
            return hint.map { ViewReducer.perform($0.action, &state, context) } ?? []
        }
        if state.openFlow != nil { return clickFlow(&state, event, context) }
        return clickPage(&state, event, context)
    }

    private static func wheel(
        _ movement: Action.Movement, _ state: inout ViewState, _ context: ViewContext
    ) -> [Effect] {
        if state.popup != nil { return PopupReducer.reduce(&state, movement == .up ? .up : .down, context) }
        if state.openFlow?.tab.isTimeline == true {
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
        case .columns:
            state.popup = .columns(selected: min(row, state.table.columns.count - 1))
            return PopupReducer.reduce(&state, " ", context)
        case .export:
            state.popup = .export(selected: row)
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
            if let open = state.openFlow,
                let tab = FlowScreen.tabs(open, context.flow(open.flow), layout).name(atColumn: event.x)
            {
                state.openFlow?.tab = tab
                state.openFlow?.scroll = 0
            }
        } else if layout.content.contains(x: event.x, y: event.y), state.openFlow?.tab.isTimeline == true {
            CursorReducer.move(toColumn: event.x, &state, context)
        }
        return []
    }

    private static func clickPage(_ state: inout ViewState, _ event: MouseEvent, _ context: ViewContext) -> [Effect] {
        let layout = PageLayout(state, context)
        if layout.tabs.contains(x: event.x, y: event.y) {
            if let page = PageScreen.tabs(context, state, layout).name(atColumn: event.x) { state.page = page }
            return []
        }
        if layout.headline.contains(x: event.x, y: event.y) {
            guard event.kind == .doubleClick, let flow = context.snapshot.headline.flow else { return [] }
            return ViewReducer.open(flow, &state)
        }
        if state.page == .flows, layout.columns.contains(x: event.x, y: event.y) {
            let columns = layout.columnExtents(state, context)
            if let hit = columns.first(where: { $0.range.contains(event.x) })?.column, FlowColumn.sortable.contains(hit)
            {
                ViewReducer.setSort(hit, &state, context)
            }
            return []
        }
        guard layout.content.contains(x: event.x, y: event.y) else { return [] }
        let line = event.y - layout.content.y
        guard PageTable[state.page].select(line, &state, context, layout.content.height) else { return [] }
        return event.kind == .doubleClick ? ViewReducer.perform(.open, &state, context) : []
    }
}
