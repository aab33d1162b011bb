import StreamtopModel

/// Keys while a popup is open.
enum PopupReducer {
    static func reduce(_ state: inout ViewState, _ key: Key, _ context: ViewContext) -> [Effect] {
        guard let popup = state.popup else { return [] }
        switch key {
        case .control("c"): return [.quit]
        case .control("z"): return [.suspend]
        default: break
        }
        switch popup {
        case .help(let scroll):
            switch key {
            case .escape, .enter, "?", "h", "q", .function(1), .backspace: state.popup = nil
            default:
                guard let movement = movement(key) else { return [] }
                state.popup = .help(scroll: movement.moved(scroll, count: HelpPopup.lineLimit, page: state.height / 2))
            }
            return []
        case .sort(let selected): return sort(selected, &state, key, context)
        case .columns(let selected): return columns(selected, &state, key)
        case .export(let selected): return export(selected, &state, key, context)
        case .theme(let selected, let before): return theme(selected, before, &state, key, context)
        }
    }

    private static func sort(
        _ selected: Int, _ state: inout ViewState, _ key: Key, _ context: ViewContext
    ) -> [Effect] {
        switch key {
        case .escape, "q", "s": state.popup = nil
        case .enter, " ":
            state.popup = nil
            if FlowColumn.sortable.indices.contains(selected) {
                ViewReducer.setSort(FlowColumn.sortable[selected], &state, context)
            }
        default:
            guard let movement = movement(key) else { return [] }
            state.popup = .sort(selected: movement.moved(selected, count: FlowColumn.sortable.count, page: 8))
        }
        return []
    }

    /// Columns come and go as they are chosen; Enter keeps the whole view for the next time.
    private static func columns(_ selected: Int, _ state: inout ViewState, _ key: Key) -> [Effect] {
        guard state.table.columns.indices.contains(selected) else {
            state.popup = nil
            return []
        }
        let column = state.table.columns[selected]
        switch key {
        case .escape, "q", "o": state.popup = nil
        case .enter:
            state.popup = nil
            return [.saveView(state.settings)]
        case " ":
            let isLast = state.table.hidden.count == state.table.columns.count - 1
            if state.table.hidden.remove(column) == nil, !isLast { state.table.hidden.insert(column) }
        case "<", ",", .left, ">", ".", .right:
            let isBack = key == "<" || key == "," || key == .left
            let position = selected + (isBack ? -1 : 1)
            guard state.table.columns.indices.contains(position) else { return [] }
            state.table.columns.swapAt(selected, position)
            state.popup = .columns(selected: position)
        default:
            guard let movement = movement(key) else { return [] }
            state.popup = .columns(selected: movement.moved(selected, count: state.table.columns.count, page: 8))
        }
        return []
    }

    private static func export(
        _ selected: Int, _ state: inout ViewState, _ key: Key, _ context: ViewContext
    ) -> [Effect] {
        switch key {
        case .escape, "q", "E": state.popup = nil
        case .enter, " ":
            state.popup = nil
            guard ViewExport.Format.allCases.indices.contains(selected) else { return [] }
            let format = ViewExport.Format.allCases[selected]
            return [.exportView(format, ViewExport.text(format, state, context))]
        default:
            guard let movement = movement(key) else { return [] }
            state.popup = .export(
                selected: movement.moved(selected, count: ViewExport.Format.allCases.count, page: 3))
        }
        return []
    }

    /// A theme is put on as soon as it is selected; Enter keeps it, Escape takes it off.
    private static func theme(
        _ selected: Int, _ before: String, _ state: inout ViewState, _ key: Key, _ context: ViewContext
    ) -> [Effect] {
        switch key {
        case .escape, "q", "T":
            state.popup = nil
            state.theme = before
            return [.useTheme(before)]
        case .enter:
            state.popup = nil
            return [.saveTheme(state.theme)]
        default:
            guard let movement = movement(key), !context.themes.isEmpty else { return [] }
            let next = movement.moved(selected, count: context.themes.count, page: 8)
            state.popup = .theme(selected: next, before: before)
            state.theme = context.themes[next].name
            return [.useTheme(state.theme)]
        }
    }

    private static func movement(_ key: Key) -> Action.Movement? {
        guard case .move(let movement)? = KeyBindings.action(for: key, in: [.everywhere]) else { return nil }
        return movement
    }
}
