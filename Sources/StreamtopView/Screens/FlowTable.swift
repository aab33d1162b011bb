import StreamtopBase
import StreamtopModel

/// The table of flows.
enum FlowTable {
    static func draw(_ context: ViewContext, _ state: ViewState, _ layout: PageLayout, into cells: inout CellBuffer) {
        let columns = layout.placedColumns(sortedBy: state.table.sort.column)
        drawHeader(columns, state.table.sort, layout.columns, &cells)
        let rows = state.table.rows
        guard !rows.isEmpty else { return drawEmpty(context, state, layout.content, &cells) }
        for line in 0..<layout.content.height {
            let index = state.table.scroll + line
            guard rows.indices.contains(index) else { break }
            guard let place = context.snapshot.flowIndex(rows[index].flow, hint: rows[index].hint) else { continue }
            let area = layout.content.row(line)
            let isSelected = rows[index].flow == state.table.selected
            if isSelected { cells.lay(.selection, over: area) }
            FlowRowDrawing(flow: context.snapshot.flows[place], columns: columns, y: area.y)
                .draw(isSelected: isSelected, into: &cells)
        }
        drawScrollbar(rows.count, state.table.scroll, layout.content, &cells)
    }

    private static func drawHeader(
        _ columns: [FlowColumn.Placed], _ sort: FlowSort, _ area: Rect, _ cells: inout CellBuffer
    ) {
        for placed in columns {
            let words = Words.column(placed.column).title
            let title =
                TextWidth.columns(of: words) > placed.width ? Words.shortTitle(placed.column) ?? words : words
            let isSorted = placed.column == sort.column
            let role: StyleRole = isSorted ? .columnSorted : .columnHeader
            if placed.column.isNumber {
                cells.putRight(title, right: placed.x + placed.width, y: area.y, role, maxWidth: placed.width)
            } else {
                cells.put(title, x: placed.x, y: area.y, role, maxWidth: placed.width)
            }
        }
    }

    private static func drawEmpty(
        _ context: ViewContext, _ state: ViewState, _ area: Rect, _ cells: inout CellBuffer
    ) {
        let lines =
            context.snapshot.flows.isEmpty
            ? Words.noFlows(context.source) : Words.noMatches(state.filterText, context.snapshot.flows.count)
        for (row, line) in lines.enumerated() {
            let width = TextWidth.columns(of: line)
            cells.put(
                line, x: max(2, (area.width - width) / 2), y: area.y + max(0, area.height / 3) + row,
                row == 0 ? .text : .muted, maxWidth: area.width - 4)
        }
    }

    /// How far down one is, in the last column, only when there is more than fits.
    static func drawScrollbar(_ count: Int, _ scroll: Int, _ area: Rect, _ cells: inout CellBuffer) {
        guard count > area.height, area.height > 1 else { return }
        let size = max(1, area.height * area.height / count)
        let top = (area.height - size) * scroll / max(1, count - area.height)
        for row in 0..<area.height {
            let isThumb = row >= top && row < top + size
            cells.set(isThumb ? "┃" : "│", x: area.right - 1, y: area.y + row, isThumb ? .accent : .border)
        }
    }
}

/// One row of it.
private struct FlowRowDrawing {
    let flow: FlowSnapshot
    let columns: [FlowColumn.Placed]
    let y: Int

    /// Words and numbers of a flow without traffic step back; what is wrong with it does not.
    private var textRole: StyleRole { flow.isIdle ? .idle : .text }
    private var valueRole: StyleRole { flow.isIdle ? .idle : .text }

    func draw(isSelected: Bool, into cells: inout CellBuffer) {
        if let severity = flow.worstVerdict?.severity, severity > .info {
            cells.set(Words.severitySign(severity), x: 1, y: y, Words.severityRole(severity))
        }
        if isSelected { cells.set("▶", x: 0, y: y, .accent) }
        for placed in columns { draw(placed, &cells) }
    }

    private func draw(_ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        switch placed.column {
        case .client: put(EndpointText.fitted(flow.client, width: placed.width), placed, textRole, &cells)
        case .server: put(EndpointText.fitted(flow.shownServer, width: placed.width), placed, textRole, &cells)
        case .protocols:
            put(flow.shownProtocols.joined(separator: " "), placed, flow.isIdle ? .idle : .badge, &cells)
        case .state: put(Words.state(flow), placed, stateRole, &cells)
        case .age: number(DurationText.age(flow.age), .exact, placed, textRole, &cells)
        case .roundTrip:
            if let reading = flow.shownRoundTrip {
                number(DurationText.milliseconds(reading.value), reading.bound, placed, valueRole, &cells)
            } else {
                unknown(placed, &cells)
            }
        case .trend:
            let values = flow.series?.samples.map { $0.shownRoundTrip.map(Double.init) } ?? []
            Sparkline.draw(
                values, in: Rect(x: placed.x, y: y, width: placed.width, height: 1),
                flow.isIdle ? .idle : .sparkline, into: &cells)
        case .queue: drawQueue(placed, &cells)
        case .inFlight: bytes(flow.shownInFlight, placed, &cells)
        case .congestionWindow: bytes(flow.shownCongestionWindow, placed, &cells)
        case .receiveWindow: drawReceiveWindow(placed, &cells)
        case .loss: drawLoss(placed, &cells)
        case .retransmissions:
            guard let count = flow.shownRetransmissions else { return }
            number(
                NumberText.scaled(Double(count), base: 1_000, letters: ["", "k", "M"]), .exact, placed,
                count > 0 ? valueRole : .muted, &cells)
        case .up: rate(flow.client.rate, placed, &cells)
        case .down: rate(flow.server.rate, placed, &cells)
        case .verdict: drawVerdict(placed, &cells)
        }
    }

