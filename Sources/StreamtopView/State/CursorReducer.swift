import StreamtopBase
import StreamtopModel

/// Keys of the time cursor: it steps from column to column of the charts.
enum CursorReducer {
    static func move(_ action: Action, _ state: inout ViewState, _ context: ViewContext) {
        guard var open = state.openFlow, open.tab.isTimeline, let window = window(state, context) else { return }
        let columns = window.columns
        let now = open.cursor.map { window.column(of: $0) } ?? columns
        switch action {
        case .cursorLeft: open.cursor = window.time(ofColumn: max(0, now - 1))
        case .cursorFarLeft: open.cursor = window.time(ofColumn: max(0, now - 10))
        case .cursorRight: open.cursor = open.cursor == nil || now + 1 >= columns ? nil : window.time(ofColumn: now + 1)
        case .cursorFarRight:
            open.cursor = open.cursor == nil || now + 10 >= columns ? nil : window.time(ofColumn: now + 10)
        case .cursorStart: open.cursor = max(firstSample(state, context) ?? window.start, window.time(ofColumn: 0))
        case .cursorEnd: open.cursor = nil
        default: return
        }
        state.openFlow = open
    }

    /// A click into the charts puts the cursor there.
    static func place(atColumn x: Int, _ state: inout ViewState, _ context: ViewContext) {
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
