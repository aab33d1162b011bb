import StreamtopModel

/// What happened in one flow, newest first.
enum FlowEventsTab {
    static func draw(
        _ flow: FlowSnapshot, _ open: OpenFlow, _ context: ViewContext, _ area: Rect, into cells: inout CellBuffer
    ) {
        let events = EventRow.all(of: context.snapshot, flow: flow.identifier)
        guard !events.isEmpty else {
            cells.put(Words.noEvents, x: 2, y: area.y + 1, .muted)
            return
        }
        let first = max(0, min(open.scroll, events.count - area.height))
        for (line, row) in events.dropFirst(first).prefix(area.height).enumerated() {
            EventsScreen.draw(row, area.row(line), context, showsFlow: false, into: &cells)
        }
        FlowsScreen.drawScrollbar(events.count, first, area, &cells)
    }
}
