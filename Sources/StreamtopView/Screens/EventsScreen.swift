import StreamtopBase
import StreamtopModel

/// What happened, newest first.
enum EventsScreen {
    static let page = PageRow(
        page: .events, name: "Events", digit: 8, keys: .events,
        draw: { context, state, layout, cells in draw(context, state, layout, into: &cells) },
        flow: { state, context in
            let rows = EventRow.all(of: context.snapshot, state.filter)
            return rows.indices.contains(state.events.selected) ? rows[state.events.selected].event.flow : nil
        },
        move: { movement, state, context, page in
            let count = EventRow.all(of: context.snapshot, state.filter).count
            state.events.selected = movement.moved(state.events.selected, count: count, page: page)
        },
        select: { line, state, context, page in
            state.events.selected = state.events.scroll + line
            clip(&state, context, page)
            return true
        },
        clip: clip)

    @Sendable
    private static func clip(_ state: inout ViewState, _ context: ViewContext, _ page: Int) {
        guard state.page == .events else { return }
        state.events.clip(to: EventRow.all(of: context.snapshot, state.filter).count, page: page)
    }

    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let events = EventRow.all(of: context.snapshot, state.filter)
        let area = layout.content
        cells.put(Words.eventsHeader, x: 2, y: layout.columns.y, .columnHeader, maxWidth: area.width - 3)
        guard !events.isEmpty else {
            let hidden = context.snapshot.events.count
            cells.put(
                hidden > 0 ? Words.noEventPasses(hidden) : Words.noEvents, x: 2, y: area.y + 1, .muted,
                maxWidth: area.width - 3)
            return
        }
        for (line, event) in events.dropFirst(state.events.scroll).prefix(area.height).enumerated() {
            let row = area.row(line)
            if state.events.scroll + line == state.events.selected {
                cells.lay(.selection, over: row)
                cells.put("▶", x: 0, y: row.y, .accent)
            }
            draw(event, row, context, showsFlow: true, into: &cells)
        }
        FlowsScreen.drawScrollbar(events.count, state.events.scroll, area, &cells)
    }

    static func draw(
        _ line: EventRow, _ row: Rect, _ context: ViewContext, showsFlow: Bool, into cells: inout CellBuffer
    ) {
        let event = line.event
        let limit = row.right - 2
        var x = row.x + 2
        x +=
            cells.put(
                DurationText.timeOfDay(event.time, utcOffsetSeconds: context.utcOffsetSeconds, tenths: true), x: x,
                y: row.y,
                .muted) + 2
        cells.putRight(sinceStart(event), right: x + 9, y: row.y, .label, maxWidth: 9)
        x += 11
        let number = Words.flowNumber(event.flow)
        let ends = context.snapshot.flowIndex(event.flow).map { Words.ends(context.snapshot.flows[$0]) } ?? number
        let isWide = row.width >= 110
        if showsFlow {
            // What happened comes before to whom: where both do not fit, the flow's number stands for its ends.
            let width = isWide ? 44 : 6
            cells.put(isWide ? ends : number, x: x, y: row.y, .accent, maxWidth: width)
            x += width + 2
        }
        let words = Words.event(event.kind)
        let times = line.count > 1 ? " ×\(line.count)" : ""
        x += cells.put(words.name, x: x, y: row.y, words.role, maxWidth: max(0, limit - x))
        x += cells.put(times, x: x, y: row.y, .value, maxWidth: max(0, limit - x)) + 2
        x += cells.put(words.detail, x: x, y: row.y, .text, maxWidth: max(0, limit - x)) + 2
        if showsFlow, !isWide { cells.put(ends, x: x, y: row.y, .muted, maxWidth: max(0, limit - x)) }
    }

    private static func sinceStart(_ event: FlowEvent) -> String {
        "+"
            + (abs(event.sinceStart) < .seconds(10)
                ? DurationText.milliseconds(event.sinceStart) + "ms" : DurationText.age(event.sinceStart))
    }
}
