import StreamtopBase
import StreamtopModel

/// Keys of the time cursor: it steps from column to column of the charts.
enum CursorReducer {
    static func move(_ action: Action, _ state: inout ViewState, _ context: ViewContext) {
        if state.openFlow == nil {
            guard let window = SessionsScreen.window(state, context) else { return }
            let cursor = moved(state.lists[state.page]?.cursor, action, window, first: window.start)
            state.lists[state.page]?.cursor = cursor
            return
        }
        guard let open = state.openFlow, open.tab.isTimeline, let window = window(state, context) else { return }
        let first = firstSample(state, context) ?? window.start
        state.openFlow?.cursor = moved(open.cursor, action, window, first: first)
    }

    /// Where the cursor stands after a key; nil follows now.
    private static func moved(
        _ cursor: Timestamp?, _ action: Action, _ window: TimeWindow, first: Timestamp
    ) -> Timestamp? {
        let columns = window.columns
        let now = cursor.map { window.column(of: $0) } ?? columns
        return switch action {
        case .cursorLeft: window.time(ofColumn: max(0, now - 1))
        case .cursorFarLeft: window.time(ofColumn: max(0, now - 10))
        case .cursorRight: cursor == nil || now + 1 >= columns ? nil : window.time(ofColumn: now + 1)
        case .cursorFarRight: cursor == nil || now + 10 >= columns ? nil : window.time(ofColumn: now + 10)
        case .cursorStart: max(first, window.time(ofColumn: 0))
        default: nil
        }
    }

    /// A click into the charts puts the cursor there.
    static func move(toColumn x: Int, _ state: inout ViewState, _ context: ViewContext) {
        let plot = ChartsLayout(content: FlowLayout(state, context).content).plotColumns
        guard plot.contains(x), let window = window(state, context) else { return }
        state.openFlow?.cursor = window.time(ofColumn: x - plot.lowerBound)
    }

    private static func firstSample(_ state: ViewState, _ context: ViewContext) -> Timestamp? {
        guard let open = state.openFlow, let index = context.snapshot.flowIndex(open.flow) else { return nil }
        return context.snapshot.flows[index].series?.times.first
    }

    private static func window(_ state: ViewState, _ context: ViewContext) -> TimeWindow? {
        guard let open = state.openFlow, let index = context.snapshot.flowIndex(open.flow) else { return nil }
        let layout = ChartsLayout(content: FlowLayout(state, context).content)
        return TimeWindow(
            of: context.snapshot.flows[index], now: context.snapshot.time, zoom: open.zoom,
            columns: layout.plotColumns.count)
    }
}
