import StreamtopBase
import StreamtopModel

/// One cell of the table of flows: a flow, a column at its place, a line.
struct FlowCell {
    let flow: FlowSnapshot
    let extent: FlowColumn.Extent
    let y: Int

    /// Words and numbers of a flow without traffic step back; what is wrong with it does not.
    var textRole: StyleRole { flow.isIdle ? .idle : .text }

    var stateRole: StyleRole {
        switch flow.state {
        case .reset: .watch
        case .open: flow.isIdle ? .idle : .muted
        case .halfOpen: .text
        case .closed, .expired: .idle
        }
    }

    func put(_ text: String, _ role: StyleRole, _ cells: inout CellBuffer) {
        cells.put(text, x: extent.x, y: y, role, maxWidth: extent.width)
    }

    /// On the right of the cell, with the sign of its bound before it.
    func number(
        _ text: String, _ bound: ReadingBound, _ role: StyleRole, width: Int? = nil, _ cells: inout CellBuffer
    ) {
        let width = width ?? extent.width
        let right = extent.x + width
        let columns = TextWidth.columns(of: text)
        cells.putRight(text, right: right, y: y, role, maxWidth: width)
        if !bound.prefix.isEmpty, columns < width { cells.put(bound.prefix, x: right - columns - 1, y: y, .estimate) }
    }

    func bytes(_ reading: Reading<Int>?, _ cells: inout CellBuffer) {
        guard let reading else { return flow.tcp == nil ? () : unknown(&cells) }
        number(ByteText.short(reading.value), reading.bound, textRole, &cells)
    }

    func rate(_ rate: Double, _ cells: inout CellBuffer) {
        number(RateText.short(rate), .exact, rate > 0 ? textRole : .muted, &cells)
    }

    func unknown(_ cells: inout CellBuffer) {
        let x = extent.column.isNumber ? extent.x + extent.width - 1 : extent.x
        cells.put(Words.unknown, x: x, y: y, .unknown)
    }
}

/// Cells that are more than a text.
extension FlowCell {
    func drawTrend(_ cells: inout CellBuffer) {
        let values = flow.series.map { series in (0..<series.count).map { series.loop(at: $0) } } ?? []
        Sparkline.draw(
            values, in: Rect(x: extent.x, y: y, width: extent.width, height: 1), flow.isIdle ? .idle : .sparkline,
            into: &cells)
    }

    /// The direction that carries most, with its arrow.
    func drawRate(_ cells: inout CellBuffer) {
        let isUp = flow.client.rate > flow.server.rate
        let rate = max(flow.client.rate, flow.server.rate)
        self.rate(rate, &cells)
        guard rate > 0 else { return }
        let columns = TextWidth.columns(of: RateText.short(rate))
        cells.put(
            isUp ? "▲" : "▼", x: extent.x + extent.width - columns - 1, y: y, isUp ? .chartRateUp : .chartRateDown)
    }

    func drawQueue(_ cells: inout CellBuffer) {
        guard let delay = flow.displayedQueueDelay else { return unknown(&cells) }
        let bar = extent.width >= 10 ? 4 : 0
        let share = flow.displayedRoundTrip.map { Double(delay) / Double(max(1, $0.value)) } ?? 0
        number(
            DurationText.milliseconds(delay), .exact, textRole, width: extent.width - (bar > 0 ? bar + 1 : 0), &cells)
        // How much of the round trip waits: the bar says it without a second number.
        if bar > 0 {
            Gauge.draw(
                share, in: Rect(x: extent.x + extent.width - bar, y: y, width: bar, height: 1), .chartQueue, rest: nil,
                into: &cells)
        }
    }

    func drawReceiveWindow(_ cells: inout CellBuffer) {
        guard let window = flow.displayedReceiveWindow else { return flow.tcp == nil ? () : unknown(&cells) }
        let share = window.maximum > 0 ? Double(window.occupied) / Double(window.maximum) : 0
        Gauge.draw(
            share, in: Rect(x: extent.x, y: y, width: extent.width, height: 1), share > 0.8 ? .watch : .gaugeFill,
            into: &cells)
    }

    func drawLoss(_ cells: inout CellBuffer) {
        guard let ratio = flow.displayedLossRatio else { return flow.tcp == nil ? () : unknown(&cells) }
        number(PercentText.ratio(ratio), .exact, ratio == 0 ? .muted : textRole, &cells)
    }

    func drawVerdict(_ cells: inout CellBuffer) {
        guard let verdict = flow.worstVerdict else {
            // That a flow is over is said by a word, not by its colour alone.
            if flow.state != .open { put(Words.state(flow), .muted, &cells) }
            return
        }
        let role = Words.severityRole(verdict.severity)
        let more = flow.verdicts.count > 1 ? " +\(flow.verdicts.count - 1)" : ""
        let name = Words.rule(verdict)
        // With room to spare the sentence itself is worth more than the rule's name.
        let isRoomy = extent.width >= 34
        let available = extent.width - more.count
        let used = cells.put(name, x: extent.x, y: y, role, maxWidth: available)
        if isRoomy, used + 8 < available {
            cells.put("  " + verdict.summary, x: extent.x + used, y: y, textRole, maxWidth: available - used)
        }
        if isRoomy {
            cells.putRight(more, right: extent.x + extent.width, y: y, .muted)
        } else {
            cells.put(more, x: extent.x + used, y: y, .muted)
        }
    }
}