    private var stateRole: StyleRole {
        switch flow.state {
        case .reset: .watch
        case .open: flow.isIdle ? .idle : .muted
        case .halfOpen: .text
        case .closed, .expired: .idle
        }
    }

    private func drawQueue(_ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        guard let delay = flow.shownQueueDelay else { return unknown(placed, &cells) }
        let bar = placed.width >= 10 ? 4 : 0
        let share = flow.shownRoundTrip.map { Double(delay) / Double(max(1, $0.value)) } ?? 0
        var figure = placed
        figure.width -= bar > 0 ? bar + 1 : 0
        number(DurationText.milliseconds(delay), .exact, figure, valueRole, &cells)
        // How much of the round trip waits: the bar says it without a second number.
        if bar > 0 {
            Gauge.draw(
                share, in: Rect(x: placed.x + placed.width - bar, y: y, width: bar, height: 1), .chartQueue, rest: nil,
                into: &cells)
        }
    }

    private func drawReceiveWindow(_ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        guard let window = flow.shownReceiveWindow else { return flow.tcp == nil ? () : unknown(placed, &cells) }
        let share = window.maximum > 0 ? Double(window.occupied) / Double(window.maximum) : 0
        Gauge.draw(
            share, in: Rect(x: placed.x, y: y, width: placed.width, height: 1), share > 0.8 ? .watch : .gaugeFill,
            into: &cells)
    }

    private func drawLoss(_ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        guard let ratio = flow.shownLossRatio else { return flow.tcp == nil ? () : unknown(placed, &cells) }
        number(PercentText.ratio(ratio), .exact, placed, ratio == 0 ? .muted : valueRole, &cells)
    }

    private func drawVerdict(_ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        guard let verdict = flow.worstVerdict else { return }
        let role = Words.severityRole(verdict.severity)
        let more = flow.verdicts.count > 1 ? " +\(flow.verdicts.count - 1)" : ""
        let name = Words.rule(verdict)
        // With room to spare the sentence itself is worth more than the rule's name.
        let isRoomy = placed.width >= 34
        let room = placed.width - more.count
        let used = cells.put(name, x: placed.x, y: y, role, maxWidth: room)
        if isRoomy, used + 8 < room {
            cells.put(
                "  " + verdict.summary, x: placed.x + used, y: y, textRole, maxWidth: room - used)
        }
        if isRoomy {
            cells.putRight(more, right: placed.x + placed.width, y: y, .muted)
        } else {
            cells.put(more, x: placed.x + used, y: y, .muted)
        }
    }

    // MARK: Cells

    private func put(_ text: String, _ placed: FlowColumn.Placed, _ role: StyleRole, _ cells: inout CellBuffer) {
        cells.put(text, x: placed.x, y: y, role, maxWidth: placed.width)
    }

    private func number(
        _ text: String, _ bound: Bound, _ placed: FlowColumn.Placed, _ role: StyleRole,
        _ cells: inout CellBuffer
    ) {
        let right = placed.x + placed.width
        let columns = TextWidth.columns(of: text)
        cells.putRight(text, right: right, y: y, role, maxWidth: placed.width)
        if !bound.prefix.isEmpty, columns < placed.width {
            cells.put(bound.prefix, x: right - columns - 1, y: y, .estimate)
        }
    }

    private func bytes(_ reading: Reading<Int>?, _ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        guard let reading else { return flow.tcp == nil ? () : unknown(placed, &cells) }
        number(ByteText.short(reading.value), reading.bound, placed, valueRole, &cells)
    }

    private func rate(_ rate: Double, _ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        number(RateText.short(rate), .exact, placed, rate > 0 ? valueRole : .muted, &cells)
    }

    private func unknown(_ placed: FlowColumn.Placed, _ cells: inout CellBuffer) {
        let x = placed.column.isNumber ? placed.x + placed.width - 1 : placed.x
        cells.put(Words.unknown, x: x, y: y, .unknown)
    }
}
